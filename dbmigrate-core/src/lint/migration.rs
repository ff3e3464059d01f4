//! A migration as rules see it.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::passage::{Passage, passages};
use super::prepared::{Prepared, changed, moved};
use super::words::is_name;
use super::write::{Write, write_of};
use super::{Facts, Finding, Rule, Unreleased};
use crate::config::Rules;
use crate::diff::Diff;
use crate::folder::Script;
use crate::plan::decide::questions;
use crate::plan::{Accepted, Decisions, Plan, Preflight, Question, Rewrite, plan, preflights, rewrites};
use crate::schema::validate::Place;
use crate::schema::{Schema, Table};
use crate::sql::path::{parse_path, path};
use crate::sql::token::{Token, significant};
use crate::sql::{Head, Name, StatementKind};

/// What is known of the databases that the migration is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// Whether one of them is on a server.
    pub is_server: bool,
    /// How many rows tables have, by their names before the migration, if a database was asked: those that
    /// [`super::counted`] wants.
    pub rows: BTreeMap<Name, u64>,
    /// The statements in the source of the application, as far as they mention what [`super::gone`] lists.
    pub queries: Vec<Query>,
    /// What the release that runs does not know, because earlier ones of the migrations that are looked at make it.
    pub unreleased: Unreleased,
    /// What the engine says of queries before and after the migration, if it was asked.
    pub facts: Facts,
}

/// A statement in the source of the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Where it stands: `src/users.rs:12`.
    pub place: String,
    /// Its text.
    pub sql: String,
}

/// A migration, and what it leads from and to.
#[derive(Debug)]
pub struct Migration<'a> {
    /// The schema before it.
    pub old: &'a Schema,
    /// The schema after it.
    pub new: &'a Schema,
    /// What changes.
    pub diff: &'a Diff,
    /// What was decided.
    pub decisions: &'a Decisions,
    /// Its statements and directives.
    pub script: &'a Script<'a>,
    /// The databases that it is for.
    pub target: &'a Target,
    /// What the project wants of its schema.
    pub rules: &'a Rules,
    referring: Option<&'a BTreeSet<Name>>,
    writes: OnceCell<Vec<(usize, Write)>>,
    rewrites: OnceCell<Vec<Rewrite>>,
    plan: OnceCell<Option<Plan>>,
    preflights: OnceCell<Vec<Preflight>>,
    passages: OnceCell<Vec<Passage>>,
    questions: OnceCell<Vec<Question>>,
    /// The names that each statement mentions.
    names: OnceCell<Vec<BTreeSet<Name>>>,
    /// The statements that mention a name, and what each of them begins with: there may be thousands, and as many findings.
    mentions: OnceCell<BTreeMap<Name, Vec<usize>>>,
    heads: OnceCell<Vec<Option<Head>>>,
    copies: OnceCell<BTreeMap<Name, Vec<Name>>>,
    touched: OnceCell<Vec<&'a Table>>,
}

impl<'a> Migration<'a> {
    /// A migration from one schema to another.
    pub fn new(
        old: &'a Schema,
        new: &'a Schema,
        prepared: &'a Prepared,
        script: &'a Script<'a>,
        target: &'a Target,
    ) -> Self {
        let Prepared { decisions, diff, referring } = prepared;
        Self {
            old,
            new,
            diff,
            decisions,
            script,
            target,
            rules: Rules::NONE,
            referring: referring.as_ref(),
            writes: OnceCell::new(),
            rewrites: OnceCell::new(),
            plan: OnceCell::new(),
            preflights: OnceCell::new(),
            passages: OnceCell::new(),
            questions: OnceCell::new(),
            names: OnceCell::new(),
            mentions: OnceCell::new(),
            heads: OnceCell::new(),
            copies: OnceCell::new(),
            touched: OnceCell::new(),
        }
    }

    /// The same in a project that has rules of its own.
    #[must_use]
    pub fn under(mut self, rules: &'a Rules) -> Self {
        self.rules = rules;
        self
    }

    /// The table as it was before the migration, if it was there.
    pub fn before(&self, table: &Table) -> Option<&'a Table> {
        self.diff.renames.table_before(&table.name).and_then(|name| self.old.table(name))
    }

    /// Whether it creates a table, which has no rows before then.
    pub fn is_created(&self, table: &Table) -> bool {
        self.diff.created_tables.contains(&table.name)
    }

    /// The statements that write rows, with their numbers.
    pub fn writes(&self) -> &[(usize, Write)] {
        self.writes.get_or_init(|| {
            let statements = self.script.statements.iter().enumerate();
            statements.filter_map(|(at, statement)| Some((at, write_of(statement)?))).collect()
        })
    }

    /// The rows that are written anew.
    pub fn rewrites(&self) -> &[Rewrite] {
        self.rewrites.get_or_init(|| rewrites(&self.script.statements, Some(self.old)))
    }

    /// The plan that leads from one schema to the other, with its preflights, as `generate` would make it with the same
    /// decisions: also for a migration that somebody wrote by hand. `None` if there is none.
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.get_or_init(|| plan(self.old, self.new, self.diff, self.decisions).ok()).as_ref()
    }

    /// What the rows have to be like for what changes, also where a loss was accepted: the queries of [`Migration::plan`],
    /// for less work.
    pub fn preflights(&self) -> &[Preflight] {
        self.preflights.get_or_init(|| preflights(self.old, self.new, self.diff, self.decisions))
    }

    /// What somebody had to decide for what changes: the losses, whether they were accepted or not.
    pub fn questions(&self) -> &[Question] {
        self.questions.get_or_init(|| {
            let Diff { dropped_tables, tables, virtual_tables, .. } = self.diff;
            if dropped_tables.is_empty() && tables.is_empty() && virtual_tables.dropped.is_empty() {
                return Vec::new();
            }
            let undecided = Decisions { accepted: Accepted::default(), knows_renames: true, ..self.decisions.clone() };
            questions(self.diff, self.old, self.new, &undecided)
        })
    }

    /// Whether its file allows a rule for an object.
    pub fn allows(&self, rule: &Rule, object: &str) -> bool {
        let object = parse_path(object);
        let mut allows = self.script.allows.iter().filter(|allow| allow.lint == rule.name);
        object.is_some() && allows.any(|allow| parse_path(&allow.object) == object)
    }

    /// The line of a statement in the file.
    pub fn line(&self, statement: usize) -> usize {
        self.script.statements.get(statement).map_or(0, |statement| statement.line)
    }

    /// How the rows of the tables get through it that it drops or rebuilds.
    pub fn passages(&self) -> &[Passage] {
        self.passages.get_or_init(|| passages(self))
    }

    /// The tables, after the migration, that it creates, changes or renames something of, and those that refer to one that
    /// it changes or drops.
    pub fn touched(&self) -> &[&'a Table] {
        self.touched.get_or_init(|| {
            if let Some(referring) = self.referring {
                let names: BTreeSet<&Name> = changed(self.diff).chain(referring).collect();
                return names.into_iter().filter_map(|name| self.new.table(name)).collect();
            }
            let own = Lookup::of(changed(self.diff));
            let moved = Lookup::of(moved(self.diff));
            if moved.is_empty() {
                return Vec::new();
            }
            let refers = |table: &Table| table.foreign_keys.iter().any(|key| moved.has(&key.parent));
            self.new.tables.iter().filter(|table| own.has(&table.name) || refers(table)).collect()
        })
    }

    /// What a rule finds of tables after the migration that it did not find before it: so a migration is not blamed for
    /// what was there. `of` looks at one table of a schema.
    pub fn introduced(&self, found: &mut Vec<Finding>, of: impl Fn(&'a Schema, &'a Table, &mut Vec<Finding>)) {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for &table in self.touched() {
            of(self.new, table, &mut after);
            if after.is_empty() {
                continue;
            }
            if let Some(old) = self.before(table) {
                of(self.old, old, &mut before);
            }
            let renamed = |object: &str| self.renamed_object(old_table(self, table), table, object);
            let known: BTreeSet<String> = before.drain(..).map(|finding| renamed(&finding.object)).collect();
            let new = after.drain(..).filter(|finding| !known.contains(&finding.object.to_ascii_lowercase()));
            found.extend(new.map(|finding| Finding { of_state: true, ..self.located(finding) }));
        }
    }

    /// The path of any object before the migration as it is after it, for comparison.
    pub(super) fn renamed(&self, object: &str) -> String {
        let Some((parts, None)) = parse_path(object) else { return object.to_ascii_lowercase() };
        let renames = &self.diff.renames;
        let old = parts.first().filter(|name| self.old.tables.contains(name));
        let now = old.map(|old| renames.tables.iter().find(|(from, _)| from == old).map_or(old, |(_, to)| to));
        match old.zip(now.and_then(|now| self.new.table(now))) {
            Some((old, table)) => self.renamed_object(old, table, object),
            None => path(&parts).to_ascii_lowercase(),
        }
    }

    /// The path of an object before the migration as it is after it, for comparison.
    fn renamed_object(&self, old: &Name, table: &Table, object: &str) -> String {
        let Some((mut parts, None)) = parse_path(object) else { return object.to_ascii_lowercase() };
        if parts.first() == Some(old) {
            parts[0] = table.name.clone();
            let now = |was: &Name| {
                let mut columns = table.columns.iter();
                columns.find(|column| self.diff.renames.old_column(&table.name, &column.name) == was)
            };
            if let Some(column) = parts.get(1).and_then(now) {
                parts[1] = column.name.clone();
            }
        }
        path(&parts).to_ascii_lowercase()
    }

    /// A finding with the statement that makes what it is about, if it does not say one.
    pub fn located(&self, mut finding: Finding) -> Finding {
        if finding.statement.is_none() {
            let place = finding.place.as_ref();
            finding.statement = place.and_then(|place| self.statement_of(place).or_else(|| self.cause_of(place)));
        }
        finding
    }

    /// The first statement that changes the schema and mentions what is at a place: the table, and its part if it has one.
    pub fn statement_of(&self, place: &Place) -> Option<usize> {
        let name = place.object();
        let part = match place {
            Place::Column(_, part) | Place::Index(_, part) => Some(part),
            Place::ForeignKey(table, at) => {
                let key = self.new.table(table).and_then(|table| table.foreign_keys.get(*at));
                key.and_then(|key| key.columns.first())
            }
            _ => None,
        };
        let names = self.names();
        let old = self.diff.renames.old_table(name);
        let has = |at: usize, name: &Name| names[at].contains(name);
        let copies = self.copies_of(name);
        let mentioned = |name: &Name| self.mentions().get(name).into_iter().flatten().copied();
        let is_about: BTreeSet<usize> = [name, old].into_iter().chain(copies).flat_map(mentioned).collect();
        let changes_schema = |at: &usize| self.script.statements[*at].kind.changes_schema();
        // others may mention it too, as a table that they refer to
        let is_it = |table: &Name| table == name || table == old || copies.iter().any(|copy| copy == table);
        let of_it = |at: &usize| match &self.heads()[*at] {
            Some(
                Head::CreateTable(table)
                | Head::CreateIndex(_, table)
                | Head::RenameTable(table, _)
                | Head::RenameColumn(table, ..)
                | Head::AddColumn(table, _)
                | Head::DropColumn(table, _)
                | Head::AlterTable(table)
                | Head::DropTable(table),
            ) => is_it(table),
            _ => matches!(place, Place::View(_) | Place::Trigger(_) | Place::VirtualTable(_)),
        };
        let with_part = |at: &usize| part.is_none_or(|part| has(*at, part));
        // what is there afterwards is made by another statement than one that drops what had its name
        let has_part = |table: &Table, part: &Name| table.column(part).is_some() || table.indexes.contains(part);
        let stays = self.new.table(name).is_some_and(|table| part.is_none_or(|part| has_part(table, part)));
        let is_drop = |at: &usize| matches!(&self.heads()[*at], Some(Head::DropTable(_) | Head::DropColumn(..)));
        let fits = |at: &usize| is_drop(at) != stays;
        // what a rebuild declares behind a rename is what is there afterwards
        let declares = |at: &usize| {
            matches!(&self.heads()[*at], Some(Head::CreateTable(_) | Head::AddColumn(..) | Head::AlterTable(_)))
        };
        let all = || is_about.iter().copied().filter(changes_schema);
        let of_it_with_part = || all().filter(of_it).filter(with_part);
        let fitting = || of_it_with_part().filter(fits);
        let mut best = fitting().filter(declares).chain(fitting()).chain(of_it_with_part());
        best.next().or_else(|| all().find(of_it)).or_else(|| all().find(with_part)).or_else(|| all().next())
    }

    /// The statement on another object that concerns what is at a place: one that drops an index of the table, or the table
    /// that a foreign key refers to.
    fn cause_of(&self, place: &Place) -> Option<usize> {
        let (Place::Table(name) | Place::Column(name, _) | Place::ForeignKey(name, _)) = place else { return None };
        let key = match place {
            Place::ForeignKey(table, at) => self.new.table(table).and_then(|table| table.foreign_keys.get(*at)),
            _ => None,
        };
        let touched = [Some(name), key.map(|key| &key.parent)].into_iter().flatten();
        let dropped =
            |table: &Name| self.diff.tables.iter().find(|diff| diff.name == *table).map(|diff| &diff.dropped_indexes);
        let mut indexes = touched.clone().filter_map(dropped).flatten();
        let of_index = indexes.find_map(|index| self.statement_with(StatementKind::DropOther, index));
        of_index.or_else(|| key.and_then(|key| self.statement_of(&Place::Table(key.parent.clone()))))
    }

    /// What a table was called when the migration created it, to take the place of another one.
    fn copies_of(&self, table: &Name) -> &[Name] {
        let copies = self.copies.get_or_init(|| {
            let heads = || self.heads().iter().flatten();
            let created = heads().filter_map(|head| if let Head::CreateTable(new) = head { Some(new) } else { None });
            let created: BTreeSet<&Name> = created.collect();
            let mut copies: BTreeMap<Name, Vec<Name>> = BTreeMap::new();
            for head in heads() {
                if let Head::RenameTable(from, to) = head
                    && created.contains(from)
                {
                    copies.entry(to.clone()).or_default().push(from.clone());
                }
            }
            copies
        });
        copies.get(table).map(Vec::as_slice).unwrap_or_default()
    }

    fn heads(&self) -> &[Option<Head>] {
        self.heads.get_or_init(|| self.script.statements.iter().map(Head::of).collect())
    }

    /// The first statement that begins like this.
    pub(super) fn statement_where(&self, is_it: impl Fn(&Head) -> bool) -> Option<usize> {
        self.heads().iter().position(|head| head.as_ref().is_some_and(&is_it))
    }

    /// The statement of a kind that mentions a name first.
    pub fn statement_with(&self, kind: StatementKind, name: &Name) -> Option<usize> {
        let statements = self.script.statements.iter().zip(self.names());
        statements.enumerate().find(|(_, (one, names))| one.kind == kind && names.contains(name)).map(|(at, _)| at)
    }

    fn mentions(&self) -> &BTreeMap<Name, Vec<usize>> {
        self.mentions.get_or_init(|| {
            let mut mentions: BTreeMap<Name, Vec<usize>> = BTreeMap::new();
            for (at, names) in self.names().iter().enumerate() {
                for name in names {
                    mentions.entry(name.clone()).or_default().push(at);
                }
            }
            mentions
        })
    }

    fn names(&self) -> &[BTreeSet<Name>] {
        self.names.get_or_init(|| {
            let name = |token: &Token<'_>| token.identifier().filter(|_| is_name(token)).map(Name::from);
            let of = |text: &str| significant(text).iter().filter_map(name).collect();
            self.script.statements.iter().map(|statement| of(statement.text)).collect()
        })
    }
}

/// The name that a table had before the migration.
fn old_table<'n>(migration: &'n Migration<'_>, table: &'n Table) -> &'n Name {
    migration.diff.renames.old_table(&table.name)
}

/// Names to look up, of which most are none: few are compared one by one, which tells those of other lengths apart at once.
enum Lookup<'n> {
    Few(Vec<&'n Name>),
    Many(BTreeSet<&'n Name>),
}

impl<'n> Lookup<'n> {
    fn of(names: impl Iterator<Item = &'n Name>) -> Self {
        let names: Vec<&Name> = names.collect();
        if names.len() < 16 { Self::Few(names) } else { Self::Many(names.into_iter().collect()) }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Few(names) if names.is_empty())
    }

    fn has(&self, name: &Name) -> bool {
        match self {
            Self::Few(names) => names.contains(&name),
            Self::Many(names) => names.contains(name),
        }
    }
}
