//! Statements cut by the key of the table that they go through: what such a statement reads and writes, why one cannot be
//! cut without meaning something else, and its text for a range of the key.

use std::collections::BTreeSet;
use std::ops::Range;

use super::ast::{Call, Core, Cte, Ident, Item, ResultColumn, SourceRef, Statement, TableRef};
use super::functions::{self, Kind};
use super::parse_statement::parse;
use super::visit::{self, Visitor};
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Name, Verb};

/// Functions that answer from what was done before, by whichever statement.
const OF_THE_CONNECTION: [&str; 3] = ["changes", "last_insert_rowid", "total_changes"];

/// A statement that can be cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// What it does.
    pub verb: Verb,
    /// The table that it writes.
    pub written: Name,
    /// The table that it goes through.
    pub table: Name,
    /// What that one is called in it.
    pub of: Name,
    /// The columns that an `UPDATE` sets, also behind `ON CONFLICT`.
    pub sets: Vec<Name>,
    /// Everything else that it reads: tables and views, by name.
    pub reads: BTreeSet<Name>,
    /// Where the table's name ends, if nothing is said there about its index.
    hint: Option<usize>,
    /// Where `WITH` ends and the statement begins.
    start: usize,
    /// The condition behind `WHERE`.
    condition: Option<Range<usize>>,
    /// Where it ends without one.
    end: usize,
}

/// Why a statement is not cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCut {
    /// Why: "it has `LIMIT`, which would count for each batch".
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

fn not(message: impl Into<String>) -> NotCut {
    NotCut { message: message.into(), help: None }
}

impl NotCut {
    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl Cut {
    /// Reads a statement. `by` is the name of the table that the directive gives, if it does.
    ///
    /// # Errors
    /// If it means something else in batches than at once, as far as it says so itself.
    pub fn of(sql: &str, by: Option<&Name>) -> Result<Self, NotCut> {
        let statement = parse(sql).map_err(|mistake| not(mistake.message))?;
        let tokens = significant(sql);
        if tokens.iter().any(|token| token.kind == TokenKind::Variable) {
            return Err(not("it has a parameter, which has no value in a migration"));
        }
        let way = conflict(&tokens);
        if let Some(way @ ("FAIL" | "ROLLBACK")) = way {
            return Err(not(format!("it has `OR {way}`, which would keep or undo rows of one batch only")));
        }
        let mut found = Found::default();
        let cut = match &statement {
            Statement::Update(update) => {
                returning(update.returning.as_deref())?;
                visit::with(&update.with, 0, &mut found);
                visit::items(&update.from, 0, &mut found);
                update.assignments.iter().for_each(|one| visit::expr(&one.value, 0, &mut found));
                update.condition.iter().for_each(|one| visit::expr(one, 0, &mut found));
                let sets = update.assignments.iter().flat_map(|one| &one.columns).map(name).collect();
                Self::through(&update.target, by, Verb::Update, sets)?
            }
            Statement::Delete(delete) => {
                returning(delete.returning.as_deref())?;
                visit::with(&delete.with, 0, &mut found);
                delete.condition.iter().for_each(|one| visit::expr(one, 0, &mut found));
                Self::through(&delete.target, by, Verb::Delete, Vec::new())?
            }
            Statement::Insert(insert) => {
                returning(insert.returning.as_deref())?;
                visit::with(&insert.with, 0, &mut found);
                let Some(rows) = &insert.rows else { return Err(not("it inserts one row")) };
                let [Core::Query(body)] = &rows.cores[..] else {
                    return Err(match &rows.cores[..] {
                        [_] => not("it inserts the rows that it has in it, and goes through no table"),
                        _ => not("it has a compound `SELECT`: its parts go through several tables")
                            .help("write a statement for each of them"),
                    });
                };
                if !rows.order.is_empty() || !rows.limit.is_empty() {
                    let word = if rows.limit.is_empty() { "ORDER BY" } else { "LIMIT" };
                    return Err(not(format!("it has `{word}`, which would count for each batch by itself")));
                }
                if !body.group.is_empty() || body.having.is_some() {
                    return Err(not("it has `GROUP BY`, whose groups would be cut"));
                }
                if tokens
                    .iter()
                    .skip_while(|token| token.start < body.span.start)
                    .nth(1)
                    .is_some_and(|one| one.is_word("distinct"))
                {
                    return Err(not("it has `DISTINCT`, which would count for each batch by itself"));
                }
                let sets = insert.upserts.iter().filter_map(|one| one.update.as_ref());
                let upserts: Vec<_> = sets.collect();
                let Some(at) = driving(&body.from, by) else { return Err(no_table(&body.from, by)) };
                if body.from.iter().skip(1).any(|item| item.join.right) || (at > 0 && body.from[at].join.left) {
                    return Err(not("it has an outer join that adds rows without a key"));
                }
                visit::with(&rows.with, 0, &mut found);
                visit::columns(&body.columns, 0, &mut found);
                visit::items(&body.from[..at], 0, &mut found);
                visit::condition(&body.from[at], 0, &mut found);
                visit::items(&body.from[at + 1..], 0, &mut found);
                body.condition.iter().for_each(|one| visit::expr(one, 0, &mut found));
                for (assignments, condition) in &upserts {
                    assignments
                        .iter()
                        .map(|one| &one.value)
                        .chain(condition)
                        .for_each(|one| visit::expr(one, 0, &mut found));
                }
                let sets = upserts.iter().flat_map(|(all, _)| all).flat_map(|one| &one.columns).map(name).collect();
                let verb = if way == Some("REPLACE") { Verb::Replace } else { Verb::Insert };
                let cut = Self::through(&body.from[at], by, verb, sets)?;
                found.driving = Some(cut.table.clone());
                Self { written: name(&insert.table.name), ..cut }
            }
            _ => return Err(not("it is no `UPDATE`, `INSERT … SELECT` or `DELETE`")),
        };
        found.judge(&cut)?;
        Ok(cut.placed(sql, &tokens, found))
    }

    /// What goes through a table.
    fn through(item: &Item<'_>, by: Option<&Name>, verb: Verb, sets: Vec<Name>) -> Result<Self, NotCut> {
        let SourceRef::Table(table) = &item.source else { return Err(not("it goes through no table")) };
        if table.arguments.is_some() {
            return Err(not(format!("`{}` is no table with a key", table.name.text)));
        }
        if table.database.as_ref().is_some_and(|database| !database.is("main")) {
            return Err(not("it goes through a table of another database"));
        }
        let of = item.alias.as_ref().unwrap_or(&table.name);
        if let Some(by) = by.filter(|by| **by != name(of)) {
            return Err(not(format!("the table that it goes through is called `{}` in it, not `{by}`", of.text)));
        }
        Ok(Self {
            verb,
            written: name(&table.name),
            table: name(&table.name),
            of: name(of),
            sets,
            reads: BTreeSet::new(),
            hint: Some(of.span.end),
            start: 0,
            condition: None,
            end: 0,
        })
    }

    /// With the places in its text.
    fn placed(mut self, sql: &str, tokens: &[Token<'_>], found: Found) -> Self {
        self.reads = found.reads;
        let behind = self.hint.and_then(|at| tokens.iter().find(|token| token.start >= at));
        if behind.is_some_and(|token| token.is_word("indexed") || token.is_word("not")) {
            self.hint = None;
        }
        let tokens: Vec<&Token<'_>> = tokens.iter().filter(|token| token.kind != TokenKind::Semicolon).collect();
        self.end = tokens.last().map_or(sql.len(), |token| token.end());
        let mut depth = 0_usize;
        let outer: Vec<&&Token<'_>> = tokens
            .iter()
            .filter(|token| {
                match token.kind {
                    TokenKind::Open => depth += 1,
                    TokenKind::Close => depth = depth.saturating_sub(1),
                    _ => {}
                }
                depth == 0
            })
            .collect();
        let is_verb =
            |token: &&&Token<'_>| ["update", "delete", "insert", "replace"].iter().any(|word| token.is_word(word));
        self.start = outer.iter().find(|token| is_verb(token)).map_or(0, |token| token.start);
        if let Some(at) = outer.iter().position(|token| token.is_word("where")) {
            let upsert = outer[at..].windows(2).find(|two| two[0].is_word("on") && two[1].is_word("conflict"));
            let end = upsert.map_or(self.end, |two| {
                let last = tokens.iter().take_while(|token| token.start < two[0].start).last();
                last.map_or(self.end, |token| token.end())
            });
            self.condition = Some(outer[at].end()..end);
        }
        self
    }

    /// The statement for the rows with a condition, of which the table is gone through as the hint says.
    pub fn with(&self, sql: &str, hint: &str, condition: Option<&str>) -> String {
        self.edited(sql, 0, hint, condition)
    }

    /// The query for columns of the rows that a `DELETE` deletes.
    pub fn deleted(&self, sql: &str, columns: &str, hint: &str, condition: Option<&str>) -> Option<String> {
        if self.verb != Verb::Delete {
            return None;
        }
        let from = significant(&sql[self.start..]).get(1)?.start + self.start;
        let with = &sql[..self.start];
        Some(format!("{with}SELECT {columns} {}", self.edited(sql, from, hint, condition)))
    }

    /// The text from a place on.
    fn edited(&self, sql: &str, from: usize, hint: &str, condition: Option<&str>) -> String {
        let mut edits: Vec<(usize, String)> = Vec::new();
        edits.extend(self.hint.map(|at| (at, hint.to_owned())));
        match (&self.condition, condition) {
            (Some(range), Some(condition)) => {
                edits.push((range.start, " (".to_owned()));
                edits.push((range.end, format!(") AND {condition}")));
            }
            (None, Some(condition)) => edits.push((self.end, format!(" WHERE {condition}"))),
            (_, None) => {}
        }
        // several at one place keep their order
        edits.sort_by_key(|(at, _)| *at);
        let (mut text, mut done) = (String::with_capacity(sql.len() + 64), from);
        for (at, edit) in edits {
            text.push_str(&sql[done..at]);
            text.push_str(&edit);
            done = at;
        }
        text.push_str(&sql[done..]);
        text
    }
}

/// What was found in a statement.
#[derive(Default)]
struct Found {
    reads: BTreeSet<Name>,
    /// What `WITH` names.
    ctes: BTreeSet<Name>,
    /// The table that an `INSERT` goes through, which is read as well.
    driving: Option<Name>,
    refused: Option<NotCut>,
}

impl Found {
    fn judge(&mut self, cut: &Cut) -> Result<(), NotCut> {
        self.reads.retain(|name| !self.ctes.contains(name));
        if self.ctes.contains(&cut.table) {
            return Err(not(format!("`{}` is a query of `WITH`, and no table with a key", cut.table)));
        }
        if let Some(refused) = self.refused.take() {
            return Err(refused);
        }
        if self.reads.contains(&cut.written) || self.driving.as_ref() == Some(&cut.written) {
            return Err(reads_itself(&cut.written, ""));
        }
        Ok(())
    }
}

/// That a statement reads what it writes.
pub fn reads_itself(table: &Name, how: &str) -> NotCut {
    not(format!("it reads `{table}`{how}, which it writes: each batch would see what those before have written"))
        .help("write what it reads into another table first, by a statement before")
}

impl<'s> Visitor<'s> for Found {
    fn reads(&mut self, table: &TableRef<'s>) {
        self.reads.insert(name(&table.name));
    }

    fn names(&mut self, cte: &Cte<'s>) {
        self.ctes.insert(name(&cte.name));
    }

    fn calls(&mut self, call: &Call<'s>, depth: usize) {
        let called = &*call.name.text;
        let kind = functions::find(called).map_or(Kind::Unknown, |function| function.kind_of(call.arguments.len()));
        let refused = if OF_THE_CONNECTION.iter().any(|word| call.name.is(word)) {
            format!("it calls `{called}`, which answers of the batch before")
        } else if depth > 0 {
            return;
        } else if call.over.is_some() || kind == Kind::Window {
            format!("it has a window function, `{called}`, which would see one batch")
        } else if kind == Kind::Aggregate {
            format!("it has an aggregate, `{called}`, which would be one for each batch")
        } else {
            return;
        };
        self.refused.get_or_insert(not(refused));
    }
}

/// The item that a `SELECT` goes through: the first one, or the one that is called so.
fn driving(items: &[Item<'_>], by: Option<&Name>) -> Option<usize> {
    let is_called = |item: &Item<'_>, by: &Name| match (&item.alias, &item.source) {
        (Some(alias), _) => name(alias) == *by,
        (None, SourceRef::Table(table)) => name(&table.name) == *by,
        _ => false,
    };
    match by {
        Some(by) => items.iter().position(|item| is_called(item, by)),
        None => (!items.is_empty()).then_some(0),
    }
}

fn no_table(items: &[Item<'_>], by: Option<&Name>) -> NotCut {
    match by {
        Some(by) if !items.is_empty() => not(format!("no table is called `{by}` in it")),
        _ => not("it goes through no table"),
    }
}

fn returning(columns: Option<&[ResultColumn<'_>]>) -> Result<(), NotCut> {
    match columns {
        None => Ok(()),
        Some(_) => Err(not("it has `RETURNING`, and its rows are not read").help("delete that clause")),
    }
}

/// The word behind `OR`, and that of `REPLACE INTO`.
fn conflict(tokens: &[Token<'_>]) -> Option<&'static str> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > 0 {
            continue;
        }
        if token.is_word("replace") {
            return Some("REPLACE");
        }
        if token.is_word("update") || token.is_word("insert") {
            let is_or = tokens.get(at + 1).is_some_and(|next| next.is_word("or"));
            let word = tokens.get(at + 2).filter(|_| is_or)?;
            return ["ABORT", "FAIL", "IGNORE", "REPLACE", "ROLLBACK"].into_iter().find(|way| word.is_word(way));
        }
        if token.is_word("delete") {
            return None;
        }
    }
    None
}

fn name(ident: &Ident<'_>) -> Name {
    Name::from(&*ident.text)
}
