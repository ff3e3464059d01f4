//! The SQL that the source of a package hands to a database, as far as it is written in string literals: the arguments of
//! calls and macros that are known for it, also by the name of a constant or a variable.

mod calls;
mod found;
mod texts;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use dbmigrate_core::config::Queries;
use dbmigrate_core::sql::{Literal, StatementKind, Token, split, tokenize};
use proc_macro2::TokenStream;

use self::calls::Calls;
use self::found::{Constant, Found};
use self::walk::Walk;
use super::nesting;
use super::package::Package;
use super::queries::files_of;

/// A statement, or several, in the source.
#[derive(Debug, Clone)]
pub struct Written {
    /// The file: of Rust, or of SQL that the source includes.
    pub file: PathBuf,
    /// Its path from the package, with `/` between its parts.
    pub path: String,
    /// The line of its first word, from 1.
    pub line: usize,
    /// Its text, with the places of its bytes in the file.
    pub literal: Literal,
}

impl Written {
    /// The bytes of the file that say some bytes of the text.
    pub fn place(&self, span: &Range<usize>) -> Range<usize> {
        self.literal.source(span)
    }
}

/// The SQL of a package.
#[derive(Debug, Default)]
pub struct Literals {
    /// What was found, in the order of files and lines.
    pub written: Vec<Written>,
    /// Texts that are put together while the program runs: files from the package, and lines.
    pub at_run_time: Vec<(String, usize)>,
}

/// The text of a file, wherever the source comes from.
pub trait Files {
    /// The files of Rust in which SQL is looked for: paths from the directory of the package.
    fn list(&self) -> Vec<PathBuf>;
    /// The text of one.
    fn text(&self, path: &Path) -> Option<String>;
}

/// The files of a package as they lie there.
#[derive(Debug)]
pub struct OnDisk<'p>(pub &'p Package, pub &'p [PathBuf]);

impl Files for OnDisk<'_> {
    fn list(&self) -> Vec<PathBuf> {
        let own = |path: &PathBuf| path.strip_prefix(self.0.directory()).unwrap_or(path).to_owned();
        // what a `mod` leads to is known if the structs were read; without them, what lies there
        match self.1 {
            [] => files_of(self.0).iter().map(own).collect(),
            modules => modules.iter().map(own).collect(),
        }
    }

    fn text(&self, path: &Path) -> Option<String> {
        std::fs::read_to_string(self.0.directory().join(path)).ok()
    }
}

/// Reads the SQL of a package out of its files.
pub fn literals(package: &Package, files: &dyn Files, config: &Queries) -> Literals {
    let calls = Calls::new(config);
    let mut reader = Reader { package, files, config, found: Found::default(), included: BTreeSet::new() };
    let mut list = files.list();
    list.sort_unstable();
    list.dedup();
    for path in list {
        reader.read(&path, &calls);
    }
    reader.finish()
}

struct Reader<'r> {
    package: &'r Package,
    files: &'r dyn Files,
    config: &'r Queries,
    found: Found,
    included: BTreeSet<PathBuf>,
}

impl Reader<'_> {
    fn read(&mut self, path: &Path, calls: &Calls) {
        if self.config.skips(&with_slashes(path)) {
            return;
        }
        let Some(text) = self.files.text(path) else { return };
        if !calls.may_be_in(&text) && !text.contains("const ") && !text.contains("static ") {
            return;
        }
        let skipped = super::modules::skipped(&text);
        if nesting::too_deep(&text[skipped..]).is_some() {
            return;
        }
        let Ok(tokens) = text[skipped..].parse::<TokenStream>() else { return };
        let file = self.found.paths.len();
        self.found.paths.push(path.to_owned());
        let mut walk = Walk::new(file, skipped, path, calls, &self.package.features, &mut self.found);
        walk.file(tokens);
    }

    fn finish(mut self) -> Literals {
        let Found { paths, mut texts, mut files, named, constants, at_run_time } = std::mem::take(&mut self.found);
        for (file, name) in named {
            let all = constants.get(&name).map(Vec::as_slice).unwrap_or_default();
            // of several with one name the one in the same file is meant
            let own: Vec<_> = all.iter().filter(|(other, _)| *other == file).collect();
            let meant: Vec<_> = if own.is_empty() { all.iter().collect() } else { own };
            for (file, constant) in meant {
                match constant {
                    Constant::Literal(literal) => texts.push((*file, literal.clone())),
                    Constant::File(path) => files.push(path.clone()),
                }
            }
        }
        let mut written: Vec<Written> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut sources: BTreeMap<usize, String> = BTreeMap::new();
        for (file, literal) in texts {
            let whole = literal.whole();
            if is_sql(literal.value()) && seen.insert((file, whole.start)) {
                let path = &paths[file];
                let source = sources.entry(file).or_insert_with(|| self.files.text(path).unwrap_or_default());
                written.push(self.written(path, source, literal));
            }
        }
        for path in files {
            if self.included.insert(path.clone())
                && !self.config.skips(&with_slashes(&path))
                && let Some(text) = self.files.text(&path)
                && is_sql(&text)
            {
                written.push(self.written(&path, &text, Literal::of_text(&text, 0..text.len())));
            }
        }
        written.sort_by(|one, other| (&one.path, one.line).cmp(&(&other.path, other.line)));
        let at_run_time = at_run_time.into_iter().map(|(file, line)| (with_slashes(&paths[file]), line)).collect();
        Literals { written, at_run_time }
    }

    fn written(&self, path: &Path, source: &str, literal: Literal) -> Written {
        let first = tokenize(literal.value()).find(Token::is_significant);
        let first = first.map_or(0..0, |token| token.start..token.end());
        let at = literal.source(&first).start;
        let line = source.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
        Written { file: self.package.directory().join(path), path: with_slashes(path), line, literal }
    }
}

/// A path as configurations have it.
fn with_slashes(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// The words that statements begin with.
const BEGINNINGS: [&str; 19] = [
    "select",
    "insert",
    "update",
    "delete",
    "replace",
    "with",
    "values",
    "explain",
    "create",
    "alter",
    "drop",
    "pragma",
    "analyze",
    "reindex",
    "attach",
    "vacuum",
    "begin",
    "savepoint",
    "detach",
];

/// Whether a text is SQL: it begins with a word of SQL, which alone could stand in a sentence, and does more than what is
/// about the connection.
fn is_sql(text: &str) -> bool {
    let tokens: Vec<_> = tokenize(text).filter(Token::is_significant).take(2).collect();
    let begins = match tokens.as_slice() {
        [first, _] => BEGINNINGS.iter().any(|word| first.is_word(word)),
        _ => false,
    };
    let is_about_connection =
        |kind| matches!(kind, StatementKind::Pragma | StatementKind::Transaction | StatementKind::Other);
    begins && split(text).iter().any(|statement| !is_about_connection(statement.kind))
}

#[cfg(test)]
mod tests;
