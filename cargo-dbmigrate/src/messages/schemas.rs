//! The JSON Schemas of the messages in `docs/json`: made from the types, one for each reason and one for all.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::{DATABASE_NAME, Message, PACKAGE_NAME, VERSION};

/// The schema of all messages is in a file of this name.
const ALL: &str = "message";

/// The files by their names, as they have to be.
fn wanted() -> BTreeMap<String, String> {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).for_serialize();
    let whole = settings.into_generator().into_root_schema_for::<Message>().to_value();
    let all = whole["oneOf"].as_array().expect("an enum is one of its variants");
    let of_package = "The package, where a run is for several.";
    let of_database = "The database of the package, where that has several: its name in `[databases]`, or `default`.";
    let mut files = BTreeMap::new();
    for one in all {
        let reason = one["properties"]["reason"]["const"].as_str().expect("a message has a reason");
        let mut schema = one.clone();
        schema["properties"][DATABASE_NAME] = json!({ "description": of_database, "type": "string" });
        schema["properties"][PACKAGE_NAME] = json!({ "description": of_package, "type": "string" });
        files.insert(reason.to_owned(), file(&format!("`{reason}` of cargo dbmigrate"), schema));
    }
    let refs: Vec<Value> = files.keys().map(|reason| json!({ "$ref": format!("{reason}.json") })).collect();
    let about = "A line that `cargo dbmigrate --message-format json` prints.";
    files.insert(ALL.to_owned(), file("A message of cargo dbmigrate", json!({ "description": about, "oneOf": refs })));
    files.into_iter().map(|(name, text)| (format!("{name}.json"), text)).collect()
}

/// The text of a file. `version` is that of the messages.
fn file(title: &str, schema: Value) -> String {
    let mut root = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "version": VERSION,
    });
    let (Value::Object(fields), Value::Object(of_schema)) = (&mut root, schema) else {
        panic!("a schema is an object")
    };
    fields.extend(of_schema);
    serde_json::to_string_pretty(&root).expect("it is JSON") + "\n"
}

/// `UPDATE_JSON_SCHEMAS=1 cargo test -p cargo-dbmigrate --lib schemas` writes them.
#[test]
fn the_schemas_in_the_documentation_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/json");
    let wanted = wanted();
    if std::env::var_os("UPDATE_JSON_SCHEMAS").is_some() {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        for (name, text) in &wanted {
            std::fs::write(folder.join(name), text).expect("the file can be written");
        }
    }
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.expect("the entry can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8").to_owned();
        (name, std::fs::read_to_string(path).expect("the file can be read").replace("\r\n", "\n"))
    };
    let found: BTreeMap<String, String> = std::fs::read_dir(&folder).expect("the folder is there").map(read).collect();
    let stale: Vec<&String> =
        wanted.iter().filter(|(name, text)| found.get(*name) != Some(*text)).map(|(name, _)| name).collect();
    let left: Vec<&String> = found.keys().filter(|name| !wanted.contains_key(*name)).collect();
    assert!(
        stale.is_empty() && left.is_empty(),
        "stale: {stale:?}, of no message: {left:?}; write them: \
         `UPDATE_JSON_SCHEMAS=1 cargo test -p cargo-dbmigrate --lib schemas`"
    );
}
