//! What is ignored and uses a table that is dropped for a moment, because it is rebuilt: taken out, and put back as it
//! was. `ALTER TABLE … RENAME` compiles every view and trigger, and fails on one whose table is missing just then.

use crate::engine::connection::Connection;
use crate::engine::error::EngineError;
use crate::engine::ignore::Ignore;
use crate::engine::stored::{StoredObject, stored_objects};
use crate::sql::token::significant;
use crate::sql::{Expr, Name, Statement, StatementKind, Token};

/// Views and triggers that were taken out, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct TakenOut(Vec<StoredObject>);

impl TakenOut {
    /// Takes out what is ignored and uses the table that the statement drops, if it drops one.
    pub(super) async fn before(
        &mut self,
        connection: &Connection,
        ignore: &Ignore,
        statement: &Statement<'_>,
    ) -> Result<(), EngineError> {
        let Some(table) = Self::concern(ignore, statement) else { return Ok(()) };
        let (mut objects, _) = stored_objects(connection, 0).await?;
        objects.retain(|object| matches!(object.kind.as_str(), "view" | "trigger") && ignore.hides(&object.table));
        let users = users_of(table, &objects);
        // a view takes the triggers on it along
        for kind in ["trigger", "view"] {
            for object in users.iter().filter(|object| object.kind == kind) {
                connection.run(&format!("DROP {kind} {}", object.name.sql())).await?;
            }
        }
        self.0.extend(users);
        Ok(())
    }

    /// Whether something may have to be taken out before the statement.
    pub(super) fn is_for(ignore: &Ignore, statement: &Statement<'_>) -> bool {
        Self::concern(ignore, statement).is_some()
    }

    fn concern(ignore: &Ignore, statement: &Statement<'_>) -> Option<Name> {
        if ignore.is_empty() { None } else { dropped_table(statement) }
    }

    /// Puts everything back.
    pub(super) async fn put_back(self, connection: &Connection) -> Result<(), EngineError> {
        for kind in ["view", "trigger"] {
            for object in self.0.iter().filter(|object| object.kind == kind) {
                connection.run(&object.sql).await?;
            }
        }
        Ok(())
    }
}

/// The table of `DROP TABLE`.
fn dropped_table(statement: &Statement<'_>) -> Option<Name> {
    if statement.kind != StatementKind::DropTable {
        return None;
    }
    significant(statement.text).iter().rev().find_map(Token::identifier).map(Name::from)
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
