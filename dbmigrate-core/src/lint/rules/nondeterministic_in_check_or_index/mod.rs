//! `nondeterministic_in_check_or_index`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Schema, Table};
use crate::sql::path::path;
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::Expr;

pub(super) static RULE: Rule = Rule {
    name: "nondeterministic_in_check_or_index",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a check, an index or a generated column depends on the time or on chance, not on the row alone",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, of_table);
}

fn of_table(_: &Schema, table: &Table, found: &mut Vec<Finding>) {
    let table_path = path([&table.name]);
    for check in &table.checks {
        let Some(chance) = chance(&check.expr) else { continue };
        let column = check.expr.names().into_iter().find(|name| table.column(name).is_some());
        let column = column.and_then(|name| table.column(&name));
        let object = column.map_or_else(|| table_path.clone(), |column| path([&table.name, &column.name]));
        let place = column.map_or_else(
            || Place::Table(table.name.clone()),
            |column| Place::Column(table.name.clone(), column.name.clone()),
        );
        let finding = Finding::new(&RULE, &object, format!("a check of `{object}` depends on {}", chance.said));
        let finding = match chance.fails {
            true => finding.note(chance.refused("CHECK constraint", "each INSERT and UPDATE that gets there")),
            false => finding.note("a row that was taken once may be refused later: by an UPDATE, a rebuild, an import"),
        };
        found.push(finding.at(place).help("check it in the application, or in a trigger, which runs once for each write"));
    }
    for column in &table.columns {
        let Some(chance) = column.generated.as_ref().and_then(|generated| chance(&generated.expr)) else { continue };
        let object = path([&table.name, &column.name]);
        let finding = Finding::new(&RULE, &object, format!("the generated column `{object}` depends on {}", chance.said))
            .at(Place::Column(table.name.clone(), column.name.clone()))
            .note(chance.refused("generated column", "whatever reads or writes it"))
            .help("make it an ordinary column with a default, or compute it in a view");
        found.push(finding);
    }
    for index in &table.indexes {
        let expressions = index.parts.iter().map(|part| &part.expr).chain(&index.predicate);
        let Some(chance) = expressions.into_iter().find_map(chance) else { continue };
        let object = path([&table.name, &index.name]);
        let finding = Finding::new(&RULE, &object, format!("the index `{object}` depends on {}", chance.said))
            .at(Place::Index(table.name.clone(), index.name.clone()))
            .note(chance.refused("index", "each INSERT, and creating it on a table with rows,"))
            .help("index the column, and compare it with the time in the query");
        found.push(finding);
    }
}

/// What an expression depends on besides the row.
struct Chance {
    said: String,
    /// Whether the engine refuses it when it is evaluated. Other things it refuses when the object is made, or never.
    fails: bool,
    function: String,
}

impl Chance {
    fn refused(&self, place: &str, what: &str) -> String {
        let article = if place.starts_with('i') { "an" } else { "a" };
        format!("{what} fails with `non-deterministic use of {}() in {article} {place}`", self.function)
    }
}

fn chance(expr: &Expr) -> Option<Chance> {
    const TIMES: [&str; 7] = ["date", "time", "datetime", "julianday", "unixepoch", "strftime", "timediff"];
    const WORDS: [&str; 3] = ["current_timestamp", "current_date", "current_time"];
    const OTHERS: [&str; 6] =
        ["random", "randomblob", "changes", "total_changes", "last_insert_rowid", "sqlite_version"];
    // all of them are calls, but for three words
    let text = expr.as_str();
    if !text.contains('(') && !text.to_ascii_lowercase().contains("current_") {
        return None;
    }
    let tokens = significant(text);
    let word = |at: usize, words: &[&str]| words.iter().any(|word| tokens[at].is_word(word));
    let is = |at: usize, kind: TokenKind| tokens.get(at).is_some_and(|token| token.kind == kind);
    (0..tokens.len()).find_map(|at| {
        let is_part = at > 0 && is(at - 1, TokenKind::Dot);
        let said = |said: String, fails| {
            Some(Chance { said, fails, function: tokens[at].text.to_ascii_lowercase() })
        };
        if !is(at + 1, TokenKind::Open) {
            return if word(at, &WORDS) && !is_part { said(tokens[at].text.to_ascii_uppercase(), false) } else { None };
        }
        if word(at, &OTHERS) {
            return said(format!("`{}()`", tokens[at].text.to_ascii_lowercase()), false);
        }
        if !word(at, &TIMES) {
            return None;
        }
        let inside = arguments(&tokens[at + 2..]);
        let texts = || inside.iter().filter(|token| token.kind == TokenKind::String);
        let is_text = |wanted: &str| texts().any(|token| token.text.eq_ignore_ascii_case(&format!("'{wanted}'")));
        let format_only = tokens[at].is_word("strftime") && inside.len() == 1;
        if inside.is_empty() || format_only || is_text("now") {
            said("the time at which it is evaluated".to_owned(), true)
        } else if is_text("localtime") || is_text("utc") {
            said("the time zone of the machine".to_owned(), true)
        } else {
            None
        }
    })
}

/// The tokens of the arguments of a function, without those of functions in it.
fn arguments<'t, 's>(tokens: &'t [Token<'s>]) -> Vec<&'t Token<'s>> {
    let mut depth = 1_usize;
    let mut inside = Vec::new();
    for token in tokens {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth -= 1,
            _ => {}
        }
        match depth {
            0 => break,
            1 => inside.push(token),
            _ => {}
        }
    }
    inside
}
