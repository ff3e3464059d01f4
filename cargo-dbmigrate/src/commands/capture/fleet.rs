//! `capture` on a fleet: a change that some of its members have becomes a migration, and is recorded in all of these.

use dbmigrate_core::engine::apply::{Standing, inspect};
use dbmigrate_core::folder::{Folder, Verify};
use pollster::block_on;

use super::arguments::Capture;
use super::one::one;
use super::pending;
use crate::database::open;
use crate::database::state::failure;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::fleet::Fleet;
use crate::project::Context;
use crate::project::targets::Databases;
use crate::project::url::DatabaseUrl;
use crate::report::counted;
use crate::report::member::names;
use crate::rollout::drift::{Drift, Group, drift};

/// Runs it and returns the exit code.
///
/// # Errors
/// Exit code 3 if members were changed in several ways, none of which is a migration.
pub(super) fn run(context: &Context, arguments: &Capture, fleet: &Fleet) -> Result<u8> {
    let folder = context.existing_folder()?;
    folder.verify(Verify::Sql)?;
    let found = drift(context, &folder, fleet, &arguments.which)?;
    let name = fleet.name();
    let url = |at: usize| &found.members[at].url;
    // a change that is a migration already is only recorded
    let mut known = Vec::new();
    let mut new: Vec<&Group> = Vec::new();
    for group in &found.groups {
        match is_pending(context, &folder, url(group.members[0]))? {
            true => known.extend(group.members.iter().copied()),
            false => new.push(group),
        }
    }
    let mut to_record = known;
    match (&new[..], to_record.is_empty()) {
        ([], true) => {
            let none = format!("{name}: none of {} was changed by hand", counted(found.meant, "member"));
            context.printer.status("Unchanged", none);
            return Ok(if found.unknown > 0 { exit::MEMBERS } else { exit::DONE });
        }
        ([only], true) => {
            let first = only.members[0];
            let on_it = context.printer.on_target(&format!("{name}/{}", found.members[first].name));
            let code = one(&Context { printer: on_it, ..context.clone() }, arguments, url(first))?;
            if arguments.dry_run || code != exit::DONE || only.members.len() == 1 {
                return Ok(code);
            }
            to_record = only.members[1..].to_vec();
            new.clear();
        }
        (_, true) => return Err(several(&found, &new, name)),
        _ => {}
    }
    to_record.sort_unstable();
    let members = Databases::of_fleet(name, to_record.into_iter().map(|at| url(at).clone()).collect());
    // the structs have been written, or will be
    let arguments = &Capture { write: false, ..arguments.clone() };
    let code = members.each(context, |context, url| one(context, arguments, url))?;
    if new.is_empty() || code != exit::DONE {
        return Ok(code);
    }
    context.printer.warning(
        &format!("others of `{name}` were changed in another way: {}", shown(&found, &new)),
        &[format!("see in which: `cargo dbmigrate diff -t {name}`")],
    );
    Ok(exit::DIFFERENCE)
}

/// Whether what was changed by hand in a database is what migrations do that it lacks, and that were captured elsewhere.
fn is_pending(context: &Context, folder: &Folder, url: &DatabaseUrl) -> Result<bool> {
    let mut database = open(context, url, false)?;
    let (status, standing) = block_on(inspect(&mut database, folder)).map_err(|error| failure(error, url.into()))?;
    match standing {
        Standing::Drifted(drifted) => Ok(!pending::same_change(folder, &status, &drifted)?.is_empty()),
        Standing::AsRecorded | Standing::NotEmpty(_) => Ok(false),
    }
}

fn several(found: &Drift, groups: &[&Group], name: &str) -> CommandError {
    let message = format!("members of `{name}` were changed in {} ways", groups.len());
    let error = CommandError::new(exit::DECISION, message).note("nothing was changed");
    let error = error.help(format!("see in which: `cargo dbmigrate diff -t {name}`"));
    let capture = |group: &&Group| {
        let first = &found.members[group.members[0]].name;
        let count = counted(group.members.len(), "member");
        format!("capture that of {count}: `cargo dbmigrate capture -t {name}/{first}`")
    };
    error
        .helps(groups.iter().map(capture))
        .help(format!("then record it in the others that have it: `cargo dbmigrate capture -t {name}`"))
}

fn shown(found: &Drift, groups: &[&Group]) -> String {
    let members = groups.iter().flat_map(|group| &group.members).map(|at| found.members[*at].name.as_str());
    names(40, members.collect::<Vec<_>>().into_iter())
}
