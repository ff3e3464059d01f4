//! What libSQL lacks when it says that there is no such function, module, collation or tokenizer, and the line of
//! `dbmigrate.toml` that brings it.

use crate::config::{ANY_NUMBER, Engine, Function};
use crate::sql::token::{Token, TokenKind, significant};

/// What a function of the application says where a real row would need it.
pub const NOT_HERE: &str = "is a function of the application, and not available here";

/// Something that the application adds to libSQL, and that a database does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What it is.
    pub kind: MissingKind,
    /// Its name.
    pub name: String,
}

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingKind {
    /// A function that is not declared.
    Function,
    /// A function that is declared, and called with another number of arguments.
    Arguments,
    /// A declared function, where only the one of the application would do.
    Application,
    /// The module of a virtual table.
    Module,
    /// A collating sequence.
    Collation,
    /// A tokenizer of a full-text index.
    Tokenizer,
}

/// How libSQL says it.
const SAYINGS: [(&str, MissingKind); 6] = [
    ("no such function: ", MissingKind::Function),
    ("unknown function: ", MissingKind::Function),
    ("wrong number of arguments to function ", MissingKind::Arguments),
    ("no such module: ", MissingKind::Module),
    ("no such collation sequence: ", MissingKind::Collation),
    ("no such tokenizer: ", MissingKind::Tokenizer),
];

impl Missing {
    /// What a message says is missing.
    pub fn of(message: &str) -> Option<Self> {
        if let Some((before, _)) = message.split_once(NOT_HERE) {
            let name = before.trim_end().strip_suffix('`')?.rsplit('`').next()?;
            return Some(Self { kind: MissingKind::Application, name: name.to_owned() });
        }
        SAYINGS.iter().find_map(|(saying, kind)| {
            let (_, rest) = message.split_once(saying)?;
            // the name is all of the rest, or ends with the parentheses of a call, or before a code
            let rest = rest.lines().next().unwrap_or_default();
            let end = rest.find("()").or_else(|| rest.find([',', ';'])).unwrap_or(rest.len());
            let name = rest[..end].trim().trim_matches(['"', '`', '\'']);
            (!name.is_empty()).then(|| Self { kind: *kind, name: name.to_owned() })
        })
    }

    /// The lines that say what to do. `declared` is what is declared already, `texts` where the function may be called,
    /// which tells with how many arguments.
    pub fn help(&self, declared: &Engine, texts: &[&str]) -> Vec<String> {
        match self.kind {
            // a function of libSQL, or of a library
            MissingKind::Arguments if declared.function(&self.name).is_none() => Vec::new(),
            // a server, or another connection that nobody has registered it on
            MissingKind::Function
                if declared.function(&self.name).is_some_and(|known| known.takes(&calls(&self.name, texts))) =>
            {
                let name = &self.name;
                vec![format!(
                    "`{name}` is declared, and only the application has it: use a file, or remove what calls `{name}`"
                )]
            }
            MissingKind::Function | MissingKind::Arguments => {
                let counts = calls(&self.name, texts);
                let line = declared.with_function(&self.name, if counts.is_empty() { &[ANY_NUMBER] } else { &counts });
                vec![format!("if the application registers it, declare it in `[engine]` of `dbmigrate.toml`: `{line}`")]
            }
            MissingKind::Application => vec![
                format!("run it in the application, whose embedded runner has `{}`: docs/extensions.md", self.name),
                "if a library has it, load that: `extensions` in `[engine]` of `dbmigrate.toml`".to_owned(),
            ],
            MissingKind::Module | MissingKind::Tokenizer => vec![self.load(declared)],
            MissingKind::Collation => {
                vec!["if a library has it, load that: `extensions` in `[engine]` of `dbmigrate.toml`".to_owned()]
            }
        }
    }

    /// The line that loads the library of a module.
    fn load(&self, declared: &Engine) -> String {
        let list = declared.extensions.iter().map(String::as_str).chain([self.name.as_str()]);
        let list: Vec<String> = list.map(|name| format!("\"{}\"", name.escape_debug())).collect();
        format!("load the library that has it, in `[engine]` of `dbmigrate.toml`: `extensions = [{}]`", list.join(", "))
    }
}

/// With how many arguments a function is called in these texts, which may be SQL in anything.
fn calls(name: &str, texts: &[&str]) -> Vec<i32> {
    let mut counts = Vec::new();
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    let name = name.to_ascii_lowercase();
    for text in texts {
        // the same bytes, so that the places are the same
        let lower = text.to_ascii_lowercase();
        for (at, _) in lower.match_indices(&name) {
            let rest = text[at + name.len()..].trim_start_matches(['"', '`', ']']).trim_start();
            let before = &lower[..at];
            // the parentheses of a message are none of a call
            let is_said = SAYINGS.iter().any(|(saying, _)| before.ends_with(saying));
            let is_whole = !before.ends_with(is_word) && !is_said;
            if let Some(behind) = rest.strip_prefix('(').filter(|_| is_whole) {
                counts.extend(arguments(&significant(behind)));
            }
        }
    }
    counts.sort_unstable();
    counts.dedup();
    counts
}

/// Which of these functions are called in these texts.
pub fn called<'f>(functions: &'f [Function], texts: &[&str]) -> Vec<&'f str> {
    let is_called = |function: &&Function| !calls(&function.name, texts).is_empty();
    functions.iter().filter(is_called).map(|function| function.name.as_str()).collect()
}

/// How many arguments stand before the parenthesis that closes.
fn arguments(tokens: &[Token<'_>]) -> Option<i32> {
    if tokens.first()?.kind == TokenKind::Close {
        return Some(0);
    }
    let (mut depth, mut count) = (0, 1);
    for token in tokens {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close if depth == 0 => return Some(count),
            TokenKind::Close => depth -= 1,
            TokenKind::Comma if depth == 0 => count += 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(message: &str, texts: &[&str]) -> String {
        Missing::of(message).map(|missing| missing.help(&Engine::default(), texts).join(" | ")).unwrap_or_default()
    }

    #[test]
    fn every_way_of_saying_that_something_is_missing_is_understood() {
        let named = |message: &str| Missing::of(message).map(|missing| (missing.kind, missing.name));
        let found = |kind, name: &str| Some((kind, name.to_owned()));
        assert_eq!(named("no such function: is_uuid"), found(MissingKind::Function, "is_uuid"));
        assert_eq!(named("statement 2 failed: unknown function: f()"), found(MissingKind::Function, "f"));
        assert_eq!(named("no such module: vec0"), found(MissingKind::Module, "vec0"));
        assert_eq!(named("no such collation sequence: de_DE"), found(MissingKind::Collation, "de_DE"));
        assert_eq!(named("error in tokenizer: no such tokenizer: snow"), found(MissingKind::Tokenizer, "snow"));
        let guarded = format!("`0003_a` failed: `is_uuid` {NOT_HERE}");
        assert_eq!(named(&guarded), found(MissingKind::Application, "is_uuid"));
        assert_eq!(named("no such table: t"), None);
    }

    #[test]
    fn the_number_of_arguments_is_that_of_the_calls() {
        let wanted =
            "if the application registers it, declare it in `[engine]` of `dbmigrate.toml`: `functions = { f = ";
        for (text, number) in [
            ("CHECK (f(id))", "1"),
            ("#[table(check = \"f(a, lower(b, c))\")]", "2"),
            ("SELECT f(), F(1)", "[0, 1]"),
            ("SELECT g(1)", "-1"),
            ("unknown function: f() in CHECK (f(a, b))", "2"),
        ] {
            assert_eq!(help("no such function: f", &[text]), format!("{wanted}{number} }}`"), "{text}");
        }
    }

    #[test]
    fn what_is_declared_is_not_to_be_declared_again() {
        let function = Function { name: "f".to_owned(), arguments: vec![1], returns: None, at: (1, 1) };
        let declared = Engine { extensions: Vec::new(), functions: vec![function] };
        let help = |text: &str| {
            let missing = Missing::of("no such function: F").expect("one is missing");
            missing.help(&declared, &[text]).join(" | ")
        };
        assert_eq!(
            help("CHECK (f(a))"),
            "`F` is declared, and only the application has it: use a file, or remove what calls `F`"
        );
        assert!(help("CHECK (f(a, b))").ends_with("`functions = { f = [1, 2] }`"), "{}", help("CHECK (f(a, b))"));
    }

    #[test]
    fn a_function_of_libsql_with_too_many_arguments_is_not_one_of_the_application() {
        assert_eq!(help("wrong number of arguments to function lower()", &["lower(a, b)"]), "");
    }
}
