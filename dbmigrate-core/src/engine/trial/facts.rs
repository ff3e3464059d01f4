//! What becomes of queries by a migration: which fail after it, and which are slower.

use std::collections::BTreeSet;

use super::plan::Step;
use super::{Statistics, Trial, Tried};
use crate::engine::error::EngineError;
use crate::lint::Query;
use crate::lint::facts::{Broken, Facts, Slower};
use crate::schema::Schema;
use crate::sql::Name;

/// What is asked about each migration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Questions {
    /// The release that runs while it is applied.
    pub release: Option<Release>,
    /// The queries of today, if their plans are compared.
    pub planned: Vec<Query>,
    /// How many rows there are.
    pub statistics: Statistics,
}

/// A release, by its queries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Release {
    /// How it is called.
    pub name: String,
    /// Those of its queries that may fail.
    pub queries: Vec<Query>,
    /// The tables that its queries use, and columns of them.
    pub uses: BTreeSet<(Name, Option<Name>)>,
    /// Whether nothing is put together while it runs.
    pub is_whole: bool,
    /// The texts that the source of today has too.
    pub kept: BTreeSet<String>,
    /// What it makes itself.
    pub made: Vec<String>,
}

impl Questions {
    /// What the engine answers for a step from one schema to another.
    ///
    /// # Errors
    /// If there is no database in memory.
    pub async fn ask(&self, old: &Schema, new: &Schema) -> Result<Facts, EngineError> {
        let mut facts = Facts::default();
        if let Some(release) = &self.release {
            facts.release.clone_from(&release.name);
            facts.uses.clone_from(&release.uses);
            facts.is_whole = release.is_whole;
        }
        // two databases for each of a thousand migrations, of which nothing would be asked
        if self.planned.is_empty() && self.release.as_ref().is_none_or(|release| release.queries.is_empty()) {
            return Ok(facts);
        }
        let made = || self.release.as_ref().map(|release| release.made.clone()).unwrap_or_default();
        let (before, after) = (Trial::of(old, made()).await?, Trial::of(new, made()).await?);
        if let Some(release) = &self.release {
            for query in &release.queries {
                let Tried::Fits(accesses) = before.compile(&query.sql).await? else { continue };
                let Tried::Refused(refusal) = after.compile(&query.sql).await? else { continue };
                let name = |name: &String| Name::from(name.as_str());
                let uses = accesses.iter().map(|one| (name(&one.table), one.column.as_ref().map(name)));
                facts.broken.push(Broken {
                    place: query.place.clone(),
                    message: refusal.message,
                    uses: uses.collect(),
                    is_still_there: release.kept.contains(&query.sql),
                });
            }
        }
        if !self.planned.is_empty() {
            before.assume(&self.statistics).await?;
            after.assume(&self.statistics).await?;
            self.compare((&before, old), (&after, new), &mut facts).await?;
        }
        Ok(facts)
    }

    async fn compare(
        &self,
        (before, old): (&Trial, &Schema),
        (after, new): (&Trial, &Schema),
        facts: &mut Facts,
    ) -> Result<(), EngineError> {
        let (mut used, mut uses): (BTreeSet<(Name, Name)>, BTreeSet<Name>) = (BTreeSet::new(), BTreeSet::new());
        for query in &self.planned {
            let then = before.plan(&query.sql, old).await?;
            let now = after.plan(&query.sql, new).await?;
            let own = |name: &(&Name, &Name)| (name.0.clone(), name.1.clone());
            used.extend(then.iter().flatten().filter_map(Step::index).map(|name| own(&name)));
            uses.extend(now.iter().flatten().filter_map(Step::index).map(|(_, index)| index.clone()));
            let (Some(then), Some(now)) = (then, now) else { continue };
            let slower = |table: &Name, detail: &str| Slower {
                place: query.place.clone(),
                table: table.clone(),
                detail: detail.to_owned(),
            };
            let was_scanned =
                |name: &Name| then.iter().any(|step| matches!(step, Step::Scan { table, .. } if table == name));
            for step in &now {
                if let Step::Scan { table, detail, .. } = step
                    && !was_scanned(table)
                {
                    facts.scans.push(slower(table, detail));
                }
            }
            let read = now.iter().find_map(|step| match step {
                Step::Scan { table, .. } | Step::Search { table, .. } => Some(table),
                Step::Sort { .. } => None,
            });
            for step in &now {
                if let (Step::Sort { detail }, Some(table)) = (step, read)
                    && !then.contains(step)
                {
                    facts.sorts.push(slower(table, detail));
                }
            }
        }
        let is_idle = |(table, index): &(Name, Name)| {
            let is_there = new.tables.iter().any(|table| table.indexes.contains(index));
            (is_there && !uses.contains(index)).then(|| {
                let holder = new.tables.iter().find(|table| table.indexes.contains(index));
                (holder.map_or(table, |table| &table.name).clone(), index.clone())
            })
        };
        facts.idle.extend(used.iter().filter_map(is_idle));
        Ok(())
    }
}
