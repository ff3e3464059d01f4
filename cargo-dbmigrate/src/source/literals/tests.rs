//! Which texts are found, and where they stand.

use std::collections::{HashMap, HashSet};

use super::*;

/// Files in memory.
struct InMemory(BTreeMap<PathBuf, String>);

impl Files for InMemory {
    fn list(&self) -> Vec<PathBuf> {
        self.0.keys().filter(|path| path.extension().is_some_and(|one| one == "rs")).cloned().collect()
    }

    fn text(&self, path: &Path) -> Option<String> {
        self.0.get(path).cloned()
    }
}

fn package() -> Package {
    Package {
        name: "a".to_owned(),
        manifest: PathBuf::from("Cargo.toml"),
        workspace_root: PathBuf::new(),
        roots: vec![PathBuf::from("src/main.rs")],
        features: HashSet::from(["on".to_owned()]),
        depends_on_dbmigrate: true,
        current_dir: PathBuf::new(),
        library: None,
        database: None,
        externs: HashMap::new(),
        edition_2015: false,
    }
}

fn read(files: &[(&str, &str)], config: &Queries) -> Literals {
    let files = files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect();
    literals(&package(), &InMemory(files), config)
}

fn said(files: &[(&str, &str)]) -> Vec<String> {
    let found = read(files, &Queries::default());
    found.written.iter().map(|one| format!("{}:{}: {}", one.path, one.line, one.literal.value())).collect()
}

#[test]
fn arguments_of_calls_and_macros_are_found_and_other_texts_are_not() {
    let source = r##"
        fn f() {
            conn.execute("INSERT INTO a VALUES (1)", ()).await?;
            let rows = conn.query(r#"SELECT "a" FROM b"#, params![]);
            sqlx::query("SELECT 3").bind("SELECT not this");
            sqlx::query_as::<_, (i64, Vec<u8>)>("SELECT 4");
            sqlx::query_as!(User, "SELECT 5" + " FROM c", id);
            dbmigrate::query!(User: "SELECT 6", 1);
            let n = assert_eq!(conn.query_row("SELECT 7", [], |row| row.get(0)).unwrap(), 1);
            println!("SELECT 8");
            log("SELECT 9");
            url.query("selected items are shown");
            conn.prepare(concat!("SELECT ", 10));
            conn.execute(&format!("SELECT {x}"), ());
            conn.prepare(&String::from("SELECT 11"));
        }
        fn query(sql: &str) {}
    "##;
    let wanted = [
        "src/main.rs:3: INSERT INTO a VALUES (1)",
        "src/main.rs:4: SELECT \"a\" FROM b",
        "src/main.rs:5: SELECT 3",
        "src/main.rs:6: SELECT 4",
        "src/main.rs:7: SELECT 5 FROM c",
        "src/main.rs:8: SELECT 6",
        "src/main.rs:9: SELECT 7",
        "src/main.rs:13: SELECT 10",
        "src/main.rs:15: SELECT 11",
    ];
    assert_eq!(said(&[("src/main.rs", source)]), wanted);
    let found = read(&[("src/main.rs", source)], &Queries::default());
    assert_eq!(found.at_run_time, [("src/main.rs".to_owned(), 14)]);
}

#[test]
fn names_lead_to_variables_of_the_block_and_to_constants_of_the_package() {
    let source = r#"
        mod sql;
        fn f(sql: &str) {
            conn.execute(sql, ());
            let sql = if a { "SELECT 1" } else { "SELECT 2" };
            conn.execute(sql, ());
            { let sql = other(); conn.execute(sql, ()); }
            conn.query(sql::ALL, ());
            conn.query(Self::MORE, ());
            let by = match order { Order::Up => "SELECT 3", Order::Down => { "SELECT 4" } };
            conn.query(&by, ()); let rows = "SELECT 9"; let mut rows = conn.query(rows, ());
        }
        impl A { const MORE: &'static str = "SELECT 5"; }
        const UNUSED: &str = "SELECT 6";
    "#;
    let constants = "pub const ALL: &str = include_str!(\"../all.sql\");\nconst MORE: &str = \"SELECT 7\";";
    let files = [("src/main.rs", source), ("src/sql.rs", constants), ("all.sql", "-- all\nSELECT 8;\n")];
    let wanted = [
        "all.sql:2: -- all\nSELECT 8;\n",
        "src/main.rs:5: SELECT 1",
        "src/main.rs:5: SELECT 2",
        "src/main.rs:10: SELECT 3",
        "src/main.rs:10: SELECT 4",
        "src/main.rs:11: SELECT 9",
        "src/main.rs:13: SELECT 5",
    ];
    assert_eq!(said(&files), wanted);
}

#[test]
fn what_is_not_compiled_and_what_is_for_tests_is_left_out() {
    let source = r#"
        #[cfg(tokio_unstable)] fn z() { c.execute("SELECT 0"); }
        #[cfg(feature = "on")] fn a() { c.execute("SELECT 1"); }
        #[cfg(feature = "off")] fn b<A, B>() { c.execute("SELECT 2"); }
        #[cfg(not(feature = "off"))] fn b() { c.execute("SELECT 3"); }
        #[cfg(test)] mod tests { fn a() { c.execute("SELECT 4"); } }
        #[tokio::test] async fn a() { c.execute("SELECT 5"); }
        fn c() { match x { #[cfg(feature = "off")] 1 => c.execute("SELECT 6"), _ => c.execute("SELECT 7") } }
    "#;
    let wanted =
        ["src/main.rs:2: SELECT 0", "src/main.rs:3: SELECT 1", "src/main.rs:5: SELECT 3", "src/main.rs:8: SELECT 7"];
    assert_eq!(said(&[("src/main.rs", source)]), wanted);
}

#[test]
fn the_configuration_adds_calls_and_leaves_out_files() {
    let source = "fn f() { x.ask(\"SELECT 1\"); db::get(\"SELECT 2\"); get(\"SELECT 3\"); my!(a, \"SELECT 4\"); }";
    let config = Queries {
        methods: vec!["ask".to_owned()],
        functions: vec!["db::get".to_owned()],
        macros: vec!["my".to_owned()],
        skip: vec!["src/pg/*".parse().expect("a pattern")],
        ..Queries::default()
    };
    let found = read(&[("src/main.rs", source), ("src/pg/a.rs", source)], &config);
    let values: Vec<&str> = found.written.iter().map(|one| one.literal.value()).collect();
    assert_eq!(values, ["SELECT 1", "SELECT 2", "SELECT 4"]);
}

#[test]
fn a_word_is_found_in_the_file_behind_a_mark_and_a_first_line_for_a_shell() {
    let source = "\u{feff}#!/usr/bin/env run\nfn f() { c.execute(\"SELECT \\\"a\\\", \\\n    b FROM c\"); }";
    let found = read(&[("src/main.rs", source)], &Queries::default());
    let literal = &found.written[0].literal;
    let at = literal.value().find("b FROM").expect("it");
    assert_eq!(&source[found.written[0].place(&(at..at + 6))], "b FROM");
    assert_eq!(found.written[0].line, 2);
}
