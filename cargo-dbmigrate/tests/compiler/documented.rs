//! `docs/compile-time.md` shows the messages as they are stored here, so that it cannot show others.

use std::fmt::Write as _;
use std::path::Path;

use crate::workspace::repository;

const FILE: &str = "docs/compile-time.md";

/// The text of a case as it is stored: `columns: a column is new`.
fn stored(name: &str) -> String {
    let (theme, title) = name.split_once(": ").unwrap_or_else(|| panic!("`{name}` names no case"));
    let module = if theme == "files" { "files" } else { "cases" };
    let path = format!("tests/compiler/snapshots/compiler__{module}__{theme}.snap");
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("it is stored");
    let (_, rest) = text.split_once(&format!("# {title}\n\n")).unwrap_or_else(|| panic!("there is no case `{name}`"));
    let end = rest.find("\n\n# ").unwrap_or(rest.len());
    rest[..end].trim_end().to_owned()
}

/// The page with what is stored in place of the blocks behind `<!-- … -->`.
fn written(page: &str) -> String {
    let mut parts = page.split("<!-- ");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(" -->\n```text\n").unwrap_or_else(|| panic!("no block behind {part}"));
        let (_, rest) = rest.split_once("```\n").expect("the block ends");
        let _ = write!(text, "<!-- {name} -->\n```text\n{}\n```\n{rest}", stored(name));
    }
    text
}

#[test]
fn the_page_about_the_compiler_shows_what_it_says() {
    let path = repository().join(FILE);
    let page = std::fs::read_to_string(&path).expect("it is there");
    let wanted = written(&page);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).expect("the repository is writable");
    } else {
        assert!(page == wanted, "run this test with UPDATE_DOCS=1, and look at the difference in {FILE}");
    }
}
