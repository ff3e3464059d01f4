//! Every line of `--message-format json`, in every run of every test: one of the schemas in `docs/json` knows it and all
//! of its fields, and the last line, and no other, says how the run has ended.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

/// The schemas by the `reason` that they are for.
static SCHEMAS: LazyLock<HashMap<String, Validator>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/json");
    let files = fs_err::read_dir(folder).expect("the schemas are there");
    let paths = files.map(|entry| entry.expect("the entry can be read").path());
    paths.filter(|path| path.file_stem().is_some_and(|stem| stem != "message")).map(|path| validator(&path)).collect()
});

fn validator(path: &PathBuf) -> (String, Validator) {
    let mut schema: Value = serde_json::from_slice(&fs_err::read(path).expect("the schema can be read")).expect("JSON");
    assert_eq!(schema["version"], 1, "{}", path.display());
    let reason = schema["properties"]["reason"]["const"].as_str().expect("it is of a reason").to_owned();
    close(&mut schema);
    let validator = jsonschema::draft202012::new(&schema).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    (reason, validator)
}

/// What the schema does not name is not there. Readers have to put up with more, since fields may be added.
fn close(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    if fields.contains_key("properties") {
        fields.insert("unevaluatedProperties".to_owned(), false.into());
    }
    for (_, inner) in fields.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        close(inner);
    }
    if let Some(items) = fields.get_mut("items") {
        close(items);
    }
    for one in fields.get_mut("anyOf").and_then(Value::as_array_mut).into_iter().flatten() {
        close(one);
    }
}

/// How a line begins.
const START: &str = "{\"reason\":";

/// Whether a command is one with JSON.
#[allow(dead_code, reason = "not every test binary needs it")]
pub(crate) fn is_json(command: &Command) -> bool {
    let words: Vec<&str> = command.get_args().filter_map(|word| word.to_str()).collect();
    let apart = words.windows(2).any(|pair| pair == ["--message-format", "json"]);
    apart || words.contains(&"--message-format=json")
}

/// Checks what a run with JSON has said.
#[allow(dead_code, reason = "not every test binary needs it")]
pub(crate) fn check(command: &Command, output: &Output) {
    if is_json(command) {
        let is_object = output.stdout.starts_with(START.as_bytes());
        assert!(is_object, "{:?} did not print JSON: {output:?}", command.get_args().collect::<Vec<_>>());
    }
    check_lines(output);
}

/// Checks the lines of a run, if it was one with JSON.
pub(crate) fn check_lines(output: &Output) {
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    if !out.starts_with(START) {
        return;
    }
    let said = || format!("it said\n{out}{err}");
    assert_eq!(err, "", "with JSON, there is nothing for people: {}", said());
    let mut endings = Vec::new();
    for line in out.lines() {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}\n{}", said()));
        let reason = object["reason"].as_str().unwrap_or_else(|| panic!("no reason in {line}"));
        let schema = SCHEMAS.get(reason).unwrap_or_else(|| panic!("no schema in docs/json for {line}"));
        let errors: Vec<String> =
            schema.iter_errors(&object).map(|error| format!("{error} at {}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{line}\nis not what docs/json/{reason}.json says: {errors:#?}");
        endings.push((reason == "finished").then_some(object));
    }
    // a process that was killed has not come to its end
    let Some(code) = output.status.code() else { return };
    let last = endings.pop().flatten().unwrap_or_else(|| panic!("the last message is not `finished`: {}", said()));
    assert!(endings.iter().all(Option::is_none), "`finished` comes more than once: {}", said());
    assert_eq!(last["exit_code"], code, "{}", said());
    assert_eq!(last["success"], code == 0, "{}", said());
    assert_eq!(last["error"].is_null(), !out.contains("\"reason\":\"error\""), "{}", said());
    answers_can_be_typed(&last, &said);
}

/// The arguments of every answer are a command.
fn answers_can_be_typed(finished: &Value, said: &dyn Fn() -> String) {
    let decisions = finished["decisions"].as_array().expect("a list");
    let answers = decisions.iter().flat_map(|decision| decision["answers"].as_array().expect("a list"));
    let steps = finished["next"].as_array().expect("a list").iter();
    let commands = answers
        .flat_map(|answer| std::iter::once(&answer["arguments"]).chain(answer["then"].as_array().expect("a list")))
        .chain(steps.flat_map(|step| step["commands"].as_array().expect("a list")));
    for command in commands {
        let words = command.as_array().expect("a list").iter().map(|word| word.as_str().expect("a text"));
        let typed = cargo_dbmigrate::definition().try_get_matches_from(std::iter::once("cargo-dbmigrate").chain(words));
        if let Err(error) = typed {
            let is_told = matches!(error.kind(), clap::error::ErrorKind::DisplayHelp);
            assert!(is_told, "{command} cannot be typed: {error}\n{}", said());
        }
    }
}
