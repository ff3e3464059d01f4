//! What programs get with `--message-format json`: every command, in success and in each kind of failure. That every
//! line is of a schema and that the last one has the exit code, is checked by the harness in every run of every test.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::project::{Project, Run};

const USER: &str = "#[derive(Table)]\n#[table(name = \"users\")]\npub struct User {\n    #[column(primary_key)]\n    \
                    pub id: i64,\n    pub nick: Option<String>,\n}\n";

/// Runs a line with JSON; it must end with an exit code.
#[track_caller]
fn ends(project: &Project, code: i32, line: &str) -> Value {
    let run = project.ends(code, &format!("{line} --message-format json"));
    run.finished()
}

fn renamed() -> String {
    USER.replace("nick", "handle")
}

/// The strings of a list.
fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn every_command_ends_with_what_it_did() {
    let project = Project::new(USER);
    let mut seen = BTreeSet::new();
    let mut run = |code: i32, line: &str| {
        let finished = ends(&project, code, line);
        seen.insert(finished["command"].as_str().expect("a command was run").to_owned());
        finished
    };
    let init = run(0, "init");
    assert_eq!(init["changed"], true);
    assert!(init["files"].to_string().contains("migrations/migrations.lock"), "{init}");
    assert_eq!(run(0, "init")["changed"], false);
    assert_eq!(run(4, "generate --check")["changes"][0]["change"], "create table users");
    assert_eq!(run(0, "generate --dry-run")["changed"], false);
    let generated = run(0, "generate");
    let paths: Vec<&str> =
        generated["files"].as_array().expect("a list").iter().filter_map(|file| file["path"].as_str()).collect();
    let folder = "migrations/0001_create_users";
    let wanted = [format!("{folder}/migration.sql"), format!("{folder}/snapshot.json")];
    assert_eq!(paths[..2], wanted);
    assert_eq!(paths[2], "migrations/migrations.lock");
    assert_eq!(generated["next"][1]["commands"], json!([["migrate"]]));
    let status = run(4, "status");
    assert_eq!(status["pending"], json!([{ "database": "dev.db", "target": null, "name": "0001_create_users" }]));
    assert_eq!(run(0, "migrate --dry-run")["pending"][0]["name"], "0001_create_users");
    assert_eq!(run(0, "plan")["changed"], false);
    let migrated = run(0, "migrate");
    assert_eq!((&migrated["changed"], &migrated["applied"][0]["name"]), (&true.into(), &"0001_create_users".into()));
    assert_eq!(migrated["databases"], json!([{ "database": "dev.db", "target": null, "source": "the default" }]));
    assert_eq!(run(0, "migrate")["changed"], false);
    run(0, "check");
    assert_eq!(run(0, "rebase")["changed"], false);
    let lock = "migrations/migrations.lock";
    assert_eq!(run(0, &format!("merge-driver {lock} {lock} {lock}"))["success"], true);
    run(0, "kept");
    let reverted = run(0, "revert --accept drop_table:users --dry-run");
    assert_eq!((&reverted["changed"], &reverted["changes"][0]["change"]), (&false.into(), &"drop table users".into()));
    run(0, "diff");
    project.sql("ALTER TABLE users ADD COLUMN phone TEXT");
    let captured = run(0, "capture --dry-run");
    assert_eq!(
        (&captured["changed"], &captured["changes"][0]["change"]),
        (&false.into(), &"add column users.phone".into())
    );
    project.sql("ALTER TABLE users DROP COLUMN phone");
    assert_eq!(run(0, "capture")["changed"], false);
    assert_eq!(run(0, "repair")["changed"], false);
    project.write("seeds/full/users.csv", "id,nick\n1,ada\n2,\n");
    let seeded = run(0, "seed full");
    assert_eq!((&seeded["changed"], &seeded["seeded"][0]["tables"][0]["inserted"]), (&true.into(), &2.into()));
    assert_eq!(run(0, "seed full")["changed"], false);
    project.sql("DELETE FROM users");
    run(0, "pull");
    run(0, "baseline");
    assert_eq!(run(0, "backup b.db")["files"][0]["path"], "b.db");
    assert_eq!(run(0, "restore b.db --url restored.db")["changed"], true);
    run(0, "reset");
    assert_eq!(run(0, "push --url new.db")["changes"][0]["change"], "create table users");
    // it ends when it is interrupted, or where it cannot begin
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    run(1, &format!("serve --port {}", taken.local_addr().expect("it has one").port()));
    run(0, "going-back");
    run(0, "log");
    assert_eq!(run(0, "diagram --out page.html")["changed"], true);
    run(0, "diagram");
    run(2, "diagram --around nothing");
    run(4, "diagram --out schema.svg --check");
    run(0, "diagram --out schema.svg");
    run(0, "lints");
    run(0, "generate --custom --name more");
    assert_eq!(run(0, "squash .. --dry-run")["changed"], false);
    assert_eq!(run(0, "squash ..")["changed"], true);
    // without an account
    run(2, "restore --at 2026-01-02T03:04:05Z");
    run(2, "branch list");
    project.write("nothing.json", "");
    run(2, "summary merge nothing.json");
    run(0, "template build");
    assert!(run(0, "completions bash")["error"].is_null());
    let commands = cargo_dbmigrate::definition();
    let all: BTreeSet<String> = commands
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .map(|command| command.get_name().to_owned())
        .filter(|name| !["help", "ci"].contains(&name.as_str()))
        .collect();
    assert_eq!(seen, all, "a command is not in this test");
}

#[test]
fn the_files_of_a_pipeline_are_objects_too() {
    let project = Project::generated(USER);
    project.write(".git/HEAD", "ref: refs/heads/main\n");
    let dry = project.runs("ci github --dry-run --message-format json");
    assert_eq!(dry.json()[0]["reason"], "would_write", "{}", dry.out);
    assert_eq!(dry.finished()["changed"], false);
    let written = ends(&project, 0, "ci github");
    assert!(written["files"].as_array().is_some_and(|files| !files.is_empty()), "{written}");
    assert_eq!(ends(&project, 0, "ci github --check")["changed"], false);
    project.write(".github/workflows/dbmigrate.yml", "# mine\n");
    let refused = ends(&project, 3, "ci github");
    let answers = &refused["decisions"][0]["answers"];
    assert_eq!((&answers[0]["consent"], &answers[1]["consent"]), (&false.into(), &true.into()));
    ends(&project, 4, "ci github --check");
}

#[test]
fn each_kind_of_failure_ends_with_its_exit_code_and_what_leads_out_of_it() {
    let project = Project::migrated(USER);
    // 1
    project.write("broken.db", "this is no database, and long enough to have a header that is none at all".repeat(4));
    assert!(ends(&project, 1, "migrate --url broken.db")["error"]["message"].is_string());
    // 2
    let typo = ends(&project, 2, "migrate --url");
    assert_eq!(typo["command"], "migrate");
    let typo = ends(&project, 2, "generate --renam a=b");
    assert!(typo["error"]["message"].as_str().is_some_and(|text| text.contains("--renam")), "{typo}");
    assert!(texts(&typo["error"]["help"])[0].contains("--rename"), "{typo}");
    let unknown = ends(&project, 2, "frobnicate");
    assert_eq!(unknown["command"], Value::Null);
    ends(&project, 2, "rollback");
    ends(&project, 2, "");
    ends(&project, 2, "migrate --token s3cret");
    ends(&project, 2, "migrate -q -v");
    ends(&project, 2, "migrate --to nowhere");
    project.write("dbmigrate.toml", "[targets.tenants]\nfleet = \"tenants/*.db\"\n");
    fs_err::create_dir(project.path("tenants")).expect("it can be made");
    project.runs("migrate --url tenants/a.db");
    let fleet = ends(&project, 2, "rebase --deployed -t tenants");
    assert!(texts(&fleet["error"]["help"])[0].contains("`cargo dbmigrate status -t tenants`"), "{fleet}");
    ends(&project, 0, "rebase --deployed -t tenants/a");
    project.write("dbmigrate.toml", "");
    // 3
    project.structs(&renamed());
    let decision = ends(&project, 3, "generate");
    assert_eq!(decision["decisions"][0]["object"], "users.nick");
    ends(&project, 3, "push");
    project.structs(USER);
    project.sql("INSERT INTO users VALUES (1, 'ada')");
    let reset = ends(&project, 3, "reset");
    let answers: Vec<&Value> = reset["decisions"][0]["answers"].as_array().expect("a list").iter().collect();
    assert_eq!(answers[0]["arguments"], json!(["reset", "--keep-data"]));
    assert_eq!((&answers[0]["consent"], &answers[1]["consent"]), (&false.into(), &true.into()));
    // 4
    project.structs(&USER.replace("nick", "handle"));
    assert_eq!(ends(&project, 4, "check")["changes"][0]["change"], "add column users.handle");
    let check = ends(&project, 4, "generate --check");
    assert_eq!(check["decisions"][0]["answers"][0]["arguments"], json!(["generate", "--rename", "users.nick=handle"]));
    ends(&project, 4, "diff");
    // 5
    project.replace("migrations/0001_create_users/migration.sql", "CREATE TABLE", "CREATE TABLE IF NOT EXISTS");
    ends(&project, 5, "migrate");
    ends(&project, 5, "status");
    ends(&project, 5, "check");
}

#[test]
fn help_and_version_are_objects_too() {
    let project = Project::new(USER);
    let run = project.runs("--help --message-format json");
    assert!(run.json()[0]["text"].as_str().is_some_and(|text| text.contains("Exit codes:")), "{}", run.out);
    let run = project.runs("migrate --message-format=json --help");
    assert!(run.json()[0]["text"].as_str().is_some_and(|text| text.contains("--dry-run")), "{}", run.out);
    assert_eq!(run.finished()["command"], Value::Null);
    let run = project.runs("--version --message-format json");
    assert_eq!(run.json(), [json!({ "reason": "version", "version": env!("CARGO_PKG_VERSION"), "messages": 1 })]);
}

#[test]
fn a_panic_is_an_error_like_others() {
    let project = Project::new(USER);
    project.set("DBMIGRATE_TEST_PANIC", "1");
    let run = project.run("status --message-format json");
    assert_eq!(run.code, 101);
    let finished = run.finished();
    assert_eq!((&finished["command"], &finished["exit_code"]), (&"status".into(), &101.into()));
    assert_eq!(finished["error"]["message"], "internal error: DBMIGRATE_TEST_PANIC is set");
    assert!(texts(&finished["error"]["notes"])[0].starts_with("it panicked at "), "{finished}");
    let run = project.run("status");
    assert_eq!(run.code, 101);
    assert!(run.err.contains("panicked at") && run.out.is_empty(), "{}", run.err);
}

#[test]
fn all_answers_together_are_the_command_that_goes_through() {
    let project = Project::migrated(USER);
    project.structs(&renamed().replace("    pub handle", "    pub age: i64,\n    pub handle"));
    let decided = ends(&project, 3, "generate");
    let decisions = decided["decisions"].as_array().expect("a list");
    assert_eq!(decisions.len(), 2, "{decided}");
    let flags = decisions.iter().flat_map(|decision| texts(&decision["answers"][0]["flags"]));
    let words: Vec<&str> = std::iter::once("generate").chain(flags).chain(["--message-format", "json"]).collect();
    let run = Run::of(&mut project.command(&words));
    assert_eq!(run.code, 0, "{}", run.out);
    project.runs("migrate");
}

#[test]
fn what_is_consented_to_is_marked_and_nothing_else_is() {
    let project = Project::migrated(USER);
    project.structs(&renamed());
    let decided = ends(&project, 3, "generate");
    let answers = decided["decisions"][0]["answers"].as_array().expect("a list");
    let consents: Vec<(&str, bool)> = answers
        .iter()
        .map(|answer| (answer["label"].as_str().unwrap_or_default(), answer["consent"] == true))
        .collect();
    let kept = ("if not, to keep its values for a revert", true);
    assert_eq!(consents, [("if renamed", false), ("if not", true), kept]);
}

#[test]
fn a_failed_migration_leaves_word_of_what_is_applied_and_pending() {
    let project = Project::migrated(USER);
    project.sql("INSERT INTO users VALUES (1, NULL)");
    project.structs(&USER.replace("    pub nick", "    pub age: Option<i64>,\n    pub nick"));
    project.runs("generate --name age");
    project.runs("generate --custom --name broken");
    project.write(
        "migrations/0003_broken/migration.sql",
        "-- 0003_broken\nINSERT INTO users (id, nick) SELECT id, nick FROM users;\n",
    );
    project.runs("generate --custom");
    let failed = ends(&project, 1, "migrate");
    assert_eq!(failed["applied"][0]["name"], "0002_age");
    let pending: Vec<&str> =
        failed["pending"].as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!((pending, &failed["changed"]), (vec!["0003_broken"], &true.into()));
}

#[test]
fn no_secret_is_in_any_object() {
    let project = Project::migrated(USER);
    for line in [
        "migrate --url libsql://127.0.0.1:1?authToken=s3cret",
        "migrate --url=libsql://u:s3cret@127.0.0.1:1",
        "migrate --url libsql://127.0.0.1:1?authToken=s3cret --nope",
        "status --url libsql://127.0.0.1:1?authToken=s3cret",
        "--url=libsql://127.0.0.1:1?authToken=s3cret migrate",
    ] {
        let run = project.run(&format!("{line} --message-format json"));
        assert!(run.code != 0 && !run.out.contains("s3cret"), "{line}: {}", run.out);
    }
}

/// The lines of docs/automation.md that are typed, and what is said to come of them.
fn documented() -> Vec<(String, Vec<String>)> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/automation.md");
    let text = fs_err::read_to_string(path).expect("the page is there");
    let blocks = text.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut typed = Vec::new();
    for block in blocks {
        // a block may stand in a list
        let mut lines = block.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
        while let Some(line) = lines.next() {
            let command = line.strip_prefix("$ ").expect("a block begins with what is typed").to_owned();
            let mut said = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
                said.push(line.to_owned());
            }
            typed.push((command, said));
        }
    }
    typed
}

#[test]
fn the_examples_with_jq_work_as_typed() {
    if !std::process::Command::new("jq").arg("--version").output().is_ok_and(|output| output.status.success()) {
        dbmigrate_test_support::skipped("there is no jq");
        return;
    }
    let project = Project::migrated(USER);
    project.structs(&renamed());
    let examples = documented();
    assert!(examples.len() > 2, "{examples:?}");
    for (command, said) in examples {
        if command.contains("dbmigrate status") {
            project.runs("generate --rename users.nick=handle --name rename_nick");
        }
        let run = project.shell(&command);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{command}");
        let lines: Vec<&str> = run.out.lines().collect();
        assert!(!lines.is_empty() && (said.is_empty() || lines == said), "{command}: {lines:?}, not {said:?}");
    }
}

#[test]
fn every_message_is_in_the_documentation() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let page = fs_err::read_to_string(docs.join("automation.md")).expect("the page is there");
    for entry in fs_err::read_dir(docs.join("json")).expect("the schemas are there") {
        let path = entry.expect("the entry can be read").path();
        let reason = path.file_stem().and_then(|stem| stem.to_str()).expect("UTF-8").to_owned();
        assert!(reason == "message" || page.contains(&format!("`{reason}`")) || reason == "finished", "{reason}");
    }
    let schema = fs_err::read_to_string(docs.join("json/finished.json")).expect("the schema is there");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    for field in schema["properties"].as_object().expect("it has fields").keys().filter(|field| *field != "reason") {
        assert!(page.contains(&format!("`{field}`")), "`{field}` of `finished`");
    }
}
