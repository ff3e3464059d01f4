//! What the expressions that use a column say about its values: a column that `json_extract` reads holds JSON, one that
//! `strftime` reads holds a date. What is read out of an expression is a guess; whether it is right, the engine says.

use std::collections::BTreeMap;

use crate::schema::{Schema, Table};
use crate::sql::token::{Token, TokenKind, significant, unquote};
use crate::sql::{Expr, Name};

/// What is known of the values of a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::engine) struct Hints {
    /// The paths into the JSON that it holds; `None` if nothing reads it as JSON.
    pub(super) json: Option<Vec<String>>,
    /// Whether the JSON as a whole is taken for an array.
    pub(super) is_array: bool,
    /// Whether it is read as a date or a time.
    pub(super) is_date: bool,
    /// Whether it is read as hexadecimal digits.
    pub(super) is_hex: bool,
    /// Whether it is calculated with.
    pub(super) is_number: bool,
    /// How many dimensions the vector has that it is read as.
    pub(super) vector: Option<usize>,
    /// The patterns of `LIKE` (first) and `GLOB` (second) that it is compared with.
    pub(super) patterns: (Vec<String>, Vec<String>),
}

/// Where a column stands that has nothing else to say about it.
const NO_HINTS: &Hints = &Hints {
    json: None,
    is_array: false,
    is_date: false,
    is_hex: false,
    is_number: false,
    vector: None,
    patterns: (Vec::new(), Vec::new()),
};

/// The hints for the columns of a schema.
#[derive(Debug, Default)]
pub(in crate::engine) struct Uses(BTreeMap<(Name, Name), Hints>);

impl Uses {
    /// What the objects of `schema` say: generated columns, checks, indexes, and the views and triggers that name a
    /// table.
    pub(in crate::engine) fn of(schema: &Schema) -> Self {
        let mut uses = Self::default();
        for table in &schema.tables {
            for expr in expressions(table) {
                uses.read(table, expr);
            }
        }
        let views = schema.views.iter().map(|view| &view.query);
        let triggers = schema.triggers.iter().flat_map(|trigger| trigger.when.iter().chain([&trigger.body]));
        for text in views.chain(triggers).filter(|text| may_say_something(text)) {
            let names = text.names();
            for table in &schema.tables {
                let fires = schema.triggers.iter().any(|trigger| trigger.on == table.name && trigger.body == *text);
                if fires || names.contains(&table.name) {
                    uses.read(table, text);
                }
            }
        }
        uses
    }

    /// Takes in what an expression over the columns of `table` says.
    pub(in crate::engine) fn read(&mut self, table: &Table, expr: &Expr) {
        if !may_say_something(expr) {
            return;
        }
        let tokens = significant(expr.as_str());
        for column in table.columns.iter().filter(|column| column.generated.is_none() && expr.mentions(&column.name)) {
            let mut hints = self.0.remove(&(table.name.clone(), column.name.clone())).unwrap_or_default();
            read_column(&tokens, &column.name, &mut hints);
            if hints != *NO_HINTS {
                self.0.insert((table.name.clone(), column.name.clone()), hints);
            }
        }
    }

    /// What is known of a column.
    pub(super) fn hints(&self, table: &Name, column: &Name) -> &Hints {
        // most schemas say nothing, and then no name is put together
        if self.0.is_empty() {
            return NO_HINTS;
        }
        self.0.get(&(table.clone(), column.clone())).unwrap_or(NO_HINTS)
    }
}

impl Hints {
    pub(super) fn is_empty(&self) -> bool {
        self == NO_HINTS
    }
}

/// The expressions that SQLite evaluates when a row of the table is written.
pub(in crate::engine) fn expressions(table: &Table) -> impl Iterator<Item = &Expr> {
    let generated =
        table.columns.iter().filter_map(|column| column.generated.as_ref()).map(|generated| &generated.expr);
    let checks = table.checks.iter().map(|check| &check.expr);
    let indexes = table.indexes.iter().flat_map(|index| {
        index.parts.iter().map(|part| &part.expr).filter(|expr| expr.as_column().is_none()).chain(&index.predicate)
    });
    generated.chain(checks).chain(indexes)
}

/// Whether there is anything in the text that [`read_column`] looks for.
fn may_say_something(expr: &Expr) -> bool {
    let text = expr.as_str();
    text.contains(['(', '>', '*', '+', '/', '%']) || {
        let lower = text.to_ascii_lowercase();
        lower.contains("like") || lower.contains("glob")
    }
}

/// What a function does with one of its arguments.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Json,
    /// A function that takes the whole for an array unless a path says otherwise.
    Array,
    Date,
    Hex,
    Vector,
    Number,
}

/// What the n-th argument of a function is read as.
fn role(function: &str, argument: usize) -> Option<Role> {
    let function = function.to_ascii_lowercase();
    let first = argument == 0;
    let json = function.strip_prefix("jsonb").or_else(|| function.strip_prefix("json"));
    if let Some(rest) = json {
        return match rest {
            "_each" | "_tree" | "_array_length" => first.then_some(Role::Array),
            "_patch" => Some(Role::Json),
            "" | "_extract" | "_type" | "_valid" | "_set" | "_insert" | "_replace" | "_remove" | "_error_position"
            | "_pretty" | "_array_insert" => first.then_some(Role::Json),
            _ => None,
        };
    }
    match function.as_str() {
        "date" | "time" | "datetime" | "julianday" | "unixepoch" => first.then_some(Role::Date),
        "strftime" => (argument == 1).then_some(Role::Date),
        "timediff" => Some(Role::Date),
        "unhex" => first.then_some(Role::Hex),
        "abs" | "round" | "cast" | "sum" | "avg" | "total" | "sqrt" | "ceil" | "floor" => first.then_some(Role::Number),
        other if other.starts_with("vector") => Some(Role::Vector),
        _ => None,
    }
}

/// Reads what the tokens of an expression say about a column.
fn read_column(tokens: &[Token<'_>], column: &Name, hints: &mut Hints) {
    let mut open: Vec<(&str, usize)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => {
                let function = at.checked_sub(1).map(|before| &tokens[before]);
                open.push((function.filter(|name| name.kind == TokenKind::Word).map_or("", |name| name.text), 0));
            }
            TokenKind::Close => drop(open.pop()),
            TokenKind::Comma => open.iter_mut().last().into_iter().for_each(|(_, argument)| *argument += 1),
            TokenKind::Word | TokenKind::QuotedName => {
                let is_call = tokens.get(at + 1).is_some_and(|next| next.kind == TokenKind::Open);
                if !is_call && token.identifier().is_some_and(|name| *column == *name) {
                    read_place(tokens, at, &open, hints);
                }
            }
            _ => {}
        }
    }
}

/// Reads what stands around the column at `at`, inside of the calls that are open there.
fn read_place(tokens: &[Token<'_>], at: usize, open: &[(&str, usize)], hints: &mut Hints) {
    let next = tokens.get(at + 1);
    if let Some(path) = arrows(&tokens[at + 1..]) {
        hints.json.get_or_insert_default().push(path);
        return;
    }
    let found = open.iter().rev().find_map(|(function, argument)| role(function, *argument));
    match found {
        Some(role @ (Role::Json | Role::Array)) => {
            let strings = tokens.iter().filter(|token| token.kind == TokenKind::String);
            let paths: Vec<String> =
                strings.map(|token| unquote(token.text)).filter(|text| text.starts_with('$')).collect();
            hints.is_array |= role == Role::Array && paths.is_empty();
            let known = hints.json.get_or_insert_default();
            for path in paths {
                // what is looked through has to be a list
                let path = if role == Role::Array { format!("{path}[0]") } else { path };
                if !known.contains(&path) {
                    known.push(path);
                }
            }
        }
        Some(Role::Date) => hints.is_date = true,
        Some(Role::Hex) => hints.is_hex = true,
        Some(Role::Number) => hints.is_number = true,
        Some(Role::Vector) => hints.vector = Some(dimensions(tokens).or(hints.vector).unwrap_or(3)),
        None => {
            let is_arithmetic = |token: Option<&Token<'_>>| {
                token.is_some_and(|token| {
                    token.kind == TokenKind::Operator && matches!(token.text, "+" | "-" | "*" | "/" | "%")
                })
            };
            hints.is_number |= is_arithmetic(next) || is_arithmetic(at.checked_sub(1).and_then(|at| tokens.get(at)));
        }
    }
    let negated = usize::from(next.is_some_and(|token| token.is_word("not")));
    if let [operator, pattern, ..] = &tokens[(at + 1 + negated).min(tokens.len())..]
        && pattern.kind == TokenKind::String
        && negated == 0
    {
        let text = unquote(pattern.text);
        if operator.is_word("like") {
            hints.patterns.0.push(text);
        } else if operator.is_word("glob") {
            hints.patterns.1.push(text);
        }
    }
}

/// The path of `-> 'a' ->> 0` and the like; `None` if no arrow follows.
fn arrows(tokens: &[Token<'_>]) -> Option<String> {
    let mut path = String::from("$");
    for pair in tokens.chunks(2) {
        let [arrow, key] = pair else { break };
        if !matches!(arrow.text, "->" | "->>") {
            break;
        }
        match key.kind {
            TokenKind::Number => path.extend(["[", key.text, "]"]),
            TokenKind::String => {
                let key = unquote(key.text);
                match key.strip_prefix('$') {
                    Some(rest) => path.push_str(rest),
                    None => path.extend([".\"", &key.replace('"', ""), "\""]),
                }
            }
            // a key that a column has
            _ => {}
        }
    }
    let has_arrow = tokens.first().is_some_and(|token| matches!(token.text, "->" | "->>"));
    has_arrow.then_some(path)
}

/// The dimensions of a vector that is written in the expression.
fn dimensions(tokens: &[Token<'_>]) -> Option<usize> {
    let strings = tokens.iter().filter(|token| token.kind == TokenKind::String).map(|token| unquote(token.text));
    let mut vectors = strings.filter(|text| text.trim_start().starts_with('['));
    vectors.next().map(|text| text.matches(',').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::{Object, read};

    fn hints(expr: &str) -> Hints {
        let Ok(Object::Table(table)) = read("CREATE TABLE t (d TEXT, e TEXT)") else { panic!("it is a table") };
        let mut uses = Uses::default();
        uses.read(&table, &Expr::new(expr));
        uses.hints(&"t".into(), &"d".into()).clone()
    }

    #[test]
    fn the_calls_around_a_column_say_what_it_holds() {
        let json = |paths: &[&str]| Some(paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>());
        assert_eq!(hints("json_extract(d, '$.a')").json, json(&["$.a"]));
        assert_eq!(hints("date(json_extract(coalesce(t.d, '{}'), '$.at'))").json, json(&["$.at"]));
        assert_eq!(hints("d -> 'a' ->> 0").json, json(&["$.\"a\"[0]"]));
        assert_eq!(hints("json_each(\"d\", '$.tags')").json, json(&["$.tags[0]"]));
        assert!(hints("json_array_length(d)").is_array);
        assert!(hints("CAST(strftime('%Y', d) AS INTEGER)").is_date);
        assert!(hints("unhex(d)").is_hex);
        assert!(hints("CAST(d AS INTEGER)").is_number);
        assert!(hints("d * 100").is_number);
        assert_eq!(hints("vector_distance_cos(vector32(d), vector32('[1,2,3,4]'))").vector, Some(4));
        assert_eq!(hints("d LIKE '%_@_%'").patterns.0, ["%_@_%"]);
        assert_eq!(hints("d GLOB '[0-9]*'").patterns.1, ["[0-9]*"]);
        assert!(hints("lower(d) = json_object('a', e)").is_empty());
        assert!(hints("json_extract(e, '$.a') = d").is_empty());
    }
}
