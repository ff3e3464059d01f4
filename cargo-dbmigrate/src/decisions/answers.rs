//! The answers that `--rename`, `--backfill`, `--convert` and `--accept` give on the command line.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::Args;
use dbmigrate_core::diff::{Diff, Renames};
use dbmigrate_core::plan::decide::questions;
use dbmigrate_core::plan::{Decisions, Lint, Question, conversions, misplaced};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::shell::shell_flag;
use dbmigrate_core::sql::path::{parse_path, path};
use dbmigrate_core::sql::{Expr, Name};

use crate::error::{CommandError, Result, did_you_mean};

/// The flags.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Answers {
    /// Rename a table (`users=people`) or column (`users.nick=handle`)
    #[arg(long, value_name = "OLD=NEW")]
    pub rename: Vec<String>,

    /// Value for existing rows in a new or newly NOT NULL column
    #[arg(long, value_name = "TABLE.COLUMN=SQL")]
    pub backfill: Vec<String>,

    /// New values for a changed column, as SQL over the old row
    #[arg(long, value_name = "TABLE.COLUMN=SQL")]
    pub convert: Vec<String>,

    /// Accept a loss (`drop_column:users.legacy`), or `all`
    #[arg(long, value_name = "LINT:OBJECT")]
    pub accept: Vec<String>,
}

/// What `--accept` takes that is no lint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// Everything that a question is asked about.
    All,
    /// That the database has a history of migrations.
    History,
    /// With a table: that it stays beside a new one that is like it.
    KeepTable,
    /// With a view: that it goes.
    DropView,
    /// That a database is made anew without the rows that it has, or refuses a migration for the sake of rows.
    Rows,
}

/// What `generate` takes.
pub(crate) const FOR_GENERATE: &[Word] = &[Word::All];
/// What `push` takes.
pub(crate) const FOR_PUSH: &[Word] = &[Word::All, Word::History, Word::KeepTable, Word::DropView];

/// What `capture` takes.
pub(crate) const FOR_CAPTURE: &[Word] = &[Word::All, Word::Rows];

/// What `reset` takes.
pub(crate) const FOR_RESET: &[Word] = &[Word::All, Word::Rows];

impl Word {
    /// The word, as it is typed.
    fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::History => "history",
            Self::KeepTable => "keep_table",
            Self::DropView => "drop_view",
            Self::Rows => "rows",
        }
    }

    /// Whether an object follows, as behind a lint.
    fn has_object(self) -> bool {
        matches!(self, Self::KeepTable | Self::DropView)
    }
}

/// What an `--accept` accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Acceptance {
    /// A word that stands alone.
    Word(Word),
    /// A word with its object.
    Object(Word, Name),
    /// A lint with its object.
    Lint(Lint, String),
}

impl Answers {
    /// Whether something is decided.
    pub(crate) fn are_any(&self) -> bool {
        [&self.rename, &self.backfill, &self.convert, &self.accept].into_iter().any(|all| !all.is_empty())
    }

    /// Adds the flags to a command line, of what is accepted those that are `kept`.
    pub(crate) fn push_to(&self, line: &mut String, kept: impl Fn(&String) -> bool) {
        let flags = [
            ("--rename", &self.rename),
            ("--backfill", &self.backfill),
            ("--convert", &self.convert),
            ("--accept", &self.accept),
        ];
        for (flag, values) in flags {
            for value in values.iter().filter(|value| flag != "--accept" || kept(value)) {
                // writing to a string cannot fail
                let _ = write!(line, " {}", shell_flag(flag, value));
            }
        }
    }

    /// Whether there are none that could make a change out of nothing.
    pub(crate) fn changes_nothing(&self) -> bool {
        self.rename.is_empty() && self.backfill.is_empty() && self.convert.is_empty()
    }

    /// Whether there are none at all.
    pub(crate) fn are_none(&self) -> bool {
        self.changes_nothing() && self.accept.is_empty()
    }

    /// Adds the answers to decisions that come from elsewhere. A rename overrides one about the same names.
    ///
    /// # Errors
    /// Exit code 2 for an answer that is none.
    pub(crate) fn decide(
        &self,
        decisions: &mut Decisions,
        words: &[Word],
        (old, new): (&Schema, &Schema),
    ) -> Result<()> {
        let mut renames = Renames::default();
        for text in &self.rename {
            add_rename(&mut renames, text, old, new)?;
        }
        override_with(&mut decisions.renames, renames);
        for acceptance in self.accepted(words)? {
            match acceptance.of_known((old, new)) {
                Acceptance::Word(Word::All) => decisions.accepted.all = true,
                Acceptance::Object(Word::KeepTable, table) => {
                    decisions.accepted.kept_tables.insert(table);
                }
                Acceptance::Object(Word::DropView, view) => {
                    decisions.accepted.dropped_views.insert(view);
                }
                Acceptance::Word(_) | Acceptance::Object(..) => {}
                Acceptance::Lint(lint, object) => decisions.accepted.add(lint, &object),
            }
        }
        let backfills = expressions("backfill", &self.backfill, new)?;
        let conversions = expressions("convert", &self.convert, new)?;
        // what was decided before about the same column is overridden, in whatever way
        decisions.conversions.retain(|column, _| !backfills.contains_key(column));
        decisions.backfills.retain(|column, _| !conversions.contains_key(column));
        decisions.backfills.extend(backfills);
        decisions.conversions.extend(conversions);
        Ok(())
    }

    /// The answers that one of several plans is asked for, or that change what was decided for it; renames are none.
    ///
    /// # Errors
    /// Exit code 2 for an answer that is none.
    pub(crate) fn of_plan(&self, diff: &Diff, (old, new): (&Schema, &Schema), decisions: &Decisions) -> Result<Self> {
        let asked = Decisions { renames: decisions.renames.clone(), knows_renames: true, ..Decisions::default() };
        let mut open = questions(diff, old, new, &asked);
        open.extend(conversions(diff, new, &asked));
        let of_column = |table: &Name, column: &Name| {
            open.iter().any(|question| match question {
                Question::Backfill { table: on, column: one, .. }
                | Question::Conversion { table: on, column: one, .. } => on == table && one == column,
                _ => false,
            })
        };
        let is_of_plan = |flag: &str, text: &String, decided: &BTreeMap<(Name, Name), Expr>| -> Result<bool> {
            let found = expressions(flag, std::slice::from_ref(text), new)?;
            let is_known = found.keys().any(|place| of_column(&place.0, &place.1) || decided.contains_key(place));
            // what rows need that only show when the migrations of both sides run is not asked for
            let mut alone = Decisions { renames: decisions.renames.clone(), ..Decisions::default() };
            if flag == "convert" {
                alone.conversions = found;
            } else {
                alone.backfills = found;
            }
            Ok(is_known || misplaced(&alone, diff, new).is_none())
        };
        let mut of_plan = Self::default();
        for (text, acceptance) in self.accept.iter().zip(self.accepted(FOR_GENERATE)?) {
            let is_asked = match acceptance.of_known((old, new)) {
                Acceptance::Lint(lint, object) => open.iter().any(|question| {
                    let (one, about) = question.lint();
                    one == lint && about.eq_ignore_ascii_case(&object)
                }),
                _ => true,
            };
            of_plan.accept.extend(is_asked.then(|| text.clone()));
        }
        for text in &self.backfill {
            if is_of_plan("backfill", text, &decisions.backfills)? {
                of_plan.backfill.push(text.clone());
            }
        }
        for text in &self.convert {
            if is_of_plan("convert", text, &decisions.conversions)? {
                of_plan.convert.push(text.clone());
            }
        }
        Ok(of_plan)
    }

    /// What is accepted.
    ///
    /// # Errors
    /// Exit code 2 for something that cannot be.
    pub(crate) fn accepted(&self, words: &[Word]) -> Result<Vec<Acceptance>> {
        self.accept.iter().map(|text| acceptance(text, words)).collect()
    }
}

fn acceptance(text: &str, words: &[Word]) -> Result<Acceptance> {
    if let Some(word) = words.iter().find(|word| word.name() == text && !word.has_object()) {
        return Ok(Acceptance::Word(*word));
    }
    let named = words.iter().filter(|word| word.has_object());
    let names = || Lint::ALL.iter().map(|lint| lint.name()).chain(named.clone().map(|word| word.name()));
    let Some((lint, object)) = text.split_once(':') else {
        let error = CommandError::usage(format!("`--accept {text}` does not name a lint and an object"));
        let alone = words.iter().filter(|word| !word.has_object()).map(|word| word.name());
        return Err(match did_you_mean(text, alone) {
            Some(word) => error.help(format!("did you mean `--accept {word}`?")),
            None => error
                .help("write the lint and the object: `--accept drop_column:users.legacy`")
                .help("or everything: `--accept all`"),
        });
    };
    if let Some(word) = named.clone().find(|word| word.name() == lint) {
        return Ok(Acceptance::Object(*word, only_name(object)));
    }
    let lint: Lint = lint.parse().map_err(|_| {
        let error = CommandError::usage(format!("no such lint: `{lint}`"));
        match did_you_mean(lint, names()) {
            Some(name) => error.help(format!("did you mean `{name}`?")),
            None => error.help(format!("expected one of `{}`", names().collect::<Vec<_>>().join("`, `"))),
        }
    })?;
    Ok(Acceptance::Lint(lint, object.to_owned()))
}

/// The object as one name: a path of one part, or the text as it stands.
fn only_name(object: &str) -> Name {
    match parse_path(object) {
        Some((mut parts, None)) if parts.len() == 1 => parts.remove(0),
        _ => object.into(),
    }
}

impl Acceptance {
    /// The same, with an object that was typed without quotes found among those that there are.
    pub(crate) fn of_known(self, (old, new): (&Schema, &Schema)) -> Self {
        match self {
            Self::Lint(lint, object) => Self::Lint(lint, known_object(lint, &object, &[old, new])),
            other => other,
        }
    }
}

/// The path of the object that a lint is about, as [`Question::lint`](dbmigrate_core::plan::Question::lint) has it.
fn known_object(lint: Lint, typed: &str, schemas: &[&Schema]) -> String {
    let names = || schemas.iter().flat_map(|schema| schema.object_names());
    let whole = Name::from(typed);
    if lint == Lint::DropTable && names().any(|name| *name == whole) {
        return path([&whole]);
    }
    let columns = schemas.iter().flat_map(|schema| &schema.tables).flat_map(|table| {
        let columns = table.columns.iter().map(|column| &column.name);
        columns.map(|column| (&table.name, column))
    });
    let is_typed = |(table, column): &(&Name, &Name)| format!("{table}.{column}").eq_ignore_ascii_case(typed);
    if let Some((table, column)) = columns.clone().find(is_typed).filter(|_| lint != Lint::DropTable) {
        return path([table, column]);
    }
    match parse_path(typed) {
        Some((parts, None)) => path(&parts),
        _ => typed.to_owned(),
    }
}

/// `users=people`, `users.nick=handle` or `users.nick=users.handle`; each name may stand in quotes.
fn add_rename(renames: &mut Renames, text: &str, old: &Schema, new: &Schema) -> Result<()> {
    let usage = || {
        CommandError::usage(format!("`--rename {text}` is not a rename"))
            .help("a table: `--rename users=people`")
            .help("a column: `--rename users.nick=handle`")
            .help("put a name with a `.` or `=` in double quotes: `--rename '\"my.table\"=people'`")
    };
    let is_table = |schema: &Schema, name: &Name| schema.tables.contains(name) || schema.virtual_tables.contains(name);
    // a whole name that is a table wins, whatever it has in it
    let halves =
        text.match_indices('=').map(|(at, _)| (Name::from(text[..at].trim()), Name::from(text[at + 1..].trim())));
    if let Some((from, to)) = halves.clone().find(|(from, to)| is_table(old, from) && is_table(new, to)) {
        renames.tables.push((from, to));
        return Ok(());
    }
    let (from, to) = parse_path(text).and_then(|(from, to)| Some((from, to?.trim()))).ok_or_else(usage)?;
    match (&from[..], parse_path(to)) {
        ([table], Some((to, None))) if to.len() == 1 => renames.tables.push((table.clone(), to[0].clone())),
        ([table, column], Some((to, None))) => {
            let to = match &to[..] {
                [to] => to.clone(),
                [prefix, to] if prefix == table => to.clone(),
                [prefix, _] if is_table(new, prefix) => {
                    return Err(CommandError::usage(format!("`--rename {text}` moves a column to another table"))
                        .help("to move values, write a migration by hand: `cargo dbmigrate generate --custom`"));
                }
                // a column that is called `a.b` is taken as it stands
                _ => text.split_once('=').map_or("", |(_, to)| to).trim().into(),
            };
            renames.columns.push((table.clone(), column.clone(), to));
        }
        _ => return Err(usage()),
    }
    Ok(())
}

/// A flag overrides an attribute about the same names. Flags that contradict each other are left for the diff to find.
pub(crate) fn override_with(renames: &mut Renames, flags: Renames) {
    renames.tables.retain(|(from, to)| !flags.tables.iter().any(|(one, two)| one == from || two == to));
    renames.columns.retain(|(table, from, to)| {
        !flags.columns.iter().any(|(on, one, two)| on == table && (one == from || two == to))
    });
    renames.tables.extend(flags.tables);
    renames.columns.extend(flags.columns);
}

/// What `--backfill` and `--convert` say, by table and column.
pub(crate) fn expressions(flag: &str, texts: &[String], new: &Schema) -> Result<BTreeMap<(Name, Name), Expr>> {
    let mut found: BTreeMap<(Name, Name), Expr> = BTreeMap::new();
    for text in texts {
        let usage = || {
            CommandError::usage(format!("`--{flag} {text}` has no value for the rows")).help(format!(
                "write the column and an SQL expression: `--{flag} users.age=0`, `--{flag} \"users.key=lower(email)\"`"
            ))
        };
        let known =
            if text.trim_start().starts_with('"') || text.contains(".\"") { None } else { of_known_column(text, new) };
        let (table, column, expr) = known.or_else(|| of_any_column(text)).ok_or_else(usage)?;
        if expr.trim().is_empty() {
            return Err(usage());
        }
        let target = format!("{table}.{column}");
        if found.insert((table, column), Expr::new(expr)).is_some() {
            return Err(
                CommandError::usage(format!("`--{flag}` is given twice for `{target}`")).help("remove one of them")
            );
        }
    }
    Ok(found)
}

/// `table.column=expression` of a column that is declared, whatever characters its names have.
fn of_known_column<'t>(text: &'t str, new: &Schema) -> Option<(Name, Name, &'t str)> {
    let columns = new.tables.iter().flat_map(|table| table.columns.iter().map(move |column| (table, column)));
    let matching = columns.filter_map(|(table, column)| {
        let prefix = format!("{}.{}=", table.name, column.name);
        let (start, expr) = text.split_at_checked(prefix.len())?;
        start.eq_ignore_ascii_case(&prefix).then(|| (table.name.clone(), column.name.clone(), expr))
    });
    // `a.b=c=1` is of the column `b=c`, if there is one
    matching.min_by_key(|(_, _, expr)| expr.len())
}

fn of_any_column(text: &str) -> Option<(Name, Name, &str)> {
    let (target, expr) = parse_path(text)?;
    let [table, column]: [Name; 2] = target.try_into().ok()?;
    Some((table, column, expr?))
}
