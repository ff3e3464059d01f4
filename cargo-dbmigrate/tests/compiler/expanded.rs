//! `docs/rows.md` shows what a struct expands to with the feature `libsql`, and cannot show anything else.
//!
//! Compiled is `rows`, which `libsql` turns on and which is all that the derives know of it: the engine's C is not compiled.

use std::process::Command;

use crate::workspace::{Workspace, repository};

/// The block behind `<!-- name -->`.
fn block(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("<!-- {name} -->\n```rust")).expect("the block is there");
    let (_, rest) = rest.split_once('\n').expect("the block begins");
    rest.split_once("\n```").expect("the block ends").0.to_owned()
}

/// The text without what rustfmt may change.
fn bare(text: &str) -> String {
    let text: String = text.split_whitespace().collect();
    [")", "]", "}", "{"].iter().fold(text, |text, end| text.replace(&format!(",{end}"), end))
}

#[test]
fn the_page_about_rows_shows_what_a_struct_expands_to() {
    let page = std::fs::read_to_string(repository().join("docs/rows.md")).expect("the page is there");
    let workspace = Workspace::new("compiler-expanded", &["expanded".to_owned()]);
    workspace.write("expanded/src/lib.rs", &block(&page, "struct"));
    let manifest = workspace.read("expanded/Cargo.toml");
    let manifest = manifest.replace("workspace = true }", "workspace = true, features = [\"rows\"] }");
    workspace.write("expanded/Cargo.toml", &manifest);
    // what is unstable is for this one crate, so that no other is compiled again
    workspace.write("unstable", "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec \"$@\"\n");
    let wrapper = workspace.path("unstable");
    let executable = Command::new("chmod").arg("+x").arg(&wrapper).status().expect("it is executable");
    assert!(executable.success());
    let output = Command::new("cargo")
        .args(["rustc", "--offline", "--profile", "check", "--lib", "--target-dir"])
        .arg(workspace.target())
        .args(["--", "-Zunpretty=expanded"])
        .env("RUSTC_WORKSPACE_WRAPPER", &wrapper)
        .current_dir(workspace.path("expanded"))
        .output()
        .expect("cargo runs");
    let expanded = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (_, expansion) = expanded.split_once("pub name: Option<String>,\n}\n").expect("the struct is there");
    let shown = block(&page, "expansion");
    assert!(bare(&shown) == bare(expansion), "what is shown is not what there is:\n{expansion}");
}
