//! What has to be found out of a migration before rules can look at it: what changes, and what was decided.

use std::collections::BTreeSet;

use crate::diff::{Diff, Renames, diff_among};
use crate::folder::Script;
use crate::plan::Decisions;
use crate::schema::{Referring, Schema};
use crate::sql::Name;

/// What has to be found out of a migration before rules can look at it.
#[derive(Debug)]
pub struct Prepared {
    /// What was decided when it was planned, read off its statements.
    pub decisions: Decisions,
    /// What changes.
    pub diff: Diff,
    /// The tables behind it that refer to one that it changes or drops, if they are known.
    pub(super) referring: Option<BTreeSet<Name>>,
}

impl Prepared {
    /// Finds it out of the schemas before and after, and the statements between.
    pub fn of(old: &Schema, new: &Schema, script: &Script<'_>) -> Self {
        Self::among((old, new), script, None)
    }

    /// The same for one of several migrations, one behind the other: `referring` goes on from the schema before to that
    /// after, and spares a look at all their tables.
    pub fn following(schemas: (&Schema, &Schema), script: &Script<'_>, referring: &mut Referring) -> Self {
        Self::among(schemas, script, Some(referring))
    }

    fn among((old, new): (&Schema, &Schema), script: &Script<'_>, mut referring: Option<&mut Referring>) -> Self {
        if let Some(referring) = &mut referring {
            referring.follow(old);
        }
        let allowed = script.allows.iter().map(|allow| (allow.lint.as_str(), allow.object.as_str()));
        let mut decisions = Decisions::read_back(old, new, allowed, &script.statements);
        let difference = diff_among(old, new, &decisions.renames, referring.as_deref_mut()).or_else(|_| {
            decisions.renames = Renames::default();
            diff_among(old, new, &decisions.renames, referring.as_deref_mut())
        });
        // without renames nothing contradicts the schemas
        let diff = difference.unwrap_or_else(|error| unreachable!("no rename can be wrong: {error}"));
        let referring = referring.map(|referring| moved(&diff).flat_map(|name| referring.to(name)).cloned().collect());
        Self { decisions, diff, referring }
    }
}

/// The tables, by their names after it, that a difference creates, changes or renames something of.
pub(super) fn changed(diff: &Diff) -> impl Iterator<Item = &Name> + Clone {
    let Diff { created_tables, tables, renames, .. } = diff;
    let renamed = renames.tables.iter().map(|(_, to)| to).chain(renames.columns.iter().map(|(on, _, _)| on));
    created_tables.iter().chain(tables.iter().map(|table| &table.name)).chain(renamed)
}

/// Those, and the tables that it drops.
pub(super) fn moved(diff: &Diff) -> impl Iterator<Item = &Name> {
    changed(diff).chain(&diff.dropped_tables)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::ddl::read::schema_of;
    use crate::lint::{Migration, Target};

    /// Scripts, each with the schema behind it.
    const HISTORY: [(&str, &str); 9] = [
        (
            "",
            "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT); CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES a);
             CREATE TABLE c (b REFERENCES b (id), a REFERENCES A); CREATE TABLE d (id INTEGER PRIMARY KEY);",
        ),
        (
            "ALTER TABLE a RENAME COLUMN x TO y;",
            "CREATE TABLE a (id INTEGER PRIMARY KEY, y TEXT); CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES a);
             CREATE TABLE c (b REFERENCES b (id), a REFERENCES A); CREATE TABLE d (id INTEGER PRIMARY KEY);",
        ),
        (
            "ALTER TABLE a RENAME TO e;",
            "CREATE TABLE e (id INTEGER PRIMARY KEY, y TEXT); CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES e);
             CREATE TABLE c (b REFERENCES b (id), a REFERENCES e); CREATE TABLE d (id INTEGER PRIMARY KEY);",
        ),
        (
            "ALTER TABLE b RENAME COLUMN id TO key; DROP TABLE d;",
            "CREATE TABLE e (id INTEGER PRIMARY KEY, y TEXT); CREATE TABLE b (key INTEGER PRIMARY KEY, a REFERENCES e);
             CREATE TABLE c (b REFERENCES b (key), a REFERENCES e);",
        ),
        // another one takes the name
        (
            "DROP TABLE c; ALTER TABLE b RENAME TO c;",
            "CREATE TABLE e (id INTEGER PRIMARY KEY, y TEXT); CREATE TABLE c (key INTEGER PRIMARY KEY, a REFERENCES e);",
        ),
        (
            "ALTER TABLE c RENAME TO t; ALTER TABLE e RENAME TO c; ALTER TABLE t RENAME TO e;",
            "CREATE TABLE c (id INTEGER PRIMARY KEY, y TEXT); CREATE TABLE e (key INTEGER PRIMARY KEY, a REFERENCES c);",
        ),
        (
            "CREATE TABLE f (x REFERENCES e); CREATE TABLE g (x REFERENCES nothing);",
            "CREATE TABLE c (id INTEGER PRIMARY KEY, y TEXT); CREATE TABLE e (key INTEGER PRIMARY KEY, a REFERENCES c);
             CREATE TABLE f (x REFERENCES e); CREATE TABLE g (x REFERENCES nothing);",
        ),
        // what a key refers to without saying so is another column
        (
            "CREATE TABLE n (key INTEGER, a PRIMARY KEY REFERENCES c); INSERT INTO n SELECT * FROM e; DROP TABLE e;
             ALTER TABLE n RENAME TO e;",
            "CREATE TABLE c (id INTEGER PRIMARY KEY, y TEXT); CREATE TABLE e (key INTEGER, a PRIMARY KEY REFERENCES c);
             CREATE TABLE f (x REFERENCES e); CREATE TABLE g (x REFERENCES nothing);",
        ),
        ("DROP TABLE c; DROP TABLE e; DROP TABLE f; DROP TABLE g;", ""),
    ];

    #[test]
    fn one_migration_behind_the_other_is_found_out_as_each_by_itself() {
        let target = Target::default();
        let said = |prepared: &Prepared, (old, new): (&Schema, &Schema), script: &Script<'_>| {
            let migration = Migration::new(old, new, prepared, script, &target);
            let touched: Vec<_> = migration.touched().iter().map(|table| table.name.to_string()).collect();
            format!("{touched:?} {:?} {:?}", prepared.decisions, prepared.diff)
        };
        for shares in [false, true] {
            let (mut old, mut referring) = (Schema::default(), Referring::default());
            for (sql, after) in HISTORY {
                let mut new = schema_of(after);
                if shares {
                    new = new.sharing(&old);
                }
                let script = Script::parse(sql, Path::new("migration.sql")).expect("a script");
                let alone = Prepared::of(&old, &new, &script);
                let following = Prepared::following((&old, &new), &script, &mut referring);
                assert_eq!(said(&following, (&old, &new), &script), said(&alone, (&old, &new), &script), "{sql}");
                old = new;
            }
        }
    }
}
