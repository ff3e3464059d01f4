//! What a proof assumes of the functions that only the application has.

use dbmigrate_core::engine::brought::{brought, called};
use dbmigrate_core::folder::Folder;
use dbmigrate_core::plan::create_all;
use dbmigrate_core::schema::Schema;

use crate::messages;
use crate::project::Context;

/// Says for which functions stand-ins have answered, if this schema or these statements call any: what depends on their
/// values is not proven, which must not go unsaid.
pub(crate) fn say_assumed<'s>(context: &Context, schema: &Schema, statements: impl IntoIterator<Item = &'s str>) {
    let Some(engine) = brought() else { return };
    let created = create_all(schema);
    let mut texts: Vec<&str> = statements.into_iter().collect();
    texts.extend(created.iter().map(String::as_str));
    let functions = called(&engine.functions, &texts);
    if functions.is_empty() {
        return;
    }
    let names: Vec<String> = functions.iter().map(|name| format!("`{name}`")).collect();
    let (them, decide) = if names.len() == 1 { ("it", "its value decides") } else { ("them", "their values decide") };
    context.printer.status(
        "Assumed",
        format!("{}: a stand-in answers for {them}, so what {decide} is not proven", names.join(", ")),
    );
    context.printer.message(|| messages::Assumed { functions: functions.into_iter().map(str::to_owned).collect() });
}

/// The same for a schema and all migrations.
pub(crate) fn say_assumed_of(context: &Context, schema: &Schema, folder: &Folder) {
    if brought().is_none() {
        return;
    }
    // what cannot be read was reported where it was needed
    let read = |migration| std::fs::read_to_string(folder.sql_path(migration)).ok();
    let texts: Vec<String> = folder.migrations().iter().filter_map(read).collect();
    say_assumed(context, schema, texts.iter().map(String::as_str));
}
