//! The questions as they are asked at a terminal.

use dbmigrate_core::plan::{Decisions, Lint, Question};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::{Expr, Name};

use super::ask::{Asker, Open, counted};
use super::expression::OldTables;
use super::keeping::{ASIDE, Keeps};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::report::prompt::NoAnswer;

/// What a gone table or column has become.
enum Fate<'q> {
    Renamed(&'q Name),
    Dropped,
    Kept,
    Stays,
}

impl Asker<'_> {
    /// Asks one question. A rename is what is marked first; a loss takes a `y` of its own, wherever it is chosen. `old`
    /// is what there is before.
    pub(crate) fn ask(&self, decisions: &mut Decisions, open: &Open, old: &Schema) -> Result<()> {
        let answered = self.asked(decisions, open, old);
        let flag = answered.map_err(|no_answer| self.without_answer(&no_answer))?;
        match flag {
            Some(flag) => {
                self.given.borrow_mut().push(flag);
                Ok(())
            }
            None => Err(CommandError::new(exit::DECISION, self.untouched)),
        }
    }

    /// An error after questions were asked, with the command that gives the same answers again.
    pub(crate) fn with_answers(&self, error: CommandError) -> CommandError {
        let given = self.given.borrow();
        if given.is_empty() {
            return error;
        }
        error.help(format!("to give the same answers again: `{} {}`", self.command_line(), given.join(" ")))
    }

    fn without_answer(&self, no_answer: &NoAnswer) -> CommandError {
        match no_answer {
            NoAnswer::Cancelled => CommandError::cancelled(self.untouched),
            NoAnswer::Failed(error) => {
                CommandError::new(exit::DECISION, format!("no answer, {}: {error}", self.untouched))
            }
        }
    }

    /// Decides, and returns the answer as a flag; `None` if a loss was not confirmed and there is nothing else.
    fn asked(
        &self,
        decisions: &mut Decisions,
        open: &Open,
        old: &Schema,
    ) -> std::result::Result<Option<String>, NoAnswer> {
        let printer = &self.context.printer;
        let Open { question, count, .. } = open;
        let (lint, object) = question.lint();
        let message = self.worded(open);
        let candidates = match question {
            Question::TableGone { candidates, .. } | Question::ColumnGone { candidates, .. } => &candidates[..],
            _ => &[],
        };
        if let Question::Backfill { table, column, example } = question {
            let answer = self.expression(&format!("{message} {}", such_as(example.as_str())), table, decisions, old)?;
            let example = Expr::new(answer.as_str());
            decisions.backfills.insert((table.clone(), column.clone()), example.clone());
            let (table, column) = (table.clone(), column.clone());
            return Ok(flags(&Question::Backfill { table, column, example }).into_iter().next());
        }
        if let Question::Conversion { table, column, types, example: Some(example) } = question {
            let items = ["converted with an SQL expression".to_owned(), "kept as they are, unreadable".to_owned()];
            loop {
                if printer.choose(&message, &items)? == 0 {
                    let answer =
                        self.expression(&format!("converted to what? {}", such_as(example)), table, decisions, old)?;
                    decisions.conversions.insert((table.clone(), column.clone()), Expr::new(answer.as_str()));
                    let (table, column, types) = (table.clone(), column.clone(), types.clone());
                    let answered = Question::Conversion { table, column, types, example: Some(answer) };
                    return Ok(flags(&answered).into_iter().next());
                }
                if printer.confirm(&format!("keep values in `{object}` that cannot be read?"))? {
                    decisions.accepted.add(lint, &object);
                    return Ok(flags(question).pop());
                }
            }
        }
        if candidates.is_empty() {
            let accept = flags(question).into_iter().find(|flag| flag.contains(lint.name()));
            if let Some(sequence) = self.may_keep(open) {
                let message = format!("{message}. Continue (`k`: {ASIDE})?");
                match printer.confirm_or(&message, "k")? {
                    Some(true) => {}
                    Some(false) => return Ok(None),
                    None => return Ok(Some(self.keep(decisions, question, sequence))),
                }
            } else if !printer.confirm(&format!("{message}. Continue?"))? {
                return Ok(None);
            }
            decisions.accepted.add(lint, &object);
            return Ok(accept);
        }
        let fate = loop {
            match self.chosen(open, candidates)? {
                Fate::Dropped => match self.may_keep(open) {
                    Some(sequence) => match printer.confirm_or(&loss(&object, *count, lint, true), "k")? {
                        Some(true) => break Fate::Dropped,
                        Some(false) => {}
                        None => return Ok(Some(self.keep(decisions, question, sequence))),
                    },
                    None if printer.confirm(&loss(&object, *count, lint, false))? => break Fate::Dropped,
                    None => {}
                },
                fate => break fate,
            }
        };
        Ok(match fate {
            Fate::Renamed(to) => {
                let mut one = question.clone();
                match &mut one {
                    Question::TableGone { table, candidates, .. } => {
                        decisions.renames.tables.push((table.clone(), to.clone()));
                        *candidates = vec![to.clone()];
                    }
                    Question::ColumnGone { table, column, candidates } => {
                        decisions.renames.columns.push((table.clone(), column.clone(), to.clone()));
                        *candidates = vec![to.clone()];
                    }
                    _ => {}
                }
                flags(&one).into_iter().next()
            }
            Fate::Kept | Fate::Dropped => {
                decisions.accepted.add(lint, &object);
                flags(question).into_iter().find(|flag| flag.contains(lint.name()))
            }
            Fate::Stays => {
                if let Question::TableGone { table, .. } = question {
                    decisions.accepted.kept_tables.insert(table.clone());
                }
                flags(question).pop()
            }
        })
    }

    /// An expression over the columns that a table has before.
    fn expression(
        &self,
        question: &str,
        table: &Name,
        decisions: &Decisions,
        old: &Schema,
    ) -> std::result::Result<String, NoAnswer> {
        let tables = OldTables::of(&decisions.renames.apply(old));
        self.context.printer.enter(question, |expression| tables.check(table, expression))
    }

    /// What is chosen of the list.
    fn chosen<'q>(&self, open: &Open, candidates: &'q [Name]) -> std::result::Result<Fate<'q>, NoAnswer> {
        let Open { question, count, can_keep } = open;
        let (lint, object) = question.lint();
        let renamed = candidates.iter().map(|name| (format!("renamed to `{name}`"), Fate::Renamed(name)));
        let mut items: Vec<(String, Fate<'q>)> = renamed.collect();
        items.push(match count {
            // what is kept is not lost
            _ if *can_keep && self.keeps.get().is_on() => (ASIDE.to_owned(), Fate::Kept),
            Some(count) => (format!("dropped, with {}", counted(*count, lint)), Fate::Dropped),
            None => (format!("dropped: everything in `{object}` is lost"), Fate::Dropped),
        });
        if matches!(question, Question::TableGone { may_stay: true, .. }) {
            items.push((format!("neither: `{object}` is kept beside the new table"), Fate::Stays));
        }
        let texts: Vec<String> = items.iter().map(|(text, _)| text.clone()).collect();
        let choice = self.context.printer.choose(&self.worded(open), &texts)?;
        Ok(items.into_iter().nth(choice).map_or(Fate::Dropped, |(_, fate)| fate))
    }

    /// The number of the migration, if what would be lost is not kept yet, and can be.
    fn may_keep(&self, open: &Open) -> Option<u32> {
        match self.keeps.get() {
            Keeps::IfAsked(sequence) if open.can_keep => Some(sequence),
            _ => None,
        }
    }

    /// Keeps what this question is about, and with it whatever else the migration drops. Returns the flags.
    fn keep(&self, decisions: &mut Decisions, question: &Question, sequence: u32) -> String {
        let (lint, object) = question.lint();
        decisions.accepted.add(lint, &object);
        decisions.keep = Some(sequence);
        self.keeps.set(Keeps::ByDefault);
        let accept = flags(question).into_iter().find(|flag| flag.contains(lint.name()));
        accept.into_iter().chain(["--keep".to_owned()]).collect::<Vec<_>>().join(" ")
    }
}

fn such_as(example: &str) -> String {
    format!("An SQL expression, such as {example}")
}

/// The flags that answer a question.
fn flags(question: &Question) -> Vec<String> {
    question.answers().into_iter().map(|(_, flag)| flag).collect()
}

/// The question before something is lost, and whether it can be kept.
fn loss(object: &str, count: Option<u64>, lint: Lint, can_keep: bool) -> String {
    let kind = if lint == Lint::DropTable { "table" } else { "column" };
    let with = count.map_or_else(|| "everything in it".to_owned(), |count| counted(count, lint));
    let or_keep = if can_keep { format!(" (`k`: {ASIDE})") } else { String::new() };
    format!("drop {kind} `{object}` with {with}{or_keep}? This cannot be undone.")
}
