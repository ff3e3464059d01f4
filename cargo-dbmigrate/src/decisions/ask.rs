//! The decisions of `generate` and `push`: from flags, from attributes, and from questions at a terminal.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use dbmigrate_core::diff::{Diff, RenameError, diff};
use dbmigrate_core::folder::Snapshot;
use dbmigrate_core::plan::decide::{answerable, as_renames, questions};
use dbmigrate_core::plan::{
    Accepted, Decisions, Lint, Misplaced, Question, can_keep, conversions, misplaced, of_unknown,
};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::validate::Place;
use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::path::{parse_path, path};

use crate::decisions::answers::{Acceptance, Answers, Word, override_with};
use crate::decisions::keeping::{self, Keeps, is_loss_alone};
use crate::diagnostic::Diagnostic;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::Context;
use crate::report::prompt::NoAnswer;
use crate::source::Declared;
use crate::structs;

/// The decisions and the difference under them.
pub(crate) struct Decided {
    pub(crate) decisions: Decisions,
    pub(crate) diff: Diff,
    /// What is left to decide; nothing, unless it may stay so.
    pub(crate) open: Vec<Open>,
}

/// A decision that is missing, and how many rows or values it is about, where that is known.
#[derive(Debug, Clone)]
pub(crate) struct Open {
    pub(crate) question: Question,
    pub(crate) count: Option<u64>,
    /// Whether what would be lost can be kept.
    pub(crate) can_keep: bool,
}

/// The command that needs decisions.
pub(crate) struct Asker<'a> {
    pub(crate) context: &'a Context,
    pub(crate) declared: &'a Declared,
    /// The answers that were given with it.
    pub(crate) answers: &'a Answers,
    /// The words that its `--accept` takes.
    pub(crate) words: &'static [Word],
    /// The command as it was typed, without the answers.
    command: String,
    /// Whether the answers are in it already, and those of other plans.
    is_whole: bool,
    /// What is said when a decision is missing: "nothing was written".
    pub(crate) untouched: &'static str,
    /// Whether what is dropped is kept.
    pub(super) keeps: Cell<Keeps>,
    /// What migrations have added, by its path: of a command that takes them back.
    added: BTreeMap<String, String>,
    /// The answers that were given at the terminal, as flags.
    pub(crate) given: RefCell<Vec<String>>,
    /// What `--accept` names and there is not.
    unknown: RefCell<BTreeSet<String>>,
}

impl<'a> Asker<'a> {
    /// The command with its answers, and the words that its `--accept` takes.
    pub(crate) fn new(
        context: &'a Context,
        declared: &'a Declared,
        (answers, words): (&'a Answers, &'static [Word]),
        command: String,
        untouched: &'static str,
    ) -> Self {
        let (given, unknown) = <(RefCell<Vec<String>>, RefCell<BTreeSet<String>>)>::default();
        Self {
            context,
            declared,
            answers,
            words,
            command,
            is_whole: false,
            untouched,
            keeps: Cell::default(),
            added: BTreeMap::new(),
            given,
            unknown,
        }
    }
}

impl Asker<'_> {
    /// The same of a command that takes migrations back, with what they have added, each by its path.
    pub(crate) fn taking_back(self, added: BTreeMap<String, String>) -> Self {
        Self { added, ..self }
    }

    /// The same of a command line that has all answers already, also to what others are asked.
    pub(crate) fn answered(self) -> Self {
        Self { is_whole: true, ..self }
    }

    /// The same of a command that can keep what is dropped.
    pub(crate) fn keeping(self, keeps: Keeps) -> Self {
        Self { keeps: Cell::new(keeps), ..self }
    }

    /// The command as it was typed, so that a flag can be put behind it; without what accepts something that there is
    /// not, which would only be warned of again.
    pub(crate) fn command_line(&self) -> String {
        let mut line = self.command.clone();
        if self.is_whole {
            return line;
        }
        self.answers.push_to(&mut line, |text| !self.unknown.borrow().contains(text));
        line
    }

    /// The answers of the command line, added to decisions that come from elsewhere.
    ///
    /// # Errors
    /// Exit code 2 for flags that do not fit.
    pub(crate) fn answer(&self, decisions: &mut Decisions, old: &Schema, new: &Schema) -> Result<()> {
        self.answers.decide(decisions, self.words, (old, new))?;
        let mut unknown = self.unknown.borrow_mut();
        for (typed, acceptance) in self.answers.accept.iter().zip(self.answers.accepted(self.words)?) {
            let is_known = match acceptance.of_known((old, new)) {
                Acceptance::Lint(_, object) => is_anything(&object, &[old, new]),
                Acceptance::Object(_, name) => is_anything(&path([&name]), &[old, new]),
                Acceptance::Word(_) => true,
            };
            if !is_known {
                unknown.insert(typed.clone());
            }
        }
        Ok(())
    }

    /// Collects all decisions, beside those that are there already. Attributes override them, and flags override both.
    /// With `only_look`, those that are missing may stay so.
    ///
    /// # Errors
    /// Exit code 2 for flags that do not fit, 3 for decisions that are missing and cannot be asked for.
    pub(crate) fn decide_after(&self, decided: Decisions, head: &Snapshot, only_look: bool) -> Result<Decided> {
        let (old, new) = (&head.schema, &self.declared.schema);
        let mut decisions = decided;
        override_with(&mut decisions.renames, structs::pending_renames(self.declared, head));
        self.answer(&mut decisions, old, new)?;
        refuse(of_unknown(&decisions, new))?;
        loop {
            let diff = diff(old, new, &decisions.renames).map_err(|error| self.rename_error(&error))?;
            let mut open = questions(&diff, old, new, &decisions);
            open.extend(conversions(&diff, new, &decisions));
            if self.keeps.get() == Keeps::Typed {
                // nothing is lost
                for question in open.iter().filter(|question| is_loss_alone(question)) {
                    let (lint, object) = question.lint();
                    decisions.accepted.add(lint, &object);
                }
                open.retain(|question| !is_loss_alone(question));
            }
            let open = answerable(open).into_iter().map(|question| {
                let can_keep = self.keeps.get() != Keeps::Never && can_keep((old, new), &diff, &decisions, &question);
                Open { question, count: None, can_keep }
            });
            let open: Vec<Open> = open.collect();
            let Some(first) = open.first() else {
                check_fills(&decisions, &diff, new)?;
                self.warn_of_unused(&diff, old, new, &decisions)?;
                return Ok(Decided { decisions, diff, open: Vec::new() });
            };
            if only_look {
                return Ok(Decided { decisions, diff, open });
            }
            if !self.context.printer.can_ask() {
                return Err(self.missing(&open, &[]));
            }
            self.ask(&mut decisions, first, old)?;
        }
    }

    /// A rename that does not fit.
    pub(crate) fn rename_error(&self, error: &RenameError) -> CommandError {
        if let Some(error) = structs::rename_error(self.context, self.declared, error, self.untouched) {
            return error;
        }
        CommandError::usage(error.to_string())
            .help("a table: `--rename OLD=NEW`; a column: `--rename TABLE.OLD=NEW`, with the table's new name")
    }
}

/// Whether a path can be of something: a table that there is, and a column that some table has, as tables may be renamed.
fn is_anything(object: &str, schemas: &[&Schema]) -> bool {
    let Some((parts, None)) = parse_path(object) else { return false };
    let is_table = |name: &Name| schemas.iter().any(|schema| schema.object_names().any(|one| one == name));
    let is_column = |name: &Name| {
        let mut tables = schemas.iter().flat_map(|schema| &schema.tables);
        tables.any(|table| table.column(name).is_some())
    };
    match &parts[..] {
        [table] => is_table(table),
        [table, column] => is_table(table) && is_column(column),
        _ => false,
    }
}

/// Whether somebody at the terminal says yes. Giving no answer is a no.
///
/// # Errors
/// If the terminal cannot be asked.
pub(crate) fn confirmed(context: &Context, question: &str) -> Result<bool> {
    match context.printer.confirm(question) {
        Ok(answer) => Ok(answer),
        Err(NoAnswer::Cancelled) => Ok(false),
        Err(NoAnswer::Failed(error)) => Err(CommandError::failed(format!("no answer: {error}"))),
    }
}

/// The place of the item that somebody at the terminal chooses.
///
/// # Errors
/// Exit code 3 if nothing is chosen.
pub(crate) fn chosen(context: &Context, question: &str, items: &[String]) -> Result<usize> {
    context.printer.choose(question, items).map_err(|no_answer| match no_answer {
        NoAnswer::Cancelled => CommandError::cancelled("nothing was written"),
        NoAnswer::Failed(error) => {
            CommandError::new(exit::DECISION, format!("no answer, nothing was written: {error}"))
        }
    })
}

/// `2 rows` of a table, `1 value` of a column.
pub(super) fn counted(count: u64, lint: Lint) -> String {
    crate::report::counted(usize::try_from(count).unwrap_or(usize::MAX), lint.noun())
}

/// A backfill must have something to fill, and a conversion something to convert, else it was meant for something else.
pub(crate) fn check_fills(decisions: &Decisions, diff: &Diff, new: &Schema) -> Result<()> {
    refuse(misplaced(decisions, diff, new))
}

fn refuse(found: Option<Misplaced>) -> Result<()> {
    let Some(Misplaced { message, help }) = found else { return Ok(()) };
    Err(help.into_iter().fold(CommandError::usage(message), CommandError::help))
}

impl Asker<'_> {
    /// Accepting something that does not happen is no harm, but probably a mistake.
    pub(crate) fn warn_of_unused(&self, diff: &Diff, old: &Schema, new: &Schema, decisions: &Decisions) -> Result<()> {
        let strict = Decisions { accepted: Accepted::default(), ..decisions.clone() };
        let needed: Vec<(Lint, String)> = questions(diff, old, new, &strict).iter().map(Question::lint).collect();
        for acceptance in self.answers.accepted(self.words)? {
            let Acceptance::Lint(lint, object) = acceptance.of_known((old, new)) else { continue };
            let is_used = needed.iter().any(|(one, two)| *one == lint && two.eq_ignore_ascii_case(&object));
            if !is_used && lint != Lint::LossyConversion {
                let message = format!("`--accept {lint}:{object}`: no change needs it");
                self.context.printer.warning(&message, &[]);
            }
        }
        Ok(())
    }

    /// Exit code 3, with every answer as a command. `contradicted` is what rows have against what is asked for.
    pub(crate) fn missing(&self, open: &[Open], contradicted: &[Diagnostic]) -> CommandError {
        let command = self.command_line();
        for typed in &*self.unknown.borrow() {
            self.context.printer.warning(&format!("`--accept {typed}`: no such object"), &[]);
        }
        let mut diagnostics = self.diagnostics(open);
        diagnostics.extend(contradicted.iter().cloned());
        let untouched = self.untouched;
        let decisions = match open.len() {
            1 => "a decision is needed".to_owned(),
            count => format!("{count} decisions are needed"),
        };
        let rows = "rows do not fit the structs";
        let message = match (open.is_empty(), contradicted.is_empty()) {
            (false, true) => format!("{decisions}, {untouched}"),
            (false, false) => format!("{decisions} and {rows}, {untouched}"),
            (true, _) => format!("{rows}, {untouched}"),
        };
        let count = diagnostics.len();
        let rendered = self.context.printer.render(&diagnostics);
        let mut error = CommandError::new(exit::DECISION, message).diagnostics(rendered);
        if self.declared.schema.is_empty() {
            let package = &self.context.package.name;
            error = error.note(format!("no struct with `#[derive(Table)]` in `{package}`: is a `mod` missing?"));
        }
        let questions: Vec<Question> = open.iter().map(|open| open.question.clone()).collect();
        match as_renames(&questions).filter(|_| !open.is_empty()) {
            _ if count == 1 => error,
            Some(flags) if contradicted.is_empty() => {
                error.help(format!("if all were renamed: `{command} {}`", flags.join(" ")))
            }
            _ if open.is_empty() => error.help("fix the rows, or pass all answers in one command"),
            _ => error.help("pass all answers in one command, one flag each"),
        }
    }

    /// What is left to decide, each with its answers.
    pub(crate) fn diagnostics(&self, open: &[Open]) -> Vec<Diagnostic> {
        open.iter().map(|open| self.diagnostic(open)).collect()
    }

    /// A question, in one line.
    pub(super) fn worded(&self, Open { question, count, can_keep }: &Open) -> String {
        let mut message = question.message(*count);
        if let Some(migration) = self.added.get(&question.lint().1) {
            message = message.replacen("` is gone", &format!("`, which `{migration}` has added, is dropped"), 1);
        }
        let is_kept = *can_keep && self.keeps.get().is_on();
        if is_kept { message.replace(" would be lost", " would be kept aside") } else { message }
    }

    /// A question with its answers, at what it is about.
    fn diagnostic(&self, open: &Open) -> Diagnostic {
        let Open { question, count, can_keep } = open;
        let (lint, object) = question.lint();
        let mut diagnostic = Diagnostic::error(self.worded(open));
        diagnostic.code = Some(lint.name().to_owned());
        diagnostic.object = Some(object.into());
        // a table that has rows is not empty, whoever accepts that
        let is_an_answer = |flag: &str| count.is_none() || !flag.contains(Lint::NotNullWithoutDefault.name());
        let answers = keeping::answers(question, self.keeps.get(), *can_keep);
        for (when, flag) in answers.into_iter().filter(|(_, flag)| is_an_answer(flag)) {
            diagnostic = diagnostic.help(format!("{when}: `{} {flag}`", self.command_line()));
        }
        let (place, text) = match question {
            Question::TableGone { candidates, .. } => match candidates.first() {
                Some(candidate) => (Place::Table(candidate.clone()), "new"),
                None => return diagnostic,
            },
            Question::ColumnGone { table, candidates, .. } => match candidates.first() {
                Some(candidate) => (Place::Column(table.clone(), candidate.clone()), "new"),
                None => (Place::Table(table.clone()), ""),
            },
            Question::BecomesGenerated { table, column }
            | Question::Conversion { table, column, .. }
            | Question::Backfill { table, column, .. } => (Place::Column(table.clone(), column.clone()), ""),
        };
        self.declared.point(diagnostic, &place, text)
    }
}
