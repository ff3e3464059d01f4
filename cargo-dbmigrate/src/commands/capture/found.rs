//! What a database has, as the schema that a captured migration produces.

use std::collections::BTreeMap;

use dbmigrate_core::ddl::Comments;
use dbmigrate_core::engine::apply::{Database, Target as _};
use dbmigrate_core::engine::check::Broken;
use dbmigrate_core::engine::{Introspected, view_columns};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::canonical::{CanonicalSchema, ObjectKind};
use dbmigrate_core::sql::Name;
use pollster::block_on;

use crate::codegen::{self, Inexpressible};
use crate::database::failure::engine_error;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::url::DatabaseUrl;
use crate::project::{Context, config};
use crate::report::counted;

/// How many objects are shown that cannot be captured.
const SHOWN: usize = 5;

/// The schema that the migration is to produce: what the database has. Objects that have not changed are taken from the
/// snapshot, which knows how they were written and what need not compile.
///
/// # Errors
/// If the database has something that no snapshot or no struct can have.
pub(super) fn schema(
    context: &Context,
    database: &mut Database,
    url: &DatabaseUrl,
    head: &Schema,
    docs: &BTreeMap<Name, Comments>,
) -> Result<Schema> {
    let engine = |error| engine_error("cannot read the schema", &error, url.into()).note("nothing was changed");
    let found = block_on(database.introspected()).map_err(engine)?;
    refuse_unreadable(context, url, &found)?;
    let comments = found.comments();
    let schema = found.schema;
    let broken = block_on(database.broken(&schema)).map_err(engine)?;
    let mut schema = schema.written_as_in(head);
    leave_unchecked(context, &mut schema, head, &broken)?;
    // what structs say of a table goes before what is said in the database
    schema.docs = comments;
    schema.docs.extend(docs.iter().map(|(name, said)| (name.clone(), said.clone())));
    let columns = block_on(view_columns(database.connection(), &schema)).map_err(engine)?;
    let rendered = codegen::structs(&codegen::Request {
        schema: &schema,
        view_columns: &columns,
        comments: &BTreeMap::new(),
        unreadable: &[],
        enums: false,
    });
    refuse_inexpressible(context, &schema, &head.canonical(), &rendered.inexpressible)?;
    Ok(schema)
}

/// What the model cannot represent cannot be in a migration that was planned.
fn refuse_unreadable(context: &Context, url: &DatabaseUrl, found: &Introspected) -> Result<()> {
    let [first, ..] = &found.unreadable[..] else { return Ok(()) };
    let message = format!("cannot capture {} of `{url}`", counted(found.unreadable.len(), "object"));
    let shown = found.unreadable.iter().take(SHOWN);
    let error = shown.fold(CommandError::failed(message), |error, one| {
        error.note(format!("{} `{}` cannot be represented: {}", one.object.kind, one.object.name, one.reason))
    });
    let error = match found.unreadable.len().saturating_sub(SHOWN) {
        0 => error,
        more => error.note(format!("and {}", counted(more, "more object"))),
    };
    let error = error.note("nothing was changed");
    let is_whole = matches!(first.object.kind.as_str(), "table" | "view");
    let error = match is_whole {
        true => error.help(config::hiding(&context.config, &first.object.name)),
        false => error.help(format!("drop the {} by hand, then capture the rest", first.object.kind)),
    };
    Err(error.help("or write its statement in a migration: `cargo dbmigrate generate --custom`"))
}

/// Views and triggers that were made or changed by hand and do not compile may need a function of the application. One
/// that compiled before no longer does because of the change, and would fail in every other database.
fn leave_unchecked(context: &Context, schema: &mut Schema, head: &Schema, broken: &[Broken]) -> Result<()> {
    let before = head.canonical();
    let now = schema.canonical();
    for Broken { kind, name, message } in broken {
        // a parent without a key is nothing that a trigger is to blame for
        if message.starts_with("foreign key mismatch") {
            continue;
        }
        let of = |kind| (kind, name.folded());
        let keys = [of(ObjectKind::View), of(ObjectKind::Trigger)];
        if schema.unchecked().any(|known| known == name) {
            continue;
        }
        if keys.iter().any(|key| before.contains_key(key) && before.get(key) == now.get(key)) {
            return Err(CommandError::new(exit::FAILED, format!("the {kind} `{name}` no longer compiles: {message}"))
                .note("the change would break it in every database")
                .note("nothing was changed")
                .help(format!("fix or drop the {kind} by hand, then run `cargo dbmigrate capture` again")));
        }
        if let Some(view) = schema.views.get_mut(name) {
            view.unchecked = true;
        }
        if let Some(trigger) = schema.triggers.get_mut(name) {
            trigger.unchecked = true;
        }
        let text = format!("the {kind} `{name}` does not compile here, so it is captured as `unchecked`: {message}");
        context.printer.warning(&text, &[]);
    }
    Ok(())
}

/// What no struct can declare would be dropped again by the next migration.
fn refuse_inexpressible(
    context: &Context,
    schema: &Schema,
    before: &CanonicalSchema,
    inexpressible: &[Inexpressible],
) -> Result<()> {
    let now = schema.canonical();
    let is_changed = |one: &&Inexpressible| {
        let key = (one.kind, one.name.clone());
        before.get(&key) != now.get(&key)
    };
    let changed: Vec<&Inexpressible> = inexpressible.iter().filter(is_changed).collect();
    let [first, ..] = &changed[..] else { return Ok(()) };
    let error = changed.iter().take(SHOWN).skip(1);
    let error = error.fold(CommandError::failed(first.to_string()), |error, one| error.note(one.to_string()));
    let trigger = schema.triggers.get(&Name::from(first.name.as_str()));
    let name = trigger.map_or_else(|| Name::from(first.name.as_str()), |trigger| trigger.on.clone());
    let error = error.note("the next `generate` would undo it").note("nothing was changed");
    Err(if schema.tables.contains(&name) && before.contains_key(&(ObjectKind::Table, name.folded())) {
        error.help("change it by hand to something that a struct can declare, then capture that")
    } else {
        error.help(config::hiding(&context.config, &name))
    })
}
