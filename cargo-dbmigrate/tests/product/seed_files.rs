//! The files of a set: every format, every way to say a value, and what is said of those that cannot be read.

use crate::project::Project;
use crate::seeds::{STRUCTS, is_done, says, seeded};

fn empty() -> Project {
    Project::migrated(STRUCTS)
}

#[test]
fn a_set_that_does_not_exist_is_said_with_those_that_do() {
    let project = empty();
    let run = project.refuses(2, "seed");
    says(&run, &["no set of rows in `seeds`", "`seeds/full/TABLE.toml`"]);
    project.write("seeds/users.csv", "email,role\n");
    says(&project.refuses(2, "seed"), &["a set is a folder in it", "`seeds/full/users.csv`"]);
    project.write("seeds/demo/users.csv", "email,role\na@example.com,admin\n");
    // the only one is meant
    project.runs("seed");
    project.write("seeds/other/users.csv", "email,role\n");
    let run = project.refuses(2, "seed");
    says(&run, &["has several sets, and none is called `full`", "`cargo dbmigrate seed demo`"]);
    let run = project.refuses(2, "seed dmeo");
    says(&run, &["no set named `dmeo` in `seeds`", "did you mean `demo`?"]);
    says(&project.refuses(2, "seed ../demo"), &["no set named `../demo`"]);
    project.write("seeds/empty/README.md", "");
    says(&project.refuses(2, "seed empty"), &["the set `empty` has no files"]);
    project.write("seeds/sheet/users.xlsx", "");
    says(&project.refuses(2, "seed sheet"), &["rows cannot be read from `.xlsx` files", "CSV UTF-8"]);
}

#[test]
fn csv_of_other_programs_is_read_or_said_to_be_what_it_is() {
    let project = empty();
    // a byte order mark, line ends of Windows, quotes, an empty line, NULL in two ways, an empty text
    project.write(
        "seeds/full/users.csv",
        "\u{feff}email,name,role,created_at\r\na@example.com,\"A, \"\"B\"\"\",admin,1\r\n\r\nb@example.com,,member,\r\n\
         c@example.com,\\N,member,3\r\nd@example.com,\"\",member,4\r\n",
    );
    project.runs("seed");
    assert_eq!(
        project.query("SELECT email, quote(name), created_at > 4 FROM users ORDER BY id"),
        ["a@example.com|'A, \"B\"'|0", "b@example.com|NULL|1", "c@example.com|NULL|0", "d@example.com|''|0"]
    );
    is_done(&project, "seed");
    for (bytes, words) in [
        (utf16("email,role\na@example.com,admin\n"), ["is UTF-16 (little-endian)", "`iconv -f UTF-16 -t UTF-8 "]),
        (b"email,role\na\xe4@example.com,admin\n".to_vec(), ["not UTF-8: line 2", "WINDOWS-1252"]),
        (b"email;role\na@example.com;admin\n".to_vec(), ["separated by semicolons", "save it again with commas"]),
        (b"email,role\na@example.com\n".to_vec(), ["the row has 1 field, and the header 2 columns", "users.csv:2:1"]),
        (b"email,role\na,b,admin\n".to_vec(), ["the row has 3 fields", "in double quotes"]),
        (b"email,role\n\"a,admin\n".to_vec(), ["the quote is never closed", "users.csv:2:1"]),
        (b"".to_vec(), ["the file is empty", "must name the columns"]),
        (b"email,role,email\na,admin,b\n".to_vec(), ["the column `email` is there twice", "users.csv:1:12"]),
        (b"email,rolle\na,admin\n".to_vec(), ["table `users` has no column `rolle`", "did you mean `role`?"]),
        (b"email\na\n".to_vec(), ["`users.role` is missing", "the header has no `role`"]),
    ] {
        project.write("seeds/full/users.csv", bytes);
        says(&project.refuses(1, "seed"), &words);
    }
}

#[test]
fn a_key_that_is_left_empty_is_the_next_one_and_stays() {
    let project = empty();
    project.write(
        "seeds/full/users.csv",
        "id,email,role\n,a@example.com,admin\n7,b@example.com,member\n\\N,c@example.com,member\n",
    );
    project.write("seeds/full/users.json", "[{\"id\": null, \"email\": \"d@example.com\", \"role\": \"admin\"}]");
    project.runs("seed");
    let written = project.query("SELECT id, email FROM users ORDER BY email");
    assert_eq!(written, ["1|a@example.com", "7|b@example.com", "8|c@example.com", "9|d@example.com"]);
    is_done(&project, "seed");
}

fn utf16(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn toml_and_json_that_are_none_are_pointed_to() {
    let project = empty();
    for (file, text, words) in [
        ("users.toml", "[[users]]\nemail = \n", ["users.toml:2:9", "nothing was written"]),
        ("users.json", "[{\"email\": \"a\",}]", ["not JSON: expected a key", "users.json:1:16"]),
        ("users.json", "{\"email\": \"a\"}", ["expected the rows of a table at `email`", "a file of rows has a list"]),
        ("users.json", "[1]", ["expected a row of `users`, found an integer", "users.json:1:2"]),
        ("users.toml", "[users]\nemail = \"a\"\n", ["a row of `users` without a name", "`[[users]]`"]),
        ("users.toml", "[[users]]\n[[users]]\n", ["`users.email` is missing", "`users.role` is missing"]),
        ("users.toml", "mode = \"snyc\"\n", ["unknown mode `snyc`", "did you mean `sync`?"]),
        ("users.toml", "key = [\"name\"]\n", ["has no unique key of (name)", "its unique keys: (id), (email)"]),
        ("all.json", "{\"_dbmigrate_history\": []}", ["is not a table of the application", "never seeded"]),
        ("usrs.csv", "a\n1\n", ["no table named `usrs`", "did you mean `users`?"]),
        ("users.sql", "DROP TABLE users", ["`DROP` changes the schema", "users.sql:1:1"]),
        ("users.sql", "BEGIN; SELECT 1", ["`BEGIN` in a file of a set", "remove `BEGIN`"]),
        ("users.sql", "INSERT INTO usrs VALUES (1)", ["no such table: usrs", "users.sql:1:1"]),
    ] {
        let _ = fs_err::remove_dir_all(project.path("seeds"));
        project.write(&format!("seeds/full/{file}"), text);
        says(&project.refuses(1, "seed"), &words);
    }
}

#[test]
fn values_come_from_variables_files_expressions_and_other_rows() {
    let project = empty();
    project.set("ADMIN_EMAIL", "s3cret@example.com");
    project.write("seeds/full/logo.png", [0x89, b'P', b'N', b'G', 0, 0xff]);
    project.write(
        "seeds/full/users.toml",
        "[users.admin]\nemail = { env = \"ADMIN_EMAIL\" }\nname = { env = \"ADMIN_NAME\", default = \"Admin\" }\nrole = \"admin\"\n\
         created_at = 2024-02-29T23:59:59Z\nlogo = { file = \"logo.png\" }\n\
         [users.other]\nemail = \"o@example.com\"\nrole = \"member\"\nlogo = { hex = \"00ff\" }\ncreated_at = { sql = \"40 + 2\" }\n",
    );
    project.write(
        "seeds/full/posts.toml",
        "[[posts]]\nid = 1\nauthor_id = { ref = \"users.admin\" }\ntitle = \"x\"\nis_public = true\n",
    );
    project.runs("seed");
    assert_eq!(
        project.query("SELECT email, name, created_at, hex(logo) FROM users ORDER BY id"),
        ["s3cret@example.com|Admin|1709251199|89504E4700FF", "o@example.com|NULL|42|00FF"]
    );
    assert_eq!(project.query("SELECT author_id FROM posts"), ["1"]);
    is_done(&project, "seed -v");
}

#[test]
fn the_value_of_a_variable_is_never_shown() {
    let project = empty();
    project.set("ADMIN_EMAIL", "s3cret@example.com");
    let row = "[[users]]\nemail = { env = \"ADMIN_EMAIL\" }\nrole = \"admin\"\n";
    let trigger = "CREATE TRIGGER refuse BEFORE INSERT ON users WHEN new.name = 'Eve' BEGIN \
                   SELECT json_extract('{}', new.email); END";
    project.sql(trigger);
    for (text, words) in [
        (format!("{row}{row}"), "two rows of `users` have the same `email`"),
        (row.replace("\"admin\"", "{ env = \"ADMIN_EMAIL\" }"), "found something else in `ADMIN_EMAIL`"),
        (
            row.replace("\"admin\"", "\"admin\"\ncreated_at = { env = \"ADMIN_EMAIL\" }"),
            "takes an integer, found something else",
        ),
        (format!("{row}name = \"Eve\"\n"), "a row of `users` is refused: bad JSON path: '…'"),
    ] {
        project.write("seeds/full/users.toml", text);
        for format in ["human", "json"] {
            let run = project.refuses(1, &format!("seed -v --message-format {format}"));
            let said = format!("{}{}", run.out, run.err);
            assert!(said.contains(words), "`{words}` is not in\n{said}");
            assert!(!said.contains("s3cret"), "{said}");
        }
    }
    project.sql("DROP TRIGGER refuse; INSERT INTO users (id, email, role) VALUES (9, 's3cret@example.com', 'member')");
    project.write("seeds/full/users.toml", format!("{row}id = 1\n"));
    let run = project.refuses(1, "seed");
    says(&run, &["`users.email` belongs to another row of the database"]);
    assert!(!run.err.contains("s3cret"), "{}", run.err);
    project.set("ADMIN_EMAIL", "  ");
    says(&project.refuses(1, "seed"), &["the environment variable `ADMIN_EMAIL` is not set, or blank"]);
}

#[test]
fn a_file_outside_the_set_is_never_read() {
    let project = empty();
    project.write("secret.txt", "s3cret");
    project.write("seeds/full/.keep", "");
    #[cfg(unix)]
    std::os::unix::fs::symlink(project.path("secret.txt"), project.path("seeds/full/link.txt"))
        .expect("links can be made");
    let absolute = project.path("secret.txt").display().to_string();
    for name in
        ["../../secret.txt", "./../../secret.txt", "link.txt", "..\\\\secret.txt", "C:secret.txt", absolute.as_str()]
    {
        project.write(
            "seeds/full/users.toml",
            format!("[[users]]\nemail = \"a\"\nrole = \"admin\"\nname = {{ file = \"{name}\" }}\n"),
        );
        let run = project.refuses(1, "seed");
        says(&run, &["is outside the set"]);
        assert!(!run.err.contains("s3cret"), "{}", run.err);
    }
}

#[test]
fn rows_that_refer_to_each_other_in_a_circle_are_named() {
    let structs = "#[derive(Table)]\n#[table(name = \"teams\")]\npub struct Team { #[column(primary_key, autoincrement)] pub id: i64, \
                   #[column(unique)] pub name: String, #[column(references = \"people(id)\")] pub lead: Option<i64> }\n\
                   #[derive(Table)]\n#[table(name = \"people\")]\npub struct Person { #[column(primary_key, autoincrement)] pub id: i64, \
                   #[column(unique)] pub name: String, #[column(references = \"teams(id)\")] pub team: Option<i64>, \
                   #[column(references = \"people(id)\")] pub boss: Option<i64> }\n";
    let project = Project::migrated(structs);
    let set = |ids: [&str; 2]| {
        format!(
            "[people.ada]\n{}name = \"Ada\"\nteam = {{ ref = \"teams.core\" }}\n[people.bob]\nname = \"Bob\"\nboss = {{ ref = \"ada\" }}\n\
             [teams.core]\n{}name = \"Core\"\nlead = {{ ref = \"people.ada\" }}\n",
            ids[0], ids[1]
        )
    };
    project.write("seeds/full/all.toml", set(["", ""]));
    let run = project.refuses(1, "seed");
    says(
        &run,
        &["rows refer to each other in a circle: people.ada -> teams.core -> people.ada", "`id = 1` in `people.ada`"],
    );
    // one key is enough, whichever
    for ids in [["id = 7\n", ""], ["", "id = 8\n"]] {
        project.write("seeds/full/all.toml", set(ids));
        project.sql("PRAGMA foreign_keys = OFF; DELETE FROM people; DELETE FROM teams");
        project.runs("seed");
        let rows = "SELECT p.name, t.name, l.name, b.name FROM people p LEFT JOIN teams t ON t.id = p.team \
                    LEFT JOIN people l ON l.id = t.lead LEFT JOIN people b ON b.id = p.boss ORDER BY p.name";
        assert_eq!(project.query(rows), ["Ada|Core|Ada|NULL", "Bob|NULL|NULL|Ada"]);
        is_done(&project, "seed");
    }
}

#[test]
fn a_number_in_front_of_a_name_overrides_the_order_of_references() {
    let project = empty();
    project.write("seeds/full/01_posts.csv", "id,author_id,title,is_public\n1,7,x,1\n");
    project.write("seeds/full/02_users.csv", "id,email,role\n7,a@example.com,admin\n");
    project
        .write("seeds/full/03_count.sql", "UPDATE posts SET score = (SELECT count(*) FROM users) WHERE score = 0;\n");
    let run = project.runs("seed");
    let (posts, users) = (run.err.find("Seeded posts").expect("it is"), run.err.find("Seeded users").expect("it is"));
    assert!(posts < users, "{}", run.err);
    assert_eq!(project.query("SELECT score FROM posts"), ["1"]);
    // the statements change nothing any more
    let run = project.runs("seed");
    says(&run, &["nothing to do"]);
}

#[test]
fn rows_without_a_unique_key_are_found_again_by_all_that_they_say() {
    let project = Project::migrated(
        "#[derive(Table)]\n#[table(name = \"notes\")]\npub struct Note { #[column(primary_key, autoincrement)] pub id: i64, pub text: String, pub tag: Option<String> }\n",
    );
    project.write("seeds/full/notes.json", "[{\"text\": \"a\"}, {\"text\": \"b\", \"tag\": null}]");
    project.runs("seed");
    is_done(&project, "seed");
    assert_eq!(project.query("SELECT * FROM sqlite_sequence"), ["notes|2"]);
    project.write("seeds/full/notes.json", "[{\"text\": \"a\"}, {\"text\": \"a\"}]");
    says(&project.refuses(1, "seed"), &["the same row of `notes` is there twice", "notes.json:1:17"]);
}

#[test]
fn triggers_fire_as_for_any_other_row() {
    let project = seeded();
    project.sql("CREATE TABLE log (what TEXT); CREATE TRIGGER t AFTER INSERT ON users BEGIN INSERT INTO log VALUES (new.email); END;");
    project.write("dbmigrate.toml", "ignore = [\"log\"]\n");
    project.ends(0, "seed");
    assert_eq!(project.query("SELECT count(*) FROM log"), ["2"]);
    project.write("seeds/full/log.csv", "what\nx\n");
    says(&project.ends(1, "seed"), &["`log` is ignored in `dbmigrate.toml`, and is never seeded"]);
}

#[test]
fn a_database_without_its_tables_is_told_which_command_makes_them() {
    let project = Project::new(STRUCTS);
    project.write("seeds/full/users.csv", "email,role\na@example.com,admin\n");
    says(&project.ends(1, "seed --url new.db"), &["`new.db` does not exist", "`cargo dbmigrate push --url new.db`"]);
    project.sql("");
    says(&project.ends(1, "seed"), &["`cargo dbmigrate push`"]);
    project.runs("push");
    project.runs("seed");
    project.runs("generate");
    is_done(&project, "seed");
    fs_err::remove_file(project.path("dev.db")).expect("it is there");
    says(&project.ends(1, "seed"), &["`dev.db` does not exist", "`cargo dbmigrate migrate`"]);
    project.runs("migrate");
    project.structs(&STRUCTS.replace("pub name: Option<String>,", "pub name: Option<String>, pub age: Option<i64>,"));
    project.runs("generate");
    says(&project.refuses(1, "seed"), &["`dev.db` lacks 1 migration of the folder", "`cargo dbmigrate migrate`"]);
}

#[test]
fn a_protected_target_is_seeded_only_by_its_name() {
    let project = seeded();
    project.write(
        "dbmigrate.toml",
        "[targets.live]\nurl = \"dev.db\"\nprotected = true\n[targets.stage]\nurl = \"stage.db\"\n",
    );
    project.runs("migrate --url stage.db");
    let run = project.refuses(3, "seed -t live");
    says(
        &run,
        &["target `live` is protected", "`cargo dbmigrate seed -t live full --yes live`", "nothing was written"],
    );
    let run = project.ends(3, "seed -t live -t stage");
    says(&run, &["live: needs a decision", "stage: done"]);
    project.runs("seed -t live --yes live");
    // nothing to write needs no consent
    is_done(&project, "seed -t live");
}

#[test]
fn every_error_of_a_very_wrong_set_is_counted() {
    let project = empty();
    let lines: Vec<String> = (0..500).map(|at| format!("{at}@example.com,nobody\n")).collect();
    project.write("seeds/full/users.csv", format!("email,role\n{}", lines.concat()));
    let run = project.refuses(1, "seed");
    says(&run, &["the set `full` has 500 errors", "480 are not shown"]);
    assert_eq!(run.err.matches("users.csv:").count(), 20);
}
