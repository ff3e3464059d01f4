//! What lints find in a change before it is made.

use dbmigrate_core::lint::Target;
use dbmigrate_core::plan::Plan;

use super::run::{Decided, Live, Run};
use crate::error::Result;
use crate::linting::{Drafted, Subject};

impl Run<'_> {
    /// Looks at the change. Nothing, if nobody asks for it.
    ///
    /// # Errors
    /// Exit code 3 for what is denied.
    pub(super) fn linted(&self, live: &Live, decided: &Decided, plan: &Plan) -> Result<Option<Drafted>> {
        let Some(set) = self.lints else { return Ok(None) };
        let sql = plan.to_sql("push");
        let (old, new) = (&live.found.schema, &decided.wanted.schema);
        let subject = Subject { name: "push", file: None, sql: &sql, old, new };
        let target = Target { is_server: self.url.file().is_none(), ..Target::default() };
        let said = (self.asker.command_line(), self.asker.untouched);
        let drafted = Drafted::of(self.context, (set.clone(), &target), (&subject, self.declared), (&said.0, said.1))?;
        Ok(Some(drafted))
    }
}
