//! What the rows of a member have against its pending migrations, asked before any member is written to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::{Database, Scripts, Target as _, filled_in};
use dbmigrate_core::folder::{Folder, Migration};
use dbmigrate_core::sql::token::significant;
use dbmigrate_core::sql::{StatementKind, Token};
use pollster::block_on;

use super::host::Went;
use super::trouble::Trouble;

/// A query that has to return nothing.
#[derive(Debug, PartialEq, Eq)]
struct Probe {
    migration: String,
    message: Option<String>,
    query: String,
}

/// The probes of each state that members are in, found out once.
#[derive(Debug, Default)]
pub(super) struct Probes(Mutex<BTreeMap<usize, Arc<Vec<Probe>>>>);

impl Probes {
    /// What the rows have against the migrations that are pending behind the first `applied`.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub(super) fn ask(
        &self,
        database: &mut Database,
        (folder, scripts): (&Folder, &Scripts<'_>),
        (applied, pending): (usize, &[Migration]),
    ) -> Result<Option<Trouble>, EngineError> {
        let probes = {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(applied).or_insert_with(|| Arc::new(probes(folder, scripts, pending))))
        };
        if probes.is_empty() {
            return Ok(None);
        }
        let queries: Vec<String> = probes.iter().map(|probe| probe.query.clone()).collect();
        let answers = block_on(database.ask(&queries))?;
        let mut found = probes.iter().zip(answers).filter_map(|(probe, answer)| Some((probe, answer.ok()??)));
        Ok(found.next().map(|(Probe { migration, message, query }, row)| Trouble {
            kind: "preflight",
            message: format!("`{migration}` would fail: {}", filled_in(message.as_deref(), &row)),
            alike: Some(format!("{migration} {query}")),
            went: Went::Well,
        }))
    }
}

/// What migrations write, as far as that is known without running them.
#[derive(Default)]
struct Writes {
    tables: BTreeSet<String>,
    /// The views that there are, which may read anything.
    views: BTreeSet<String>,
    /// Whether something is written that no statement names: by a trigger, or by a program.
    is_more: bool,
}

/// The probes of pending migrations that say already now what they will say then: those of the first one, and those that
/// read nothing of what the migrations before them write.
fn probes(folder: &Folder, scripts: &Scripts<'_>, pending: &[Migration]) -> Vec<Probe> {
    let before = pending.first().and_then(|first| folder.schema_before(first).ok());
    let mut writes = Writes::default();
    let mut has_triggers = before.as_ref().is_none_or(|schema| !schema.triggers.is_empty());
    writes.views.extend(before.iter().flat_map(|schema| schema.views.iter().map(|view| view.name.folded())));
    let mut probes = Vec::new();
    for (at, migration) in pending.iter().enumerate() {
        let Some(script) = scripts.get(migration) else { break };
        for preflight in &script.preflights {
            if at > 0 && writes.concern(&words(&preflight.query)) {
                continue;
            }
            let (message, query) = (preflight.message.clone(), preflight.query.clone());
            probes.push(Probe { migration: migration.name.to_string(), message, query });
        }
        for statement in &script.statements {
            writes.tables.extend(words(statement.text));
            has_triggers |= statement.kind == StatementKind::CreateTrigger;
            writes.is_more |= has_triggers && statement.kind == StatementKind::Write;
        }
        writes.is_more |= script.rust.is_some() || !script.restores.is_empty() || !script.keeps.is_empty();
    }
    probes
}

impl Writes {
    /// Whether a query with these words may read some of it.
    fn concern(&self, words: &BTreeSet<String>) -> bool {
        self.is_more || words.iter().any(|word| self.views.contains(word) || self.tables.contains(word))
    }
}

/// The names in a statement. Those of columns are among them, so that one is rather too many.
fn words(sql: &str) -> BTreeSet<String> {
    significant(sql).iter().filter_map(Token::identifier).map(|word| word.to_ascii_lowercase()).collect()
}
