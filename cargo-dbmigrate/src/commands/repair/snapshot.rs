//! A snapshot that is lost or edited: written again by replaying the migrations up to it.

use dbmigrate_core::engine::replay::schema_at;
use dbmigrate_core::folder::{Checksum, Folder, Migration, Snapshot};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::canonical::SchemaHash;
use pollster::block_on;

use super::arguments::Repair;
use super::named::{in_lock, migration};
use super::said::{self, Repaired, report, short};
use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::structs;

/// Runs it.
///
/// # Errors
/// What went wrong.
pub(super) fn run(context: &Context, arguments: &Repair, name: &str) -> Result<()> {
    let mut folder = context.folder_as_listed()?;
    let listed = migration(&folder, name)?.clone();
    if folder.snapshot_at(&listed).is_ok() {
        said::nothing(context, &format!("the snapshot of {} is what was recorded", listed.name));
        return Ok(());
    }
    let replayed = block_on(schema_at(&folder, &listed)).map_err(|message| {
        CommandError::failed(format!("cannot write the snapshot of `{}` again: {message}", listed.name))
            .note("nothing was changed")
            .help("restore it from version control, another checkout or a backup")
    })?;
    let snapshot = restored(context, &folder, &listed, replayed);
    let path = folder.snapshot_path(&listed).display().to_string();
    let before = std::fs::read(folder.snapshot_path(&listed)).map(|bytes| Checksum::of_text(&bytes).to_hex());
    let is_same = match arguments.dry_run {
        true => Folder::is_snapshot_of(&listed, &snapshot),
        false => folder.restore_snapshot(&listed, &snapshot)?,
    };
    let what = match is_same {
        true => "written again, byte for byte as it was recorded",
        false => "written again, with the schema that was recorded",
    };
    let one = Repaired {
        place: path,
        on: None,
        what: what.to_owned(),
        before: before.map_or_else(|_| "missing".to_owned(), |hash| short(&hash).to_owned()),
        after: format!("schema {}", short(&listed.schema.to_hex())),
    };
    report(context, &one, arguments.dry_run);
    if !is_same {
        let lock =
            in_lock(&folder, format!("the snapshot of {}", listed.name), short(&listed.snapshot.to_hex()), "new");
        report(context, &lock, arguments.dry_run);
    }
    Ok(())
}

/// The snapshot with this schema. What no database tells (how an expression is written, what need not compile, which
/// renames were made) comes from the structs or from the snapshots around it, if those have the same object.
fn restored(context: &Context, folder: &Folder, listed: &Migration, replayed: Schema) -> Snapshot {
    let at = |index: Option<usize>| {
        index.and_then(|index| folder.migrations().get(index)).and_then(|one| folder.snapshot_at(one).ok())
    };
    let before = at(listed.index.checked_sub(1)).unwrap_or_default();
    let after = at(Some(listed.index + 1));
    let mut candidates = Vec::new();
    if let Some(declared) = structs::glance(context)
        && Checksum::from(SchemaHash::of(&declared.schema)) == listed.schema
    {
        let renamed_from = structs::renamed_from(&declared);
        candidates.push(Snapshot { schema: declared.schema, renamed_from });
    }
    let like = |schemas: &[&Schema]| schemas.iter().fold(replayed.clone(), |schema, other| schema.written_as_in(other));
    let renames =
        [Some(&before), after.as_ref()].map(|one| one.map(|one| one.renamed_from.clone()).unwrap_or_default());
    let around: Vec<&Schema> = std::iter::once(&before.schema).chain(after.iter().map(|one| &one.schema)).collect();
    let backwards: Vec<&Schema> = around.iter().rev().copied().collect();
    for renamed_from in renames {
        for schemas in [&around, &backwards] {
            candidates.push(Snapshot { schema: like(schemas), renamed_from: renamed_from.clone() });
        }
    }
    let exact = candidates.iter().position(|one| Folder::is_snapshot_of(listed, one));
    let Some(first) = exact.or((!candidates.is_empty()).then_some(0)) else { return Snapshot::from(replayed) };
    candidates.swap_remove(first)
}
