//! The Rust types of fields that a migration was planned for, read back from its preflights: no snapshot has them, and
//! a preflight looks for values that they cannot read.

use std::collections::BTreeMap;

use super::conversion::{example, unreadable};
use crate::diff::Renames;
use crate::schema::{Column, Reads, Schema, Table};
use crate::shell::shell_quoted;
use crate::sql::Name;
use crate::sql::path::path;
use crate::sql::token::{Token, TokenKind, significant};

/// A preflight as a migration has it.
#[derive(Debug, Clone, Copy)]
pub struct Said<'t> {
    /// What a returned row means.
    pub message: &'t str,
    /// The query.
    pub query: &'t str,
    /// The flags that would do something about the rows, each with the words that introduce it.
    pub answers: &'t [(String, String)],
}

/// What is read of each column that a preflight of a migration from one schema to the other speaks of.
pub fn said_types(
    old: &Schema,
    new: &Schema,
    renames: &Renames,
    preflights: &[Said<'_>],
) -> BTreeMap<(Name, Name), Reads> {
    let mut found = BTreeMap::new();
    for table in &new.tables {
        let old_table = renames.old_table(&table.name);
        let Some(before) = old.table(old_table) else { continue };
        for column in &table.columns {
            let old_name = renames.old_column(&table.name, &column.name);
            let Some(was) = before.column(old_name) else { continue };
            let said = format!("`{old_table}.{old_name}`");
            let mut about = preflights.iter().filter(|one| one.message.contains(&said));
            let reads = about.find_map(|preflight| said_type(table, column, was, old_name, preflight));
            found.extend(reads.map(|reads| ((table.name.clone(), column.name.clone()), reads)));
        }
    }
    found
}

fn said_type(table: &Table, column: &Column, was: &Column, old_name: &Name, preflight: &Said<'_>) -> Option<Reads> {
    let query = significant(preflight.query);
    let affinity = table.affinity(column);
    let looks_for = |reads: &Reads| {
        let condition = unreadable(&old_name.sql(), affinity, reads);
        preflight.message.contains(&reads.describe()) && has(&query, &significant(&condition))
    };
    // what was accepted is not looked for, but its conversion is still shown
    let converts_to = |reads: &Reads| {
        let value = example(column, was, reads).map(|value| {
            format!("--convert {}", shell_quoted(&format!("{}={value}", path([&table.name, &column.name]))))
        });
        value.is_some_and(|value| preflight.answers.iter().any(|(_, flag)| *flag == value))
    };
    let candidates: Vec<Reads> = Reads::all().into_iter().chain(listed(&query)).collect();
    let mut found = candidates.iter().filter(|reads| looks_for(reads));
    found.next().or_else(|| candidates.iter().find(|reads| converts_to(reads))).cloned()
}

/// The enums that the lists of a query may stand for.
fn listed(query: &[Token<'_>]) -> Vec<Reads> {
    let mut found = Vec::new();
    for (at, token) in query.iter().enumerate() {
        let opened = query.get(at + 1).is_some_and(|next| next.kind == TokenKind::Open);
        if !token.is_word("in") || !opened {
            continue;
        }
        let values = query[at + 2..].iter().take_while(|token| token.kind != TokenKind::Close);
        let values: Vec<&Token<'_>> = values.filter(|token| token.kind != TokenKind::Comma).collect();
        if values.iter().all(|value| value.kind == TokenKind::String) {
            let words = values.iter().map(|value| value.text[1..value.text.len() - 1].replace("''", "'"));
            found.push(Reads::Words(words.collect()));
        } else {
            // the sign is a token of its own
            let mut numbers: Vec<String> = Vec::new();
            let mut sign = "";
            for value in values {
                match value.text {
                    "-" => sign = "-",
                    number => numbers.push(format!("{}{number}", std::mem::take(&mut sign))),
                }
            }
            found.push(Reads::Numbers(numbers));
        }
    }
    found
}

/// Whether the tokens are among the others, one behind the other.
fn has(all: &[Token<'_>], some: &[Token<'_>]) -> bool {
    all.windows(some.len()).any(|window| window.iter().zip(some).all(|(one, other)| one.text == other.text))
}
