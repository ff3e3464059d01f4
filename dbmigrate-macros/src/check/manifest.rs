//! What the package's `Cargo.toml` says of its crates and features, for what cargo does not tell a macro.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// The tables of `Cargo.toml` whose crates the subcommand reads.
const READ: [&str; 2] = ["lib", "bin"];

/// Those whose crates it does not.
const BESIDE: [&str; 3] = ["example", "test", "bench"];

/// A `Cargo.toml`; empty if it cannot be read, which cargo would have said.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    table: Table,
}

impl Manifest {
    /// That of the package in a directory.
    pub(super) fn of(package: &Path) -> Self {
        let text = std::fs::read_to_string(package.join("Cargo.toml")).unwrap_or_default();
        Self::parse(&text)
    }

    fn parse(text: &str) -> Self {
        Self { table: text.parse().unwrap_or_default() }
    }

    /// The root files of the library and the binaries that have a path of their own, relative to the package.
    pub(super) fn read(&self) -> impl Iterator<Item = PathBuf> {
        READ.iter().flat_map(|kind| self.paths(kind))
    }

    /// The same of examples, tests, benches and the build script.
    pub(super) fn beside(&self) -> impl Iterator<Item = PathBuf> {
        let build = self.table.get("package").and_then(|package| package.get("build")).and_then(Value::as_str);
        BESIDE.iter().flat_map(|kind| self.paths(kind)).chain(build.map(PathBuf::from))
    }

    fn paths(&self, kind: &str) -> Vec<PathBuf> {
        let path = |target: &Value| target.get("path").and_then(Value::as_str).map(PathBuf::from);
        match self.table.get(kind) {
            Some(Value::Array(targets)) => targets.iter().filter_map(path).collect(),
            Some(target) => path(target).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// What the subcommand has to be told to read the structs with the features that are `enabled`; empty if they are
    /// those that it takes by itself.
    pub(super) fn arguments(&self, enabled: &BTreeSet<String>) -> String {
        let is_default = enabled.contains("default") || self.implied("default").is_empty();
        let by_itself = if is_default { self.implied("default") } else { BTreeSet::new() };
        let mut further: BTreeSet<String> = enabled.difference(&by_itself).cloned().collect();
        further.remove("default");
        // a feature brings others along
        for feature in further.clone() {
            for implied in self.implied(&feature) {
                if implied != feature && further.contains(&feature) {
                    further.remove(&implied);
                }
            }
        }
        let mut arguments = String::new();
        if !is_default {
            arguments.push_str(" --no-default-features");
        }
        if !further.is_empty() {
            arguments.push_str(" -F ");
            arguments.push_str(&further.into_iter().collect::<Vec<_>>().join(","));
        }
        arguments
    }

    /// A feature and those that it implies (doc.rust-lang.org/cargo/reference/features.html).
    fn implied(&self, feature: &str) -> BTreeSet<String> {
        let features = self.table.get("features").and_then(Value::as_table);
        let mut implied = BTreeSet::new();
        let mut left = vec![feature.to_owned()];
        while let Some(feature) = left.pop() {
            let entries = features.and_then(|features| features.get(&feature)).and_then(Value::as_array);
            if implied.contains(&feature) || (entries.is_none() && feature == "default") {
                continue;
            }
            for entry in entries.into_iter().flatten().filter_map(Value::as_str) {
                match entry.split_once('/') {
                    Some((dependency, _)) if !dependency.ends_with('?') => left.push(dependency.to_owned()),
                    None if !entry.starts_with("dep:") => left.push(entry.to_owned()),
                    _ => {}
                }
            }
            implied.insert(feature);
        }
        implied
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    const TEXT: &str = "
[package]
name = \"a\"
build = \"scripts/build.rs\"

[lib]
path = \"tests/lib.rs\"

[[bin]]
name = \"a\"

[[bin]]
name = \"tool\"
path = \"examples/tool.rs\"

[[example]]
name = \"demo\"
path = \"demo/main.rs\"

[features]
default = [\"one\", \"json?/std\"]
one = [\"two\", \"dep:chrono\", \"sea/std\"]
two = []
three = [\"four\"]
four = []
";

    #[test]
    fn the_roots_are_those_that_have_a_path() {
        let manifest = Manifest::parse(TEXT);
        let text = |paths: Vec<PathBuf>| paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
        assert_eq!(text(manifest.read().collect()), ["tests/lib.rs", "examples/tool.rs"]);
        assert_eq!(text(manifest.beside().collect()), ["demo/main.rs", "scripts/build.rs"]);
        assert_eq!(Manifest::parse("= no toml").read().count(), 0);
    }

    #[test]
    fn the_arguments_are_what_leads_to_the_same_features() {
        let manifest = Manifest::parse(TEXT);
        let arguments = |enabled: &[&str]| manifest.arguments(&enabled.iter().map(ToString::to_string).collect());
        assert_eq!(arguments(&["default", "one", "two", "sea"]), "");
        assert_eq!(arguments(&["default", "one", "two", "sea", "three", "four"]), " -F three");
        assert_eq!(arguments(&["default", "one", "two", "sea", "four"]), " -F four");
        assert_eq!(arguments(&["two"]), " --no-default-features -F two");
        assert_eq!(arguments(&[]), " --no-default-features");
        let plain = Manifest::parse("[features]\nx = []\n");
        assert_eq!(plain.arguments(&BTreeSet::new()), "");
        assert_eq!(plain.arguments(&["x".to_owned()].into()), " -F x");
    }
}
