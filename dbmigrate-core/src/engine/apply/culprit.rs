//! The row that a statement could not be executed for. SQLite says "malformed JSON", and not in which row: so the
//! expressions that the statement evaluates are looked for in its text, and the row that they fail on by halving.
//!
//! It is looked for when everything is undone, in the rows as they were. What cannot be found is not said.

use super::Failure;
use crate::ddl::{Object, read};
use crate::engine::connection::{Connection, integer};
use crate::engine::error::{EngineError, ErrorKind};
use crate::schema::Table;
use crate::sql::name::sql_list;
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Name, StatementKind, split};

/// What is evaluated for the rows of a table.
struct Evaluation {
    table: Name,
    /// The expressions, as SQL over the columns of the table.
    expressions: Vec<String>,
    /// Names for expressions that others are over: those of a table that is built anew.
    columns: Vec<Name>,
    /// What the table that is built computes from them.
    computed: Vec<String>,
    /// The rows, if not all.
    condition: Option<String>,
}

/// What is to be said of a failure that the rows are the reason for: the engine's message, and which row it was that a
/// statement failed on. `statements` are all that were to be executed.
pub(super) async fn point_out<'t>(
    connection: &Connection,
    failure: &Failure,
    statements: impl Iterator<Item = &'t str> + Clone,
) -> Option<String> {
    let Failure::Statement { number, statement, error, .. } = failure else { return None };
    if error.kind != ErrorKind::Statement || error.message.starts_with("no such") || error.message.starts_with("near ")
    {
        return None;
    }
    // a preflight evaluates what a statement behind it does
    let failing: Vec<&str> = if *number == 0 { statements.clone().collect() } else { vec![statement.as_str()] };
    for text in failing {
        let Some(evaluation) = Evaluation::of(text, statements.clone()) else { continue };
        if let Some(found) = evaluation.first_failure(connection, &error.message).await {
            return Some(format!("{}, {found}", error.message));
        }
    }
    None
}

impl Evaluation {
    /// What a statement evaluates: an index that is created, rows that are copied or updated.
    fn of<'t>(statement: &str, statements: impl Iterator<Item = &'t str>) -> Option<Self> {
        let tokens = significant(statement);
        match split(statement).first()?.kind {
            StatementKind::CreateIndex => Self::of_index(statement),
            _ if tokens.first()?.is_word("update") => Self::of_update(statement, &tokens),
            _ if tokens.first()?.is_word("insert") => Self::of_copy(statement, &tokens, statements),
            _ => None,
        }
    }

    fn of_index(statement: &str) -> Option<Self> {
        let Ok(Object::Index(table, index)) = read(statement) else { return None };
        let condition = index.predicate.as_ref().map(ToString::to_string);
        let parts = index.parts.iter().map(|part| part.expr.to_string());
        // the condition is evaluated for every row, and the rest where it holds
        Some(Self { expressions: parts.collect(), condition, ..Self::over(table) })
    }

    /// `UPDATE table SET column = …, … [WHERE …]`
    fn of_update(statement: &str, tokens: &[Token<'_>]) -> Option<Self> {
        let [_, table, set, rest @ ..] = tokens else { return None };
        if !set.is_word("set") {
            return None;
        }
        let (assignments, condition) = condition(statement, rest);
        let value = |part: String| part.split_once('=').map(|(_, value)| value.trim().to_owned());
        let expressions = parts(statement, assignments).into_iter().filter_map(value).collect();
        Some(Self { expressions, condition, ..Self::over(Name::from(table.identifier()?)) })
    }

    /// `INSERT INTO table (columns) SELECT … FROM table [WHERE …]`
    fn of_copy<'t>(
        statement: &str,
        tokens: &[Token<'_>],
        mut statements: impl Iterator<Item = &'t str>,
    ) -> Option<Self> {
        let into = tokens.iter().position(|token| token.is_word("into"))?;
        let target = Name::from(tokens.get(into + 1)?.identifier()?);
        let select = tokens.iter().position(|token| token.is_word("select"))?;
        let names = tokens.get(into + 3..select.checked_sub(1)?)?;
        let columns: Vec<Name> = names.iter().filter_map(Token::identifier).map(Name::from).collect();
        let mut depth = 0_usize;
        let from = tokens.iter().enumerate().skip(select).find_map(|(at, token)| {
            match token.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth = depth.saturating_sub(1),
                _ => {}
            }
            (depth == 0 && token.is_word("from")).then_some(at)
        })?;
        let table = Name::from(tokens.get(from + 1)?.identifier()?);
        let (_, condition) = condition(statement, &tokens[from + 2..]);
        let expressions = parts(statement, &tokens[select + 1..from]);
        let built = statements.find_map(|text| match read(text) {
            Ok(Object::Table(built)) if built.name == target => Some(built),
            _ => None,
        });
        let computed = built.as_ref().map(computed).unwrap_or_default();
        (columns.len() == expressions.len()).then(|| Self {
            expressions,
            columns,
            computed,
            condition,
            ..Self::over(table)
        })
    }

    fn over(table: Name) -> Self {
        Self { table, expressions: Vec::new(), columns: Vec::new(), computed: Vec::new(), condition: None }
    }

    /// A query that evaluates everything for the rows with these rowids, as far as SQLite does: what nobody asks for is
    /// not computed.
    fn query(&self, from: i64, to: i64) -> String {
        let table = self.table.sql();
        let condition = self.condition.as_ref().map(|condition| format!(" AND ({condition})")).unwrap_or_default();
        let rows = format!("FROM {table} WHERE rowid BETWEEN {from} AND {to}{condition}");
        let counted = |expressions: &[String]| {
            let each: Vec<String> = expressions.iter().map(|expression| format!("max(({expression}))")).collect();
            each.join(", ")
        };
        if self.computed.is_empty() {
            return format!("SELECT {} {rows}", counted(&self.expressions));
        }
        let named: Vec<String> = self
            .expressions
            .iter()
            .zip(&self.columns)
            .map(|(expression, name)| format!("{expression} AS {}", name.sql()))
            .collect();
        let all: Vec<String> =
            self.columns.iter().map(|name| name.sql().into_owned()).chain(self.computed.iter().cloned()).collect();
        format!("SELECT {} FROM (SELECT {} {rows})", counted(&all), named.join(", "))
    }

    /// Where the first row is that cannot be evaluated, in words, with how many there are where that can be counted.
    async fn first_failure(&self, connection: &Connection, said: &str) -> Option<String> {
        let table = self.table.sql();
        let ends = connection.first_row(&format!("SELECT min(rowid), max(rowid) FROM {table}")).await.ok()??;
        let (mut from, mut to) = (integer(&ends[0]), integer(&ends[1]));
        let fails = async |from, to| match connection.first_row(&self.query(from, to)).await {
            Err(EngineError { kind: ErrorKind::Statement, message }) => message == said,
            _ => false,
        };
        if !fails(from, to).await {
            return None;
        }
        while from < to {
            let middle = from.midpoint(to);
            if fails(from, middle).await {
                to = middle;
            } else {
                from = middle + 1;
            }
        }
        let place = format!("first at rowid {from} of `{}`", self.table);
        match self.count(connection, said).await {
            Some(count) => Some(format!("in {count} {}, {place}", if count == 1 { "row" } else { "rows" })),
            None => Some(place),
        }
    }

    /// How many rows there are without JSON where only JSON will do.
    async fn count(&self, connection: &Connection, said: &str) -> Option<i64> {
        if said != "malformed JSON" {
            return None;
        }
        let columns = connection.column_names(&format!("SELECT * FROM {} LIMIT 0", self.table.sql())).await.ok()?;
        let all: Vec<&String> = self.expressions.iter().chain(&self.computed).collect();
        // a text that asks whether it is JSON knows what to do if it is not
        if all.iter().any(|text| text.to_ascii_lowercase().contains("json_valid")) {
            return None;
        }
        let mut table = Table::new(self.table.clone());
        table.columns = columns.iter().map(|name| crate::schema::Column::new(name.as_str(), "")).collect();
        let mut uses = crate::engine::populate::Uses::default();
        for text in all {
            uses.read(&table, &crate::sql::Expr::new(text));
        }
        let wrong: Vec<String> = table
            .columns
            .iter()
            .filter(|column| uses.is_json(&table.name, &column.name))
            .map(|column| format!("json_error_position({}) > 0", column.name.sql()))
            .collect();
        if wrong.is_empty() {
            return None;
        }
        let condition = self.condition.as_ref().map(|condition| format!(" AND ({condition})")).unwrap_or_default();
        let query = format!("SELECT count(*) FROM {} WHERE ({}){condition}", self.table.sql(), wrong.join(" OR "));
        let row = connection.first_row(&query).await.ok()??;
        Some(integer(&row[0])).filter(|count| *count > 0)
    }
}

/// What a table computes from its columns when a row is written.
fn computed(table: &Table) -> Vec<String> {
    let own = |expr: &crate::sql::Expr| {
        let mut text = expr.to_string();
        let qualifier = format!("{}.", sql_list([&table.name]));
        text = text.replace(&qualifier, "");
        text
    };
    let generated = table.columns.iter().filter_map(|column| column.generated.as_ref());
    let generated = generated.filter(|generated| generated.stored).map(|generated| own(&generated.expr));
    generated.chain(table.checks.iter().map(|check| own(&check.expr))).collect()
}

/// What stands before `WHERE`, and the condition behind it.
fn condition<'t, 's>(statement: &str, tokens: &'t [Token<'s>]) -> (&'t [Token<'s>], Option<String>) {
    let mut depth = 0_usize;
    let at = tokens.iter().position(|token| {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && token.is_word("where")
    });
    match at {
        Some(at) => (&tokens[..at], Some(statement[tokens[at].end()..].trim().to_owned())),
        None => (tokens, None),
    }
}

/// The texts between the commas of a list.
fn parts(statement: &str, tokens: &[Token<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    let (mut depth, mut first) = (0_usize, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            TokenKind::Comma if depth == 0 => {
                found.extend(text(statement, &tokens[first..at]));
                first = at + 1;
            }
            _ => {}
        }
    }
    found.extend(text(statement, &tokens[first..]));
    found
}

fn text(statement: &str, tokens: &[Token<'_>]) -> Option<String> {
    let (first, last) = (tokens.first()?, tokens.last()?);
    Some(statement[first.start..last.end()].to_owned())
}
