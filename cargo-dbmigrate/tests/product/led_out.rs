//! What is suggested leads out of where somebody is stuck, typed into a shell as it stands: with hostile names of tables
//! and views, of files and folders, and with everything that the command before was told.

use dbmigrate_core::shell::{shell_flag, shell_quoted};

use crate::project::suggested::is_template;
use crate::project::{Project, Run};

/// Names that are something else to a shell, to SQL, to a path of ours, to TOML or to a message.
const NAMES: [&str; 16] = [
    "my.t",
    "t=u",
    "-x",
    "--all",
    "a b",
    "O'Brien",
    "\"quoted\"",
    "it's \"$HOME\"",
    "$HOME",
    "`tick`",
    "für",
    "line\nbreak",
    "a\\b",
    "[braced]",
    "!not",
    "a*b",
];

/// Names of files and folders.
const PATHS: [&str; 9] = ["-x", "a b", "O'Brien", "it's \"$HOME\"", "$HOME", "`tick`", "für", "a;b", "#c"];

const STRUCT: &str = "
#[derive(Table)]
#[table(name = \"mine\")]
pub struct Mine {
    #[column(primary_key)]
    pub id: i64,
}";

fn sql(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The suggested commands that are complete as they stand.
fn suggested(run: &Run) -> Vec<String> {
    run.suggested().into_iter().filter(|line| !is_template(line)).collect()
}

/// Types everything that is suggested where `line` ends with `code`, each where nothing else was typed before: it ends
/// well, or says something else, but never that it cannot be typed.
#[track_caller]
fn each_leads_out(code: i32, line: &str, state: impl Fn() -> Project) -> Vec<String> {
    let stuck = || {
        let project = state();
        let run = project.shell(line);
        assert_eq!(run.code, code, "`{line}` said\n{}{}", run.out, run.err);
        (project, run)
    };
    let (first, run) = stuck();
    let all = suggested(&run);
    assert!(!all.is_empty(), "nothing is suggested:\n{}", run.err);
    drop(first);
    for command in &all {
        let (project, before) = stuck();
        let after = project.shell(command);
        let is_other = after.code == 0 || (after.code != 2 && after.err != before.err);
        assert!(is_other, "`{command}` does not lead out of\n{}\nbut says\n{}", before.err, after.err);
    }
    all
}

/// A database that has a table with a row that no struct declares, beside the one of the struct.
fn with_table(name: &str) -> Project {
    let project = Project::new(STRUCT);
    project.sql(&format!(
        "CREATE TABLE mine (id INTEGER PRIMARY KEY) STRICT; CREATE TABLE {0} (id INTEGER PRIMARY KEY, b TEXT); \
         INSERT INTO {0} VALUES (1, 'one')",
        sql(name)
    ));
    project
}

/// The line of the configuration in a message.
fn configured(err: &str) -> String {
    let line = err.lines().find_map(|line| line.split('`').find(|part| part.starts_with("ignore = ")));
    line.unwrap_or_else(|| panic!("no line for the configuration in\n{err}")).to_owned()
}

#[test]
fn what_a_push_leaves_alone_is_dropped_or_hidden_as_it_says() {
    for name in NAMES {
        let project = with_table(name);
        let run = project.runs("push -v");
        let [line] = &suggested(&run)[..] else { panic!("{}", run.err) };
        let hidden = configured(&run.err);
        let run = project.shell(line);
        assert_eq!(run.code, 0, "`{line}`: {}", run.err);
        assert_eq!(project.query("SELECT name FROM sqlite_schema WHERE type = 'table'"), ["mine"], "{name:?}");

        let project = with_table(name);
        project.write("dbmigrate.toml", hidden);
        let run = project.runs("push -v");
        assert!(!run.err.contains("Left alone"), "{name:?}: {}", run.err);
        assert_eq!(project.query(&format!("SELECT b FROM {}", sql(name))), ["one"]);
    }
}

#[test]
fn a_view_or_trigger_in_the_way_goes_as_is_suggested() {
    for name in NAMES {
        // a table is to have the name of a view
        let declared = STRUCT.replace("\"mine\"", &format!("{name:?}"));
        let state = || {
            let project = Project::new(&declared);
            project.sql(&format!("CREATE VIEW {} AS SELECT 1 AS one", sql(name)));
            project
        };
        let all = each_leads_out(3, "cargo dbmigrate push", state);
        assert!(all.iter().any(|line| line.contains("drop_view")), "{all:?}");

        // a view and a trigger that do not compile any more, while a column is renamed
        let declared = STRUCT.replace("pub id: i64,", "pub id: i64,\n    pub kind: String,");
        let state = |broken: &str| {
            let project = Project::new(&declared);
            project.sql(&format!(
                "CREATE TABLE mine (id INTEGER PRIMARY KEY, nick TEXT NOT NULL) STRICT; INSERT INTO mine VALUES (1, 'a'); {}",
                broken.replace("NAME", &sql(name))
            ));
            project
        };
        let view = || state("CREATE VIEW NAME AS SELECT * FROM gone");
        let all = each_leads_out(3, "cargo dbmigrate push --rename mine.nick=kind", view);
        assert!(all.iter().all(|line| line.contains("--rename mine.nick=kind")), "{all:?}");

        let project =
            state("CREATE TABLE other (a); CREATE TRIGGER NAME AFTER INSERT ON other BEGIN DELETE FROM gone; END");
        let run = project.shell("cargo dbmigrate push --rename mine.nick=kind");
        assert_eq!(run.code, 3, "{}", run.err);
        // the statement has the name as SQL has it, backticks and line breaks included
        let statement = format!("DROP TRIGGER {}", dbmigrate_core::quote::quote_name(name));
        if !name.contains('\n') {
            assert!(run.err.contains(&format!("`{statement}`")), "{}", run.err);
        }
        project.sql(&statement);
        assert_eq!(project.shell("cargo dbmigrate push --rename mine.nick=kind").code, 0);
    }
}

#[test]
fn an_acceptance_of_nothing_is_not_repeated_by_a_push() {
    let state = || {
        let project = Project::new(STRUCT);
        project.sql("CREATE TABLE mine (id INTEGER PRIMARY KEY, b TEXT) STRICT; INSERT INTO mine VALUES (1, 'one')");
        project
    };
    let accepts = "--accept drop_column:mine.nope --accept drop_view:nope --accept keep_table:nope";
    let all = each_leads_out(3, &format!("cargo dbmigrate push {accepts}"), state);
    assert_eq!(all, ["cargo dbmigrate push --accept drop_column:mine.b"]);
}

#[test]
fn a_pattern_that_fits_nothing_is_mended_as_is_suggested() {
    for name in NAMES {
        let name = format!("{name} of many");
        let project = with_table(&name);
        // the same with a slip that a pattern can have
        let slip = |char: char| if matches!(char, '[' | ']' | '{' | '}' | '!' | '\\') { '?' } else { char };
        let typed: String = name.chars().map(slip).collect::<String>() + "e";
        for sign in ["", "!"] {
            let line = format!("cargo dbmigrate pull {}", shell_flag("--tables", &format!("{sign}{typed}")));
            let run = project.shell(&line);
            assert_eq!(run.code, 2, "`{line}`: {}", run.err);
            let flags = run.err.split('`').find(|part| part.starts_with("--tables"));
            let flags = flags.unwrap_or_else(|| panic!("no pattern for {name:?} in {}", run.err));
            let run = project.shell(&format!("cargo dbmigrate pull {flags}"));
            assert_eq!(run.code, 0, "`{flags}`: {}", run.err);
            let has_mine = run.out.contains("struct Mine");
            assert_eq!(has_mine, sign == "!", "`{flags}`: {}", run.out);
        }
    }
}

#[test]
fn what_is_used_and_not_pulled_is_pulled_as_is_suggested() {
    for name in NAMES {
        let project = with_table(name);
        project.sql(&format!("CREATE VIEW seen AS SELECT b FROM {}", sql(name)));
        let run = project.runs("pull --tables seen");
        let flags = run.err.split('`').find(|part| part.starts_with("--tables"));
        let flags = flags.unwrap_or_else(|| panic!("nothing is suggested for {name:?}: {}", run.err));
        let run = project.shell(&format!("cargo dbmigrate pull --tables seen {flags}"));
        assert_eq!(run.code, 0, "`{flags}`: {}", run.err);
        assert!(!run.err.contains("warning"), "`{flags}`: {}", run.err);
    }
}

#[test]
fn what_no_migration_can_have_is_hidden_as_is_suggested() {
    for name in NAMES {
        let project = with_table("plain");
        project.sql(&format!("CREATE TABLE {} (a \"\", b)", sql(name)));
        project.write("src/lib.rs", "");
        project.write("dbmigrate.toml", "ignore = [\"nobody_*\"]\n");
        let run = project.ends(1, "pull --baseline");
        project.write("dbmigrate.toml", configured(&run.err));
        let run = project.runs("pull --baseline");
        assert!(!run.out.contains("odd"), "{}", run.out);
        assert!(project.read("dbmigrate.toml").contains("nobody_*"), "what was hidden stays hidden");
    }
}

#[test]
fn files_and_folders_of_pulled_structs_are_named_as_they_are_to_be_typed() {
    for path in PATHS {
        // a name that is none of a Rust file
        let out = shell_flag("--out", path);
        let run = with_table("t").shell(&format!("cargo dbmigrate pull {out}"));
        assert_eq!(run.code, 2, "{path:?}: {}", run.err);
        let flags: Vec<&str> = run.err.split('`').filter(|part| part.starts_with("--out")).skip(1).collect();
        assert_eq!(flags.len(), 2, "{}", run.err);
        for flags in flags {
            let project = with_table("t");
            let run = project.shell(&format!("cargo dbmigrate pull {flags}"));
            assert_eq!(run.code, 0, "`{flags}`: {}", run.err);
            assert!(project.path(&format!("{path}.rs")).is_file() || project.path(path).is_dir(), "{path:?}");
        }
        // a folder that is not there
        let out = shell_flag("--out", &format!("{path}/schema.rs"));
        let project = with_table("t");
        let line = format!("cargo dbmigrate pull {out} --enums");
        let run = project.shell(&line);
        assert_eq!(run.code, 1, "{path:?}: {}", run.err);
        let make = run.err.split('`').find(|part| part.starts_with("mkdir")).expect("it can be made");
        assert_eq!(project.shell(make).code, 0, "`{make}`");
        assert_eq!(project.shell(&line).code, 0, "`{make}`");
        // a file that is there
        project.sql("ALTER TABLE t ADD COLUMN c");
        let run = project.shell(&line);
        assert_eq!(run.code, 3, "{path:?}: {}", run.err);
        for command in suggested(&run) {
            let run = project.shell(&command);
            assert_eq!(run.code, 0, "`{command}`: {}", run.err);
        }
        assert_eq!(project.shell(&line).code, 0);
    }
}

#[test]
fn the_database_of_a_command_is_that_of_what_it_suggests() {
    // the hardest of them: each takes many runs
    for path in ["-x", "it's \"$HOME\"", "`tick`"] {
        // a variable that nobody has expanded is refused
        let here = if path.starts_with(['$', '`']) { "./" } else { "" };
        let file = format!("{here}{path}/data {path}.db");
        let url = shell_flag("--url", &file);
        // its folder is not there
        let state = || Project::generated(STRUCT);
        let project = state();
        let line = format!("cargo dbmigrate migrate {url}");
        let run = project.shell(&line);
        assert_eq!(run.code, 1, "{}", run.err);
        let make = run.err.split('`').find(|part| part.starts_with("mkdir")).expect("it can be made");
        assert_eq!(project.shell(make).code, 0, "`{make}`");
        assert_eq!(project.shell(&line).code, 0, "`{make}`");

        // it has tables, but no history; another history; rows; drift
        let made = |sql: &str| {
            let project = Project::generated(STRUCT);
            fs_err::create_dir(project.path(path)).expect("the directory is writable");
            if !sql.is_empty() {
                project.database(&file).run(sql);
            }
            project
        };
        let declared = "CREATE TABLE mine (id INTEGER PRIMARY KEY) STRICT; INSERT INTO mine VALUES (1)";
        let all = each_leads_out(5, &line, || made(declared));
        assert!(all.iter().any(|line| line.contains("baseline")), "{all:?}");
        each_leads_out(1, &format!("cargo dbmigrate baseline {url}"), || made(""));
        let reset = |sql: &str| {
            let project = made("");
            assert_eq!(project.shell(&line).code, 0);
            project.database(&file).run(sql);
            project
        };
        let all = each_leads_out(3, &format!("cargo dbmigrate reset {url}"), || reset("INSERT INTO mine VALUES (1)"));
        assert_eq!(all.len(), 2, "{all:?}");
        each_leads_out(5, &line, || {
            let project = reset("CREATE INDEX by_hand ON mine (id)");
            project.structs(&STRUCT.replace("pub id: i64,", "pub id: i64,\n    pub x: Option<i64>,"));
            project.runs("generate");
            project
        });
        let changed = "UPDATE _dbmigrate_history SET checksum = 'other'";
        each_leads_out(5, &line, || reset(changed));
        each_leads_out(3, &format!("cargo dbmigrate push {url}"), || {
            let project = reset("");
            project.structs(&STRUCT.replace("pub id: i64,", "pub id: i64,\n    pub x: Option<i64>,"));
            project
        });
        // what there is not
        let undo = format!("cargo dbmigrate rollback --steps 1 {url}");
        let run = reset("").shell(&undo);
        assert!(
            run.suggested().iter().any(|line| line.ends_with(&format!("generate --undo {url}")) || line.contains(&url))
        );
    }
}

#[test]
fn a_missing_database_is_not_named_for_another_command_than_the_one_that_ran() {
    let project = Project::generated(STRUCT);
    let run = project.ends(1, "reset --keep-data --url nope.db");
    let all = run.suggested();
    assert!(all.contains(&"cargo dbmigrate reset --keep-data --url PATH".to_owned()), "{all:?}");
    let run = project.ends(1, "pull --baseline --out src/schema.rs --enums --url nope.db");
    assert!(run.suggested().iter().all(|line| !line.contains("baseline") || line.contains("--enums")), "{}", run.err);
}

#[test]
fn the_package_of_a_command_is_that_of_what_it_suggests() {
    for path in PATHS {
        let project = Project::new("");
        fs_err::remove_file(project.path("Cargo.toml")).expect("it is there");
        let manifest = format!("{path}/Cargo.toml");
        project.write(&manifest, "[package]\nname = \"inner\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        project.write(&format!("{path}/src/lib.rs"), format!("use dbmigrate::Table;\n{STRUCT}"));
        // the folder instead of the file
        let run = project.shell(&format!("cargo dbmigrate generate {}", shell_flag("--manifest-path", path)));
        assert_eq!(run.code, 2, "{}", run.err);
        let flag = run.err.split('`').find(|part| part.starts_with("--manifest-path")).expect("it is suggested");
        let run = project.shell(&format!("cargo dbmigrate generate {flag}"));
        assert_eq!(run.code, 0, "`{flag}`: {}", run.err);
        let [migrate] = &suggested(&run)[..] else { panic!("{}", run.err) };
        assert_eq!(project.shell(migrate).code, 0, "`{migrate}`");
        assert!(project.path(&format!("{path}/dev.db")).is_file(), "`{migrate}`");
    }
}

#[test]
fn a_side_that_is_a_file_is_named_as_it_is_to_be_typed() {
    for path in PATHS {
        let project = Project::migrated(STRUCT);
        fs_err::copy(project.path("dev.db"), project.path(path)).expect("the directory is writable");
        let run = project.shell(&format!("cargo dbmigrate diff {}", shell_flag("--from", path)));
        assert_eq!(run.code, 2, "{}", run.err);
        let flag = run.err.split('`').find(|part| {
            part.starts_with("--from ./") || part.starts_with("--from '") || part.starts_with("--from \"")
        });
        let flag = flag.unwrap_or_else(|| panic!("no file in {}", run.err));
        let run = project.shell(&format!("cargo dbmigrate diff {flag}"));
        assert_eq!(run.code, 0, "`{flag}`: {}", run.err);
    }
}

#[test]
fn a_migrations_folder_is_restored_whatever_it_is_called() {
    for path in PATHS {
        let state = || {
            let project = Project::new(STRUCT);
            project.write("dbmigrate.toml", format!("migrations = {path:?}\n"));
            project.runs("generate");
            project.structs(&STRUCT.replace("pub id: i64,", "pub id: i64,\n    pub x: Option<i64>,"));
            project.runs("generate");
            let git = "git init -q && git add -A && git -c user.name=a -c user.email=a@b commit -qm a";
            assert_eq!(project.shell(git).code, 0);
            project
        };
        for (file, is_gone) in [
            ("0001_create_mine/migration.sql", false),
            ("0001_create_mine/snapshot.json", true),
            ("migrations.lock", true),
        ] {
            let project = state();
            let file = format!("{path}/{file}");
            if is_gone {
                fs_err::remove_file(project.path(&file)).expect("it is there");
            } else {
                project.replace(&file, "CREATE", "create");
            }
            let run = project.ends(5, "check");
            let restore = run.err.split('`').find(|part| part.starts_with("git restore")).unwrap_or_default();
            assert_eq!(project.shell(restore).code, 0, "`{restore}`: {}", run.err);
            project.runs("check");
        }
        let project = state();
        project.write(&format!("{path}/0003_left/migration.sql"), "");
        let run = project.ends(5, "check");
        let remove = run.err.split('`').find(|part| part.starts_with("rm ")).unwrap_or_default();
        assert_eq!(project.shell(remove).code, 0, "`{remove}`: {}", run.err);
        project.runs("check");
    }
}

#[test]
fn a_fill_that_is_misplaced_is_put_right_as_is_suggested() {
    for name in NAMES {
        let declared = format!(
            "#[derive(Table)]\n#[table(name = {name:?})]\npub struct T {{\n    #[column(primary_key)]\n    pub id: i64,\n    \
             #[column(name = {name:?})]\n    pub a: Option<String>,\n}}"
        );
        let project = Project::migrated(&declared);
        project.sql(&format!("INSERT INTO {} VALUES (1, '7')", sql(name)));
        // a type changes, and the value for it comes with the flag for new columns
        project.structs(&declared.replace("Option<String>", "Option<i64>"));
        let target = dbmigrate_core::sql::path::path([&name.into(), &name.into()]);
        let typed = shell_flag("--backfill", &format!("{target}=1 + 1"));
        let run = project.shell(&format!("cargo dbmigrate generate {typed}"));
        assert_eq!(run.code, 2, "{name:?}: {}", run.err);
        let flag = run.err.split('`').find(|part| part.starts_with("--convert"));
        let flag = flag.unwrap_or_else(|| panic!("nothing is suggested: {}", run.err));
        let run = project.shell(&format!("cargo dbmigrate generate {flag}"));
        assert_eq!(run.code, 0, "`{flag}`: {}", run.err);
        project.runs("migrate");
        assert_eq!(project.query(&format!("SELECT * FROM {}", sql(name))), ["1|2"]);
    }
}

#[test]
fn a_url_that_was_meant_otherwise_is_written_where_it_was() {
    for path in PATHS.iter().filter(|path| !path.contains('`')) {
        // quotes around it are part of it
        let meant = format!("data {path}.db");
        let quoted = format!("'{meant}'");
        let in_file =
            |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$"));
        let line = |err: &str, start: &str| {
            let found = err.split('`').find(|part| part.starts_with(start) && part.contains("data "));
            found.unwrap_or_else(|| panic!("no `{start}` in\n{err}")).to_owned()
        };
        let made = |project: &Project| {
            project.runs("migrate");
            assert!(project.path(&meant).is_file(), "{meant:?}: {}", project.file_names());
        };
        let project = Project::generated(STRUCT);
        project.write(".env", format!("TURSO_DATABASE_URL={}\n", in_file(&quoted)));
        let run = project.ends(2, "migrate");
        project.write(".env", line(&run.err, "TURSO_DATABASE_URL="));
        made(&project);

        let project = Project::generated(STRUCT);
        project.write("dbmigrate.toml", format!("url = {quoted:?}\n"));
        let run = project.ends(2, "migrate");
        project.write("dbmigrate.toml", line(&run.err, "url = "));
        made(&project);

        let project = Project::generated(STRUCT);
        let run = project.shell(&format!("cargo dbmigrate migrate --url {}", shell_quoted(&quoted)));
        assert_eq!(run.code, 2, "{}", run.err);
        let run = project.shell(&format!("cargo dbmigrate migrate {}", line(&run.err, "--url")));
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(project.path(&meant).is_file(), "{}", project.file_names());

        let run = Project::generated(STRUCT)
            .shell(&format!("TURSO_DATABASE_URL={} cargo dbmigrate migrate", shell_quoted(&quoted)));
        assert_eq!(run.code, 2, "{}", run.err);
        let project = Project::generated(STRUCT);
        let variable = line(&run.err, "TURSO_DATABASE_URL=");
        let run = project.shell(&format!("{variable} cargo dbmigrate migrate"));
        assert_eq!(run.code, 0, "`{variable}`: {}", run.err);
        assert!(project.path(&meant).is_file(), "{}", project.file_names());
    }
}

#[test]
fn a_scheme_of_turso_is_mended() {
    let project = Project::generated(STRUCT);
    for (typed, meant) in [
        ("turso://h.example.com", "libsql://h.example.com"),
        ("libsq://h.example.com/x", "libsql://h.example.com/x"),
        ("turso://h.example.com?authToken=s3cret", "libsql://h.example.com"),
    ] {
        let run = project.ends(2, &format!("migrate --url {typed}"));
        assert!(run.err.contains(&format!("`--url {meant}`")) && !run.err.contains("s3cret"), "{}", run.err);
    }
}

#[test]
fn a_suggestion_is_about_the_same_server_and_shows_no_token() {
    let project = Project::generated(STRUCT);
    // nobody listens there
    let run = project.shell("cargo dbmigrate generate --undo --url 'http://127.0.0.1:9?authToken=s3cret' --timeout 1");
    assert_eq!(run.code, 1, "{}", run.err);
    let said = format!("{}{}", run.out, run.err);
    assert!(!said.contains("s3cret"), "{said}");
    let [line] = &suggested(&run)[..] else { panic!("{said}") };
    assert!(line.contains("--url http://127.0.0.1:9") && line.contains("--offline"), "{line}");
    assert_eq!(project.shell(line).code, 0, "`{line}`");
}

#[test]
fn what_there_is_instead_of_an_unknown_command_is_for_the_same_database_and_package() {
    let state = || Project::migrated(STRUCT);
    for word in ["rollback", "redo", "drop", "up", "db", "new", "seed", "import", "lint", "ls", "drift", "plan", "fix"]
    {
        let flags = "--url='-x y.db' -p app --no-default-features";
        let project = state();
        fs_err::copy(project.path("dev.db"), project.path("-x y.db")).expect("the directory is writable");
        let run = project.shell(&format!("cargo dbmigrate {word} --steps 2 {flags}"));
        assert_eq!(run.code, 2, "{}", run.err);
        for line in suggested(&run) {
            let after = project.shell(&line);
            assert_ne!(after.code, 2, "`{line}` of `{word}`: {}", after.err);
            assert!(line.contains("-p app") || line.ends_with("help"), "`{line}` of `{word}`");
        }
    }
}
