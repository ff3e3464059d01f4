//! What the structs have to declare behind a capture: the captured change, and whatever they are ahead by.

use dbmigrate_core::diff::{Change, Detail, Renames, diff};
use dbmigrate_core::merge::{Answers, Edit, merge};
use dbmigrate_core::plan::Trace;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::canonical::{CanonicalSchema, ObjectKind};
use dbmigrate_core::sql::Name;

/// What the structs have to declare.
pub(super) struct Wanted {
    pub(super) schema: Schema,
    /// What the names in the structs are called in it.
    pub(super) trace: Trace,
    /// The captured changes that contradict what the structs are ahead by: those are for their author.
    pub(super) contested: Vec<Change>,
}

/// What the structs, which have renamed things ahead of the snapshot, have to declare behind a capture. `trace` says what
/// became of the names of the snapshot.
pub(super) fn wanted(
    (declared, renamed): (&Schema, &Renames),
    head: &Schema,
    captured: &Schema,
    trace: &Trace,
) -> Wanted {
    let renames = trace.renames();
    let ours = Edit { from: head, to: declared, renames: renamed };
    let theirs = Edit { from: head, to: captured, renames: &renames };
    if declared.canonical() == head.canonical() {
        return Wanted { schema: captured.clone(), trace: trace.clone(), contested: Vec::new() };
    }
    let names = trace.clone().with_same(declared);
    match merge(&ours, &theirs, &Answers::default()) {
        Ok(merged) => Wanted { schema: merged.schema, trace: names, contested: Vec::new() },
        Err(_) => Wanted {
            schema: without_contested(declared, head, captured),
            trace: names,
            contested: contested(declared, head, captured, trace),
        },
    }
}

/// What the structs declare, with the captured objects that they have not changed themselves.
fn without_contested(declared: &Schema, head: &Schema, captured: &Schema) -> Schema {
    let (before, after) = (head.canonical(), captured.canonical());
    let own = declared.canonical();
    let mut wanted = declared.clone();
    let differs = |key: &&(ObjectKind, String)| before.get(*key) != after.get(*key);
    let changed = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key))).filter(differs);
    for key in changed.filter(|key| is_as_before(&own, &before, key)) {
        replace(&mut wanted, captured, key);
    }
    wanted
}

/// The captured changes of objects that the structs have changed as well, in another way.
fn contested(declared: &Schema, head: &Schema, captured: &Schema, trace: &Trace) -> Vec<Change> {
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
    let is_made = |detail: &Detail| made.iter().any(|own| own.change == detail.change && own.after == detail.after);
    let found = details(captured, &renames).into_iter().filter(is_contested).filter(|detail| !is_made(detail));
    found.map(|detail| detail.change).collect()
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
