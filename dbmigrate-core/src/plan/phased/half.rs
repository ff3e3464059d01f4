//! What a half of a change in two says besides its plan: what it asks of rows because of what triggers do, and the second
//! one that it waits, and what it allows because they have seen to it meanwhile.

use crate::plan::preflight::Preflight;
use crate::plan::{Lint, Plan, counted_rows};
use crate::sql::token::significant;

/// What it says besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Half {
    is_second: bool,
    allowed: Vec<(Lint, String)>,
    /// Messages and queries.
    checks: Vec<(String, String)>,
}

impl Half {
    /// What the second half, or else the first one, says besides a plan, if it has these lints and preflights.
    pub fn besides<'t>(
        is_second: bool,
        plan: &Plan,
        allowed: impl IntoIterator<Item = (&'t str, &'t str)>,
        checks: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Self {
        let mut besides = Self { is_second, ..Self::default() };
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

    /// Whether it waits for a deployment.
    pub fn waits(&self) -> bool {
        self.is_second
    }

    /// Says it with a plan. What that says already is not said twice.
    pub fn put(&self, plan: &mut Plan) {
        if self.is_second {
            waits(plan);
        }
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

/// Makes a plan one that waits. What is decided is decided before the first half, so that its preflights have no answers.
pub(super) fn waits(plan: &mut Plan) {
    plan.after_deploy = true;
    for preflight in &mut plan.preflights {
        preflight.answers.clear();
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
