//! What is hidden and uses a table that is dropped for a moment, because it is rebuilt: taken out, and put back as it
//! was. `ALTER TABLE … RENAME` compiles every view and trigger, and fails on one whose table is missing just then. The
//! triggers that follow rows for kept values go with their table.

use crate::ddl::{Object, read};
use crate::engine::connection::Connection;
use crate::engine::error::EngineError;
use crate::engine::ignore::Ignore;
use crate::engine::stored::{StoredObject, stored_objects};
use crate::kept::{Follower, follow, is_kept};
use crate::sql::token::significant;
use crate::sql::{Expr, Head, Name, Statement, StatementKind, Verb};

/// Views and triggers that were taken out, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct TakenOut {
    /// Those that are ignored.
    ignored: Vec<StoredObject>,
    /// What follows rows for kept values, with the table that has the rows afterwards.
    followers: Vec<Follower>,
}

/// What there may be to take out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hidden<'a> {
    /// What is ignored.
    pub(super) ignore: &'a Ignore,
    /// Whether values are kept whose rows are followed.
    pub(super) follows: bool,
}

impl TakenOut {
    /// Takes out what is hidden and uses the table that one of the statements drops, if it drops one.
    pub(super) async fn before(
        &mut self,
        connection: &Connection,
        hidden: Hidden<'_>,
        statements: &[Statement<'_>],
        at: usize,
    ) -> Result<(), EngineError> {
        let Some(table) = Self::concern(hidden, &statements[at]) else { return Ok(()) };
        let Hidden { ignore, .. } = hidden;
        let (mut objects, _) = stored_objects(connection, 0).await?;
        // a rename takes them along
        if statements[at].kind == StatementKind::DropTable
            && let Some(goes_on) = goes_on_as(&table, statements, at)
        {
            let followers = objects.iter().filter(|object| is_follower(object) && object.table == table);
            let followers = followers.filter_map(|object| Follower::read(&object.sql));
            self.followers.extend(followers.map(|follower| Follower { table: goes_on.clone(), ..follower }));
        }
        objects.retain(|object| matches!(object.kind.as_str(), "view" | "trigger") && ignore.hides(&object.table));
        let users = users_of(table, &objects);
        // a view takes the triggers on it along
        for kind in ["trigger", "view"] {
            for object in users.iter().filter(|object| object.kind == kind) {
                connection.run(&format!("DROP {kind} {}", object.name.sql())).await?;
            }
        }
        self.ignored.extend(users);
        Ok(())
    }

    /// Whether something may have to be taken out before the statement.
    pub(super) fn is_for(hidden: Hidden<'_>, statement: &Statement<'_>) -> bool {
        Self::concern(hidden, statement).is_some()
    }

    fn concern(hidden: Hidden<'_>, statement: &Statement<'_>) -> Option<Name> {
        if hidden.ignore.is_empty() && !hidden.follows { None } else { dropped_table(statement) }
    }

    /// Puts everything back.
    pub(super) async fn put_back(self, connection: &Connection) -> Result<(), EngineError> {
        for kind in ["view", "trigger"] {
            for object in self.ignored.iter().filter(|object| object.kind == kind) {
                connection.run(&object.sql).await?;
            }
        }
        if self.followers.is_empty() {
            return Ok(());
        }
        let (objects, _) = stored_objects(connection, 0).await?;
        let find = |kind: &str, name: &Name| objects.iter().find(|object| object.kind == kind && object.name == *name);
        for follower in &self.followers {
            let is_there = follow::names(&follower.kept).iter().any(|name| find("trigger", name).is_some());
            // values that nobody keeps any more have no rows to follow
            let hidden = find("table", &follower.kept).map(|table| read(&table.sql));
            let (Some(Ok(Object::Table(hidden))), Some(_), false) = (hidden, find("table", &follower.table), is_there)
            else {
                continue;
            };
            connection.run_all(&follower.triggers(&hidden.columns)).await?;
        }
        Ok(())
    }
}

/// The table that has the rows of one that a statement drops, once all have run: itself, if it is rebuilt, or the one
/// under which it is kept.
fn goes_on_as(table: &Name, statements: &[Statement<'_>], at: usize) -> Option<Name> {
    let created = |name: &Name| statements.iter().any(|statement| created_table(statement).as_ref() == Some(name));
    let is_named = |statement: &Statement<'_>| match statement.kind {
        StatementKind::CreateTable => (created_table(statement).as_ref() == Some(table)).then_some(true),
        StatementKind::AlterTable => {
            let (from, to) = renamed_table(statement)?;
            (to == *table).then(|| created(&from))
        }
        _ => None,
    };
    if statements[at + 1..].iter().find_map(is_named) == Some(true) {
        return Some(table.clone());
    }
    // filled from it with all that it has, not beside a key
    let is_moved = |statement: &Statement<'_>| {
        let into = copied_into(statement, table)?;
        statements[..at].iter().any(|other| created_table(other).as_ref() == Some(&into)).then_some(into)
    };
    statements[..at].iter().rev().find_map(is_moved)
}

/// The hidden table into which a statement copies the rows of a table.
fn copied_into(statement: &Statement<'_>, table: &Name) -> Option<Name> {
    let tokens = significant(statement.text);
    let [.., from, last] = &tokens[..] else { return None };
    let is_copy = from.is_word("from") && *table == *last.identifier()?;
    filled_table(statement).filter(|into| is_copy && is_kept(into))
}

/// The table of `INSERT INTO`.
pub(super) fn filled_table(statement: &Statement<'_>) -> Option<Name> {
    match Head::of(statement)? {
        Head::Write(Verb::Insert | Verb::Replace, table) => Some(table),
        _ => None,
    }
}

/// The table of `CREATE TABLE`.
fn created_table(statement: &Statement<'_>) -> Option<Name> {
    match Head::of(statement)? {
        Head::CreateTable(table) => Some(table),
        _ => None,
    }
}

/// The names of `ALTER TABLE … RENAME TO …`.
pub(super) fn renamed_table(statement: &Statement<'_>) -> Option<(Name, Name)> {
    match Head::of(statement)? {
        Head::RenameTable(from, to) => Some((from, to)),
        _ => None,
    }
}

/// Whether an object is a trigger that follows rows for kept values.
pub(super) fn is_follower(object: &StoredObject) -> bool {
    object.kind == "trigger" && is_kept(&object.name)
}

/// The table of `DROP TABLE`, or of a rename to a hidden name, which comes to the same for whatever uses it.
fn dropped_table(statement: &Statement<'_>) -> Option<Name> {
    match Head::of(statement)? {
        Head::DropTable(table) => Some(table),
        Head::RenameTable(from, to) => is_kept(&to).then_some(from),
        _ => None,
    }
}

/// Those of the objects that use the table, or a view among them that does, and the triggers on such views.
fn users_of(table: Name, objects: &[StoredObject]) -> Vec<StoredObject> {
    let texts: Vec<Expr> = objects.iter().map(|object| Expr::new(&object.sql)).collect();
    let mut names = vec![table];
    let mut is_user = vec![false; objects.len()];
    let mut at = 0;
    while let Some(name) = names.get(at).cloned() {
        for ((object, text), is_user) in objects.iter().zip(&texts).zip(&mut is_user) {
            if !*is_user && text.mentions(&name) {
                *is_user = true;
                names.extend((object.kind == "view").then(|| object.name.clone()));
            }
        }
        at += 1;
    }
    objects.iter().zip(is_user).filter(|(_, is_user)| *is_user).map(|(object, _)| object.clone()).collect()
}
