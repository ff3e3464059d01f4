//! How rows are asked: which statements, and how many rows at a time.

use std::time::{Duration, Instant};

use super::super::edit;
use super::{Asking, FORM, Formed, Question, Size, Way};
use crate::engine::connection::{Connection, Row, integer};
use crate::engine::error::EngineError;
use crate::engine::pieces::{Bound, Mark, Part, Range};
use crate::engine::value::Value;

/// How many rows say how long all will take.
const SAMPLE: u64 = 10_000;
/// How many keys of a table are counted that has no rowid.
const COUNTED: u64 = 2_000_000;
/// One in so many rowids is a stage, and a piece goes over a number of them: the one query that asks the rows of a piece
/// says where it ends. It is prime, so that numbers with a step between them have stages as well.
const STAGE: u64 = 509;
/// As many stages have to be among the rows of the sample. Where there are fewer, another query finds the end of a piece.
const STAGES: f64 = 5.0;
/// The most numbers between the first and the last rowid of a table whose pieces are ranges of numbers: where there are gaps,
/// pieces are empty.
const NUMBERS: u64 = 100_000_000;

/// What rows say.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine) enum Answer {
    /// None contradicts up to this key, behind which there may be more.
    UpTo(Mark),
    /// None contradicts.
    Nothing,
    /// One contradicts.
    Contradiction,
    /// One may: ask again when the question [insists](Question::insist).
    Unclear,
}

impl Answer {
    fn of_one(is_sure: bool) -> Self {
        if is_sure { Self::Contradiction } else { Self::Unclear }
    }
}

impl Question {
    /// Finds out about how long all rows take, and how many there are, by the first ones of them.
    pub(in crate::engine) async fn measure(&mut self, connection: &Connection) -> Result<Size, EngineError> {
        let table = self.rebuild.table.sql();
        let number = |at: usize, row: &[Value]| row.get(at).map_or(0, integer).unsigned_abs();
        let column = self.key.parts.first().map_or_else(|| "rowid".into(), |part| part.column.sql());
        let (first, span) = if self.key.is_rowid { (&*column, "max(k) - min(k) + 1") } else { ("0", "0") };
        let (mut all, _) = self.as_it_is();
        all.extend(self.form().iter().flat_map(|formed| &formed.conditions).map(String::as_str));
        let started = Instant::now();
        let sample = connection
            .first_row(&format!(
                "SELECT count(*), {span}, total(k % {STAGE} = 0), total(c) FROM \
                 (SELECT {first} AS k, {} AS c FROM {table} NOT INDEXED LIMIT {SAMPLE})",
                any(&all)
            ))
            .await?
            .unwrap_or_default();
        let took = started.elapsed();
        let (count, sampled) = (number(0, &sample), number(1, &sample));
        if count < SAMPLE {
            self.size = Size { rows: count, takes: took, ..Size::default() };
            return Ok(self.size);
        }
        let mut dense = None;
        let rows = if self.key.is_rowid {
            let ends = connection.first_row(&self.key.ends()).await?.unwrap_or_default();
            let (first, last) = (ends.first().map_or(0, integer), ends.get(1).map_or(0, integer));
            let all = first.abs_diff(last);
            // no more rows than numbers, and not much fewer
            dense = (count >= sampled / 2 && all <= NUMBERS).then_some((first, last));
            u128::from(all) * u128::from(count) / u128::from(sampled.max(1))
        } else {
            let counted = connection.first_row(&self.key.count(COUNTED)).await?;
            counted.map_or(0, |row| number(0, &row)).into()
        };
        let has_stages = matches!(sample.get(2), Some(Value::Real(stages)) if self.key.is_rowid && *stages >= STAGES);
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        let takes = took.as_nanos() * u128::from(rows) / u128::from(count);
        let takes = Duration::from_nanos(u64::try_from(takes).unwrap_or(u64::MAX));
        self.size = Size { rows, takes, per_stage: if has_stages { STAGE } else { 0 }, dense };
        Ok(self.size)
    }

    /// Asks about so many rows behind a key, or all. Where [`Self::needs_transaction`], there has to be one.
    pub(in crate::engine) async fn next(
        &self,
        connection: &Connection,
        low: Option<&Mark>,
        rows: Option<u64>,
    ) -> Result<Answer, EngineError> {
        let mut range = Range { low: low.cloned(), high: None };
        let mut stages = rows.and_then(|rows| rows.checked_div(self.size.per_stage)).map(|stages| stages.max(1));
        if let (Some(rows), Some((first, last))) = (rows, self.size.dense) {
            stages = None;
            let before = match low.map(Vec::as_slice) {
                Some([Part::Integer(low)]) => *low,
                _ => first.saturating_sub(1),
            };
            let end = before.saturating_add_unsigned(rows);
            range.high = (end < last).then(|| vec![Part::Integer(end)]);
        } else if let (Some(rows), None) = (rows, stages) {
            let (sql, values) = self.key.end_of(low, rows);
            let end = connection.rows_with(&sql, values).await?;
            range.high = end.first().and_then(|row| self.key.mark(row));
        }
        let (plain, is_sure) = self.as_it_is();
        if !plain.is_empty() && self.is_one(connection, None, &plain, &mut range, stages.take()).await? {
            return Ok(Answer::of_one(is_sure));
        }
        if let Some(formed) = self.form() {
            let conditions: Vec<&str> = formed.conditions.iter().map(String::as_str).collect();
            if self.is_one(connection, Some(formed), &conditions, &mut range, stages.take()).await? {
                return Ok(Answer::Contradiction);
            }
        }
        Ok(range.high.map_or(Answer::Nothing, Answer::UpTo))
    }

    /// Whether one of these is true of a row of the range: up to its end, or up to a number of stages, which is its end
    /// then.
    async fn is_one(
        &self,
        connection: &Connection,
        formed: Option<&Formed>,
        conditions: &[&str],
        range: &mut Range,
        stages: Option<u64>,
    ) -> Result<bool, EngineError> {
        let Some(stages) = stages else {
            let query = self.query(conditions, Asking::Range(range));
            return Ok(!self.rows(connection, formed, query).await?.is_empty());
        };
        let (mut values, any) = (Vec::new(), any(conditions));
        let behind = self.key.condition(&self.rebuild.table, range, &mut values);
        let behind = behind.map(|behind| format!("{behind} AND ")).unwrap_or_default();
        let column = self.key.parts.first().map_or_else(|| "rowid".into(), |part| part.column.sql());
        let sql = format!(
            "SELECT {column}, iif({any}, 1, 0) FROM {} NOT INDEXED WHERE {behind}({any} OR {column} % {STAGE} = 0) LIMIT {stages}",
            self.rebuild.table.sql()
        );
        let found = self.rows(connection, formed, (sql, values)).await?;
        let key = |row: &Row| row.first().map(|key| vec![Part::Integer(integer(key))]);
        let is_full = u64::try_from(found.len()).is_ok_and(|count| count == stages);
        range.high = if is_full { found.last().and_then(key) } else { None };
        Ok(found.iter().any(|row| row.get(1).is_some_and(|any| integer(any) != 0)))
    }

    /// What the rows that the log has say: the first ones in it, or all. Where [`Self::needs_transaction`], there has to
    /// be one.
    pub(in crate::engine) async fn answer(
        &self,
        connection: &Connection,
        asking: Asking<'_>,
    ) -> Result<Answer, EngineError> {
        if let Some((sql, values)) = self.contradicted(asking)
            && !connection.rows_with(&sql, values).await?.is_empty()
        {
            return Ok(Answer::of_one(self.as_it_is().1));
        }
        let Some(formed) = self.form() else { return Ok(Answer::Nothing) };
        let query = self.formed_query(formed, asking);
        let is_found = !self.rows(connection, Some(formed), query).await?.is_empty();
        Ok(if is_found { Answer::Contradiction } else { Answer::Nothing })
    }

    fn formed_query(&self, formed: &Formed, asking: Asking<'_>) -> Bound {
        let conditions: Vec<&str> = formed.conditions.iter().map(String::as_str).collect();
        self.query(&conditions, asking)
    }

    /// The statements that have the table read in another form on a server, and the query that returns a row then if one of
    /// those that were logged contradicts.
    #[cfg(feature = "remote")]
    pub(in crate::engine) fn contradicted_in_form(&self) -> Option<(&[String], String)> {
        let formed = self.form()?;
        match &formed.way {
            Way::Statements(statements) => Some((statements, self.formed_query(formed, Asking::Logged(None)).0)),
            Way::Text(_) => None,
        }
    }

    /// The rows of a query, of the table as it is or as it is read in another form.
    async fn rows(
        &self,
        connection: &Connection,
        formed: Option<&Formed>,
        (sql, values): Bound,
    ) -> Result<Vec<Row>, EngineError> {
        let Some(formed) = formed else { return connection.rows_with(&sql, values).await };
        #[cfg(feature = "remote")]
        if let (Way::Statements(statements), Some(server), true) =
            (&formed.way, connection.server(), connection.is_autocommit())
        {
            return server.rows_behind_undone(statements, (sql, values));
        }
        connection.run(&format!("SAVEPOINT {FORM}")).await?;
        let made = match &formed.way {
            Way::Text(definition) => edit::replace(connection, &self.rebuild, definition).await,
            Way::Statements(statements) => connection.run_all(statements).await,
        };
        let found = match made {
            Ok(()) => connection.rows_with(&sql, values).await,
            Err(error) => Err(error),
        };
        connection.run_all(&[format!("ROLLBACK TO {FORM}"), format!("RELEASE {FORM}")]).await?;
        if matches!(formed.way, Way::Text(_)) {
            connection.run(edit::READ_AGAIN).await?;
        }
        found
    }

    /// The query that returns a row if one of these rows may contradict the migration, as the table is read now.
    pub(in crate::engine) fn contradicted(&self, asking: Asking<'_>) -> Option<Bound> {
        let (plain, _) = self.as_it_is();
        (!plain.is_empty()).then(|| self.query(&plain, asking))
    }

    fn query(&self, conditions: &[&str], asking: Asking<'_>) -> Bound {
        let mut values = Vec::new();
        let rows = match asking {
            Asking::Range(range) => self.key.condition(&self.rebuild.table, range, &mut values),
            Asking::Logged(window) => {
                let window = window.map(|rows| format!(" ORDER BY rowid LIMIT {rows}")).unwrap_or_default();
                let parts = self.key.parts.iter().map(|part| part.column.sql()).collect::<Vec<_>>();
                let key = if let [only] = &parts[..] { only.to_string() } else { format!("({})", parts.join(", ")) };
                Some(format!("{key} IN (SELECT {} FROM {}{window})", self.logged_columns(), self.log()))
            }
        };
        let rows = rows.map(|rows| format!("{rows} AND ")).unwrap_or_default();
        let table = self.rebuild.table.sql();
        (format!("SELECT 1 FROM {table} NOT INDEXED WHERE {rows}{} LIMIT 1", any(conditions)), values)
    }

    /// The query for whether the log has more rows than so many.
    pub(in crate::engine) fn is_logged_more(&self, than: u64) -> String {
        format!("SELECT count(*) > {than} FROM (SELECT 1 FROM {} LIMIT {})", self.log(), than.saturating_add(1))
    }

    /// The statement that takes the first ones out of the log.
    pub(in crate::engine) fn forget(&self, count: u64) -> String {
        let log = self.log();
        format!("DELETE FROM {log} WHERE rowid IN (SELECT rowid FROM {log} ORDER BY rowid LIMIT {count})")
    }
}

/// One of these.
fn any(conditions: &[&str]) -> String {
    format!("({})", conditions.iter().map(|one| format!("({one}\n)")).collect::<Vec<_>>().join(" OR "))
}
