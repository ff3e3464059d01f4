//! Functions that only the application has: declared in `dbmigrate.toml`, they compile everywhere; stand-ins answer for
//! them on generated rows, and nothing answers for them on the rows of a database.

use std::path::Path;

use libsql_rusqlite::Connection;
use libsql_rusqlite::functions::FunctionFlags;

use crate::project::{Project, sql_of};

pub(crate) const DECLARED: &str = "[engine]\nfunctions = { is_uuid = 1, slugify = 2, norm = 1 }\n";

/// A table whose CHECK, generated columns, index and trigger call functions of the application.
pub(crate) const USERS: &str = "#[derive(Table)]\n\
    #[table(name = \"users\", strict, check = \"is_uuid(id)\", index(\"norm(name)\", name = \"users_norm\"),\n\
    trigger(touch, after = insert, body = \"UPDATE users SET slug = slugify(name, 3) WHERE id = new.id;\"))]\n\
    struct User { #[column(primary_key)] id: String, name: String, slug: Option<String>,\n\
    #[column(generated = \"norm(name)\", stored)] norm: Option<String>,\n\
    #[column(generated = \"norm(slug)\")] short: Option<String>, /* more */ }\n\
    #[derive(Table)]\n#[table(name = \"posts\")]\n\
    struct Post { #[column(primary_key)] id: i64, #[column(references = User::id, on_delete = cascade)] author: String }\n";

pub(crate) const ANN: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";
const BOB: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

/// The structs with more in them.
pub(crate) fn users_with(more: &str) -> String {
    USERS.replace("/* more */", more)
}

/// Runs a script as the application would, whose functions are not those of the stand-ins.
pub(crate) fn application(project: &Project, script: &str) {
    registered(&project.path("dev.db")).execute_batch(script).expect("the application can do that");
}

/// A connection of the application.
pub(crate) fn registered(file: &Path) -> Connection {
    // the crate sets the engine up for all
    drop(pollster::block_on(libsql::Builder::new_local(":memory:").build()).expect("a database"));
    let connection = Connection::open(file).expect("the database is there");
    let flags = || FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let text = |context: &libsql_rusqlite::functions::Context<'_>| context.get::<Option<String>>(0);
    let is_uuid = move |context: &libsql_rusqlite::functions::Context<'_>| {
        Ok(text(context)?.map(|text| text.len() == 36 && text.matches('-').count() == 4))
    };
    connection.create_scalar_function("is_uuid", 1, flags(), is_uuid).expect("it can be registered");
    let slugify = move |context: &libsql_rusqlite::functions::Context<'_>| {
        let most = context.get::<i64>(1)?.try_into().unwrap_or(0);
        Ok(text(context)?.map(|text| text.to_lowercase().chars().take(most).collect::<String>()))
    };
    connection.create_scalar_function("slugify", 2, flags(), slugify).expect("it can be registered");
    let norm =
        move |context: &libsql_rusqlite::functions::Context<'_>| Ok(text(context)?.map(|text| text.to_lowercase()));
    connection.create_scalar_function("norm", 1, flags(), norm).expect("it can be registered");
    connection
}

/// A database with rows that the application has written.
pub(crate) fn filled() -> Project {
    let project = Project::new(USERS);
    project.write("dbmigrate.toml", DECLARED);
    project.runs("generate");
    project.runs("migrate");
    application(
        &project,
        &format!(
            "PRAGMA foreign_keys = ON; INSERT INTO users (id, name) VALUES ('{ANN}', 'Ann B'), ('{BOB}', 'Bob');\
             INSERT INTO posts VALUES (1, '{ANN}'), (2, '{BOB}'), (3, '{ANN}')"
        ),
    );
    project
}

/// The rows of both tables, but for what is computed when it is read.
pub(crate) fn rows(project: &Project) -> Vec<String> {
    let users = project.query("SELECT id, name, slug, norm FROM users ORDER BY id");
    [users, project.query("SELECT * FROM posts ORDER BY id")].concat()
}

/// All that must not change: those rows, and the schema.
pub(crate) fn state(project: &Project) -> Vec<String> {
    [rows(project), project.query("SELECT name, sql FROM sqlite_schema ORDER BY name")].concat()
}

pub(crate) fn filled_rows() -> Vec<String> {
    vec![
        format!("{ANN}|Ann B|ann|ann b"),
        format!("{BOB}|Bob|bob|bob"),
        format!("1|{ANN}"),
        format!("2|{BOB}"),
        format!("3|{ANN}"),
    ]
}

#[test]
fn what_calls_functions_of_the_application_is_declared_proven_and_migrated() {
    let project = Project::new(USERS);
    project.write("dbmigrate.toml", DECLARED);
    let run = project.runs("generate --name first");
    let assumed =
        "Assumed `is_uuid`, `slugify`, `norm`: a stand-in answers for them, so what their values decide is not proven";
    assert!(run.err.contains(assumed), "{}", run.err);
    // the text is the one of the structs, wherever it is stored
    let sql = project.read(&sql_of("0001_first"));
    for text in
        ["CHECK (is_uuid(id))", "GENERATED ALWAYS AS (norm(name)) STORED", "ON users (norm(name))", "slugify(name, 3)"]
    {
        assert!(sql.contains(text), "{text}: {sql}");
    }
    let run = project.runs("check");
    assert!(run.err.contains(assumed) && run.err.contains("structs, snapshots and 1 migration agree"), "{}", run.err);
    let functions: Vec<_> = project.runs("check --message-format json").json();
    let functions = functions.iter().find(|message| message["reason"] == "assumed").expect("it is said");
    assert_eq!(functions["functions"], serde_json::json!(["is_uuid", "slugify", "norm"]));
    project.runs("migrate");
    for command in ["check", "status", "diff --from database"] {
        project.runs(command);
    }
    let stored = project.query("SELECT sql FROM sqlite_schema WHERE name = 'users'").concat();
    assert!(stored.contains("CHECK (is_uuid(id))"), "{stored}");
    // and the functions of the application decide there
    application(&project, &format!("INSERT INTO users (id, name) VALUES ('{ANN}', 'Ann B')"));
    assert_eq!(project.query("SELECT id, slug, norm FROM users"), [format!("{ANN}|ann|ann b")]);
}

#[test]
fn a_schema_without_functions_assumes_nothing() {
    let project = Project::new("#[derive(Table)]\nstruct User { #[column(primary_key)] id: i64 }");
    project.write("dbmigrate.toml", DECLARED);
    let run = project.runs("generate");
    assert!(!run.err.contains("Assumed"), "{}", run.err);
    project.runs("migrate");
    assert!(!project.runs("check").err.contains("Assumed"));
}

#[test]
fn a_function_that_is_not_declared_is_an_error_with_the_line_that_declares_it() {
    for (structs, line) in [
        (
            "#[derive(Table)]\n#[table(name = \"users\", check = \"is_uuid(id)\")]\nstruct User { #[column(primary_key)] id: String }",
            "functions = { is_uuid = 1 }",
        ),
        (
            "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, a: String,\
             \n#[column(generated = \"slugify(a, lower('x, y'))\")] b: Option<String> }",
            "functions = { slugify = 2 }",
        ),
        (
            "#[derive(Table)]\n#[table(name = \"users\", index(\"norm(a)\", name = \"i\"))]\nstruct User { #[column(primary_key)] id: i64, a: String }",
            "functions = { norm = 1 }",
        ),
        (
            "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key, default_sql = \"new_id()\")] id: String }",
            "functions = { new_id = 0 }",
        ),
        (
            "#[derive(Table)]\n#[table(name = \"users\", trigger(t, after = insert, body = \"SELECT audit(new.id, 1, 2);\"))]\nstruct User { #[column(primary_key)] id: i64 }",
            "functions = { audit = 3 }",
        ),
        (
            "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64 }\n\
             #[derive(View)]\n#[view(name = \"v\", query = \"SELECT score(id) AS score FROM users\")]\nstruct V { score: i64 }",
            "functions = { score = 1 }",
        ),
        (
            "#[derive(Table)]\n#[table(name = \"users\", check = \"id REGEXP 'a'\")]\nstruct User { #[column(primary_key)] id: String }",
            "functions = { REGEXP = -1 }",
        ),
    ] {
        let project = Project::new(structs);
        let run = project.ends(1, "generate");
        let help = format!("if the application registers it, declare it in `[engine]` of `dbmigrate.toml`: `{line}`");
        assert!(run.err.contains(&help), "{line}: {}", run.err);
        // as typed
        project.write("dbmigrate.toml", format!("[engine]\n{line}\n"));
        project.runs("generate");
        project.runs("migrate");
        project.runs("check");
    }
}

#[test]
fn a_function_is_called_with_as_many_arguments_as_are_declared() {
    let project = Project::new(USERS);
    project.write("dbmigrate.toml", "[engine]\nfunctions = { is_uuid = 2, slugify = [1, 2], norm = -1 }\n");
    let run = project.ends(1, "generate");
    assert!(run.err.contains("wrong number of arguments to function is_uuid()"), "{}", run.err);
    let line = "functions = { slugify = [1, 2], norm = -1, is_uuid = [1, 2] }";
    assert!(run.err.contains(line), "{}", run.err);
    project.write("dbmigrate.toml", format!("[engine]\n{line}\n"));
    project.runs("generate");
}

#[test]
fn a_function_of_libsql_gets_no_stand_in() {
    let project = Project::new(USERS);
    project.write("dbmigrate.toml", "[engine]\nfunctions = { is_uuid = 1, Lower = 1 }\n");
    let run = project.refuses(2, "generate");
    assert!(run.err.contains("error: libSQL has a function `Lower` of its own"), "{}", run.err);
    assert!(
        run.err.contains("dbmigrate.toml:2:28") && run.err.contains("remove `Lower` from `functions`"),
        "{}",
        run.err
    );
}

#[test]
fn what_evaluates_nothing_is_migrated_on_rows() {
    let project = filled();
    project.structs(&users_with("phone: Option<String>, #[column(default = 1, index)] level: i64,"));
    project.runs("generate");
    project.runs("migrate");
    assert_eq!(rows(&project), filled_rows());
    assert_eq!(project.query("SELECT level FROM users"), ["1", "1"]);
    // another table is rebuilt, and has nothing to do with them
    let posts = "struct Post { #[column(primary_key)] id: i64,";
    let structs = users_with("phone: Option<String>, #[column(default = 1, index)] level: i64,");
    project.structs(
        &structs.replace(posts, &format!("{posts} #[column(check = \"kind <> ''\", default = \"a\")] kind: String,")),
    );
    project.runs("generate");
    project.runs("migrate");
    assert_eq!(project.query("SELECT id, author, kind FROM posts ORDER BY id LIMIT 1"), [format!("1|{ANN}|a")]);
    project.runs("check");
    project.runs("status");
}

#[test]
fn no_stand_in_decides_about_real_rows() {
    let changes: [(&str, String); 5] = [
        (
            "a rebuild copies rows through the CHECK",
            USERS.replace("name: String,", "#[column(check = \"name <> ''\")] name: String,"),
        ),
        ("a new CHECK", USERS.replace("name: String,", "#[column(check = \"is_uuid(name)\")] name: String,")),
        (
            "a new generated column",
            users_with("#[column(generated = \"slugify(name, 2)\", stored)] two: Option<String>,"),
        ),
        ("a new index", USERS.replace("strict,", "strict, index(\"slugify(name, 1)\", name = \"first\"),")),
        (
            "a new unique index",
            USERS.replace("strict,", "strict, unique_index(\"slugify(name, 2)\", name = \"first\"),"),
        ),
    ];
    for (what, structs) in changes {
        let project = filled();
        project.structs(&structs);
        project.runs("generate");
        let before = state(&project);
        for command in ["migrate", "migrate --dry-run", "migrate --rehearse"] {
            let run = project.refuses(3, command);
            assert!(
                run.err.contains("is refused: it calls `") && run.err.contains("for rows of the database"),
                "{what}, {command}: {}",
                run.err
            );
            assert!(run.err.contains("no stand-in decides about real rows"), "{what}: {}", run.err);
            assert!(
                run.err.contains("help: run it in the application, whose embedded runner has `"),
                "{what}: {}",
                run.err
            );
            assert!(!run.err.contains("fix the rows"), "{what}: {}", run.err);
        }
        assert_eq!(state(&project), before, "{what}");
        assert_eq!(rows(&project), filled_rows(), "{what}");
        // an empty database has no rows to decide about
        project.runs("migrate --url other.db");
    }
}

#[test]
fn rows_that_a_migration_writes_are_not_written_by_a_stand_in() {
    let project = filled();
    project.runs("generate --custom --name backfill");
    let file = sql_of("0002_backfill");
    for statement in [
        "UPDATE users SET slug = slugify(name, 2)",
        &format!("INSERT INTO users (id, name) VALUES ('{}', 'New')", ANN.replace('0', "1")),
        "DELETE FROM posts;\nDELETE FROM users WHERE name = 'Bob'",
    ] {
        project.write(&file, format!("-- 0002_backfill\n{statement};\n"));
        project.runs("generate --custom");
        let run = project.refuses(3, "migrate");
        assert!(run.err.contains("is refused: it calls `"), "{statement}: {}", run.err);
        assert_eq!(rows(&project), filled_rows(), "{statement}");
    }
}

#[test]
fn a_push_asks_the_application_for_real_rows_too() {
    let project = Project::new(USERS);
    project.write("dbmigrate.toml", DECLARED);
    let run = project.runs("push");
    assert!(run.err.contains("Assumed `is_uuid`"), "{}", run.err);
    application(&project, &format!("INSERT INTO users (id, name) VALUES ('{ANN}', 'Ann B')"));
    project.structs(&users_with("phone: Option<String>,"));
    project.runs("push");
    project.structs(&USERS.replace("name: String,", "#[column(check = \"name <> ''\")] name: String,"));
    let before = state(&project);
    let run = project.run("push --accept all");
    assert_ne!(run.code, 0);
    assert!(run.err.contains("is a function of the application, and not available here"), "{}", run.err);
    assert!(run.err.contains("whose embedded runner has `"), "{}", run.err);
    assert_eq!(state(&project), before);
}

#[test]
fn a_database_with_functions_of_the_application_is_pulled_and_carried_on() {
    let made = filled();
    application(&made, "CREATE VIEW names AS SELECT norm(name) AS name, id FROM users; DROP TABLE _dbmigrate_history");
    let project = Project::new("");
    project.write("dev.db", made.bytes("dev.db"));
    // what is not declared is said, with its line
    let run = project.ends(1, "pull --baseline --out src/lib.rs --overwrite");
    assert!(run.err.contains("does not compile here, so its struct has `unchecked`: "), "{}", run.err);
    assert!(run.err.contains("declare it in `[engine]` of `dbmigrate.toml`"), "{}", run.err);
    project.write("dbmigrate.toml", DECLARED);
    project.runs("pull --baseline --out src/lib.rs --overwrite");
    let structs = project.read("src/lib.rs");
    assert!(structs.contains("is_uuid(id)") && !structs.contains("unchecked"), "{structs}");
    project.runs("check");
    project.runs("diff --from database");
    project.replace(
        "src/lib.rs",
        "pub slug: Option<String>,",
        "pub slug: Option<String>,\n    pub phone: Option<String>,",
    );
    project.runs("generate");
    project.runs("migrate");
    assert_eq!(rows(&project), filled_rows());
}

#[test]
fn a_type_that_an_answer_does_not_fit_can_be_declared() {
    let structs = "#[derive(Table)]\n#[table(name = \"files\", strict)]\n\
                   struct File { #[column(primary_key)] id: i64, name: String,\n\
                   #[column(generated = \"digest(name)\", stored, unique)] digest: Vec<u8>, /* more */ }";
    let project = Project::new(structs);
    project.write("dbmigrate.toml", "[engine.functions]\ndigest = { arguments = 1, returns = \"blob\" }\n");
    project.runs("generate");
    project.structs(&structs.replace("name: String,", "#[column(check = \"name <> ''\")] name: String,"));
    let run = project.runs("generate -v");
    assert!(!run.err.contains("only proven on the empty table"), "{}", run.err);
    assert!(!run.err.contains("on 0 generated rows"), "{}", run.err);
}

#[test]
fn histories_with_functions_are_squashed() {
    let project = filled();
    project.structs(&users_with("phone: Option<String>,"));
    project.runs("generate");
    project.runs("migrate");
    project.runs("squash 1..2");
    project.runs("migrate");
    project.runs("check");
    assert_eq!(rows(&project), filled_rows());
}

#[test]
fn a_migration_that_calls_functions_is_reverted() {
    let project = filled();
    project.structs(&users_with("phone: Option<String>,"));
    project.runs("generate");
    project.runs("migrate");
    project.runs("revert --accept drop_column:users.phone");
    project.runs("migrate");
    assert_eq!(rows(&project), filled_rows());
}

/// All rows of a backup, or of a database that was restored from it, are those that the application wrote, and the
/// application finds its index in order.
fn is_whole(project: &Project, file: &str) {
    let query = |sql: &str| {
        let connection = registered(&project.path(file));
        let mut statement = connection.prepare(sql).expect("it compiles");
        let width = statement.column_count();
        let row = |row: &libsql_rusqlite::Row<'_>| {
            let cells = (0..width).map(|at| {
                Ok(match row.get_ref(at)? {
                    libsql_rusqlite::types::ValueRef::Integer(integer) => integer.to_string(),
                    other => other.as_str()?.to_owned(),
                })
            });
            Ok(cells.collect::<Result<Vec<String>, libsql_rusqlite::Error>>()?.join("|"))
        };
        statement.query_map([], row).expect("it runs").collect::<Result<Vec<_>, _>>().expect("rows")
    };
    let users = query("SELECT id, name, slug, norm FROM users ORDER BY id");
    assert_eq!([users, query("SELECT * FROM posts ORDER BY id")].concat(), filled_rows(), "{file}");
    assert_eq!(query("SELECT name FROM users INDEXED BY users_norm WHERE norm(name) = 'bob'"), ["Bob"], "{file}");
    assert_eq!(query("PRAGMA integrity_check"), ["ok"], "{file}");
    assert!(query("PRAGMA foreign_key_check").is_empty(), "{file}");
}

const NOT_COMPARED: &str = "Not compared index `users_norm` with its rows: only the application has `norm` (there: \
     `PRAGMA integrity_check`)";

#[test]
fn a_file_with_an_index_over_a_function_is_backed_up_and_restored() {
    let project = filled();
    let run = project.runs("backup copy.db");
    assert!(run.err.contains(NOT_COMPARED), "{}", run.err);
    is_whole(&project, "copy.db");
    let run = project.runs("restore copy.db --url back.db");
    assert!(run.err.contains(NOT_COMPARED), "{}", run.err);
    is_whole(&project, "back.db");
    let run = project.runs("backup json.db --message-format json");
    let said = run.json().into_iter().find(|message| message["reason"] == "backup").expect("it is said");
    assert_eq!(said["not_compared"], serde_json::json!(["users_norm"]));
    // a backup is what is left when the package is not at hand: it needs no declaration
    project.write("dbmigrate.toml", "");
    project.runs("backup undeclared.db");
    project.runs("restore undeclared.db --url found.db");
    is_whole(&project, "found.db");
}

#[test]
fn a_file_with_free_pages_and_functions_is_backed_up() {
    let project = filled();
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)";
    application(
        &project,
        &format!(
            "CREATE TABLE big AS {many} SELECT hex(randomblob(200)) AS a FROM n; DROP TABLE big;\
             CREATE VIEW names AS SELECT norm(name) AS name FROM users"
        ),
    );
    let before = std::fs::metadata(project.path("dev.db")).expect("a file").len();
    project.runs("backup copy.db");
    assert!(std::fs::metadata(project.path("copy.db")).expect("a file").len() < before / 2, "it was not vacuumed");
    is_whole(&project, "copy.db");
    project.runs("restore copy.db --url back.db");
    is_whole(&project, "back.db");
}

#[test]
fn damage_is_found_beside_an_index_over_a_function() {
    let project = filled();
    // more rows than checks report lines
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)";
    let name = "printf('00000000-0000-0000-0000-%012d', i)";
    application(
        &project,
        &format!(
            "INSERT INTO users (id, name) {many} SELECT {name}, 'x' || i FROM n;\
             CREATE INDEX plain ON users (lower(name))"
        ),
    );
    project.runs("backup sound.db");
    // the entries of an index are those of another one, as many or too few
    for (index, others, said) in [
        ("plain", "users (upper(name))", "missing from index plain"),
        ("users_norm", "other (a, b)", "wrong # of entries in index users_norm"),
    ] {
        project.write("dev.db", project.bytes("sound.db"));
        application(
            &project,
            &format!(
                "CREATE TABLE other (a, b); CREATE INDEX others ON {others}; PRAGMA writable_schema = ON;\
                 UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'others') \
                 WHERE name = '{index}'; DELETE FROM sqlite_schema WHERE name = 'others'"
            ),
        );
        let run = project.refuses(1, &format!("backup {index}.db"));
        assert!(run.err.contains("is damaged") && run.err.contains(said), "{index}: {}", run.err);
        assert!(!run.err.contains("missing from index users_norm"), "{index}: {}", run.err);
        assert!(!project.path(&format!("{index}.db")).exists());
    }
}

#[test]
fn what_copies_a_database_does_so_with_functions_of_the_application() {
    let project = filled();
    project.structs(&users_with("phone: Option<String>,"));
    project.runs("generate");
    let before = state(&project);
    project.runs("migrate --dry-run");
    project.runs("migrate --rehearse");
    assert_eq!(project.query("SELECT count(*) FROM pragma_table_info('users') WHERE name = 'phone'"), ["1"]);
    assert_ne!(state(&project), before);
    is_whole(&project, "dev.db");
    // what a migration drops is kept
    project.structs(USERS);
    project.runs("generate --accept drop_column:users.phone");
    let run = project.runs("migrate --backup");
    assert!(run.err.contains(NOT_COMPARED), "{}", run.err);
    is_whole(&project, "dev.db");
    project.runs("kept");
    project.runs("status");
}

#[test]
fn a_set_of_rows_is_written_where_no_function_is_needed() {
    let project = filled();
    project.write("seeds/more/posts.toml", format!("[[posts]]\nid = 4\nauthor = \"{ANN}\"\n"));
    project.runs("seed more");
    assert_eq!(project.query("SELECT author FROM posts WHERE id = 4"), [ANN]);
    let before = state(&project);
    let id = ANN.replace('0', "1");
    project.write("seeds/users/users.toml", format!("[[users]]\nid = \"{id}\"\nname = \"New\"\n"));
    let run = project.run("seed users");
    assert_ne!(run.code, 0);
    assert!(run.err.contains("is a function of the application, and not available here"), "{}", run.err);
    assert_eq!(state(&project), before);
}
