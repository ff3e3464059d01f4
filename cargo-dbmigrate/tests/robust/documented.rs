//! `docs/guarantees.md` names tests that exist.

use std::path::Path;

/// The tests of a file, by the names of their functions.
fn functions(tests: &Path, suite: &str, module: &str) -> Vec<String> {
    let path = tests.join(suite).join(format!("{module}.rs"));
    let text = fs_err::read_to_string(&path).unwrap_or_else(|error| panic!("{error}"));
    let after = text.split("#[test]\n").skip(1);
    let name =
        |part: &str| part.split_once("fn ").and_then(|(_, rest)| rest.split_once('(')).map(|(name, _)| name.to_owned());
    after.filter_map(name).collect()
}

#[test]
fn every_test_that_the_guarantees_name_exists() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs_err::read_to_string(package.join("../docs/guarantees.md")).expect("it is there");
    let (mut count, mut last) = (0, (String::new(), String::new()));
    for quoted in text.lines().filter(|line| line.starts_with('|')).flat_map(|line| line.split('`').skip(1).step_by(2))
    {
        let parts: Vec<&str> = quoted.split("::").collect();
        let name = match parts[..] {
            [suite @ ("robust" | "product"), module] => {
                last = (suite.to_owned(), module.to_owned());
                "*"
            }
            [suite @ ("robust" | "product"), module, name] => {
                last = (suite.to_owned(), module.to_owned());
                name
            }
            ["…", name] => name,
            _ => continue,
        };
        let found = functions(&package.join("tests"), &last.0, &last.1);
        let is_it = |function: &String| match name.strip_suffix('*') {
            Some(start) => function.starts_with(start),
            None => function == name,
        };
        assert!(found.iter().any(is_it), "there is no `{quoted}` (in {}::{})", last.0, last.1);
        count += 1;
    }
    assert!(count > 20, "only {count} were found");
}
