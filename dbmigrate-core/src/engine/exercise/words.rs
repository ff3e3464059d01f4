//! What is said of a declaration that can never be used, and what would work.

use super::{WRONG_TYPE, unusable};
use crate::schema::validate::{Place, Problem};
use crate::schema::{Check, Column, Table};
use crate::sql::distance::distance;
use crate::sql::expr::Affinity;
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Expr, Name};

/// Functions that a default may call, for names that nearly are one of them.
const FUNCTIONS: [&str; 19] = [
    "abs",
    "char",
    "coalesce",
    "date",
    "datetime",
    "format",
    "hex",
    "json",
    "json_array",
    "json_object",
    "julianday",
    "lower",
    "random",
    "randomblob",
    "replace",
    "strftime",
    "time",
    "unixepoch",
    "zeroblob",
];

/// What other databases call the time at which a row is made.
const NOW: [&str; 8] = [
    "now",
    "getdate",
    "sysdate",
    "clock_timestamp",
    "localtimestamp",
    "getutcdate",
    "transaction_timestamp",
    "curdate",
];

/// What other databases call a new random identifier.
const RANDOM_ID: [&str; 6] = ["uuid", "gen_random_uuid", "uuid_generate_v4", "newid", "uuidv4", "uuid4"];

/// A default that its column never takes.
pub(super) fn default(table: &Table, column: &Column, said: &str) -> Problem {
    let default = column.default.as_ref().map_or("", Expr::as_str);
    let message = format!(
        "`{}.{}`: the default `{}` can never be used: {}",
        table.name,
        column.name,
        one_line(default),
        in_own_words(table, said)
    );
    let place = Place::Column(table.name.clone(), column.name.clone());
    unusable(place, message, default_help(column, default, said))
}

fn default_help(column: &Column, default: &str, said: &str) -> String {
    let is_text = column.decl_type.affinity() == Affinity::Text;
    let now = if is_text { "CURRENT_TIMESTAMP" } else { "unixepoch()" };
    let calls = function(default);
    if said.starts_with("unknown function") || said.starts_with("no such function") {
        let name = calls.unwrap_or_default();
        if NOW.contains(&name.as_str()) {
            return format!("for the time of the insert, write `default_sql = \"{now}\"`");
        }
        if RANDOM_ID.contains(&name.as_str()) {
            let id = if is_text { "lower(hex(randomblob(16)))" } else { "randomblob(16)" };
            return format!("for a random identifier, write `default_sql = \"{id}\"`");
        }
        let near = FUNCTIONS.iter().map(|known| (distance(name.as_bytes(), known.as_bytes()), known));
        return match near.min().filter(|(distance, _)| *distance <= 2) {
            Some((_, known)) => format!("did you mean the function `{known}`?"),
            None => "a default calls functions of libSQL, and those that `functions` in `dbmigrate.toml` declares"
                .to_owned(),
        };
    }
    if said.starts_with(WRONG_TYPE) {
        let upper = default.to_ascii_uppercase();
        if !is_text && (upper.starts_with("CURRENT_") || upper.starts_with("DATE")) {
            return "for seconds since 1970, write `default_sql = \"unixepoch()\"`; for text, make the field a `String`"
                .to_owned();
        }
        return format!("a STRICT table enforces types: write a default that is {}", column.decl_type);
    }
    if said.starts_with("CHECK constraint failed") {
        return "change the default, or the check".to_owned();
    }
    "write a default that libSQL can evaluate".to_owned()
}

/// Defaults that a check refuses together.
pub(super) fn defaults(table: &Table, said: &str) -> Problem {
    let message = format!("`{}`: a row with all defaults is refused: {}", table.name, in_own_words(table, said));
    unusable(Place::Table(table.name.clone()), message, "change one of the defaults, or the check".to_owned())
}

/// A generated column that has a value for no row.
pub(super) fn generated(table: &Table, column: &Column, said: &str) -> Problem {
    let expr = column.generated.as_ref().map_or("", |generated| generated.expr.as_str());
    let message = format!(
        "`{}.{}`: `{}` fails for every row: {}",
        table.name,
        column.name,
        one_line(expr),
        in_own_words(table, said)
    );
    let help = "write an expression that libSQL can evaluate".to_owned();
    unusable(Place::Column(table.name.clone(), column.name.clone()), message, help)
}

/// A check that can be evaluated for no row.
pub(super) fn check(table: &Table, check: &Check, said: &str) -> Problem {
    let expr = one_line(check.expr.as_str());
    let message = format!("`{}`: CHECK ({expr}) fails to evaluate for every row: {said}", table.name);
    let mut columns = table.columns.iter().filter(|column| check.expr.mentions(&column.name));
    let place = match (columns.next(), columns.next()) {
        (Some(only), None) => Place::Column(table.name.clone(), only.name.clone()),
        _ => Place::Table(table.name.clone()),
    };
    unusable(place, message, "write a condition that libSQL can evaluate".to_owned())
}

/// An index that takes no row.
pub(super) fn index(table: &Table, index: &Name, said: &str) -> Problem {
    let message = format!("index `{index}` of `{}` fails to evaluate for every row: {said}", table.name);
    let place = Place::Index(table.name.clone(), index.clone());
    unusable(place, message, "write an expression that libSQL can evaluate".to_owned())
}

/// A trigger that fails whenever it fires.
pub(super) fn trigger(trigger: &Name, event: &str, on: &Name, said: &str) -> Problem {
    let message = format!("trigger `{trigger}` makes every {event} `{on}` fail: {said}");
    unusable(Place::Trigger(trigger.clone()), message, "fix the body of the trigger".to_owned())
}

/// What SQLite says, with the table called as its author calls it.
fn in_own_words(table: &Table, said: &str) -> String {
    said.replace(super::ON_BENCH, table.name.as_str())
}

/// The function that an expression calls first, in lower case.
fn function(expr: &str) -> Option<String> {
    let tokens = significant(expr);
    let mut pairs = tokens.windows(2);
    let call = pairs.find(|pair| pair[0].kind == TokenKind::Word && pair[1].kind == TokenKind::Open)?;
    Some(call[0].text.to_ascii_lowercase())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
