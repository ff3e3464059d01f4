//! Rendered structs as rustfmt leaves them: files that are pulled are not changed by the next `cargo fmt`.

use std::process::{Command, Stdio};

use crate::project::{files, load, rendered};
use crate::support::{history, shared};

/// Long lists, wide characters, and texts of several lines in all places where one can be.
const ODD: &str = "
CREATE TABLE long (aaaaaaaa INT, bbbbbbbb INT, cccccccc INT, dddddddd INT, eeeeeeee INT, ffffffff INT, gggggggg INT,
  hhhhhhhh INT, iiiiiiii INT, jjjjjjjjjjjjj INT, UNIQUE (aaaaaaaa, bbbbbbbb, cccccccc, dddddddd, eeeeeeee, ffffffff, gggggggg,
  hhhhhhhh, iiiiiiii), UNIQUE (aaaaaaaa, bbbbbbbb, cccccccc, dddddddd, eeeeeeee, ffffffff, gggggggg, hhhhhhhh, jjjjjjjjjjjjj));
CREATE TABLE lines (a INT CHECK (a > 0
  AND a < 1000), b INT CONSTRAINT named CHECK (b > 0
  AND b < 1000) UNIQUE, c TEXT DEFAULT 'one
two', d INT CHECK (a <
b), CHECK (a <> b AND
  b <> c));
CREATE INDEX by_a ON lines (a) WHERE a > 0
  AND a < 1000;
CREATE TABLE \"日本語日本語日本語日本語日本語日本語日本語日本語日本語日本\" (\"😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀\" INT UNIQUE, b INT) STRICT;
CREATE TABLE t2 (a INT); CREATE TABLE t10 (a INT); CREATE TABLE t_1 (a INT); CREATE TABLE struct (a INT); CREATE TABLE mod (a INT);
CREATE TABLE refers (a INT REFERENCES t2 (a), b INT REFERENCES t10 (a), c INT REFERENCES struct (a));
CREATE VIEW several AS SELECT a,
  b FROM lines;
CREATE VIEW named (x, y) AS SELECT a,
  b FROM lines;
";

#[test]
fn rustfmt_has_nothing_to_change() {
    if !Command::new("rustfmt").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
        println!("there is no rustfmt");
        return;
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut schemas =
        vec![("odd".to_owned(), ODD.to_owned()), ("shop".to_owned(), include_str!("shop.sql").to_owned())];
    schemas.extend(history::schemas());
    for file in shared("corpus/schemas").into_iter().flat_map(|folder| files(&folder, "sql")) {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        schemas.push((name, std::fs::read_to_string(&file).expect("text")));
    }
    for (name, sql) in schemas {
        let loaded = load(&sql).expect("it loads");
        let rendered = rendered(&loaded, true);
        let folder = directory.path().join(&name);
        std::fs::create_dir(&folder).expect("the directory is writable");
        for file in rendered.files() {
            std::fs::write(folder.join(file.name), file.text).expect("the directory is writable");
        }
        std::fs::write(folder.join("all.rs"), rendered.file()).expect("the directory is writable");
        for file in ["mod.rs", "all.rs"] {
            let checked =
                Command::new("rustfmt").args(["--edition", "2024", "--check"]).arg(folder.join(file)).output();
            let checked = checked.expect("rustfmt runs");
            let said = String::from_utf8_lossy(&checked.stdout) + String::from_utf8_lossy(&checked.stderr);
            assert!(checked.status.success(), "{name}/{file}: {said}");
        }
    }
}
