//! Brief migrations in one transaction, of which only its success says something: what is otherwise asked of each by itself
//! is asked of all of them in the end, and their records are made by one statement and completed by another.
//!
//! What each of them has made is there in the end as it was foreseen, because nothing that one of them has made is changed
//! by another.

use std::sync::Arc;

use super::{Purpose, Request, Start, number, structure_holds};
use crate::engine::apply::Prepared;
use crate::engine::apply::database::forecast::{Foreseen, Structure};
use crate::engine::apply::history;
use crate::engine::value::Value;

impl Request {
    /// These migrations behind `position` others. `None` if what one of them makes has to be looked at before the next one
    /// runs.
    pub(in crate::engine::apply::database) fn at_once(
        migrations: &[Prepared<'_>],
        foreseen: &[Arc<Foreseen>],
        position: usize,
        start: Start<'_>,
    ) -> Option<Self> {
        let all: Vec<_> = migrations.iter().zip(foreseen).enumerate().collect();
        let structure = joined(all.iter().map(|(_, (_, foreseen))| &foreseen.structure))?;
        let records = records(migrations, position)?;
        let mut request = Self::new(true);
        request.begin(0);
        request.start(0, position, start);
        request.step(0, Purpose::Claim, history::INSERT_ALL, vec![Value::Text(records)], false);
        for (at, (migration, foreseen)) in &all {
            request.preflights(*at, migration, foreseen);
            for (number, statement) in migration.script.statements.iter().enumerate() {
                request.run(*at, Purpose::Statement(number), statement.text);
            }
            for statement in &foreseen.compiles {
                request.run(*at, Purpose::Check, statement);
            }
        }
        let last = all.len().checked_sub(1)?;
        request.references(last, foreseen.iter().map(Arc::as_ref));
        let (holds, more) = structure_holds(&structure, 2);
        let values = std::iter::once(Value::Integer(number(position + 1))).chain(more).collect();
        let completed = request.step(last, Purpose::Record, &history::finish_all(&holds), values, true);
        request.commits = vec![completed; all.len()];
        Some(request)
    }
}

/// What all of them add. `None` if one changes something.
fn joined<'s>(structures: impl DoubleEndedIterator<Item = &'s Structure>) -> Option<Structure> {
    let (mut all, mut statements, mut end) = (0, Vec::new(), None);
    for structure in structures.rev() {
        let Structure::Added { rows, added, sql } = structure else { return None };
        end.get_or_insert(*rows);
        all += added;
        statements.extend(sql.as_deref());
    }
    let sql = if statements.is_empty() { None } else { Some(statements.join("\n")) };
    Some(Structure::Added { rows: end?, added: all, sql })
}

/// The values of the records of all, as JSON.
fn records(migrations: &[Prepared<'_>], position: usize) -> Option<String> {
    let kind = history::RecordKind::Migration;
    let value = |value| match value {
        Value::Null => Some(serde_json::Value::Null),
        Value::Integer(integer) => Some(integer.into()),
        Value::Text(text) => Some(text.into()),
        Value::Real(_) | Value::Blob(_) => None,
    };
    let record = |(at, migration): (usize, &Prepared<'_>)| {
        let values = history::values(migration.migration, position + at, 0, kind, None);
        values.into_iter().map(value).collect::<Option<Vec<_>>>()
    };
    let records: Vec<_> = migrations.iter().enumerate().map(record).collect::<Option<_>>()?;
    serde_json::to_string(&records).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_add_is_told_from_the_last_to_the_first() {
        let added = |rows, added, sql: Option<&str>| Structure::Added { rows, added, sql: sql.map(str::to_owned) };
        let all = [added(5, 2, Some("b\na")), added(5, 0, None), added(6, 1, Some("c"))];
        let Some(Structure::Added { rows, added: count, sql }) = joined(all.iter()) else { panic!("all are added") };
        assert_eq!((rows, count, sql.as_deref()), (6, 3, Some("c\nb\na")));
        let changed = [added(1, 1, Some("a")), Structure::Changed { rows: 1, bytes: 1, changed: Vec::new() }];
        assert!(joined(changed.iter()).is_none());
    }
}
