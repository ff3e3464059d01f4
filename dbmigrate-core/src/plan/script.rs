//! A plan as the text of a `migration.sql`.

use std::fmt::Write as _;

use super::{Plan, Preflight};
use crate::sql::line_ends::on_one_line;

/// What `allow` says of a view or trigger that need not compile.
pub const UNCHECKED: &str = "unchecked";

impl Plan {
    /// The text of the migration: what it does and costs, its directives, its statements.
    pub fn to_sql(&self, name: &str) -> String {
        let mut text = format!("-- {name}\n");
        for step in &self.steps {
            let _ = writeln!(text, "--   {} ({})", one_line(&step.title), step.cost.word());
        }
        text.push('\n');
        for (lint, object) in &self.allowed {
            let _ = writeln!(text, "-- dbmigrate: allow({lint}) {object}");
        }
        for name in &self.unchecked {
            let _ = writeln!(text, "-- dbmigrate: allow({UNCHECKED}) {}", one_line(name.as_str()));
        }
        for preflight in &self.preflights {
            let _ = writeln!(text, "{}", preflight.directive());
        }
        if !(self.allowed.is_empty() && self.unchecked.is_empty() && self.preflights.is_empty()) {
            text.push('\n');
        }
        for step in &self.steps {
            if step.statements.len() > 1 {
                let _ = writeln!(text, "-- {}", one_line(&step.title));
            }
            for statement in &step.statements {
                let _ = writeln!(text, "{statement};");
            }
            text.push('\n');
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }
}

impl Preflight {
    /// The directive that runs the query before the migration.
    pub fn directive(&self) -> String {
        let message = one_line(&self.message).replace('"', "\"\"");
        format!("-- dbmigrate: expect-none \"{message}\" {}", on_one_line(&self.query))
    }
}

/// Comments and directives end at the line, so what goes into them must not contain one.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}
