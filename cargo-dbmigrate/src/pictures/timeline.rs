//! What each migration did, from the snapshots of the folder, and at last what the structs have that no migration has.

use std::collections::{BTreeMap, BTreeSet};

use dbmigrate_core::diff::diff;
use dbmigrate_core::folder::{Folder, Migration, Script};
use dbmigrate_core::lint::{Prepared, Target};
use dbmigrate_core::plan::decide::questions;
use dbmigrate_core::plan::{Accepted, Decisions, plan};
use dbmigrate_core::schema::{Comments, Schema};
use dbmigrate_core::sql::Name;

use super::again::again;
use super::changes::compared_in;
use super::model::Picture;
use super::page::data::{Moment, Risk};
use super::page::pool::{Pool, Step};
use super::read::part;
use super::{compared, picture};
use crate::drafting::{kind, told};
use crate::error::{CommandError, Result};
use crate::linting::run::{self, Look};
use crate::linting::{LintLevels, Linted, Set, Subject, scope};
use crate::messages::LogKind;
use crate::project::Context;
use crate::source::Declared;
use crate::structs;

/// How what is not generated yet is called.
const PENDING: &str = "structs";

/// The migrations, and all that there is to see of them.
pub(crate) struct Timeline {
    pub(crate) pool: Pool,
    pub(crate) moments: Vec<Moment>,
    /// What is drawn of the last moment: with its marks if it is what no migration has.
    pub(crate) last: Picture,
}

/// Reads the migrations of a folder, and compares the structs with the last one, if they can be read.
///
/// # Errors
/// If a migration cannot be read, or an attribute contradicts the migrations.
pub(crate) fn timeline(context: &Context, folder: &Folder, declared: Option<&Declared>) -> Result<Timeline> {
    let set = Set::of(context, &LintLevels::default())?;
    let target = scope::target(context)?;
    let all: Vec<&Migration> = folder.migrations().iter().collect();
    let look = Look { set: &set, target: &target, declared: None, questions: None };
    let linted = run::migrations(folder, &all, look)?;
    let unsaid = BTreeMap::new();
    let docs = declared.map_or(&unsaid, |declared| &declared.schema.docs);
    let mut drawing = Drawing { context, docs, pool: Pool::default(), schema: Schema::default() };
    let mut moments = Vec::new();
    let mut schemas = folder.schemas();
    let mut old = Schema::default();
    for (migration, linted) in all.into_iter().zip(&linted) {
        let new = schemas.at(migration)?;
        moments.push(drawing.migration(folder, migration, (&old, &new), linted)?);
        old = new;
    }
    // where only the migrations are, nothing is ahead of them
    let ahead = declared.filter(|declared| !structs::is_unchanged(folder, declared) && !declared.schema.is_empty());
    let pending = match ahead {
        Some(declared) => drawing.pending(folder, declared, (&set, &target))?,
        None => None,
    };
    let last = match pending {
        Some((moment, last)) => {
            moments.push(moment);
            last
        }
        None => picture(&drawing.schema, docs, &context.config.engine),
    };
    Ok(Timeline { pool: drawing.pool, moments, last })
}

/// What is drawn, from one moment to the next.
struct Drawing<'a> {
    context: &'a Context,
    docs: &'a BTreeMap<Name, Comments>,
    pool: Pool,
    /// What is drawn now.
    schema: Schema,
}

impl Drawing<'_> {
    fn migration(
        &mut self,
        folder: &Folder,
        migration: &Migration,
        (old, new): (&Schema, &Schema),
        linted: &Linted,
    ) -> Result<Moment> {
        let text = folder.sql(migration)?;
        let script = Script::parse(&text, &folder.sql_path(migration))?;
        let told = told(migration.name.as_str(), &text, &script);
        let mut moment = Moment {
            name: migration.name.to_string(),
            kind: word(kind(migration, &text, &script)),
            changes: told.iter().map(|one| one.title.clone()).collect(),
            cost: told.iter().map(|one| one.cost).max().map(dbmigrate_core::plan::Cost::word),
            lints: risks(linted),
            replaces: migration.with_replaced().iter().skip(1).map(|one| one.name.to_string()).collect(),
            sql: Some(self.pool.lines.text(&text)),
            ..Moment::default()
        };
        let prepared = Prepared::of(old, new, &script);
        if prepared.diff.is_empty() {
            return Ok(moment);
        }
        let names = self.step(&mut moment, new);
        let both = compared_in(old, new, &prepared.diff, &self.context.config.engine, &names);
        moment.marked = self.pool.marked(&both);
        Ok(moment)
    }

    /// What the structs have that no migration has, and the picture of it.
    fn pending(
        &mut self,
        folder: &Folder,
        declared: &Declared,
        look: (&Set, &Target),
    ) -> Result<Option<(Moment, Picture)>> {
        let (head, new) = (folder.head_snapshot()?, &declared.schema);
        let renames = structs::pending_renames(declared, &head);
        let diff = diff(&head.schema, new, &renames).map_err(|error| CommandError::usage(error.to_string()))?;
        if diff.is_empty() {
            return Ok(None);
        }
        let decisions = Decisions { renames, ..Decisions::default() };
        let open = questions(&diff, &head.schema, new, &decisions);
        let mut moment = Moment {
            name: PENDING.to_owned(),
            // where there are no migrations, nothing is ahead of them
            kind: if folder.head().is_some() { "pending" } else { "now" },
            changes: diff.changes().iter().map(ToString::to_string).collect(),
            ..Moment::default()
        };
        moment.lints.extend(open.iter().map(|question| Risk {
            level: "decide".to_owned(),
            name: question.lint().0.to_string(),
            message: question.message(None),
        }));
        let accepted = Accepted { all: true, ..Accepted::default() };
        // where something is open there may be no plan, or another one once it is decided
        let plan =
            plan(&head.schema, new, &diff, &Decisions { accepted, ..decisions }).ok().filter(|_| open.is_empty());
        if let Some(plan) = plan.filter(|_| folder.head().is_some()) {
            let sql = plan.to_sql(PENDING);
            let subject = Subject { name: PENDING, file: None, sql: &sql, old: &head.schema, new };
            let (set, target) = look;
            let looked = run::one(&subject, Look { set, target, declared: Some(declared), questions: None })?;
            moment.lints.extend(risks(&looked));
            moment.cost = plan.changes.iter().map(|change| change.cost).max().map(dbmigrate_core::plan::Cost::word);
            moment.sql = Some(self.pool.lines.text(&sql));
        }
        self.step(&mut moment, new);
        let engine = &self.context.config.engine;
        if folder.head().is_none() {
            return Ok(Some((moment, picture(new, self.docs, engine))));
        }
        let both = compared(&head.schema, new, &diff, engine);
        moment.marked = self.pool.marked(&both);
        Ok(Some((moment, both)))
    }

    /// Draws what is other in a schema, and returns the names of it.
    fn step(&mut self, moment: &mut Moment, new: &Schema) -> BTreeSet<Name> {
        let names = again((&self.schema, new), self.pool.drawn());
        let drawn = part(new, self.docs, &self.context.config.engine, &names);
        let Step { cards, added, gone } = self.pool.step(&drawn, &names);
        (moment.cards, moment.added, moment.gone) = (cards, added, gone);
        self.schema = new.clone();
        names
    }
}

fn risks(linted: &Linted) -> Vec<Risk> {
    let risk = |found: &run::Found| Risk {
        level: found.level.to_string(),
        name: found.finding.rule.name.to_string(),
        message: found.finding.message.clone(),
    };
    linted.found.iter().map(risk).collect()
}

fn word(kind: LogKind) -> &'static str {
    match kind {
        LogKind::Generated => "generated",
        LogKind::Custom => "custom",
        LogKind::Revert => "revert",
        LogKind::Capture => "capture",
        LogKind::Squash => "squash",
    }
}
