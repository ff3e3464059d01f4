//! The schemas of a run of migrations: whatever changes from one to the next, what is read of the run is what is read of
//! each migration alone, and what is shared hides no change.

use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::folder::{Folder, Slug, Snapshot, snapshot};
use dbmigrate_core::schema::Schema;

use crate::case::pair;
use crate::gene;
use crate::runner::{count, run_cases};
use crate::support::scratch_folder;
use proptest::prelude::*;

#[test]
fn the_schemas_of_a_run_are_those_of_each_migration() {
    for strategy in [gene::edits().boxed(), gene::pairs().boxed()] {
        run_cases(150, &strategy, |genes, counts| {
            let (old, new, renames) = pair(genes);
            let directory = scratch_folder()?;
            let mut folder = Folder::open(directory.path().join("migrations")).map_err(|error| error.to_string())?;
            let slug = Slug::sanitize("a").ok_or("a slug")?;
            let renamed_from = vec!["b<a".to_owned()];
            let chain = [
                Snapshot::from(Schema::default()),
                old.clone().into(),
                new.clone().into(),
                Snapshot { schema: new.clone(), renamed_from },
                old.clone().into(),
                Snapshot::from(Schema::default()),
            ];
            for snapshot in &chain {
                folder.add(&slug, "SELECT 1;\n", snapshot).map_err(|error| error.to_string())?;
            }
            let mut schemas = folder.schemas();
            let mut before = Schema::default();
            for (at, migration) in folder.migrations().iter().enumerate() {
                let alone = folder.schema_at(migration).map_err(|error| error.to_string())?;
                let of_run = schemas.at(migration).map_err(|error| error.to_string())?;
                let bytes = |schema: &Schema| snapshot::to_bytes(&schema.clone().into());
                if bytes(&alone) != bytes(&of_run) {
                    return Err(format!("migration {at} reads differently"));
                }
                let renames = if at == 2 { renames.clone() } else { Renames::default() };
                let plain = folder.schema_before(migration).map_err(|error| error.to_string())?;
                let plain = diff(&plain, &alone, &renames).map_err(|error| error.to_string())?;
                let shared = diff(&before, &of_run, &renames).map_err(|error| error.to_string())?;
                if format!("{:?}", plain.changes()) != format!("{:?}", shared.changes()) {
                    return Err(format!("{at}: {:?}, and shared {:?}", plain.changes(), shared.changes()));
                }
                count(counts, if plain.is_empty() { "nothing changes" } else { "changes" });
                before = of_run;
            }
            Ok(())
        });
    }
}
