//! The marks of a migration that no schema shows, so that it has them as well when it is planned again.

use std::path::Path;

use dbmigrate_core::folder::Script;
use dbmigrate_core::plan::Plan;
use dbmigrate_core::plan::phased::{Half, carries};
use dbmigrate_core::schema::Schema;

/// What stands before the marked rebuild of a migration that others do not wait for.
const ONLINE: &str = "-- dbmigrate: online\n";

/// They.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks {
    is_online: bool,
    /// Of a half of a change in two.
    half: Option<Half>,
}

impl Marks {
    /// Those of a migration with that plan, between these schemas.
    pub(super) fn of(script: &Script<'_>, plan: &Plan, (before, after): (&Schema, &Schema)) -> Self {
        let is_second = script.after_deploy.is_some();
        let is_half = is_second || carries(after) && !carries(before);
        let half = is_half.then(|| {
            let allowed = script.allows.iter().map(|allow| (allow.lint.as_str(), allow.object.as_str()));
            let checks = script.preflights.iter();
            let checks = checks.map(|one| (one.message.as_deref().unwrap_or_default(), one.query.as_str()));
            Half::besides(is_second, plan, allowed.filter(|_| is_second), checks)
        });
        Self { is_online: script.online.is_some(), half }
    }

    /// Whether it waits for a deployment.
    pub(crate) fn waits(&self) -> bool {
        self.half.as_ref().is_some_and(Half::waits)
    }

    /// Says with a plan what is said besides.
    pub(crate) fn put(&self, plan: &mut Plan) {
        if let Some(half) = &self.half {
            half.put(plan);
        }
    }

    /// The text of a plan with them, and whether that has all of them: what is more than one rebuild cannot be online.
    pub(crate) fn text(&self, plan: &Plan, name: &str) -> (String, bool) {
        let plain = plan.to_sql(name);
        if !self.is_online {
            return (plain, true);
        }
        match online(&plain) {
            Ok(text) => (text, true),
            Err(_) => (plain, false),
        }
    }
}

/// The text of a migration that is one rebuild, as one that others do not wait for.
///
/// # Errors
/// With what is in the way, if it is not.
pub(crate) fn online(plain: &str) -> Result<String, String> {
    const REBUILD: &str = "\n-- dbmigrate: rebuild ";
    let Some((before, behind)) = plain.split_once(REBUILD) else {
        return Err("`--online` is for a migration that rebuilds a table, and this one does not".to_owned());
    };
    let text = format!("{before}\n{ONLINE}{}{behind}", REBUILD.trim_start_matches('\n'));
    match Script::parse(&text, Path::new("migration.sql")) {
        Ok(_) => Ok(text),
        Err(error) => Err(error.message),
    }
}
