//! What lints find in a change before it is made.

use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::lint::{Group, Target};
use dbmigrate_core::plan::Plan;

use super::run::{Decided, Live, Run};
use crate::error::Result;
use crate::linting::{Drafted, Subject};

impl Run<'_> {
    /// Looks at the change, with the rows of the database. Nothing, if nobody asks for it.
    ///
    /// # Errors
    /// Exit code 3 for what is denied.
    pub(super) fn linted(&self, live: &Live, decided: &Decided, plan: &Plan) -> Result<Option<Drafted>> {
        let Some(set) = self.lints else { return Ok(None) };
        let sql = plan.to_sql("push");
        let (old, new) = (&live.found.schema, &decided.wanted.schema);
        let subject = Subject { name: "push", file: None, sql: &sql, old, new };
        let target = Target { is_server: self.url.file().is_none(), ..Target::default() };
        // a push goes to a database that no release runs on
        let set = set.without(Group::Compatibility);
        let said = (self.asker.command_line(), self.asker.untouched);
        let connection = live.database.as_ref().map(Database::connection);
        let drafted = (&subject, self.declared);
        Drafted::in_database(self.context, (set, &target), drafted, connection, (&said.0, said.1)).map(Some)
    }
}
