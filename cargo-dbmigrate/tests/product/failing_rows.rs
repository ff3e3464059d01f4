//! Expressions of the author's that fail on rows: before anything is changed, it is said which, on how many, and where.

use crate::project::Project;

/// A parent with rows, and a child with a key to it, beside the table that changes.
const FAMILY: &str = "#[derive(Table)]\n#[table(name = \"parents\")]\nstruct Parent { #[column(primary_key)] id: i64 }\n\
    #[derive(Table)]\n#[table(name = \"kids\")]\nstruct Kid { #[column(primary_key)] id: i64, #[column(references = Parent::id, on_delete = cascade)] parent: i64 }\n";
const FAMILY_ROWS: &str = "INSERT INTO parents VALUES (1), (2); INSERT INTO kids VALUES (10, 1), (11, 2);";

const EVENT: &str = "#[derive(Table)]\n#[table(name = \"events\"OPTIONS)]\nstruct Event { #[column(primary_key)] id: i64, #[column(references = Parent::id)] parent: i64, DATA, n: Option<i64>MORE }\n";

fn event(options: &str, data: &str, more: &str) -> String {
    let event = EVENT.replace("OPTIONS", options).replace("DATA", data).replace("MORE", more);
    format!("{FAMILY}{event}")
}

fn events() -> String {
    event("", "data: Option<String>", "")
}

/// A database with rows of events, some of which are no JSON.
fn project(rows: &str) -> Project {
    let project = Project::migrated(&events());
    project.sql(&format!("PRAGMA foreign_keys = ON; {FAMILY_ROWS} {rows}"));
    project
}

/// What refuses in every command that would apply the change says these words, and changes nothing.
#[track_caller]
fn is_refused(project: &Project, flags: &str, words: &[&str]) {
    let (rows, bytes) = (project.dump(), project.bytes("dev.db"));
    for line in [
        "migrate --dry-run".to_owned(),
        "migrate".to_owned(),
        format!("push --dry-run --accept history{flags}"),
        format!("push --accept history{flags}"),
    ] {
        let run = project.shell(&format!("cargo dbmigrate {line}"));
        assert_eq!(run.code, 3, "{line}: {}{}", run.out, run.err);
        for word in words.iter().chain(&["help: ", "to see them: `SELECT "]) {
            assert!(run.err.contains(word), "{line}: {word}\n{}", run.err);
        }
        assert!(!run.err.contains("bug"), "{line}: {}", run.err);
        assert!(project.bytes("dev.db") == bytes, "{line} has changed the file");
    }
    assert_eq!(project.dump(), rows);
    // what is suggested can be run as it is
    for query in project.run("migrate").err.lines().filter_map(|line| line.split_once("to see them: `")) {
        assert!(!project.query(query.1.trim_end_matches('`')).is_empty(), "{}", query.1);
    }
}

const THREE: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
     INSERT INTO events SELECT i, 1 + i % 2, CASE WHEN i IN (17, 5000, 9999) THEN 'no json' WHEN i % 7 THEN '{\"a\":1}' END, i FROM n";

#[test]
fn three_of_ten_thousand_rows_are_counted_and_named_before_anything_is_changed() {
    let project = project(THREE);
    project.structs(&event(", index(\"json_extract(data, '$.a')\", name = \"by_a\")", "data: Option<String>", ""));
    project.runs("generate");
    is_refused(
        &project,
        "",
        &[
            "`json_extract(data, '$.a')` of index `by_a` fails on 3 rows of `events`, at rowid 17, 5000, 9999: malformed JSON",
        ],
    );
    project.sql("UPDATE events SET data = '{}' WHERE id IN (17, 5000, 9999)");
    project.runs("migrate");
    assert_eq!(project.query("SELECT count(*) FROM events"), ["10000"]);
    assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0]);
}

#[test]
fn whatever_evaluates_the_expression_is_named() {
    const ROWS: &str = "INSERT INTO events VALUES (1, 1, '{\"a\":1}', 1), (2, 1, NULL, NULL), (30, 2, 'x', -9223372036854775807 - 1), (31, 2, 'y', 5)";
    const DATA: &str = "data: Option<String>";
    let two = "fails on 2 rows of `events`, at rowid 30, 31: malformed JSON";
    let one = "fails on 1 row of `events`, at rowid 30: integer overflow";
    for (structs, flags, words) in [
        (event(", unique_index(\"json_extract(data, '$.a')\", name = \"i\")", DATA, ""), "", ["index `i`", two]),
        (
            event(", index(n, name = \"i\", where = \"data ->> 'a' > 0\")", DATA, ""),
            "",
            ["`data ->> 'a' > 0` of index `i`", two],
        ),
        (event(", index(\"abs(n)\", name = \"i\")", DATA, ""), "", ["`abs(n)` of index `i`", one]),
        (
            event("", DATA, ", #[column(generated = \"json_extract(data, '$.a')\")] g: Option<String>"),
            "",
            ["generated column `events.g`", two],
        ),
        (
            event("", DATA, ", #[column(generated = \"json_extract(data, '$.a')\", stored)] g: Option<String>"),
            "",
            ["generated column `events.g`", two],
        ),
        // an index on a table that is built anew
        (
            event(", index(\"json(data)\", name = \"i\"), check(\"id > 0\")", DATA, ""),
            "",
            ["`json(data)` of index `i`", two],
        ),
        (
            event("", DATA, ", #[column(generated = \"abs(n)\", stored)] g: Option<i64>"),
            "",
            ["generated column `events.g`", one],
        ),
        (
            event("", "#[column(check = \"json_type(data) = 'object'\")] data: Option<String>", ""),
            "",
            ["a CHECK of `events`", two],
        ),
        (
            event(
                "",
                DATA,
                ", #[column(check = \"coalesce(json_type(data), '') <> 'array' AND k < 2\")] k: Option<i64>",
            ),
            " --backfill events.k=1",
            ["a CHECK of `events`", two],
        ),
        (
            event("", DATA, ", k: String"),
            " --backfill \"events.k=coalesce(json_extract(data, '$.a'), '')\"",
            ["the value for `events.k`", two],
        ),
        (
            event("", DATA, ", k: Vec<u8>"),
            " --backfill \"events.k=coalesce(zeroblob(n * 3000000000), x'')\"",
            ["the value for `events.k`", "fails on 2 rows of `events`, at rowid 1, 31: string or blob too big"],
        ),
        (
            event("", DATA, ", k: String"),
            " --backfill \"events.k=coalesce(data LIKE 'a' ESCAPE data, '')\"",
            [
                "the value for `events.k`",
                "fails on 1 row of `events`, at rowid 1: ESCAPE expression must be a single character",
            ],
        ),
        (
            event("", DATA, ", k: i64"),
            " --backfill \"events.k=(SELECT count(*) FROM json_each(coalesce(events.data, '[]')))\"",
            ["the value for `events.k`", two],
        ),
        (
            event("", "data: Option<i64>", ""),
            " --convert \"events.data=json_extract(data, '$.a')\"",
            ["the value for `events.data`", two],
        ),
    ] {
        let project = project(ROWS);
        project.structs(&structs);
        let run = project.shell(&format!("cargo dbmigrate generate{flags}"));
        assert_eq!(run.code, 0, "{flags}: {}", run.err);
        is_refused(&project, flags, &words);
    }
}

#[test]
fn tables_without_rowids_are_told_apart_by_their_keys() {
    const TABLE: &str = "#[derive(Table)]\n#[table(name = \"my \\\"t; --\", without_rowid, primary_key(a, order)MORE)]\nstruct T { #[column(name = \"a b\")] a: Vec<u8>, #[column(name = \"order\")] order: String, #[column(name = \"do'c\")] doc: Option<String> }";
    let project = Project::migrated(&format!("{FAMILY}{}", TABLE.replace("MORE", "")));
    project.sql(&format!(
        "PRAGMA foreign_keys = ON; {FAMILY_ROWS} INSERT INTO \"my \"\"t; --\" VALUES (x'00ff', 'it''s', 'no'), (x'', 'b', '{{}}'), (x'01', 'é', 'nor'), (x'01', 'z', NULL)"
    ));
    project.structs(&format!("{FAMILY}{}", TABLE.replace("MORE", ", index(\"json(\\\"do'c\\\")\", name = \"i\")")));
    project.runs("generate");
    is_refused(
        &project,
        "",
        &["fails on 2 rows of `my \"t; --`, at (a b, order) (X'00FF', 'it''s'), (X'01', 'é'): malformed JSON"],
    );
}

#[test]
fn rows_that_a_condition_leaves_out_do_not_count() {
    let project = project("INSERT INTO events VALUES (1, 1, '{\"a\":1}', 1), (2, 1, NULL, NULL), (30, 2, 'x', 1)");
    let before = project.dump();
    let guarded = ", index(\"json_extract(data, '$.a')\", name = \"i\", where = \"json_valid(data)\"), check(\"NOT json_valid(data) OR json_type(data) = 'object'\")";
    project.structs(&event(guarded, "data: Option<String>", ", #[column(generated = \"CASE WHEN json_valid(data) THEN json_extract(data, '$.a') END\", stored)] g: Option<i64>"));
    project.runs("generate");
    project.runs("migrate --dry-run");
    project.runs("migrate");
    assert_ne!(project.dump(), before);
    assert_eq!(project.query("SELECT id, g FROM events"), ["1|1", "2|NULL", "30|NULL"]);
}

#[test]
fn a_migration_that_mends_its_rows_first_is_not_refused() {
    let project = project("INSERT INTO events VALUES (1, 1, 'x', 1)");
    project.structs(&event(", index(\"json_extract(data, '$.a')\", name = \"i\")", "data: Option<String>", ""));
    project.runs("generate --custom --name by_a");
    let file = crate::project::sql_of("0002_by_a");
    let draft = project.read(&file);
    project.write(
        &file,
        draft.replace("CREATE INDEX", "UPDATE events SET data = '{}' WHERE NOT json_valid(data);\nCREATE INDEX"),
    );
    project.runs("generate --custom");
    project.runs("migrate");
    assert_eq!(project.query("SELECT id, data FROM events"), ["1|{}"]);
}

#[test]
fn what_rests_on_earlier_pending_migrations_is_found_in_a_rehearsal_too() {
    let project = project("INSERT INTO events VALUES (1, 1, '{}', 1), (2, 1, 'x', 1)");
    project.structs(&event("", "#[column(name = \"payload\", renamed_from = \"data\")] payload: Option<String>", ""));
    project.runs("generate --rename events.data=payload");
    let more = event(
        ", index(\"json_extract(payload, '$.a')\", name = \"i\")",
        "#[column(name = \"payload\")] payload: Option<String>",
        "",
    );
    project.structs(&more);
    project.runs("generate");
    let run = project.ends(3, "migrate --dry-run");
    assert!(run.err.contains("of index `i` fails on 1 row of `events`, at rowid 2: malformed JSON"), "{}", run.err);
    let run = project.ends(3, "migrate");
    assert!(run.err.contains("of index `i` fails on 1 row of `events`, at rowid 2: malformed JSON"), "{}", run.err);
}

#[test]
fn views_and_triggers_over_such_rows_are_in_the_way_of_nothing() {
    const BODY: &str = ", trigger(looks, after = update, when = \"json_type(new.data) = 'object'\", body = \"DELETE FROM kids WHERE id = json_extract(new.data, '$.a');\")";
    const VIEW: &str = "#[derive(View)]\n#[view(name = \"kinds\", query = \"SELECT id, json_type(data) AS kind FROM events\")]\nstruct Kind { id: i64, kind: Option<String> }\n";
    let all = |options: &str| format!("{}{VIEW}", event(&format!("{BODY}{options}"), "data: Option<String>", ""));
    let project = Project::migrated(&all(""));
    project.sql(&format!(
        "PRAGMA foreign_keys = ON; {FAMILY_ROWS} INSERT INTO events VALUES (1, 1, 'x', 1), (2, 2, '[]', NULL)"
    ));
    let before = project.dump();
    project.structs(&all(", check(\"id > 0\")"));
    project.runs("generate");
    project.runs("migrate --dry-run");
    project.runs("migrate");
    assert_eq!(project.dump(), before);
    assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0]);
}

#[test]
fn what_is_computed_of_new_columns_is_foreseen() {
    const USER: &str = "#[derive(Table)]\n#[table(name = \"users\"OPTIONS)]\nstruct User { #[column(primary_key)] id: i64, name: StringMORE }\n";
    let user = |options: &str, more: &str| USER.replace("OPTIONS", options).replace("MORE", more);
    let strict = ", strict";
    for (options, before, after, flags, words) in [
        // NULL in what is NOT NULL, of a default
        (
            "",
            "",
            ", #[column(default = \"x\")] kind: String, #[column(generated = \"CASE WHEN kind = 'x' AND length(name) > 3 THEN NULL ELSE 1 END\")] code: i64",
            "",
            "2 rows would get NULL in `users.code`, which is NOT NULL, first at rowid 2",
        ),
        // a check of what is computed of a default
        (
            "",
            "",
            ", #[column(default = 2)] more: i64, #[column(generated = \"length(name) + more\", check = \"size < 7\")] size: Option<i64>",
            "",
            "2 rows of `users` violate CHECK (size < 7), first at rowid 2",
        ),
        // of a backfill
        (
            "",
            "",
            ", nick: String, #[column(generated = \"nick || '!'\", check = \"loud <> 'grace!'\")] loud: Option<String>",
            " --backfill users.nick=lower(name)",
            "1 row of `users` violates CHECK (loud <> 'grace!'), first at rowid 2",
        ),
        // another type in a STRICT table, which the engine itself does not see
        (
            strict,
            "",
            ", #[column(default = \"x\")] kind: String, #[column(generated = \"CASE WHEN length(name) > 3 THEN kind ELSE 1 END\")] code: Option<i64>",
            "",
            "2 rows of `users` would get a value in `code` that is not INTEGER, first at rowid 2: 'x'",
        ),
    ] {
        let project = Project::migrated(&user(options, before));
        project.sql("INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace'), (3, 'Barbara')");
        project.structs(&user(options, after));
        project.runs(&format!("generate{flags}"));
        let bytes = project.bytes("dev.db");
        for command in ["migrate --dry-run", "migrate"] {
            let run = project.run(command);
            assert_eq!(run.code, 3, "{command}: {}", run.err);
            assert!(run.err.contains(words), "{command}: {words}\n{}", run.err);
            assert!(project.bytes("dev.db") == bytes, "{command} has changed the file");
        }
        // what it says to do works: the rows are shown, and without them it is applied
        for query in project.run("migrate").err.lines().filter_map(|line| line.split_once("to see them: `")) {
            assert!(!project.query(query.1.trim_end_matches('`')).is_empty(), "{}", query.1);
        }
        project.sql("UPDATE users SET name = 'x' WHERE id > 1");
        project.runs("migrate");
        assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
        assert_eq!(project.query("SELECT id, name FROM users"), ["1|Ada", "2|x", "3|x"]);
    }
}
