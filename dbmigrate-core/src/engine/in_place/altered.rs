//! A rebuild on a server, which does not let its schema be written: libSQL's `ALTER TABLE … ALTER COLUMN … TO …` replaces
//! the text of a column's definition, and looks at no row.
//!
//! It does not understand what it replaces very well (a comma in a comment becomes a column, docs/decisions), so nothing is
//! taken from it on trust: whoever uses these statements runs them on a twin first, compares what that has stored with what
//! is wanted, and has the server compare what it has stored with that.

use super::rows_stay;
use crate::folder::script::{Rebuild, Script};
use crate::plan::in_place::Conditions;
use crate::plan::in_place::altered::{Checks, columns, conditions};
use crate::schema::{Schema, Table};
use crate::sql::Name;

/// What stands for the rebuilds of a script.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Altered {
    /// The statements of the whole script, in one text. Which checks are written on columns nobody can tell without
    /// reading the stored text, so there are several, of which one may lead to what is wanted.
    pub(in crate::engine) texts: Vec<String>,
    /// What no row may be like: a table, and conditions.
    pub(in crate::engine) contradictions: Vec<(Name, Vec<String>)>,
}

impl Altered {
    /// What stands for all rebuilds of a script; `None` if one of them has to be run.
    pub(in crate::engine) fn of(schema: &Schema, script: &Script<'_>) -> Option<Self> {
        let mut contradictions = Vec::new();
        for marked in &script.rebuilds {
            let table = schema.table(&marked.rebuild.table)?;
            let conditions = conditions_of(table, &marked.rebuild, script)?;
            contradictions.push((table.name.clone(), super::rows::contradictions(&conditions, "", |_| false)));
        }
        let texts = Checks::BOTH.into_iter().filter_map(|checks| text(schema, script, checks));
        let mut texts: Vec<String> = texts.collect();
        texts.dedup();
        (!texts.is_empty()).then_some(Self { texts, contradictions })
    }
}

fn conditions_of(table: &Table, rebuild: &Rebuild, script: &Script<'_>) -> Option<Conditions> {
    let indexes: Vec<_> = table.indexes.iter().cloned().collect();
    let found = conditions(table, &indexes, &rebuild.rebuilt())?;
    rows_stay(&script.statements, rebuild).then_some(found)
}

/// The statements of a script with those of columns in the place of the rebuilds.
fn text(schema: &Schema, script: &Script<'_>, checks: Checks) -> Option<String> {
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
        statements.extend(columns(before, &rebuild.rebuilt(), checks)?);
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
        Altered::of(&schema, &script)
    }

    #[test]
    fn columns_that_change_are_altered() {
        let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT CHECK (b > 0))";
        let texts = |after: &str| altered(before, after).map(|altered| altered.texts).unwrap_or_default();
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
    fn what_reads_rows_otherwise_is_rebuilt() {
        let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT UNIQUE)";
        for after in ["a TEXT DEFAULT 'x', b INT UNIQUE)", "a INT, b INT UNIQUE)", "a TEXT, b INT NOT NULL UNIQUE)"] {
            assert!(altered(before, &format!("id INTEGER PRIMARY KEY, {after}")).is_none(), "{after}");
        }
    }
}
