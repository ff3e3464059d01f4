//! Migrations with a step in Rust, as commands see them that do not have it.

use crate::branches::{two_branches, users};
use crate::project::{Project, sql_of};

const USERS: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, token: Option<String> }\n";
const HASHED: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, token: Option<String>, hash: Option<String> }\n";

/// A database with rows that lacks a migration with a step, and one behind it.
fn pending() -> Project {
    let project = Project::migrated(USERS);
    project.sql("INSERT INTO users VALUES (1, 'a'), (2, 'b')");
    project.structs(HASHED);
    project.runs("generate --rust hash_tokens");
    project.runs("generate --custom --name later");
    project.transcript();
    project
}

#[test]
fn a_migration_with_a_step_is_drafted_with_its_function() {
    let project = Project::migrated(USERS);
    let run = project.ends(2, "generate --rust hash-tokens");
    assert!(run.err.contains("`hash-tokens` is no name of a function"), "{}", run.err);
    let run = project.runs("generate --rust hash_tokens");
    assert!(run.out.starts_with("fn hash_tokens(step: &mut dbmigrate::migrate::Step<'_>)"), "{}", run.out);
    syn::parse_str::<syn::ItemFn>(&run.out).expect("it is a function");
    let names = "embed_migrations!(steps { \"0002_hash_tokens\" => hash_tokens })";
    assert!(run.err.contains(names), "{}", run.err);
    let text = project.read(&sql_of("0002_hash_tokens"));
    assert!(text.starts_with("-- 0002_hash_tokens\n") && text.ends_with("\n-- dbmigrate: rust\n"), "{text}");
    project.runs("check");
    // with changes of the structs, the step runs behind what is planned for them
    project.structs(HASHED);
    project.runs("generate --custom --rust fill --name fill_hashes");
    let text = project.read(&sql_of("0003_fill_hashes"));
    let (add, step) = (text.find("ALTER TABLE users ADD COLUMN"), text.find("\n-- dbmigrate: rust"));
    assert!(add.is_some() && add < step, "{text}");
    project.runs("check");
    // its place is what is recorded
    project.write(
        &sql_of("0003_fill_hashes"),
        text.replace("\n-- dbmigrate: rust", "") + "-- dbmigrate: rust\n-- dbmigrate: rust\n",
    );
    let run = project.ends(1, "generate --custom");
    assert!(run.err.contains("`rust` is there twice"), "{}", run.err);
}

#[test]
fn a_migration_with_a_step_is_refused_before_anything_is_applied() {
    let project = pending();
    // what is pending before it is not applied either
    project.database("other.db");
    for line in ["migrate", "migrate --dry-run", "migrate --atomic", "migrate --rehearse", "migrate --rehearse-only"] {
        let run = project.refuses(1, line);
        assert!(
            run.err.contains("`0002_hash_tokens` has a step in Rust, which only the application can run"),
            "{}",
            run.err
        );
        assert!(run.err.contains("cargo dbmigrate migrate --with BIN"), "{}", run.err);
        assert!(run.err.contains("migrations/0002_hash_tokens/migration.sql:"), "{}", run.err);
    }
    let run = project.ends(1, "migrate --url new.db");
    assert!(run.err.contains("has a step in Rust"), "{}", run.err);
    assert!(!project.path("new.db").exists(), "nothing before it is applied either");
    project.runs("migrate --url new.db --to 1");
    let run = project.refuses(1, "reset --accept rows");
    assert!(run.err.contains("has a step in Rust"), "{}", run.err);
    assert_eq!(project.query("SELECT * FROM users"), ["1|a", "2|b"]);
}

#[test]
fn what_shows_migrations_shows_that_there_is_a_step() {
    let project = pending();
    let run = project.ends(4, "status");
    assert!(run.out.contains("0002_hash_tokens   pending (with a step in Rust)\n"), "{}", run.out);
    let run = project.runs("log");
    assert!(run.out.contains("* 0002_hash_tokens   custom: "), "{}", run.out);
    assert!(run.out.contains("run a step in Rust"), "{}", run.out);
    let run = project.runs("plan");
    assert!(run.out.contains("run a step in Rust"), "{}", run.out);
    let run = project.runs("check");
    let said =
        "the step in Rust of 0002_hash_tokens: not run without `--with BIN`, and lints do not see what it writes";
    assert!(run.err.contains(said), "{}", run.err);
    let run = project.runs("check --message-format json");
    let checked = run.json().into_iter().find(|one| one["reason"] == "checked").expect("it is said");
    assert_eq!(checked["steps_left_out"], serde_json::json!(["0002_hash_tokens"]));
    // one that a database has was run there, or not: its history tells
    project.sql("");
    let run = project.ends(2, "plan --with steps");
    assert!(run.err.contains("`--with` requires `--rehearse`"), "{}", run.err);
}

#[test]
fn a_migration_with_a_step_stays_one_of_its_own() {
    let project = pending();
    let run = project.refuses(1, "squash 1..3 --offline");
    assert!(run.err.contains("cannot squash `0002_hash_tokens`: it has a step in Rust"), "{}", run.err);
    let run = project.ends(3, "revert 0002_hash_tokens --dry-run");
    assert!(run.err.contains("drop_column:users.hash"), "{}", run.err);
    let run = project.runs("revert 0002_hash_tokens --dry-run --accept drop_column:users.hash");
    assert!(run.err.contains("runs a step in Rust (migrations/0002_hash_tokens/migration.sql:"), "{}", run.err);
    project.runs("generate --undo");
    let run = project.refuses(5, "generate --amend --name again");
    assert!(run.err.contains("`0002_hash_tokens` was written by hand and cannot be regenerated"), "{}", run.err);
}

#[test]
fn rows_that_a_step_was_to_fill_are_named_when_it_is_not_run() {
    let project = pending();
    project.sql("CREATE TABLE other_branch (id INTEGER PRIMARY KEY)");
    project.sql("UPDATE _dbmigrate_history SET checksum = 'other'");
    let run = project.runs("reset --keep-data --accept all");
    let said = "`0002_hash_tokens` has a step in Rust, which was not run on `dev.db`";
    assert!(run.err.contains(said), "{}", run.err);
}

#[test]
fn a_step_moves_with_its_migration_and_its_new_name_is_said() {
    let repository = two_branches();
    let project = &repository.project;
    project.runs("generate --rust hash_tokens");
    repository.commit("step");
    let before = project.read(&sql_of("0003_hash_tokens"));
    repository.fails(&["merge", "main"]);
    let run = project.runs("rebase");
    assert!(run.err.contains("Rebased 0003_hash_tokens as 0004_hash_tokens (kept as it is)"), "{}", run.err);
    let said = "rename its step in `embed_migrations!(steps { … })`: `0003_hash_tokens` to `0004_hash_tokens`";
    assert!(run.err.contains(said), "{}", run.err);
    assert!(!run.err.contains("Commutes"), "what a step writes is not compared: {}", run.err);
    assert_eq!(project.read(&sql_of("0004_hash_tokens")), before);
    project.structs(&users(&["nick", "bio"]));
    project.runs("check");
}
