//! What only a person can decide: `generate` exits with 3 and lists every answer as a command, and each of those
//! commands works as it stands there.

use insta::assert_snapshot;

use crate::project::{Project, Run, sql_of};

/// A table `users` with these fields besides the key.
fn users(fields: &str) -> String {
    format!(
        "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User {{\n    #[column(primary_key)]\n    id: i64,\n    {fields}\n}}\n"
    )
}

const ROWS: &str = "INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace')";

/// A database with two rows in `users(id, nick)`, and new structs.
fn changed(structs: &str) -> Project {
    let project = Project::migrated(&users("nick: String,"));
    project.sql(ROWS);
    project.structs(structs);
    project
}

/// The refusal, and its commands.
#[track_caller]
fn asks(project: &Project) -> Vec<String> {
    let run = project.refuses(3, "generate");
    let suggested = run.suggested();
    assert!(!suggested.is_empty(), "{}", run.err);
    // the same for programs
    let json = project.refuses(3, "generate --message-format json");
    let objects = json.json();
    let last = objects.last().expect("there is an error");
    assert_eq!((&last["reason"], &last["exit_code"]), (&"error".into(), &3.into()));
    for command in &suggested {
        let said = objects
            .iter()
            .any(|object| object.to_string().contains(&command.replace('\\', "\\\\").replace('"', "\\\"")));
        assert!(said, "`{command}` is not in {}", json.out);
    }
    // `--check` and `check` only say that there is a difference
    project.refuses(4, "generate --check");
    project.refuses(4, "check");
    suggested
}

/// Types a suggested command, then migrates.
#[track_caller]
fn type_and_migrate(project: &Project, command: &str) -> Run {
    let run = project.shell(command);
    assert_eq!(run.code, 0, "`{command}` said\n{}{}", run.out, run.err);
    project.runs("check");
    project.runs("migrate")
}

#[test]
fn a_column_that_is_gone_beside_a_new_one_may_be_renamed_or_dropped() {
    let structs = users("handle: Option<String>,");
    let project = changed(&structs);
    let [rename, drop, keep] = &asks(&project)[..] else { panic!("three answers") };
    type_and_migrate(&project, rename);
    let dumped = project.dump();
    assert_snapshot!("column_renamed", project.transcript() + &dumped);

    let project = changed(&structs);
    asks(&project);
    project.transcript();
    type_and_migrate(&project, drop);
    let script = project.read(&sql_of("0002_users_handle_and_drop_nick"));
    assert_snapshot!("column_dropped", project.transcript() + &script + &project.dump());

    let project = changed(&structs);
    type_and_migrate(&project, keep);
    assert_eq!(project.query("SELECT id, nick FROM _dbmigrate_kept_0002_users"), ["1|Ada", "2|Grace"]);
}

#[test]
fn a_table_that_is_gone_beside_a_new_one_may_be_renamed_or_dropped() {
    let structs = users("nick: String,").replace("\"users\"", "\"people\"");
    let project = changed(&structs);
    let [rename, drop, keep] = &asks(&project)[..] else { panic!("three answers") };
    type_and_migrate(&project, rename);
    assert_eq!(project.query("SELECT * FROM people"), ["1|Ada", "2|Grace"]);
    assert_snapshot!("table_renamed", project.transcript());

    let project = changed(&structs);
    type_and_migrate(&project, drop);
    assert_eq!(project.query("SELECT * FROM people"), [""; 0]);
    assert_snapshot!("table_dropped", project.transcript() + &project.dump());

    let project = changed(&structs);
    type_and_migrate(&project, keep);
    assert_eq!(project.query("SELECT * FROM _dbmigrate_kept_0002_users"), ["1|Ada", "2|Grace"]);
}

#[test]
fn a_column_that_is_gone_is_dropped_when_it_is_named() {
    let project = changed(&users(""));
    let [drop, keep] = &asks(&project)[..] else { panic!("two answers") };
    assert_eq!(keep, "cargo dbmigrate generate --keep");
    type_and_migrate(&project, drop);
    let script = project.read(&sql_of("0002_users_drop_nick"));
    assert!(script.contains("\n-- dbmigrate: allow(drop_column) users.nick\n"), "{script}");
    assert_eq!(project.dump(), "-- users\nid\n1\n2\n");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_table_that_is_gone_is_dropped_when_it_is_named() {
    let project = changed("");
    let [drop, _] = &asks(&project)[..] else { panic!("two answers") };
    type_and_migrate(&project, drop);
    let script = project.read(&sql_of("0002_drop_users"));
    assert!(script.contains("\n-- dbmigrate: allow(drop_table) users\n"), "{script}");
    assert_eq!(project.dump(), "");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_new_column_without_default_needs_a_value_for_existing_rows() {
    let structs = users("nick: String,\n    age: i64,\n    city: String,");
    let project = changed(&structs);
    let suggested = asks(&project);
    assert_snapshot!("backfill", project.transcript());
    // each command answers one question, and the next run asks the other one
    let flags = |word: &str| {
        let answers = suggested.iter().filter(|command| command.contains(word));
        answers.map(|command| command.trim_start_matches("cargo dbmigrate generate")).collect::<String>()
    };
    let one = project.shell(&suggested[0]);
    assert_eq!(one.code, 3, "{}", one.err);
    let suggested_next = one.suggested();
    project.transcript();
    let mut both = suggested_next[0].clone();
    both = both.replace("users.age=0", "users.age=40+id");
    type_and_migrate(&project, &both);
    assert_snapshot!("backfilled", project.transcript() + &project.dump());

    // accepting that there is no value: fine for a table without rows, refused before it is touched otherwise
    let project = changed(&structs);
    let run = project.shell(&format!("cargo dbmigrate generate{}", flags("--accept")));
    assert_eq!(run.code, 0, "{}", run.err);
    project.refuses(3, "migrate");
    assert_snapshot!("backfill_accepted", project.transcript());
    project.sql("DELETE FROM users");
    project.runs("migrate");
}

#[test]
fn nulls_are_refused_before_a_column_becomes_not_null() {
    let project = Project::migrated(&users("nick: Option<String>,"));
    project.sql("INSERT INTO users VALUES (1, 'Ada'), (2, NULL)");
    project.structs(&users("nick: String,"));
    project.runs("generate");
    project.refuses(3, "migrate");
    assert_snapshot!("nulls_refused", project.transcript());
    // after the rows were mended it goes through
    project.sql("UPDATE users SET nick = 'nobody' WHERE nick IS NULL");
    project.runs("migrate");
    assert_eq!(project.query("SELECT nick FROM users"), ["Ada", "nobody"]);
}

#[test]
fn nulls_are_filled_by_a_backfill_or_a_default() {
    for (fields, flags) in [
        ("nick: String,", " --backfill users.nick='nobody'"),
        ("#[column(default = \"nobody\")]\n    nick: String,", ""),
    ] {
        let project = Project::migrated(&users("nick: Option<String>,"));
        project.sql("INSERT INTO users VALUES (1, 'Ada'), (2, NULL)");
        project.structs(&users(fields));
        project.runs(&format!("generate{flags}"));
        project.runs("migrate");
        assert_eq!(project.query("SELECT nick FROM users"), ["Ada", "nobody"], "{fields}");
    }
}

#[test]
fn a_conversion_that_would_change_values_is_refused_unless_it_is_accepted() {
    let project = changed(&users("nick: i64,"));
    project.sql("INSERT INTO users VALUES (3, '007'), (4, '7')");
    project.runs("generate");
    project.refuses(3, "migrate");
    assert_snapshot!("conversion_refused", project.transcript());
    project.sql("DELETE FROM users WHERE nick <> '7'");
    project.runs("migrate");
    assert_eq!(project.query("SELECT typeof(nick), nick FROM users"), ["integer|7"]);

    let project = changed(&users("nick: i64,"));
    project.sql("INSERT INTO users VALUES (3, '007')");
    project.runs("generate --accept lossy_conversion:users.nick");
    project.runs("migrate");
    assert_eq!(project.query("SELECT nick FROM users WHERE id = 3"), ["7"]);
    assert_snapshot!("conversion_accepted", project.transcript());
}

#[test]
fn all_that_rows_contradict_is_said_at_once_and_each_answer_amends_the_migration() {
    let project = changed(&users("nick: String,\n    score: Option<i64>,"));
    project.runs("generate");
    project.runs("migrate");
    project.sql("UPDATE users SET score = id + 2, nick = 'n' || id WHERE id = 1");
    project.structs(&users("handle: i64,\n    #[column(check = \"score < 3\")]\n    score: i64,"));
    project.runs("generate --rename users.nick=handle");
    let before = project.dump();
    for command in ["migrate --dry-run", "migrate"] {
        let run = project.refuses(3, command);
        for said in [
            "2 values of `users.nick` would be refused or changed by the conversion from TEXT to INTEGER",
            "1 row of `users` violates CHECK (score < 3)",
            "1 row has NULL in `users.score`, which becomes NOT NULL",
        ] {
            assert!(run.err.contains(said), "`{command}` does not say `{said}`:\n{}", run.err);
        }
        assert_eq!(project.dump(), before);
    }
    let suggested = project.refuses(3, "migrate").suggested();
    let answers = suggested.iter().filter(|command| command.contains("--convert") || command.contains("--backfill"));
    let answers: Vec<_> = answers.collect();
    assert_eq!(answers.len(), 2, "{suggested:?}");
    for answer in answers {
        let run = project.shell(answer);
        assert_eq!(run.code, 0, "`{answer}` said\n{}", run.err);
        // what lints say is not said twice
        assert!(!run.err.contains("fails if"), "{}", run.err);
    }
    project.sql("UPDATE users SET score = 2 WHERE id = 1");
    project.runs("migrate");
    assert_eq!(project.query("SELECT id, handle, score FROM users"), ["1|0|2", "2|0|0"]);
    project.runs("check");
}

#[test]
fn orphans_are_refused_before_a_foreign_key_is_added() {
    let org = "#[derive(Table)]\n#[table(name = \"orgs\")]\nstruct Org { #[column(primary_key)] id: i64 }\n";
    let project = Project::migrated(&format!("{org}{}", users("org: i64,")));
    project.sql("INSERT INTO orgs VALUES (1)");
    project.sql("PRAGMA foreign_keys = OFF; INSERT INTO users VALUES (1, 1), (2, 7)");
    project.structs(&format!("{org}{}", users("#[column(references = Org::id)]\n    org: i64,")));
    project.runs("generate");
    project.refuses(3, "migrate");
    assert_snapshot!(project.transcript());
    project.sql("DELETE FROM users WHERE id = 2");
    project.runs("migrate");
}

#[test]
fn a_column_that_becomes_generated_gives_up_its_values_when_it_is_named() {
    let project = changed(&users("#[column(generated = \"'user' || id\", stored)]\n    nick: String,"));
    let [accept, _] = &asks(&project)[..] else { panic!("two answers") };
    type_and_migrate(&project, accept);
    assert_eq!(project.query("SELECT nick FROM users"), ["user1", "user2"]);
    assert_snapshot!(project.transcript());
}

#[test]
fn names_that_a_shell_would_take_apart_are_quoted_in_the_commands() {
    let project = Project::migrated(
        "#[derive(Table)]\n#[table(name = \"it's $HOME\")]\nstruct Odd { #[column(primary_key)] id: i64, #[column(name = \"a b;c\")] a: Option<i64> }",
    );
    project.sql("INSERT INTO \"it's $HOME\" VALUES (1, 2)");
    project.structs("#[derive(Table)]\n#[table(name = \"it's $HOME\")]\nstruct Odd { #[column(primary_key)] id: i64, #[column(name = \"`x` \\\"y\\\"\")] a: Option<i64> }");
    let run = project.refuses(3, "generate");
    // the name has backticks itself, so the command is what stands between the first and the last one
    let line = run.err.lines().find(|line| line.contains("--rename")).expect("there is a rename");
    let command = line.split_once('`').and_then(|(_, rest)| rest.rsplit_once('`')).expect("in backticks").0;
    type_and_migrate(&project, command);
    assert_eq!(project.query("SELECT \"`x` \"\"y\"\"\" FROM \"it's $HOME\""), ["2"]);
}

#[test]
fn several_questions_are_asked_at_once_and_answered_in_one_command() {
    let project = Project::migrated(&format!(
        "{}{}",
        users("nick: String, old: i64,"),
        "#[derive(Table)]\nstruct Legacy { id: i64 }"
    ));
    project.structs(&users("handle: String, age: i64,"));
    let run = project.refuses(3, "generate");
    assert!(run.err.contains("decisions are needed"), "{}", run.err);
    project.runs("generate --accept drop_table:legacy --rename users.nick=handle --rename users.old=age");
    assert_snapshot!(project.transcript());
}

#[test]
fn accept_all_accepts_everything_and_writes_down_what() {
    let project = changed(&users("age: i64,"));
    project.runs("generate --accept all");
    let script = project.read(&sql_of("0002_users_age_and_drop_nick"));
    assert_snapshot!(script);
}

#[test]
fn flags_that_do_not_fit_are_wrong_usage() {
    let project = changed(&users("handle: String,"));
    for flags in [
        "--rename users.nick",
        "--rename =x",
        "--rename usres.nick=handle",
        "--rename users.nik=handle",
        "--rename users.nick=handel",
        "--rename users=people",
        "--rename nobody=users",
        "--rename users.nick=handle --rename users.nick=id",
        "--rename users.id=users.handle --rename users.nick=users.handle",
        "--accept nick",
        "--accept dropcolumn:users.nick",
        "--backfill users.handle",
        "--backfill handle=1",
        "--backfill users.handle=",
        "--accept all --backfill users.handel=1",
        "--accept all --backfill people.handle=1",
        "--accept all --backfill users.id=1",
        "--accept all --name=---",
    ] {
        project.refuses(2, &format!("generate {flags}"));
    }
    project.runs("generate --dry-run --rename users.nick=handle --accept drop_column:users.nick");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_backfill_that_does_not_compile_is_not_called_a_bug() {
    let project = changed(&users("nick: String,\n    age: i64,"));
    for (expr, reason) in
        [("nope(1)", "no such function: nope"), ("nik", "no such column: nik"), ("1)+(", "syntax error")]
    {
        let run = project.refuses(2, &format!("generate --backfill users.age={expr}"));
        assert!(run.err.contains(reason) && run.err.contains("does not work"), "{}", run.err);
        assert!(!run.err.contains("bug in"), "{}", run.err);
    }
    project.runs("generate --backfill users.age=length(nick)");
}

#[test]
fn an_acceptance_of_nothing_is_said_and_not_repeated() {
    let project = changed(&users("handle: Option<String>,"));
    let run = project.ends(3, "generate --accept drop_column:users.nope");
    assert!(run.err.contains("warning: `--accept drop_column:users.nope`: no such object"), "{}", run.err);
    assert_eq!(run.err.matches("users.nope").count(), 1, "{}", run.err);
    type_and_migrate(&project, &run.suggested()[0]);
}
