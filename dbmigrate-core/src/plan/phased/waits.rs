//! What a migration that waits for a deployment says besides its plan: that it waits, and what it allows and asks of the
//! rows because triggers have seen to them meanwhile.

use crate::plan::preflight::Preflight;
use crate::plan::{Lint, Plan, counted_rows};
use crate::sql::token::significant;

/// What it says besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waits {
    allowed: Vec<(Lint, String)>,
    /// Messages and queries.
    checks: Vec<(String, String)>,
}

impl Waits {
    /// What a migration with these lints and preflights says besides a plan.
    pub fn besides<'t>(
        plan: &Plan,
        allowed: impl IntoIterator<Item = (&'t str, &'t str)>,
        checks: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Self {
        let mut besides = Self::default();
        for (lint, object) in allowed {
            if let Ok(lint) = lint.parse::<Lint>()
                && !allows(plan, lint, object)
            {
                besides.allowed.push((lint, object.to_owned()));
            }
        }
        let checks = checks.into_iter().filter(|(_, query)| !asks(plan, query));
        besides.checks.extend(checks.map(|(message, query)| (message.to_owned(), query.to_owned())));
        besides
    }

    /// Says it with a plan. What that says already is not said twice.
    pub fn put(&self, plan: &mut Plan) {
        plan.after_deploy = true;
        for (lint, object) in &self.allowed {
            if !allows(plan, *lint, object) {
                plan.allowed.push((*lint, object.clone()));
            }
        }
        for (message, query) in &self.checks {
            // one that is about something else was written by a person
            if let (Some((table, _)), false) = (counted_rows(query), asks(plan, query)) {
                plan.preflights.push(Preflight::new(&table, message.clone(), query.clone()));
            }
        }
    }
}

fn allows(plan: &Plan, lint: Lint, object: &str) -> bool {
    plan.allowed.iter().any(|(one, other)| *one == lint && other.eq_ignore_ascii_case(object))
}

fn asks(plan: &Plan, query: &str) -> bool {
    plan.preflights.iter().any(|preflight| words(&preflight.query) == words(query))
}

/// A query however it is laid out.
fn words(query: &str) -> Vec<&str> {
    significant(query).iter().map(|token| token.text).collect()
}
