//! Triggers that fail whenever they fire: what they write is refused, whatever the row.
//!
//! Only what lies in the trigger itself is blamed. One that raises does so on purpose, and one that reads tables may
//! find in them what makes the difference.

use super::{WRONG_TYPE, fails_always, words};
use crate::engine::connection::Connection;
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::populate::{Attempt, Generator, Uses};
use crate::schema::validate::Problem;
use crate::schema::{Schema, Table, Trigger, TriggerEvent};
use crate::sql::Name;
use crate::sql::expr::Affinity;
use crate::sql::name::sql_list;
use crate::sql::token::{TokenKind, significant, tokenize};

pub(super) async fn faults(
    connection: &Connection,
    schema: &Schema,
    found: &mut Vec<Problem>,
) -> Result<(), EngineError> {
    let own = |table: &Table| schema.triggers.iter().filter(|trigger| trigger.on == table.name).collect::<Vec<_>>();
    let tables = schema.tables.iter().map(|table| (table, own(table)));
    let mut uses = None;
    for (table, triggers) in tables {
        let is_unchecked = triggers.iter().any(|trigger| trigger.unchecked);
        if is_unchecked || !triggers.iter().any(|trigger| stands_alone(trigger)) {
            continue;
        }
        let uses = uses.get_or_insert_with(|| Uses::of(schema));
        let trial = Trial { connection, generator: Generator { schema, table, uses }, triggers };
        connection.run("PRAGMA defer_foreign_keys = ON").await?;
        connection.run("SAVEPOINT _dbmigrate_trial").await?;
        let result = trial.run(found).await;
        connection.run("ROLLBACK TO _dbmigrate_trial").await?;
        connection.run("RELEASE _dbmigrate_trial").await?;
        result?;
    }
    Ok(())
}

/// Whether what a trigger does depends on the row alone, and never fails on purpose.
fn stands_alone(trigger: &Trigger) -> bool {
    let texts = trigger.when.iter().chain([&trigger.body]);
    !texts
        .into_iter()
        .any(|text| tokenize(text.as_str()).any(|token| token.is_word("raise") || token.is_word("select")))
}

/// Whether a trigger uses values of the row that are not numbers by their column's type.
fn uses_texts(trigger: &Trigger, table: &Table) -> bool {
    let texts = trigger.when.iter().chain([&trigger.body]);
    texts.into_iter().any(|text| {
        let tokens = significant(text.as_str());
        tokens.windows(3).any(|window| {
            let is_row = window[0].is_word("new") || window[0].is_word("old");
            let column = window[2].identifier().filter(|_| is_row && window[1].kind == TokenKind::Dot);
            column
                .and_then(|name| table.column(&Name::from(name)))
                .is_some_and(|column| !matches!(column.decl_type.affinity(), Affinity::Integer | Affinity::Real))
        })
    })
}

/// The triggers of a table, fired.
struct Trial<'a> {
    connection: &'a Connection,
    generator: Generator<'a>,
    triggers: Vec<&'a Trigger>,
}

impl Trial<'_> {
    async fn run(&self, found: &mut Vec<Problem>) -> Result<(), EngineError> {
        for event in ["INSERT INTO", "UPDATE of", "DELETE from"] {
            let firing: Vec<&Trigger> =
                self.triggers.iter().copied().filter(|trigger| word(trigger) == event).collect();
            if !firing.iter().any(|trigger| stands_alone(trigger)) || self.fires(event, &firing).await?.is_none() {
                continue;
            }
            // one at a time, and none at all
            if self.fires(event, &[]).await?.is_some() {
                continue;
            }
            for trigger in firing.iter().filter(|trigger| stands_alone(trigger)) {
                if let Some(error) = self.fires(event, &[trigger]).await? {
                    found.push(words::trigger(&trigger.name, event, &trigger.on, &error.message));
                }
            }
        }
        Ok(())
    }

    /// What is said whenever these triggers fire and no others, if they always fail.
    async fn fires(&self, event: &str, kept: &[&Trigger]) -> Result<Option<EngineError>, EngineError> {
        self.connection.run("ROLLBACK TO _dbmigrate_trial").await?;
        for trigger in self.triggers.iter().filter(|trigger| !kept.iter().any(|kept| kept.name == trigger.name)) {
            self.connection.run(&format!("DROP TRIGGER {}", trigger.name.sql())).await?;
        }
        let table = self.generator.table;
        // another text might be a number
        let may_fit = kept.iter().any(|trigger| uses_texts(trigger, table));
        let is_fault = |error: &EngineError| {
            let is_own = error.message.contains(&format!(" {}.", table.name));
            let is_of_the_row =
                error.message.starts_with(WRONG_TYPE) || error.message.starts_with("NOT NULL constraint failed");
            (is_of_the_row && !is_own && !may_fit)
                || (error.kind == ErrorKind::Statement && !error.message.starts_with("no such"))
        };
        let statement = match event {
            "INSERT INTO" => None,
            "DELETE from" => Some(format!("DELETE FROM {}", table.name.sql())),
            _ => self.update(kept),
        };
        let Some(statement) = statement else {
            // what the table's own checks say of a row that is tried is none of the triggers' business
            return Ok(fails_always(&self.generator, self.connection, &is_fault, &|_| true).await);
        };
        // the row that is updated or deleted gets there without them
        if self.generator.attempt(self.connection, 1, &|_| true).await != Attempt::Taken {
            return Ok(None);
        }
        Ok(self.connection.run(&statement).await.err().filter(is_fault))
    }

    /// A statement that fires the triggers on updates.
    fn update(&self, kept: &[&Trigger]) -> Option<String> {
        let table = self.generator.table;
        let stored = table.columns.iter().filter(|column| column.generated.is_none());
        let stored: Vec<_> = stored.map(|column| column.name.clone()).collect();
        let named = kept.iter().find_map(|trigger| match &trigger.event {
            TriggerEvent::Update(columns) if !columns.is_empty() => columns.first().cloned(),
            _ => None,
        });
        let column = named.or_else(|| stored.first().cloned())?;
        Some(format!("UPDATE {} SET {} = {}", table.name.sql(), column.sql(), sql_list([&column])))
    }
}

/// What fires a trigger, as it is said.
fn word(trigger: &Trigger) -> &'static str {
    match trigger.event {
        TriggerEvent::Insert => "INSERT INTO",
        TriggerEvent::Update(_) => "UPDATE of",
        TriggerEvent::Delete => "DELETE from",
    }
}
