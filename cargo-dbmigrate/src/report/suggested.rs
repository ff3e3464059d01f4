//! The commands in what is said, as lists of arguments for programs.

use dbmigrate_core::plan::Lint;
use dbmigrate_core::shell::shell_words;

use super::lint::is_loss;
use crate::messages::{Answer, NextStep};

/// How a command of ours begins.
const COMMAND: &str = "cargo dbmigrate ";

/// What is accepted by a word of `--accept` that is no lint, and loses something or passes over a check.
const CONSENTED_WORDS: [&str; 8] = ["all", "rows", "edits", "schema", "history", "drift", "drop_view", "delete_rows"];

/// Flags that a person has to agree to, whatever their value.
const CONSENTED_FLAGS: [&str; 2] = ["--overwrite", "--yes"];

/// Flags that say how to speak, which no other command needs, and whether a value follows.
const OUTPUT_FLAGS: [(&str, bool); 6] = [
    ("--message-format", true),
    ("--color", true),
    ("-q", false),
    ("--quiet", false),
    ("-v", false),
    ("--verbose", false),
];

/// The arguments of a run without those that say how to speak, each flag and its value apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Typed(Vec<String>);

impl Typed {
    /// Of the arguments, the program's name left out.
    pub(crate) fn new<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words = arguments.into_iter().flat_map(apart);
        let mut kept = Vec::new();
        while let Some(word) = words.next() {
            match OUTPUT_FLAGS.iter().find(|(flag, _)| *flag == word) {
                Some((_, true)) => drop(words.next()),
                Some((_, false)) => {}
                None => kept.push(word),
            }
        }
        Self(kept)
    }

    /// The command that was run, as it is called in a title.
    pub(super) fn title(&self) -> String {
        match self.0.first().filter(|word| !word.starts_with('-')) {
            Some(command) => format!("cargo dbmigrate {command}"),
            None => "cargo dbmigrate".to_owned(),
        }
    }

    /// What `arguments` have beside those of the run; nothing, if they are of another command.
    fn added(&self, arguments: &[String]) -> Vec<String> {
        if self.0.first() != arguments.first() {
            return Vec::new();
        }
        let mut typed = units(&self.0);
        let all: Vec<String> = arguments.iter().flat_map(|word| apart(word)).collect();
        let new = units(&all).into_iter().filter(|unit| match typed.iter().position(|one| one == unit) {
            Some(at) => {
                typed.remove(at);
                false
            }
            None => true,
        });
        new.flatten().cloned().collect()
    }
}

/// `--flag=value` as two words.
fn apart(word: &str) -> Vec<String> {
    match word.split_once('=').filter(|(flag, _)| flag.starts_with("--")) {
        Some((flag, value)) => vec![flag.to_owned(), value.to_owned()],
        None => vec![word.to_owned()],
    }
}

/// Flags with what follows them.
fn units(words: &[String]) -> Vec<&[String]> {
    let mut units: Vec<&[String]> = Vec::new();
    let mut start = 0;
    for at in 1..=words.len() {
        if words.get(at).is_none_or(|word| word.starts_with('-') || !words[at - 1].starts_with('-')) {
            units.push(&words[start..at]);
            start = at;
        }
    }
    units
}

/// The commands in backticks of a line, as arguments.
fn commands(line: &str) -> Vec<Vec<String>> {
    let quoted = line.split('`').skip(1).step_by(2);
    quoted.filter_map(|part| shell_words(part.strip_prefix(COMMAND)?)).collect()
}

/// A line of what to do next.
pub(crate) fn step(line: &str) -> NextStep {
    let commands = commands(line);
    let consent = commands.iter().any(|arguments| asks_for_consent(arguments));
    NextStep { text: line.to_owned(), commands, consent }
}

/// The answer that a line of help gives, if it does so by a command of ours.
pub(crate) fn answer(line: &str, typed: &Typed) -> Option<Answer> {
    let mut commands = commands(line).into_iter();
    let arguments = commands.next()?;
    let label = line.split(&format!("`{COMMAND}")).next().unwrap_or_default();
    let flags = typed.added(&arguments);
    let consent = asks_for_consent(if flags.is_empty() { &arguments } else { &flags });
    let template = arguments.iter().any(|word| is_template(word));
    let label = label.trim().trim_end_matches([':', ',']).to_owned();
    Some(Answer { label, arguments, flags, then: commands.collect(), consent, template })
}

/// Whether something has to be put in: `…`, or a word in capitals for a value of the reader.
fn is_template(word: &str) -> bool {
    const PLACEHOLDERS: [&str; 7] = ["BIN", "PATH", "URL", "NAME", "HOST", "FOLDER", "NEW"];
    word.contains('…') || word.split(['=', '.', ':']).any(|part| PLACEHOLDERS.contains(&part))
}

/// Whether a person has to agree to the arguments.
fn asks_for_consent(arguments: &[String]) -> bool {
    let accepts = |value: &String| {
        let word = value.split(':').next().unwrap_or_default();
        CONSENTED_WORDS.contains(&word) || word.parse().is_ok_and(|lint: Lint| is_loss(lint))
    };
    let mut words = arguments.iter().flat_map(|word| apart(word)).peekable();
    while let Some(word) = words.next() {
        if CONSENTED_FLAGS.contains(&word.as_str()) || (word == "--accept" && words.peek().is_some_and(accepts)) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> Typed {
        Typed::new(line.split(' '))
    }

    fn answered(line: &str, run: &str) -> Answer {
        answer(line, &typed(run)).expect("it is an answer")
    }

    #[test]
    fn an_answer_is_a_list_of_arguments_and_what_it_adds() {
        let run = "generate --message-format json --rename=users=people -q";
        let line = "if renamed: `cargo dbmigrate generate --rename users=people --rename 'people.a b=c'`";
        let answer = answered(line, run);
        assert_eq!(answer.label, "if renamed");
        assert_eq!(answer.arguments, ["generate", "--rename", "users=people", "--rename", "people.a b=c"]);
        assert_eq!(answer.flags, ["--rename", "people.a b=c"]);
        assert!(!answer.consent && !answer.template && answer.then.is_empty());
    }

    #[test]
    fn what_loses_something_asks_for_consent() {
        for (flag, consent) in [
            ("--accept drop_column:users.nick", true),
            ("--accept lossy_conversion:a.b", true),
            ("--accept=all", true),
            ("--accept not_null_without_default:a.b", false),
            ("--accept keep_table:a", false),
            ("--accept delete_rows:a", true),
            ("--overwrite", true),
            ("--yes production", true),
            ("--rename a=b", false),
        ] {
            let line = format!("if so: `cargo dbmigrate push {flag}`");
            assert_eq!(answered(&line, "push").consent, consent, "{flag}");
        }
        // what was agreed to before is no new question
        let line = "x: `cargo dbmigrate push --accept drop_table:a --rename b=c`";
        assert!(!answered(line, "push --accept drop_table:a").consent);
        assert!(answered(line, "generate").consent);
    }

    #[test]
    fn other_programs_are_no_answers_and_further_commands_follow() {
        assert_eq!(answer("to see them: `sqlite3 dev.db`", &Typed::default()), None);
        let answer = answered("instead: `cargo dbmigrate generate`, then `cargo dbmigrate migrate`", "push");
        assert_eq!((answer.arguments, answer.flags), (vec!["generate".to_owned()], vec![]));
        assert_eq!(answer.then, [["migrate"]]);
        assert!(answered("a: `cargo dbmigrate push --url PATH`", "push").template);
    }
}
