//! The snapshot reader.

use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::folder::snapshot::{read, to_bytes};
use dbmigrate_core::plan::create_all;
use dbmigrate_core::schema::canonical::SchemaHash;

/// Reads `bytes` as a snapshot; what can be read is written as one that reads the same.
pub fn check(bytes: &[u8]) {
    let snapshot = match read(bytes) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let written = to_bytes(&snapshot);
    let again = read(&written).expect("what was written can be read");
    assert_eq!(again.schema.canonical(), snapshot.schema.canonical());
    assert_eq!(SchemaHash::of(&again.schema), SchemaHash::of(&snapshot.schema));
    assert_eq!(again.renamed_from, snapshot.renamed_from);
    assert_eq!(to_bytes(&again), written);
    // what is done with any snapshot may find it wrong, but does it without falling over
    let _ = snapshot.schema.problems();
    let _ = create_all(&snapshot.schema);
    if let Ok(found) = diff(&snapshot.schema, &again.schema, &Renames::default()) {
        assert!(found.is_empty(), "{:?}", found.changes());
    }
}
