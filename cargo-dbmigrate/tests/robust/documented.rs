//! `docs/guarantees.md` names tests that exist.

use std::path::{Path, PathBuf};

/// Where the suites are, by the first word of what they are called.
const SUITES: [(&str, &str); 9] = [
    ("robust", "cargo-dbmigrate/tests/robust"),
    ("product", "cargo-dbmigrate/tests/product"),
    ("remote", "cargo-dbmigrate/tests/remote"),
    ("pipeline", "cargo-dbmigrate/tests/pipeline"),
    ("terminal", "cargo-dbmigrate/tests/terminal"),
    ("corpus", "cargo-dbmigrate/tests/corpus"),
    ("core", "dbmigrate-core/tests"),
    ("lib", "dbmigrate-core/src"),
    ("embed", "dbmigrate-embed/tests/embed"),
];

/// The tests of a file, by the names of their functions.
fn functions(file: &Path) -> Vec<String> {
    let text = fs_err::read_to_string(file).unwrap_or_else(|error| panic!("{error}"));
    let after = text.split("#[test]\n").skip(1);
    let name =
        |part: &str| part.split_once("fn ").and_then(|(_, rest)| rest.split_once('(')).map(|(name, _)| name.to_owned());
    after.filter_map(name).collect()
}

#[test]
fn every_test_that_the_guarantees_name_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs_err::read_to_string(root.join("docs/guarantees.md")).expect("it is there");
    let lines = text.lines().filter(|line| line.starts_with('|'));
    let (mut count, mut last) = (0, PathBuf::new());
    for quoted in lines.flat_map(|line| line.split('`').skip(1).step_by(2)) {
        let mut parts: Vec<&str> = quoted.split("::").collect();
        let suite = SUITES.iter().find(|(word, _)| *word == parts[0]);
        if let Some((_, folder)) = suite {
            // as many folders and files as there are, then the test
            let mut path = root.join(folder);
            parts.remove(0);
            let is_there = |path: &Path| path.is_dir() || path.with_extension("rs").is_file();
            while parts.first().is_some_and(|part| is_there(&path.join(part))) {
                path.push(parts.remove(0));
            }
            let file = path.with_extension("rs");
            last = if file.is_file() { file } else { path.join("mod.rs") };
        } else if parts[0] == "…" {
            parts.remove(0);
        } else {
            continue;
        }
        let found = functions(&last);
        // the last is the test; before it may be the module of tests that a file ends with
        let name = parts.last().copied().unwrap_or("*");
        let is_it = |function: &String| match name.strip_suffix('*') {
            Some(start) => function.starts_with(start),
            None => function == name,
        };
        assert!(found.iter().any(is_it), "there is no `{quoted}` (in {})", last.display());
        count += 1;
    }
    assert!(count > 40, "only {count} were found");
}
