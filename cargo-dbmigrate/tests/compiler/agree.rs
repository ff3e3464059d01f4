//! That structs agree with the migrations made of them: real schemas, and every feature of the language. An error there
//! would be one that nothing can make good.

use std::path::Path;

use cargo_dbmigrate::codegen::{self, Request};
use dbmigrate_core::engine::check::broken_objects;
use dbmigrate_core::engine::{Connection, introspect, view_columns};
use pollster::block_on;

use crate::support::{history, run_script, shared};
use crate::workspace::{Workspace, repository};

/// The structs of a schema, as `pull` makes them. `None` if they cannot say all of it.
pub(crate) fn structs(sql: &str) -> Option<String> {
    block_on(async {
        let connection = Connection::in_memory().await.ok()?;
        run_script(&connection, sql).await.ok()?;
        let mut found = introspect(&connection).await.ok()?;
        for broken in broken_objects(&connection, &found.schema).await.ok()? {
            found.schema.views.get_mut(&broken.name).into_iter().for_each(|view| view.unchecked = true);
            found.schema.triggers.get_mut(&broken.name).into_iter().for_each(|trigger| trigger.unchecked = true);
        }
        let (view_columns, comments) = (view_columns(&connection, &found.schema).await.ok()?, found.comments());
        let request = Request {
            schema: &found.schema,
            view_columns: &view_columns,
            comments: &comments,
            unreadable: &[],
            enums: true,
        };
        let rendered = codegen::structs(&request);
        rendered.inexpressible.is_empty().then(|| rendered.file())
    })
}

/// The `.sql` files of a folder, by name.
fn schemas(folder: &Path) -> Vec<(String, String)> {
    let paths = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    let mut found: Vec<(String, String)> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .filter_map(|path| {
            let name = path.file_stem()?.to_str()?.to_owned();
            Some((name, std::fs::read_to_string(&path).ok()?))
        })
        .collect();
    found.sort();
    found
}

/// Generates a migration of each package's source, and compiles.
#[track_caller]
fn agree(folder: &str, sources: &[(String, String)]) {
    let packages: Vec<String> = sources.iter().map(|(name, _)| name.clone()).collect();
    let workspace = Workspace::new(folder, &packages);
    for (package, source) in sources {
        let allowed = "#![allow(dead_code, unused, non_camel_case_types, non_snake_case)]\n";
        workspace.write(&format!("{package}/src/lib.rs"), &format!("{allowed}{source}"));
    }
    for (package, _) in sources {
        workspace.generate(package, &["--name", "first"]);
    }
    let said = workspace.check(&["--workspace", "--keep-going"]);
    assert!(said.is_empty(), "{}", said.into_values().collect::<String>());
    // and they are compared at all
    for (package, _) in sources {
        let lock = workspace.read(&format!("{package}/migrations/migrations.lock"));
        workspace.write(&format!("{package}/migrations/migrations.lock"), &lock.replace("0001_first", "0001_other"));
    }
    let said = workspace.check(&["--workspace", "--keep-going"]);
    assert_eq!(said.len(), sources.len(), "{:?}", said.keys());
}

#[test]
fn every_feature_of_the_language_agrees_with_the_migration_made_of_it() {
    let read = |name: &str| {
        let path = repository().join("tests/ui/accepted").join(name);
        let text = std::fs::read_to_string(path).expect("it is there");
        // what a macro makes is no part of the migrations; in a library inner documentation comes first
        let text = text.split("macro_rules!").next().unwrap_or_default();
        let lines = text.lines().filter(|line| !line.starts_with("//!"));
        lines.collect::<Vec<_>>().join("\n").replace("serde_json::Value", "String")
    };
    agree(
        "compiler-agree",
        &[("agree-everything".to_owned(), read("everything.rs")), ("agree-rendered".to_owned(), read("rendered.rs"))],
    );
}

#[test]
fn our_schemas_agree_with_the_migrations_made_of_them() {
    let sources: Vec<(String, String)> = history::schemas()
        .into_iter()
        .map(|(name, sql)| (format!("agree-{name}"), structs(&sql).expect("structs can say it")))
        .collect();
    agree("compiler-agree-ours", &sources);
}

#[test]
fn real_schemas_agree_with_the_migrations_made_of_them() {
    let Some(folder) = shared("corpus/schemas") else { return };
    let sources: Vec<(String, String)> = schemas(&folder)
        .into_iter()
        .filter_map(|(name, sql)| Some((format!("agree-{name}"), structs(&sql)?)))
        .collect();
    assert!(sources.len() >= 12, "only {} schemas can be said as structs", sources.len());
    agree("compiler-agree-real", &sources);
}
