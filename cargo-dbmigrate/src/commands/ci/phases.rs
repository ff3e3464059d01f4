//! Migrations around a deployment in a pipeline: whether one waits for it, and what is written for either half.

use dbmigrate_core::engine::apply::is_after_deploy;

use crate::project::Context;

/// What a pipeline has for migrations that wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Phases {
    /// What deploys, if that is known; else somebody says when it is done.
    pub deploy: Option<String>,
}

/// The names that the jobs of a half have, and what is said there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Half {
    /// The job of all but the fleets.
    pub job: &'static str,
    /// What the name of the job begins with that merges what the parts of a fleet have come to.
    pub merge: &'static str,
    /// What stands behind the name of a job for people.
    pub title: &'static str,
    /// The argument.
    phase: &'static str,
}

/// What is applied on a push.
pub(super) const BEFORE: Half = Half { job: "migrate", merge: "merge", title: "", phase: " --phase before" };
/// What has waited for the deployment.
pub(super) const AFTER: Half =
    Half { job: "after-deploy", merge: "after-deploy-merge", title: " after the deployment", phase: " --phase after" };

impl Half {
    /// The argument, behind a space; nothing where no migration waits.
    pub(super) fn argument(self, phases: Option<&Phases>) -> &'static str {
        phases.map_or("", |_| self.phase)
    }
}

/// What the databases of a project need, given what deploys it.
pub(super) fn of(databases: &[Context], deploy: Option<String>) -> Option<Phases> {
    (deploy.is_some() || databases.iter().any(waits)).then_some(Phases { deploy })
}

/// Whether a migration waits. What is wrong with the folder is for `check` to say.
fn waits(context: &Context) -> bool {
    context.folder().is_ok_and(|folder| {
        folder.migrations().iter().any(|migration| is_after_deploy(&folder, migration).unwrap_or(false))
    })
}
