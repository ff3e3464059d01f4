//! Changes that rows do not fit as they are: how they are converted, filled or accepted, and what is said of it.

use crate::project::{Project, Run};

fn users(fields: &str) -> String {
    format!(
        "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User {{\n    #[column(primary_key)]\n    id: i64,\n    {fields}\n}}\n"
    )
}

const TEXTS: &str = "#[column(type = \"TEXT\")]\n    flag: Option<String>,";
const BOOL: &str = "#[column(type = \"BOOLEAN\")]\n    flag: Option<bool>,";

fn with_words() -> Project {
    let project = Project::migrated(&users(TEXTS));
    project.sql("INSERT INTO users VALUES (1, '1'), (2, 'true'), (3, 'yes'), (4, NULL)");
    project
}

/// The commands that are suggested and have this flag.
fn suggested(run: &Run, flag: &str) -> Vec<String> {
    let quoted = run.err.split('`').skip(1).step_by(2).filter(|text| text.starts_with("cargo dbmigrate"));
    quoted.filter(|command| command.contains(flag)).map(str::to_owned).collect()
}

/// Types a command that was suggested.
fn types(project: &Project, command: &str) -> Run {
    let run = project.shell(command);
    assert_eq!(run.code, 0, "`{command}` said\n{}{}", run.out, run.err);
    run
}

#[test]
fn what_the_new_rust_type_cannot_read_is_asked_by_push_with_counts_and_the_answers_work() {
    for flag in ["--convert", "--accept lossy"] {
        let project = with_words();
        project.structs(&users(BOOL));
        let run = project.refuses(3, "push --accept history");
        let said = &run.err;
        assert!(said.contains("2 values of `users.flag`") && said.contains("could not be read as `bool`"), "{said}");
        assert!(said.contains("first at rowid 2: 'true'"), "{said}");
        let [command] = &suggested(&run, flag)[..] else { panic!("one command with {flag}: {said}") };
        let run = types(&project, command);
        let wanted = if flag == "--convert" { ["1", "1", "1", "NULL"] } else { ["1", "true", "yes", "NULL"] };
        assert_eq!(project.query("SELECT flag FROM users"), wanted);
        assert!(run.err.contains("2 values"), "{}", run.err);
    }
}

#[test]
fn what_the_new_rust_type_can_hardly_read_is_asked_by_generate_and_the_answers_work() {
    for flag in ["--convert", "--accept"] {
        let project = with_words();
        project.structs(&users(BOOL));
        let run = project.refuses(3, "generate");
        assert!(run.err.contains("changes from TEXT to BOOLEAN"), "{}", run.err);
        let [command] = &suggested(&run, flag)[..] else { panic!("one command with {flag}: {}", run.err) };
        types(&project, command);
        project.runs("migrate");
        let wanted = if flag == "--convert" { ["1", "1", "1", "NULL"] } else { ["1", "true", "yes", "NULL"] };
        assert_eq!(project.query("SELECT flag FROM users"), wanted);
        let sql = project.read("migrations/0002_users_alter_flag/migration.sql");
        let header = "convert flag with lower(flag) IN ('1', 'true', 'yes')";
        assert_eq!(sql.contains(header), flag == "--convert", "{sql}");
        assert!(sql.contains("-- dbmigrate: allow(lossy_conversion) users.flag\n"), "{sql}");
    }
    let project = with_words();
    project.structs(&users(BOOL));
    project.runs("generate --accept all");
    project.runs("migrate");
}

#[test]
fn what_the_new_rust_type_cannot_read_is_refused_by_migrate_with_count_and_key() {
    let project = Project::migrated(&users("age: String,"));
    project.sql("INSERT INTO users VALUES (1, '12'), (2, 'abc'), (3, '7'), (4, '')");
    project.structs(&users("age: i64,"));
    let run = project.runs("generate");
    let [command] = &suggested(&run, "--convert")[..] else { panic!("the other way is named once: {}", run.err) };
    let run = project.refuses(3, "migrate");
    let said = &run.err;
    assert!(said.contains("2 values of `users.age`") && said.contains("first at rowid 2: 'abc'"), "{said}");
    assert_eq!(suggested(&run, "--convert"), std::slice::from_ref(command), "{said}");
    assert_eq!(suggested(&run, "--accept").len(), 1, "{said}");
    types(&project, command);
    project.runs("migrate");
    assert_eq!(project.query("SELECT age FROM users"), ["12", "0", "7", "0"]);
}

#[test]
fn a_backfill_is_offered_where_a_column_becomes_not_null() {
    let project = Project::migrated(&users("nick: Option<String>,"));
    project.sql("INSERT INTO users VALUES (1, 'Ada'), (2, NULL)");
    project.structs(&users("nick: String,"));
    let run = project.runs("generate");
    let [command] = &suggested(&run, "--backfill")[..] else { panic!("a backfill is offered once: {}", run.err) };
    let run = project.refuses(3, "migrate");
    assert_eq!(suggested(&run, "--backfill"), std::slice::from_ref(command), "{}", run.err);
    types(&project, command);
    project.runs("migrate");
    assert_eq!(project.query("SELECT nick FROM users"), ["Ada", ""]);
}

#[test]
fn a_conversion_that_has_nothing_to_do_is_an_error_that_says_why() {
    let project = with_words();
    project.structs(&users(BOOL));
    for flag in ["convert users.nope=1", "convert nope.flag=1", "backfill users.nope=1"] {
        // whatever else is still to be decided
        project.refuses(2, &format!("generate --{flag}"));
    }
    project.structs(&users("flag: Option<i64>,"));
    for (flags, words) in [
        ("--convert users.nope=1", "has no column `nope` to convert"),
        ("--convert nope.flag=1", "no struct declares a table `nope`"),
        ("--convert users.id=1", "no change to the table affects the column"),
        ("--convert users.flag", "has no value for the rows"),
        ("--convert users.flag=", "has no value for the rows"),
        ("--convert users.flag=1 --convert users.flag=0", "`--convert` is given twice for `users.flag`"),
        ("--backfill users.flag=1 --convert users.flag=0", "neither new nor newly NOT NULL"),
        ("--backfill users.flag=1", "`--convert users.flag=1`"),
        ("--convert users.flag=nonsense(flag)", "does not work: no such function: nonsense"),
    ] {
        let said = project.refuses(2, &format!("generate {flags}")).err;
        assert!(said.contains(words), "{flags}: {said}");
    }
    let project = Project::migrated(&users("nick: Option<i64>,"));
    project.structs(&users("nick: String,\n    new: i64,"));
    let flags = "--backfill users.new=1 --backfill users.nick=1 --convert users.nick=2";
    let said = project.refuses(2, &format!("generate {flags}")).err;
    assert!(said.contains("in one expression: `--convert 'users.nick=coalesce(2, 1)'`"), "{said}");
}

#[test]
fn a_pragma_that_cannot_run_in_a_transaction_names_the_directive_that_lets_it() {
    let project = Project::migrated(&users("nick: String,"));
    for (at, statement) in ["PRAGMA journal_mode = WAL;", "VACUUM;", "PRAGMA synchronous = OFF;"].iter().enumerate() {
        project.runs("generate --custom --name outside");
        let name = format!("{:04}_outside", at + 2);
        let file = format!("migrations/{name}/migration.sql");
        project.write(&file, format!("{statement}\n"));
        let said = project.refuses(1, "generate --custom").err;
        assert!(
            said.contains("cannot run in a transaction") && said.contains("-- dbmigrate: no-transaction"),
            "{said}"
        );
        project.write(&file, format!("-- dbmigrate: no-transaction\n{statement}\n"));
        project.runs("generate --custom");
        project.runs("migrate");
        assert_eq!(project.query("SELECT name FROM _dbmigrate_history ORDER BY position DESC LIMIT 1"), [name]);
    }
    assert_eq!(project.query("PRAGMA journal_mode"), ["wal"]);
}
