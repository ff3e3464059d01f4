//! What the compiler suggests can be typed into a shell as it stands, whatever the names are.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::workspace::{HEAD, Workspace};

/// Tables with a column, and what it is called afterwards.
const RENAMED: [(&str, &str, &str); 3] =
    [("my.t", "e=f", "-x"), ("t=u", "a b", "it's \"$HOME\""), ("für", "`tick`", "line\nbreak")];

fn source(after: bool) -> String {
    let mut text = HEAD.to_owned();
    for (at, (table, old, new)) in RENAMED.iter().enumerate() {
        let column = if after { new } else { old };
        let _ = write!(
            text,
            "#[derive(Table)]\n#[table(name = {table:?})]\npub struct T{at} {{\n    pub id: i64,\n    \
             #[column(name = {column:?})]\n    pub field: String,\n}}\n"
        );
    }
    text
}

#[test]
fn a_rename_that_the_compiler_suggests_can_be_typed_whatever_the_names_are() {
    let workspace = Workspace::new("compiler-suggested", &["suggested".to_owned()]);
    workspace.write("suggested/src/lib.rs", &source(false));
    workspace.write("suggested/dbmigrate.toml", "compile_check = \"error\"\n");
    workspace.generate("suggested", &[]);
    workspace.write("suggested/src/lib.rs", &source(true));
    let said = workspace.check(&[]);
    let said = &said["suggested"];
    let commands = |of: &str| -> Vec<String> {
        let found = said.split('`').filter(|part| part.starts_with("cargo dbmigrate generate") && part.contains(of));
        found.map(str::to_owned).collect()
    };
    assert_eq!(commands("--accept drop_column:").len(), RENAMED.len(), "{said}");
    let renames = commands("--rename");
    assert_eq!(renames.len(), RENAMED.len(), "{said}");
    // all of them together
    let (start, _) = renames[0].split_once(" --rename").expect("it is one");
    let line: String = renames.iter().map(|rename| rename.strip_prefix(start).expect("they begin alike")).collect();
    let mut path =
        Path::new(env!("CARGO_BIN_EXE_cargo-dbmigrate")).parent().expect("it is in a folder").as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    // this repository has an alias of the name
    let line = format!("{start}{line}").replacen("cargo dbmigrate", "cargo-dbmigrate", 1);
    let shell = Command::new("sh")
        .args(["-c", &line])
        .current_dir(workspace.path(""))
        .env("PATH", path)
        .env_remove("CI")
        .output()
        .expect("there is a shell");
    let output = String::from_utf8_lossy(&shell.stderr);
    assert!(shell.status.success(), "{line}\n{output}");
    assert!(workspace.check(&[]).is_empty());
}
