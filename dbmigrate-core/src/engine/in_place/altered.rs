//! A rebuild on a server, which does not let its schema be written: libSQL's `ALTER TABLE … ALTER COLUMN … TO …` replaces
//! the text of a column's definition, and looks at no row.
//!
//! It does not understand what it replaces very well (a comma in a comment becomes a column, docs/decisions), so nothing is
//! taken from it on trust: whoever uses these statements runs them on a twin first, compares what that has stored with what
//! is wanted, and has the server compare what it has stored with that.

use super::beforehand::{AT, Question};
use super::{ByStatements, rows, rows_stay};
use crate::ddl::render;
use crate::engine::assertion::assertion;
use crate::folder::script::{Rebuild, Script};
use crate::plan::in_place::Conditions;
use crate::plan::in_place::altered::{Places, columns, conditions};
use crate::schema::{Column, Schema, Table};
use crate::sql::Name;
use crate::sql::name::quote_string;

/// What stands for the rebuilds of a script.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Altered {
    /// Where the stored text has which constraint nobody can tell without reading it, so there are several, of which one may
    /// lead to what is wanted.
    pub(in crate::engine) ways: Vec<Standing>,
    /// What no row may be like: a table that is asked as it is, and conditions.
    pub(in crate::engine) contradictions: Vec<(Name, Vec<String>)>,
}

/// What may stand for the rebuilds.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine) struct Standing {
    /// The statements of the whole script, in one text.
    text: String,
    /// The tables that are asked in another form.
    forms: Vec<Form>,
}

/// A table that is asked in another form.
#[derive(Debug, Clone, PartialEq)]
struct Form {
    by: ByStatements,
    conditions: Vec<String>,
}

impl Altered {
    /// What stands for all rebuilds of a script; `None` if one of them has to be run. No row has the value of the sentinel.
    pub(in crate::engine) fn of(schema: &Schema, script: &Script<'_>, sentinel: &str) -> Option<Self> {
        let (mut contradictions, mut formed) = (Vec::new(), Vec::new());
        for marked in &script.rebuilds {
            let table = schema.table(&marked.rebuild.table)?;
            let conditions = conditions_of(table, &marked.rebuild, script)?;
            let asked = rows::contradictions(&conditions, sentinel, |_| false);
            if asked.is_empty() || !rows::needs_form(&conditions) {
                contradictions.push((table.name.clone(), asked));
            } else {
                let form = rows::form(table, &marked.rebuild.definition, &conditions, sentinel);
                formed.push((table, form, asked));
            }
        }
        let mut ways: Vec<Standing> = Vec::new();
        for places in Places::all() {
            let Some(text) = text(schema, script, places) else { continue };
            let forms = formed.iter().map(|(table, form, asked)| {
                let by = by_statements(table, form, sentinel, places)?;
                Some(Form { by, conditions: asked.clone() })
            });
            let Some(forms) = forms.collect::<Option<Vec<Form>>>() else { continue };
            let one = Standing { text, forms };
            if !ways.contains(&one) {
                ways.push(one);
            }
        }
        (!ways.is_empty()).then_some(Self { ways, contradictions })
    }
}

impl Standing {
    /// How tables are read in another form.
    pub(in crate::engine) fn forms(&self) -> impl Iterator<Item = &ByStatements> {
        self.forms.iter().map(|form| &form.by)
    }

    /// The statements, behind those that fail if a row is not as it has to be: of tables that were asked, one that was
    /// logged. What was made for asking goes in between.
    pub(in crate::engine) fn behind_rows(&self, asked: &[Question]) -> String {
        let mut statements: Vec<String> = Vec::new();
        let mut ask = |form: &[String], query: &str| {
            statements.extend(form.iter().cloned());
            statements.push(assertion(&format!("NOT EXISTS ({query})")));
        };
        for Form { by, conditions } in &self.forms {
            match asked.iter().find(|question| question.is_of(&by.table)) {
                Some(question) => {
                    if let Some((form, query)) = question.contradicted_in_form() {
                        ask(form, &query);
                    }
                }
                None => {
                    if let Some(query) = contradicted(&by.table, conditions) {
                        ask(&by.statements, &query);
                    }
                }
            }
        }
        if !asked.is_empty() {
            statements.extend(asked.iter().flat_map(Question::unfollow));
            statements.push(format!("DROP TABLE {AT}"));
        }
        statements.push(self.text.clone());
        statements.join(";\n")
    }
}

/// The query that returns a row if one of these is true of a row; `None` if there are none.
pub(in crate::engine) fn contradicted(table: &Name, conditions: &[String]) -> Option<String> {
    let all: Vec<String> = conditions.iter().map(|one| format!("({one}\n)")).collect();
    (!all.is_empty()).then(|| format!("SELECT 1 FROM {} NOT INDEXED WHERE {} LIMIT 1", table.sql(), all.join(" OR ")))
}

fn conditions_of(table: &Table, rebuild: &Rebuild, script: &Script<'_>) -> Option<Conditions> {
    let indexes: Vec<_> = table.indexes.iter().cloned().collect();
    let found = conditions(table, &indexes, &rebuild.rebuilt())?;
    rows_stay(&script.statements, rebuild).then_some(found)
}

/// The statements that have a table read in this form, and one that fails if the engine does not see it so.
fn by_statements(before: &Table, form: &Table, sentinel: &str, places: Places) -> Option<ByStatements> {
    // nothing that rows are read by
    let form = Table { checks: before.checks.clone(), foreign_keys: before.foreign_keys.clone(), ..form.clone() };
    let mut statements = columns(before, &form, places)?;
    let name = quote_string(form.name.as_str());
    let is_same = |column: &Column| {
        before.column(&column.name).is_some_and(|column_before| {
            render::column_in(before, column_before, &[]) == render::column_in(&form, column, &[])
        })
    };
    let is_seen = form.columns.iter().filter(|column| !is_same(column)).map(|column| {
        let (name, decl_type) = (quote_string(column.name.as_str()), quote_string(column.decl_type.as_str()));
        let has_sentinel = column.default.as_ref().is_some_and(|default| default.as_str() == sentinel);
        let default =
            if has_sentinel { format!(" AND dflt_value = {}", quote_string(sentinel)) } else { String::new() };
        let not_null = u8::from(column.not_null);
        format!("sum(name = {name} AND type = {decl_type} COLLATE NOCASE AND \"notnull\" = {not_null}{default}) = 1")
    });
    let is_seen = is_seen.collect::<Vec<_>>().join(" AND ");
    statements.push(assertion(&format!("(SELECT {is_seen} FROM pragma_table_xinfo({name}))")));
    Some(ByStatements { table: form.name, sentinel: sentinel.to_owned(), statements })
}

/// The statements of a script with those of columns in the place of the rebuilds.
fn text(schema: &Schema, script: &Script<'_>, places: Places) -> Option<String> {
    let mut statements: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(statement) = script.statements.get(at) {
        let rebuild = script.rebuilds.iter().map(|marked| &marked.rebuild).find(|one| one.statements.start == at);
        let Some(rebuild) = rebuild else {
            statements.push(statement.text.to_owned());
            at += 1;
            continue;
        };
        let before = schema.table(&rebuild.table)?;
        // they go with the table in a rebuild, and what makes them again stands behind it
        let own = schema.triggers.iter().filter(|trigger| trigger.on == rebuild.table);
        statements.extend(own.map(|trigger| format!("DROP TRIGGER {}", trigger.name.sql())));
        statements.extend(columns(before, &rebuild.definition, places)?);
        let is_there = |name: &Name| before.indexes.iter().any(|index| index.name == *name);
        let missing = rebuild.indexes.iter().filter(|(_, index)| !is_there(&index.name));
        statements.extend(missing.filter_map(|(at, _)| Some(script.statements.get(*at)?.text.to_owned())));
        at = rebuild.statements.end;
    }
    Some(statements.join(";\n"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::ddl::{Object, read};

    fn altered(before: &str, after: &str) -> Option<Altered> {
        let mut schema = Schema::default();
        if let Ok(Object::Table(table)) = read(before) {
            schema.tables.insert(table);
        }
        let sql = format!(
            "-- dbmigrate: rebuild t\nCREATE TABLE _new ({after};\nINSERT INTO _new (id, a, b) SELECT id, a, b FROM t;\n\
             DROP TABLE t;\nALTER TABLE _new RENAME TO t;\n"
        );
        let script = Script::parse(&sql, Path::new("m")).expect("it is right");
        Altered::of(&schema, &script, "x'00'")
    }

    #[test]
    fn columns_that_change_are_altered() {
        let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT CHECK (b > 0))";
        let texts = |after: &str| {
            altered(before, after)
                .map(|altered| altered.ways)
                .unwrap_or_default()
                .into_iter()
                .map(|way| way.text)
                .collect::<Vec<_>>()
        };
        let key = "id INTEGER PRIMARY KEY";
        assert_eq!(
            texts(&format!("{key}, a TEXT NOT NULL, b INT CHECK (b > 0))")),
            ["ALTER TABLE t ALTER COLUMN a TO a TEXT NOT NULL"]
        );
        assert_eq!(
            texts(&format!("{key}, a TEXT, b INT NOT NULL CHECK (b > 0))")),
            [
                "ALTER TABLE t ALTER COLUMN b TO b INT NOT NULL",
                "ALTER TABLE t ALTER COLUMN b TO b INT NOT NULL CHECK (b > 0)"
            ]
        );
        assert_eq!(texts(&format!("{key}, a TEXT, b INT)")), ["ALTER TABLE t ALTER COLUMN b TO b INT"]);
        assert_eq!(
            texts(&format!("{key}, a TEXT, b INT CHECK (b > 0), CHECK (a <> b))")),
            ["ALTER TABLE t ALTER COLUMN a TO a TEXT CHECK (a <> b)",]
        );
    }

    #[test]
    fn what_reads_rows_otherwise_is_asked_in_another_form() {
        let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT UNIQUE)";
        for (after, form) in [
            ("a TEXT DEFAULT 'x', b INT UNIQUE)", "ALTER TABLE t ALTER COLUMN a TO a TEXT DEFAULT x'00'"),
            ("a BLOB, b INT UNIQUE)", "ALTER TABLE t ALTER COLUMN a TO a BLOB DEFAULT x'00'"),
            ("a TEXT, b INT UNIQUE DEFAULT 7)", "ALTER TABLE t ALTER COLUMN b TO b INT DEFAULT x'00' UNIQUE"),
        ] {
            let altered = altered(before, &format!("id INTEGER PRIMARY KEY, {after}")).expect(after);
            let text = altered.ways[0].behind_rows(&[]);
            let statements: Vec<&str> = text.split(";\n").collect();
            assert_eq!((statements[0], statements.len()), (form, 4), "{text}");
            assert!(statements[1].contains("dflt_value = 'x''00'''"), "{text}");
            assert!(statements[2].contains(" IS x'00'") && statements[2].contains("_dbmigrate_assertion"), "{text}");
        }
        for after in ["a TEXT, b TEXT UNIQUE)", "a TEXT, b INT UNIQUE) STRICT"] {
            assert!(altered(before, &format!("id INTEGER PRIMARY KEY, {after}")).is_none(), "{after}");
        }
    }
}
