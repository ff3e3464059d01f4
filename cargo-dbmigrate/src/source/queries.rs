//! The SQL in the string literals of a package: what the application asks its databases, as far as its source says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use dbmigrate_core::lint::Query;
use dbmigrate_core::sql::{Name, StatementKind, split};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::nesting;
use super::package::Package;

/// So many files are looked at, and no more.
const MOST_FILES: usize = 5000;

/// Directories in which no source of the application is.
pub(super) const OTHERS: [&str; 5] = ["target", "tests", "benches", "examples", "node_modules"];

/// Attributes whose texts are documentation, or a part of the schema itself.
const NO_QUERIES: [&str; 4] = ["doc", "table", "column", "view"];

/// The statements in the source of a package that may mention one of these names, each with its place. Texts that are
/// put together while the program runs are seen in part or not at all.
pub fn queries(package: &Package, names: &BTreeSet<Name>) -> Vec<Query> {
    let words: Vec<String> = names.iter().map(Name::folded).collect();
    let files = files_of(package);
    let mut reader = Reader { package, words, found: Vec::new(), read: BTreeSet::new() };
    for file in files {
        reader.read_file(&file);
    }
    reader.found
}

/// The source files of a package.
pub(super) fn files_of(package: &Package) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for root in &package.roots {
        files.push(root.clone());
        collect(root.parent().unwrap_or(Path::new(".")), &mut files);
    }
    files.sort_unstable();
    files.dedup();
    files
}

/// Whether a path from the directory of a package is that of source of the application, be it there or not.
pub fn is_of_application(package: &Package, path: &Path) -> bool {
    let is_rust = path.extension().is_some_and(|extension| extension == "rs");
    let own = |root: &PathBuf| root.strip_prefix(package.directory()).unwrap_or(root).to_owned();
    let mut roots = package.roots.iter().map(own);
    let directory = |root: &Path| root.parent().unwrap_or(Path::new("")).to_owned();
    is_rust
        && path.file_name().is_some_and(|name| name != "tests.rs")
        && roots.any(|root| {
            path.strip_prefix(directory(&root)).is_ok_and(|rest| {
                let mut parts = rest.iter().map(|part| part.to_string_lossy());
                parts.all(|part| !part.starts_with('.') && !OTHERS.contains(&part.as_ref()))
            })
        })
}

/// The source files below a directory, those of other packages and of tests left out.
fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let (Ok(kind), Some(name)) = (entry.file_type(), path.file_name().and_then(|name| name.to_str())) else {
            continue;
        };
        if kind.is_dir() {
            let is_other = name.starts_with('.') || OTHERS.contains(&name) || path.join("Cargo.toml").is_file();
            if !is_other && files.len() < MOST_FILES {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs" {
            files.push(path);
        }
    }
}

struct Reader<'p> {
    package: &'p Package,
    /// The names, in lower case.
    words: Vec<String>,
    found: Vec<Query>,
    /// The files of SQL that were read.
    read: BTreeSet<PathBuf>,
}

impl Reader<'_> {
    fn read_file(&mut self, path: &Path) {
        let Ok(text) = std::fs::read_to_string(path) else { return };
        let folded = text.to_ascii_lowercase();
        if !self.mentions(&folded) && !folded.contains(".sql\"") {
            return;
        }
        // a first line for a shell, or a mark, is no Rust
        let text = text.trim_start_matches('\u{feff}');
        let text = if text.starts_with("#!/") { text.find('\n').map_or("", |end| &text[end..]) } else { text };
        if nesting::too_deep(text).is_some() {
            return;
        }
        let Ok(tokens) = text.parse::<TokenStream>() else { return };
        for (line, text) in literals(tokens) {
            match text {
                Text::Literal(text) => self.add(path, line, &text),
                Text::File { name, is_beside } => {
                    let base = if is_beside { path.parent() } else { Some(self.package.directory()) };
                    self.read_sql(&base.unwrap_or(Path::new(".")).join(name));
                }
            }
        }
    }

    /// Reads a file of statements that the source includes.
    fn read_sql(&mut self, path: &Path) {
        let Ok(text) = std::fs::read_to_string(path) else { return };
        if self.read.insert(path.to_owned()) {
            for statement in split(&text) {
                self.add(path, statement.line, statement.text);
            }
        }
    }

    fn add(&mut self, path: &Path, line: usize, text: &str) {
        let is_query = |text: &str| {
            let statements = split(text);
            statements.iter().any(|one| matches!(one.kind, StatementKind::Read | StatementKind::Write))
        };
        if self.mentions(&text.to_ascii_lowercase()) && is_query(text) {
            let shown = path.strip_prefix(&self.package.current_dir).unwrap_or(path);
            self.found.push(Query { place: format!("{}:{line}", shown.display()), sql: text.to_owned() });
        }
    }

    fn mentions(&self, folded: &str) -> bool {
        self.words.iter().any(|word| folded.contains(word))
    }
}

/// A text in the source.
#[derive(Debug, PartialEq, Eq)]
enum Text {
    Literal(String),
    /// The name of a file with statements, which lies beside the source or is named from the directory of the package.
    File {
        name: String,
        is_beside: bool,
    },
}

/// The string literals in tokens, each with its line; tests, documentation and declarations of tables left out.
fn literals(tokens: TokenStream) -> Vec<(usize, Text)> {
    let mut found = Vec::new();
    collect_literals(tokens, &mut found);
    found
}

fn collect_literals(tokens: TokenStream, found: &mut Vec<(usize, Text)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            TokenTree::Group(group) if is_attribute(&tokens, at, group) => {
                if is_test(group) {
                    // up to the body of what follows
                    let is_end = |token: &TokenTree| match token {
                        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                        TokenTree::Punct(punct) => punct.as_char() == ';',
                        _ => false,
                    };
                    at += tokens[at + 1..].iter().position(is_end).map_or(0, |end| end + 1);
                } else if !first_word(group).is_some_and(|word| NO_QUERIES.contains(&&*word)) {
                    collect_literals(group.stream(), found);
                }
            }
            TokenTree::Group(group) => match macro_before(&tokens, at).as_deref() {
                Some("concat") => found.extend(joined(group)),
                Some("include_str") => found.extend(file(group, true)),
                Some(name) if name.starts_with("query_file") => found.extend(file(group, false)),
                _ => collect_literals(group.stream(), found),
            },
            TokenTree::Literal(_) => found.extend(literal(token).map(|(line, text)| (line, Text::Literal(text)))),
            _ => {}
        }
        at += 1;
    }
}

/// A string literal with its line.
fn literal(token: &TokenTree) -> Option<(usize, String)> {
    let TokenTree::Literal(literal) = token else { return None };
    let text = syn::parse2::<syn::LitStr>(TokenStream::from(token.clone())).ok()?;
    Some((literal.span().start().line, text.value()))
}

/// What `concat!` joins, with a value that is not known in the place of what is no string.
fn joined(group: &Group) -> Option<(usize, Text)> {
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    let literals: Vec<(usize, String)> = tokens.iter().filter_map(literal).collect();
    let line = literals.first()?.0;
    Some((line, Text::Literal(literals.into_iter().map(|(_, text)| text).collect())))
}

/// The file of statements that a macro names.
fn file(group: &Group, is_beside: bool) -> Option<(usize, Text)> {
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    let (line, name) = tokens.iter().find_map(literal)?;
    let is_sql = Path::new(&name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sql"));
    is_sql.then_some((line, Text::File { name, is_beside }))
}

/// The name of the macro whose arguments a group is.
fn macro_before(tokens: &[TokenTree], at: usize) -> Option<String> {
    match (tokens.get(at.checked_sub(2)?)?, &tokens[at - 1]) {
        (TokenTree::Ident(name), TokenTree::Punct(mark)) if mark.as_char() == '!' => Some(name.to_string()),
        _ => None,
    }
}

pub(super) fn is_attribute(tokens: &[TokenTree], at: usize, group: &Group) -> bool {
    let is = |back: usize, char: char| {
        let token = at.checked_sub(back).and_then(|at| tokens.get(at));
        matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == char)
    };
    group.delimiter() == Delimiter::Bracket && (is(1, '#') || (is(1, '!') && is(2, '#')))
}

fn first_word(group: &Group) -> Option<String> {
    match group.stream().into_iter().next()? {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        _ => None,
    }
}

/// Whether an attribute is for tests: `#[test]`, `#[cfg(test)]`, `#[tokio::test]`.
pub(super) fn is_test(group: &Group) -> bool {
    let text = group.stream().to_string().replace(' ', "");
    text == "test" || text == "cfg(test)" || text.ends_with("::test") || text.starts_with("cfg(all(test,")
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    fn found(source: &str) -> Vec<String> {
        let said = |(line, text)| match text {
            Text::Literal(text) => format!("{line}: {text}"),
            Text::File { name, is_beside } => format!("{line}: file {name}, {is_beside}"),
        };
        literals(source.parse().expect("it is Rust")).into_iter().map(said).collect()
    }

    #[test]
    fn literals_are_found_wherever_they_are_apart_from_tests_and_declarations() {
        let source = r##"
            const ALL: &str = "SELECT 1";
            /// SELECT 2
            #[view(query = "SELECT 3")]
            #[sql("SELECT 4")]
            struct A;
            fn f() { sqlx::query!(r#"SELECT "a"
                FROM b"#, 1); query(concat!("SELECT a ", "FROM b")); include_str!("a.sql"); query_file_as!(A, "q/b.sql"); }
            #[cfg(test)]
            mod tests { const A: &str = "SELECT 5"; }
            #[tokio::test]
            async fn a() -> String { "SELECT 6".into() }
            fn g() { "SELECT \
                7"; }
        "##;
        let wanted = [
            "2: SELECT 1",
            "5: SELECT 4",
            "7: SELECT \"a\"\n                FROM b",
            "8: SELECT a FROM b",
            "8: file a.sql, true",
            "8: file q/b.sql, false",
            "13: SELECT 7",
        ];
        assert_eq!(found(source), wanted);
    }

    #[test]
    fn statements_that_mention_a_name_are_found_in_the_source_and_in_the_files_that_it_includes() {
        let directory = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(&path, text).expect("a file");
        };
        write("src/main.rs", "mod a; fn main() { query(\"select Legacy from users\"); log(\"the legacy column\"); }");
        write("src/a.rs", "\nconst A: &str = include_str!(\"a.sql\");\nconst B: &str = \"SELECT id FROM users\";");
        write("src/a.sql", "SELECT 1;\nUPDATE users SET legacy = 1;");
        write("src/a/tests.rs", "const A: &str = \"SELECT legacy FROM users\";");
        write("src/other/Cargo.toml", "");
        write("src/other/lib.rs", "const A: &str = \"SELECT legacy FROM users\";");
        let package = Package {
            name: "a".to_owned(),
            manifest: directory.path().join("Cargo.toml"),
            workspace_root: directory.path().to_owned(),
            roots: vec![directory.path().join("src/main.rs")],
            features: HashSet::new(),
            depends_on_dbmigrate: true,
            current_dir: directory.path().to_owned(),
            library: None,
            database: None,
            externs: HashMap::new(),
            edition_2015: false,
        };
        let found = queries(&package, &BTreeSet::from(["legacy".into()]));
        let found: Vec<String> = found.into_iter().map(|query| format!("{}: {}", query.place, query.sql)).collect();
        assert_eq!(found, ["src/a.sql:2: UPDATE users SET legacy = 1", "src/main.rs:1: select Legacy from users"]);
    }
}
