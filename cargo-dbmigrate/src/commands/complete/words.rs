//! What was typed so far, as words. The last one is being typed.

use std::ffi::OsString;

/// A line that is being typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Typing {
    /// The words as the program gets them, its own name first; the last one is being typed.
    pub(super) words: Vec<String>,
    /// How much of the last word bash takes for words of their own, which it keeps.
    pub(super) kept: usize,
    /// Whether the last word stands in quotes that are open.
    pub(super) is_quoted: bool,
}

/// PowerShell passes no empty word on; this stands for it.
const NOTHING: &str = "__nothing__";

/// The words, of all shells but bash.
pub(super) fn of_words(words: &[OsString]) -> Option<Typing> {
    let mut words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    if let Some(last) = words.last_mut().filter(|last| *last == NOTHING) {
        last.clear();
    }
    Some(Typing { words: of_program(words)?, ..Typing::default() })
}

/// The line of bash, the place in it, and what breaks words.
pub(super) fn of_line(arguments: &[OsString]) -> Option<Typing> {
    let text = |at: usize| arguments.get(at).map(|word| word.to_string_lossy());
    let (line, breaks) = (text(0)?, text(2).unwrap_or_default());
    let point: usize = text(1).and_then(|point| point.parse().ok()).unwrap_or(line.len());
    let end = (0..=point.min(line.len())).rev().find(|at| line.is_char_boundary(*at))?;
    let (words, is_quoted) = split(&line[..end]);
    let words = of_program(words)?;
    let last = words.last().map_or("", String::as_str);
    let kept = match is_quoted {
        true => 0,
        false => last.rfind(|char| matches!(char, ':' | '=') && breaks.contains(char)).map_or(0, |at| at + 1),
    };
    Some(Typing { words, kept, is_quoted })
}

/// The words without what stands before the program: `cargo`, a toolchain, `dbmigrate`.
fn of_program(words: Vec<String>) -> Option<Vec<String>> {
    let is_program = |word: &String, name: &str| {
        let file = word.rsplit(['/', '\\']).next().unwrap_or_default();
        file.strip_suffix(".exe").unwrap_or(file) == name
    };
    let first = words.first()?;
    let skipped = match words.get(1).is_some_and(|word| word.starts_with('+')) {
        _ if is_program(first, "cargo-dbmigrate") => usize::from(words.get(1).is_some_and(|word| word == "dbmigrate")),
        _ if first == "dbmigrate" => 0,
        true if is_program(first, "cargo") => 2,
        false if is_program(first, "cargo") => 1,
        _ => return None,
    };
    let words: Vec<String> = words.into_iter().skip(skipped).collect();
    // the name of the program, and a word that is being typed
    (words.len() > 1).then_some(words)
}

/// A line as words, and whether the last one stands in open quotes.
fn split(line: &str) -> (Vec<String>, bool) {
    let (mut words, mut word) = (Vec::new(), String::new());
    let (mut quote, mut is_word) = (None, false);
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (None, char) if char.is_whitespace() => {
                if is_word {
                    words.push(std::mem::take(&mut word));
                }
                is_word = false;
                continue;
            }
            (None, '\'' | '"') => quote = Some(char),
            (Some(open), char) if open == char => quote = None,
            (None | Some('"'), '\\') => word.extend(chars.next()),
            (_, char) => word.push(char),
        }
        is_word = true;
    }
    words.push(word);
    (words, quote.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Typing {
        let arguments = [text, &text.len().to_string(), " \t\n\"'><=;|&(:"].map(OsString::from);
        of_line(&arguments).unwrap_or_default()
    }

    #[test]
    fn the_line_of_bash_is_words() {
        for (text, words, kept) in [
            ("cargo dbmigrate mig", vec!["dbmigrate", "mig"], 0),
            ("cargo +nightly dbmigrate  ", vec!["dbmigrate", ""], 0),
            ("cargo-dbmigrate migrate --to 00", vec!["cargo-dbmigrate", "migrate", "--to", "00"], 0),
            (
                "~/bin/cargo-dbmigrate push --accept drop_column:us",
                vec!["~/bin/cargo-dbmigrate", "push", "--accept", "drop_column:us"],
                12,
            ),
            ("cargo dbmigrate generate --rename=users.a=", vec!["dbmigrate", "generate", "--rename=users.a="], 17),
            ("cargo dbmigrate generate --rename 'a b", vec!["dbmigrate", "generate", "--rename", "a b"], 0),
            ("cargo dbmigrate x a\\ b", vec!["dbmigrate", "x", "a b"], 0),
        ] {
            let typing = line(text);
            assert_eq!((typing.words, typing.kept), (words.iter().map(ToString::to_string).collect(), kept), "{text}");
        }
        for text in ["", "cargo", "cargo dbmigrate", "cargo build --fe", "ls "] {
            assert_eq!(
                line(text).words.first().map(String::as_str).unwrap_or_default().is_empty(),
                text != "cargo build --fe",
                "{text}"
            );
        }
    }

    #[test]
    fn a_place_within_the_line_ends_it() {
        let arguments = ["cargo dbmigrate migrate --to 1", "19", "="].map(OsString::from);
        assert_eq!(
            of_line(&arguments).map(|typing| typing.words),
            Some(vec!["dbmigrate".to_owned(), "mig".to_owned()])
        );
    }
}
