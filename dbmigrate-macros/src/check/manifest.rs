//! What the package's `Cargo.toml` says about its crates and features, because cargo does not tell a macro.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml_parser::Source;
use toml_parser::decoder::ScalarKind;
use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_document};

/// The tables of `Cargo.toml` whose crates the subcommand reads.
const READ: [&str; 2] = ["lib", "bin"];

/// Those whose crates it does not.
const BESIDE: [&str; 3] = ["example", "test", "bench"];

/// How deep tables and lists may be in each other.
const MOST_LEVELS: u32 = 80;

/// A `Cargo.toml`; what cannot be read is not there, because cargo has read it before.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    /// The texts, each behind the keys that lead to it. A list has several.
    texts: Vec<(Vec<String>, String)>,
}

impl Manifest {
    /// That of the package in a directory.
    pub(super) fn of(package: &Path) -> Self {
        let text = std::fs::read_to_string(package.join("Cargo.toml")).unwrap_or_default();
        Self::parse(&text)
    }

    fn parse(text: &str) -> Self {
        let source = Source::new(text);
        let tokens = source.lex().into_vec();
        let mut events: Vec<Event> = Vec::with_capacity(tokens.len());
        parse_document(&tokens, &mut RecursionGuard::new(&mut events, MOST_LEVELS), &mut None);
        let mut reader = Reader { source, header: Vec::new(), keys: Vec::new(), path: Vec::new(), inside: Vec::new() };
        Self { texts: events.iter().filter_map(|event| reader.text(event)).collect() }
    }

    /// The texts behind a key of a table.
    fn texts(&self, table: &str, key: &str) -> Vec<&str> {
        let is_there = |path: &[String]| matches!(path, [first, second] if first == table && second == key);
        self.texts.iter().filter(|(path, _)| is_there(path)).map(|(_, text)| text.as_str()).collect()
    }

    /// The root files of the library and the binaries that have a path of their own, relative to the package.
    pub(super) fn read(&self) -> impl Iterator<Item = PathBuf> {
        READ.iter().flat_map(|kind| self.paths(kind))
    }

    /// The same of examples, tests, benches and the build script.
    pub(super) fn beside(&self) -> impl Iterator<Item = PathBuf> {
        let build = self.texts("package", "build").into_iter().map(PathBuf::from);
        BESIDE.iter().flat_map(|kind| self.paths(kind)).chain(build)
    }

    fn paths(&self, kind: &str) -> impl Iterator<Item = PathBuf> {
        self.texts(kind, "path").into_iter().map(PathBuf::from)
    }

    /// What the subcommand has to be told to read the structs with the features that are `enabled`; empty if they are
    /// those that it takes by itself.
    pub(super) fn arguments(&self, enabled: &BTreeSet<String>) -> String {
        let is_default = enabled.contains("default") || self.texts("features", "default").is_empty();
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
        let mut implied = BTreeSet::new();
        let mut left = vec![feature.to_owned()];
        while let Some(feature) = left.pop() {
            if implied.contains(&feature) {
                continue;
            }
            for entry in self.texts("features", &feature) {
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

/// Follows the events of a parser.
struct Reader<'a> {
    source: Source<'a>,
    /// The keys of the table's header.
    header: Vec<String>,
    /// The keys that have been read and have no value yet.
    keys: Vec<String>,
    /// The keys of the values that have begun.
    path: Vec<Vec<String>>,
    /// The lists and tables that have begun: whether it is a list.
    inside: Vec<bool>,
}

impl Reader<'_> {
    /// The text that an event is, behind the keys that lead to it.
    fn text(&mut self, event: &Event) -> Option<(Vec<String>, String)> {
        match event.kind() {
            EventKind::SimpleKey => {
                let mut key = Cow::Borrowed("");
                self.source.get(event)?.decode_key(&mut key, &mut ());
                self.keys.push(key.into_owned());
            }
            EventKind::StdTableClose | EventKind::ArrayTableClose => self.header = std::mem::take(&mut self.keys),
            EventKind::KeyValSep => self.path.push(std::mem::take(&mut self.keys)),
            EventKind::ArrayOpen => self.inside.push(true),
            EventKind::InlineTableOpen => self.inside.push(false),
            EventKind::ArrayClose | EventKind::InlineTableClose => {
                self.inside.pop();
                self.end();
            }
            EventKind::Scalar => {
                let mut value = Cow::Borrowed("");
                let kind = self.source.get(event)?.decode_scalar(&mut value, &mut ());
                let path = self.header.iter().chain(self.path.iter().flatten()).cloned().collect();
                self.end();
                return (kind == ScalarKind::String).then(|| (path, value.into_owned()));
            }
            _ => {}
        }
        None
    }

    /// The end of a value; in a list, its key goes on.
    fn end(&mut self) {
        if self.inside.last() != Some(&true) {
            self.path.pop();
        }
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
        let inline = "lib = { path = 'a b.rs' }\nbin = [{ name = \"x\", path = \"x.rs\" }, { path = \"y.rs\" }]\nexample.path = 'z'\n";
        assert_eq!(text(Manifest::parse(inline).read().collect()), ["a b.rs", "x.rs", "y.rs"]);
        assert_eq!(text(Manifest::parse(inline).beside().collect()), ["z"]);
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
