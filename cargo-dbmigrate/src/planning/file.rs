//! The file of a plan: JSON with a fixed order, sealed by a hash.

use std::path::Path;

use dbmigrate_core::folder::Checksum;
use serde_json::Value;

use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages::{ApprovedPlan, PLAN_FORMAT};
use crate::project::path;

/// The plan with its seal.
pub(super) fn sealed(mut plan: ApprovedPlan) -> ApprovedPlan {
    plan.seal = seal(&plan);
    plan
}

/// The hash of everything else.
fn seal(plan: &ApprovedPlan) -> String {
    Checksum::of_bytes(text(&ApprovedPlan { seal: String::new(), ..plan.clone() }).as_bytes()).to_hex()
}

/// The text of the file, the same for the same plan.
pub(crate) fn text(plan: &ApprovedPlan) -> String {
    // strings, numbers and lists of them: there is nothing in it that JSON could not hold
    serde_json::to_string_pretty(plan).unwrap_or_default() + "\n"
}

/// Reads a plan that is as it was written.
///
/// # Errors
/// Exit code 2 if there is no such file, 5 if it is no plan, was edited, or is of another version.
pub(crate) fn read(file: &Path) -> Result<ApprovedPlan> {
    let shown = path::for_display(file).display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => CommandError::usage(format!("no such file: `{shown}`"))
            .help("make a plan: `cargo dbmigrate plan --out FILE`"),
        _ => CommandError::io("read", file, &error),
    })?;
    let refused = |message: String| {
        CommandError::new(exit::INCONSISTENT, message)
            .note("nothing was changed")
            .help("make a new plan: `cargo dbmigrate plan --out FILE`")
    };
    let value: Value =
        serde_json::from_str(&text).map_err(|error| refused(format!("`{shown}` is not a plan: {error}")))?;
    match value.get("format").and_then(Value::as_u64) {
        Some(format) if format == u64::from(PLAN_FORMAT) => {}
        Some(format) => {
            return Err(refused(format!(
                "`{shown}` has format {format}, and this version of cargo-dbmigrate reads {PLAN_FORMAT}"
            )));
        }
        None => return Err(refused(format!("`{shown}` is not a plan: it has no `format`"))),
    }
    let edited = || refused(format!("`{shown}` was edited after it was written"));
    let plan: ApprovedPlan = serde_json::from_value(value).map_err(|error| edited().note(error.to_string()))?;
    if seal(&plan) == plan.seal { Ok(plan) } else { Err(edited()) }
}
