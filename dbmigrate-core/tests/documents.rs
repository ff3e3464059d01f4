//! The documents of the repository: they lead where they say, and keep their shape.

use std::fs;
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository is there")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = repository().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a folder with an extension, in the order of their names.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(repository().join(folder)).expect("the folder is there").flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|one| one == extension));
    files.sort();
    files
}

fn all_documents() -> Vec<PathBuf> {
    let folders =
        [".", "docs", "docs/coming-from", "docs/decisions", "tests/cases", "tests/histories", "tests/schemas"];
    folders.into_iter().flat_map(|folder| files(folder, "md")).collect()
}

/// What stands between two marks.
fn between<'t>(text: &'t str, open: &'t str, close: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(open).skip(1).filter_map(move |rest| rest.split(close).next())
}

#[test]
fn every_link_between_documents_leads_to_a_file() {
    let mut dead = Vec::new();
    for document in all_documents() {
        for target in between(&read(&document), "](", ")") {
            let file = target.split('#').next().unwrap_or_default();
            let is_local = !file.is_empty() && !file.contains("://");
            if is_local && !document.with_file_name(file).exists() {
                dead.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn what_contributing_names_is_there() {
    let text = read("CONTRIBUTING.md");
    let prose: String = text.split("```").step_by(2).collect();
    let named: Vec<&str> = prose
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| {
            let is_path = code.contains('/') && !code.contains([' ', '…', '#']) && !code.ends_with('/');
            is_path && !code.contains("NAME")
        })
        .collect();
    let gone: Vec<_> = named.iter().filter(|path| !repository().join(path).exists()).collect();
    assert!(gone.is_empty(), "{gone:?}");
    assert!(named.len() > 30, "only {named:?}");
}

#[test]
fn every_decision_has_its_parts_and_its_line_in_the_index() {
    let index = read("docs/decisions/README.md");
    let mut lines = index.lines().filter(|line| line.starts_with("- [")).collect::<Vec<_>>();
    let decisions: Vec<PathBuf> =
        files("docs/decisions", "md").into_iter().filter(|path| !path.ends_with("README.md")).collect();
    for (at, path) in decisions.iter().enumerate() {
        let (name, text) = (path.file_name().and_then(|name| name.to_str()).unwrap_or_default(), read(path));
        let number = format!("{:04}", at + 1);
        assert!(name.starts_with(&format!("{number}-")), "{name}: its number should be {number}");
        let title = text.lines().next().and_then(|line| line.strip_prefix("# ")).expect("a title").to_owned();
        let line = format!("- [{number}]({name}): {title}").to_lowercase();
        assert_eq!(lines.get(at).map(|line| line.to_lowercase()), Some(line), "{name}");
        for part in ["\nSince version ", "\n## Context\n", "\n## Decision\n", "\n## Consequence\n"] {
            assert!(text.contains(part), "{name} has no `{}`", part.trim());
        }
        assert!(text.lines().count() <= 40, "{name} is longer than half a page");
    }
    assert_eq!(lines.split_off(decisions.len()), [""; 0], "lines without a file");
}

#[test]
fn the_architecture_is_one_page() {
    let count = read("docs/architecture.md").lines().count();
    assert!(count <= 110, "{count} lines");
}

/// What is published has nothing but the package's own folder.
#[test]
fn the_copies_of_documents_in_packages_are_what_the_documents_say() {
    for (document, copy) in [
        ("docs/going-back.md", "cargo-dbmigrate/docs/going-back.md"),
        ("docs/embedding.md", "dbmigrate-embed/src/embedding.md"),
        ("docs/testing-your-application.md", "dbmigrate-embed/src/testing.md"),
    ] {
        assert!(read(document) == read(copy), "copy the text: cp {document} {copy}");
    }
}
