//! What the structs have to declare behind a capture: the captured change, and whatever they are ahead by.

use dbmigrate_core::diff::{Change, Detail, Renames, diff};
use dbmigrate_core::plan::Trace;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::canonical::{CanonicalSchema, ObjectKind};
use dbmigrate_core::sql::Name;

/// The schema that the structs have to declare, and what their names are called in it. `trace` says what became of the
/// names of the snapshot. An object that the structs and the change have both changed stays as the structs have it.
pub(super) fn wanted(declared: &Schema, head: &Schema, captured: &Schema, trace: &Trace) -> (Schema, Trace) {
    let (before, after) = (head.canonical(), captured.canonical());
    let own = declared.canonical();
    if own == before {
        return (captured.clone(), trace.clone());
    }
    let mut wanted = declared.clone();
    let differs = |key: &&(ObjectKind, String)| before.get(*key) != after.get(*key);
    let changed = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key))).filter(differs);
    for key in changed.filter(|key| is_as_before(&own, &before, key)) {
        replace(&mut wanted, captured, key);
    }
    (wanted, trace.clone().with_same(declared))
}

/// The captured changes of objects that the structs have changed as well, in another way.
pub(super) fn contested(declared: &Schema, head: &Schema, captured: &Schema, trace: &Trace) -> Vec<Change> {
    let (own, before, after) = (declared.canonical(), head.canonical(), captured.canonical());
    let renames = trace.renames();
    let details = |to: &Schema, renames: &Renames| {
        diff(head, to, renames).map(|found| found.details(head, to)).unwrap_or_default()
    };
    let made = details(declared, &Renames::default());
    let is_contested = |detail: &Detail| {
        let table = || (ObjectKind::Table, renames.old_table(&detail.table).folded());
        let key = match detail.kind {
            "view" => (ObjectKind::View, Name::from(detail.object.as_str()).folded()),
            "trigger" => (ObjectKind::Trigger, Name::from(detail.object.as_str()).folded()),
            "virtual table" => (ObjectKind::VirtualTable, Name::from(detail.object.as_str()).folded()),
            _ => table(),
        };
        !is_as_before(&own, &before, &key) && own.get(&key) != after.get(&key)
    };
    let found = details(captured, &renames).into_iter().filter(is_contested).map(|detail| detail.change);
    found.filter(|change| made.iter().all(|own| own.change != *change)).collect()
}

/// Whether the structs have left an object as it was.
fn is_as_before(own: &CanonicalSchema, before: &CanonicalSchema, key: &(ObjectKind, String)) -> bool {
    own.get(key) == before.get(key)
}

/// Puts an object of another schema in its place, or takes it out.
fn replace(schema: &mut Schema, from: &Schema, (kind, name): &(ObjectKind, String)) {
    let name = Name::from(name.as_str());
    schema.remove(kind.noun(), &name);
    match kind {
        ObjectKind::Table => drop(from.tables.get(&name).map(|one| schema.tables.insert(one.clone()))),
        ObjectKind::VirtualTable => {
            drop(from.virtual_tables.get(&name).map(|one| schema.virtual_tables.insert(one.clone())));
        }
        ObjectKind::View => drop(from.views.get(&name).map(|one| schema.views.insert(one.clone()))),
        ObjectKind::Trigger => drop(from.triggers.get(&name).map(|one| schema.triggers.insert(one.clone()))),
    }
}
