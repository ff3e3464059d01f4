//! The triggers by which kept values follow the rows that they belong to.
//!
//! The value of a row goes with its row, because the next row may get the same key: rowids are the highest one plus one,
//! and e-mail addresses are given away. So there are three triggers, and not one. `REPLACE` deletes rows without firing a
//! trigger (sqlite.org/lang_conflict.html): whatever was kept for a key is gone once a row is inserted with it, or gets
//! it by an update. An upsert that updates inserts nothing. A rowid can be set by names that `UPDATE OF` does not see, so
//! every update is looked at.

use crate::ddl::{Object, read};
use crate::schema::{Column, Trigger};
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Expr, Name};

/// The names of the triggers that follow a table's rows for a hidden table.
pub fn names(kept: &Name) -> [Name; 3] {
    ["insert", "update", "delete"].map(|event| Name::from(format!("{kept}_{event}")))
}

/// The hidden table whose trigger this is.
pub fn kept_of(trigger: &Name) -> Option<Name> {
    let (kept, _) = trigger.as_str().rsplit_once('_')?;
    let kept = Name::from(kept);
    names(&kept).contains(trigger).then_some(kept)
}

/// The statements that make them. The key has the names that it has in both tables.
pub(super) fn triggers(kept: &Name, table: &Name, key: &[Column]) -> Vec<String> {
    let same = key.iter().map(|column| (column.name.clone(), column.name.clone())).collect();
    Follower { kept: kept.clone(), table: table.clone(), key: same }.triggers(key)
}

/// What the triggers of a hidden table follow, read from one of them: `ALTER TABLE … RENAME` keeps their text true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follower {
    /// The hidden table.
    pub kept: Name,
    /// The table that has the rows, as it is called now.
    pub table: Name,
    /// The columns of the key: as they are called in the hidden table, and now in the other one.
    pub key: Vec<(Name, Name)>,
}

impl Follower {
    /// Reads the statement of the trigger that follows deletions. `None` if it is another one.
    pub fn read(sql: &str) -> Option<Self> {
        let Ok(Object::Trigger(Trigger { name, on, body, .. })) = read(sql) else { return None };
        let tokens = significant(body.as_str());
        let [delete, from, kept, condition, rest @ ..] = &tokens[..] else { return None };
        let kept = Name::from(kept.identifier()?);
        if !(delete.is_word("delete") && from.is_word("from") && condition.is_word("where")) {
            return None;
        }
        let [_, _, expected] = names(&kept);
        if name != expected {
            return None;
        }
        let mut key = Vec::new();
        let mut rest = rest;
        while let [hidden, equals, old, dot, column, more @ ..] = rest {
            if equals.text != "=" || dot.kind != TokenKind::Dot || !old.identifier()?.eq_ignore_ascii_case("old") {
                return None;
            }
            key.push((hidden.identifier()?.into(), column.identifier()?.into()));
            rest = match more {
                [and, more @ ..] if and.is_word("and") => more,
                more => more,
            };
        }
        (!key.is_empty()).then_some(Self { kept, table: on, key })
    }

    /// The statements that make its triggers. `hidden` are the columns of the hidden table, which have the collations.
    pub fn triggers(&self, hidden: &[Column]) -> Vec<String> {
        let [insert, update, delete] = names(&self.kept).map(|name| name.sql().into_owned());
        let (kept, table) = (self.kept.sql(), self.table.sql());
        let (new, old) = (self.is_row("NEW"), self.is_row("OLD"));
        let set = self.key.iter().map(|(own, column)| format!("{} = NEW.{}", own.sql(), column.sql()));
        let set = set.collect::<Vec<_>>().join(", ");
        let stays = self.key.iter().map(|(own, column)| {
            let collate = hidden.iter().find(|other| other.name == *own).and_then(|other| other.collate.as_ref());
            let collate = collate.map(|name| format!(" COLLATE {}", name.sql())).unwrap_or_default();
            format!("OLD.{}{collate} IS NEW.{}", column.sql(), column.sql())
        });
        let stays = stays.collect::<Vec<_>>().join(" AND ");
        vec![
            format!("CREATE TRIGGER {insert} AFTER INSERT ON {table}\nBEGIN\n  DELETE FROM {kept} WHERE {new};\nEND"),
            format!(
                "CREATE TRIGGER {update} AFTER UPDATE ON {table}\nWHEN NOT ({stays})\nBEGIN\n  DELETE FROM {kept} WHERE \
                 {new};\n  UPDATE {kept} SET {set} WHERE {old};\nEND"
            ),
            format!("CREATE TRIGGER {delete} AFTER DELETE ON {table}\nBEGIN\n  DELETE FROM {kept} WHERE {old};\nEND"),
        ]
    }

    /// The condition that a row of the hidden table belongs to a row of the table, which is called `row`. The hidden
    /// column stands first: its collation is that of the key.
    pub fn is_row(&self, row: &str) -> String {
        let equal = |(hidden, column): &(Name, Name)| format!("{} = {row}.{}", hidden.sql(), column.sql());
        self.key.iter().map(equal).collect::<Vec<_>>().join(" AND ")
    }

    /// The same between two tables, each called by its name.
    pub fn joins(&self) -> Expr {
        let (kept, table) = (self.kept.sql(), self.table.sql());
        let equal = |(hidden, column): &(Name, Name)| format!("{kept}.{} = {table}.{}", hidden.sql(), column.sql());
        Expr::new(self.key.iter().map(equal).collect::<Vec<_>>().join(" AND "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_followed_is_read_back_from_the_trigger() {
        for names in [&["id"][..], &["a", "b b", "c\"c", "old"]] {
            let key: Vec<Column> = names.iter().map(|name| Column::new(*name, "TEXT")).collect();
            let (kept, table) = (Name::from("_dbmigrate_kept_0007_my t"), Name::from("my t"));
            let triggers = triggers(&kept, &table, &key);
            let found: Vec<Option<Follower>> = triggers.iter().map(|sql| Follower::read(sql)).collect();
            let [None, None, Some(follower)] = &found[..] else { panic!("{triggers:?}: {found:?}") };
            assert_eq!((&follower.kept, &follower.table), (&kept, &table));
            let columns: Vec<&str> = follower.key.iter().map(|(_, column)| column.as_str()).collect();
            assert_eq!(columns, names);
        }
        let renamed = "CREATE TRIGGER _dbmigrate_kept_0007_users_delete AFTER DELETE ON \"people\"\nBEGIN\n  DELETE FROM \
                       _dbmigrate_kept_0007_users WHERE id = OLD.\"uid\";\nEND";
        let follower = Follower::read(renamed).expect("it is one");
        assert_eq!((follower.table.as_str(), follower.key), ("people", vec![("id".into(), "uid".into())]));
    }
}
