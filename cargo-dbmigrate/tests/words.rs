//! The glossary of CONTRIBUTING.md ("Words"): what the product says uses the words that were chosen, not the ones that
//! they replaced. Strings are read from the source of every crate, help from the command itself.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Words that no message uses, and what to write instead.
const REPLACED: [(&str, &str); 33] = [
    ("a matter of", "for"),
    ("any more", "no longer"),
    ("anew", "again, or recreate"),
    ("are to be", "must be, or say who does it"),
    ("as it has to be", "to fit the new schema"),
    ("different pasts", "the histories diverge"),
    ("for which", "start a sentence of its own"),
    ("go on", "continue"),
    ("goes on", "continues"),
    ("hangs on", "depends on"),
    ("has to", "must"),
    ("have to", "must"),
    ("in step", "agree"),
    ("is to be", "must be, or say who does it"),
    ("lead there", "match"),
    ("lead to", "produce"),
    ("leads there", "matches"),
    ("leads to", "produces"),
    ("made up", "generated"),
    ("mend", "fix"),
    ("nobody", "it is unknown, no database"),
    ("of which", "start a sentence of its own"),
    ("on the way", "in between"),
    ("outside of", "outside"),
    ("renamed, or another one", "renamed, or dropped and added"),
    ("somebody", "another program, another client, by hand"),
    ("stand in the way", "block"),
    ("stands in the way", "blocks"),
    ("take it out", "remove it"),
    ("take over", "import, adopt"),
    ("taken over", "imported, adopted"),
    ("there is no", "no …"),
    ("there are no", "no …"),
];

/// The words of `REPLACED` in a text, each with what to write instead.
fn replaced(text: &str) -> Vec<String> {
    let plain: Vec<String> = text
        .split(|char: char| !char.is_alphanumeric() && char != '_' && char != ',')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let plain = format!(" {} ", plain.join(" "));
    let found = REPLACED.iter().filter(|(word, _)| plain.contains(&format!(" {word} ")));
    found.map(|(word, instead)| format!("`{word}`, instead: {instead}")).collect()
}

/// The Rust files below a folder, tests aside.
fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if name == "tests" {
            continue;
        }
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The string literals in tokens that somebody can get to see: no documentation, tests, or reasons of `expect`.
fn strings(tokens: TokenStream, found: &mut Vec<(usize, String)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_ident = |at: usize, words: &[&str]| {
        tokens
            .get(at)
            .is_some_and(|token| matches!(token, TokenTree::Ident(ident) if words.iter().any(|word| ident == word)))
    };
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket && is_attribute(&tokens, at) => {
                let text = group.stream().to_string();
                if text == "cfg (test)" || text == "cfg(test)" {
                    // the item that follows, up to its body
                    let body = tokens[at..].iter().skip(1).position(|token| {
                        matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
                            || matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';')
                    });
                    at += body.map_or(0, |body| body + 1);
                } else if !["doc", "expect", "allow", "deprecated"].iter().any(|word| text.starts_with(word)) {
                    strings(group.stream(), found);
                }
            }
            // panics of our own are no messages
            TokenTree::Group(group)
                if at > 0
                    && is_ident(at - 1, &["expect", "unreachable"])
                    && group.stream().into_iter().count() == 1 => {}
            TokenTree::Group(group) => strings(group.stream(), found),
            TokenTree::Literal(literal) => {
                let parsed = syn::parse2::<syn::LitStr>(TokenStream::from(TokenTree::Literal(literal.clone())));
                found.extend(parsed.ok().map(|text| (literal.span().start().line, text.value())));
            }
            _ => {}
        }
        at += 1;
    }
}

fn is_attribute(tokens: &[TokenTree], at: usize) -> bool {
    let is = |back: usize, char: char| {
        at.checked_sub(back)
            .and_then(|at| tokens.get(at))
            .is_some_and(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == char))
    };
    is(1, '#') || (is(1, '!') && is(2, '#'))
}

#[test]
fn no_message_uses_a_word_that_was_replaced() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in ["src", "cargo-dbmigrate/src", "dbmigrate-core/src", "dbmigrate-macros/src", "dbmigrate-embed/src"] {
        sources(&workspace.join(folder), &mut files);
    }
    let (mut count, mut wrong) = (0, Vec::new());
    for file in files {
        let text = fs::read_to_string(&file).expect("the file can be read");
        let mut found = Vec::new();
        strings(text.parse().expect("the file is Rust"), &mut found);
        count += found.len();
        let shown = file.strip_prefix(&workspace).unwrap_or(&file).display().to_string();
        for (line, text) in found {
            wrong.extend(replaced(&text).iter().map(|what| format!("{shown}:{line}: {what}: {text:?}")));
        }
    }
    assert!(count > 3000, "only {count} strings were found");
    assert!(wrong.is_empty(), "{} messages use other words than CONTRIBUTING.md:\n{}", wrong.len(), wrong.join("\n"));
}

/// What the command prints.
fn help(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_cargo-dbmigrate"))
        .args(arguments)
        .env("COLUMNS", "80")
        .output()
        .expect("the binary runs");
    String::from_utf8(output.stdout).expect("help is UTF-8")
}

const COMMANDS: [&str; 11] =
    ["init", "generate", "migrate", "push", "pull", "diff", "baseline", "reset", "status", "check", "completions"];

#[test]
fn help_uses_the_words_and_fits_80_columns() {
    let all = help(&["--help"]);
    let every = COMMANDS.iter().map(|command| (*command, help(&[command, "--help"])));
    for (command, text) in every.chain([("all", all)]) {
        assert!(text.contains("Usage: cargo dbmigrate"), "{command}: {text}");
        assert_eq!(replaced(&text), [""; 0], "{command}: {text}");
        let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(long.is_empty(), "{command}: {long:?}");
    }
}

#[test]
fn help_shows_defaults_and_variables_as_clap_does() {
    let migrate = help(&["migrate", "--help"]).split_whitespace().collect::<Vec<_>>().join(" ");
    for wanted in [
        "[default: 3]",
        "[default: 30 or 10]",
        "[env: TURSO_DATABASE_URL] [default: dev.db]",
        "[default: auto] [possible values: auto, always, never]",
        "[default: human] [possible values: human, json, github]",
        "[possible values: drift]",
    ] {
        assert!(migrate.contains(wanted), "{wanted} is missing in {migrate}");
    }
}
