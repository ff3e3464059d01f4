//! The fleets of a pipeline: each is migrated by a job of its own, in as many parts as one wants.

use std::fmt::Write as _;

use dbmigrate_core::config::{FleetSource, Target};
use dbmigrate_core::shell::shell_quoted;

use super::template::filled;
use crate::project::Context;
use crate::project::picked::known;

/// The variable with the token that lists the databases of a group.
const PLATFORM: &str = "TURSO_API_TOKEN";

/// A fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fleet {
    /// Its name.
    pub name: String,
    /// The variables with what it takes to list its members, and to be let in.
    pub variables: Vec<String>,
}

/// The fleets of a database of the package whose members a pipeline can get at: files are on somebody's disk.
pub(super) fn of(context: &Context) -> Vec<Fleet> {
    let targets = context.config.targets.iter();
    targets
        .filter_map(|target| Some(Fleet { name: target.name.clone(), variables: variables(context, target)? }))
        .collect()
}

/// The variables of a fleet; `None` if it is one of files.
fn variables(context: &Context, target: &Target) -> Option<Vec<String>> {
    let own = [target.token_variable(), target.encryption_key_env.as_deref()];
    let mut all: Vec<String> = own.into_iter().flatten().map(str::to_owned).collect();
    match &target.fleet.as_ref()?.source {
        FleetSource::Files(_) | FleetSource::Folder(_) => return None,
        FleetSource::List(_) | FleetSource::Command(_) => {}
        FleetSource::Turso { .. } => all.push(PLATFORM.to_owned()),
        FleetSource::Query { target: name, .. } => {
            let lists = known(&context.whole).into_iter().chain(context.whole.other_targets.iter().cloned());
            let of_it = lists.filter(|one| one.name == *name).flat_map(|one| {
                let own = [one.url_variable(), one.token_variable(), one.encryption_key_env.as_deref()];
                own.into_iter().flatten().map(str::to_owned).collect::<Vec<_>>()
            });
            all.extend(of_it);
        }
    }
    let mut seen = Vec::new();
    all.retain(|name| {
        let is_new = !seen.contains(name);
        seen.push(name.clone());
        is_new
    });
    Some(all)
}

/// The jobs of all fleets, of a template for one.
pub(super) fn jobs(fleets: &[Fleet], template: &str, values: &[(&'static str, String)]) -> String {
    let mut jobs = String::new();
    for fleet in fleets {
        let secrets = fleet.variables.iter().fold(String::new(), |mut lines, name| {
            // writing to a string cannot fail
            let _ = writeln!(lines, "{name}: ${{{{ secrets.{name} }}}}");
            lines
        });
        let own = [
            ("FLEET", fleet.name.clone()),
            ("FLEET_ARGUMENT", format!("-t {}", shell_quoted(&fleet.name))),
            ("FLEET_ENV", secrets),
        ];
        let all: Vec<_> = values.iter().cloned().chain(own).collect();
        jobs.push('\n');
        jobs.push_str(&filled(template, &all));
    }
    jobs
}
