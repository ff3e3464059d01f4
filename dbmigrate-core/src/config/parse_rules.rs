//! Reads `[rules]`.

use super::fields::{Field, Value, Wrong};
use super::parse::{Misread, unknown};
use super::{NameOf, Pattern, Query, RULE_FIELDS, Rules, is_blank, position};
use crate::ignore::Ignore;
use crate::sql::{Name, StatementKind, split};

/// The fields of `[[rules.query]]`.
const QUERY_FIELDS: [&str; 4] = ["name", "message", "help", "sql"];

/// The field for tables that a rule leaves out.
const EXCEPT: &str = "except";

/// Reads the table; `text` is all of the file.
pub(super) fn rules(value: Value, text: &str) -> Result<Rules, Misread> {
    let mut rules = Rules::default();
    for Field { name, at, value } in value.fields("rules, such as `strict = true` in `[rules]`")? {
        match name.as_str() {
            "names" => names(value, &mut rules)?,
            "required_columns" => rules.required_columns = required_columns(value)?,
            "foreign_key_index" => rules.foreign_key_index = yes_except(value)?,
            "strict" => rules.strict = yes_except(value)?,
            "max_columns" => rules.max_columns = max_columns(value)?,
            "forbidden_types" => (rules.forbidden_types, rules.forbidden_types_except) = forbidden_types(value)?,
            "query" => {
                for (at, fields) in value.tables("tables, such as `[[rules.query]]`")? {
                    let query = query(at, fields, text)?;
                    if rules.queries.iter().any(|other| other.name == query.name) {
                        return Err((format!("there are two queries `{}`", query.name), at).into());
                    }
                    rules.queries.push(query);
                }
            }
            _ => return Err(unknown(&name, at, &RULE_FIELDS)),
        }
    }
    Ok(rules)
}

/// Patterns for the names of tables that a rule leaves out.
fn except(value: Value) -> Result<Ignore, Wrong> {
    Ok(Ignore::new(value.list()?))
}

/// Yes, no, or yes with exceptions.
fn yes_except(value: Value) -> Result<Option<Ignore>, Misread> {
    if !value.is_table() {
        return Ok(value.boolean()?.then(Ignore::default));
    }
    let mut found = Ignore::default();
    for Field { name, at, value } in value.fields("a table")? {
        match name.as_str() {
            EXCEPT => found = except(value)?,
            _ => return Err(unknown(&name, at, &[EXCEPT])),
        }
    }
    Ok(Some(found))
}

fn names(value: Value, rules: &mut Rules) -> Result<(), Misread> {
    for Field { name, at, value } in value.fields("patterns, such as `tables = \"snake_case\"` in `[rules.names]`")? {
        if name == EXCEPT {
            rules.names_except = except(value)?;
            continue;
        }
        let Some(of) = NameOf::ALL.into_iter().find(|of| of.field() == name) else {
            let mut known = NameOf::ALL.map(NameOf::field).to_vec();
            known.push(EXCEPT);
            return Err(unknown(&name, at, &known));
        };
        let at = value.at();
        let patterns: Vec<Pattern> = if value.is_list() { value.list()? } else { vec![value.parsed()?] };
        let wrong = patterns.iter().flat_map(Pattern::placeholders).find(|key| !of.placeholders().contains(key));
        if let Some(key) = wrong {
            return Err(
                (format!("`{{{key}}}` stands for nothing in a pattern for {}", name.replace('_', " ")), at).into()
            );
        }
        rules.names.push((of, patterns));
    }
    Ok(())
}

fn required_columns(value: Value) -> Result<Vec<(Name, Ignore)>, Misread> {
    if value.is_list() {
        let columns: Vec<String> = value.list()?;
        return Ok(columns.into_iter().map(|column| (Name::from(column), Ignore::default())).collect());
    }
    let mut columns = Vec::new();
    for Field { name, value, .. } in value.fields("a list of columns, or `created_at = { except = [\"…\"] }`")? {
        columns.extend(yes_except(value)?.map(|except| (Name::from(name), except)));
    }
    Ok(columns)
}

fn max_columns(value: Value) -> Result<Option<(usize, Ignore)>, Misread> {
    if !value.is_table() {
        return Ok(Some((value.integer()?, Ignore::default())));
    }
    let (mut columns, mut found) = (None, Ignore::default());
    for Field { name, at, value } in value.fields("a table")? {
        match name.as_str() {
            "columns" => columns = Some(value.integer()?),
            EXCEPT => found = except(value)?,
            _ => return Err(unknown(&name, at, &["columns", EXCEPT])),
        }
    }
    Ok(columns.map(|columns| (columns, found)))
}

fn forbidden_types(value: Value) -> Result<(Vec<crate::sql::glob::Glob>, Ignore), Misread> {
    if value.is_list() {
        return Ok((value.list()?, Ignore::default()));
    }
    let (mut types, mut found) = (Vec::new(), Ignore::default());
    for Field { name, at, value } in value.fields("a list of types, or `{ types = [\"…\"], except = [\"…\"] }`")? {
        match name.as_str() {
            "types" => types = value.list()?,
            EXCEPT => found = except(value)?,
            _ => return Err(unknown(&name, at, &["types", EXCEPT])),
        }
    }
    Ok((types, found))
}

/// A query; its table begins at the byte `begin`.
fn query(begin: usize, fields: Vec<Field>, text: &str) -> Result<Query, Misread> {
    let (mut name, mut message, mut help, mut sql) = (None, None, None, None);
    for Field { name: field, at, value } in fields {
        let place = value.at();
        match field.as_str() {
            "name" => {
                let said = value.string()?;
                let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
                if !said.starts_with(|first: char| first.is_ascii_lowercase()) || !said.bytes().all(is_word) {
                    let misread = Misread::from((
                        "the name of a query has lowercase letters, digits and `_` only".to_owned(),
                        place,
                    ));
                    return Err(misread.help("such as `name = \"no_soft_deletes\"`"));
                }
                name = Some(said);
            }
            "message" => message = Some(one_line(value)?),
            "help" => help = Some(one_line(value)?),
            "sql" => {
                let said = value.string()?;
                let statements = split(&said);
                if statements.len() != 1 || statements[0].kind != StatementKind::Read || said.contains('\0') {
                    let misread = Misread::from(("`sql` is not one query".to_owned(), place));
                    return Err(misread
                        .help("such as `sql = \"SELECT path, 'is not STRICT' FROM tables WHERE NOT is_strict\"`"));
                }
                sql = Some((statements[0].text.to_owned(), position(text, place)));
            }
            _ => return Err(unknown(&field, at, &QUERY_FIELDS)),
        }
    }
    let missing = |field: &str| Misread::from((format!("the query has no `{field}`"), begin));
    let name = name.ok_or_else(|| missing("name"))?;
    let (sql, place) = sql.ok_or_else(|| missing("sql"))?;
    Ok(Query { name, message, help, sql, place })
}

/// A text on one line that says something.
fn one_line(value: Value) -> Result<String, Wrong> {
    let at = value.at();
    let text = value.string()?;
    match is_blank(&text) || text.contains(char::is_control) {
        true => Err(("expected a text on one line".to_owned(), at)),
        false => Ok(text),
    }
}
