//! Conditions for values that do not survive the conversion to another type, and expressions that convert them.

use crate::schema::{Column, Reads, Vector};
use crate::sql::expr::Affinity;
use crate::sql::name::quote_string;

/// A condition for values that a STRICT table refuses in a column (sqlite.org/stricttables.html, section 2).
pub(super) fn refused_by_strict(name: &str, column: &Column) -> Option<String> {
    let text = |kind: &str| format!("(typeof({name}) = 'text' AND NOT ({name} = CAST({name} AS {kind})))");
    Some(match column.decl_type.canonical().as_str() {
        "int" | "integer" => format!(
            "typeof({name}) = 'blob' OR (typeof({name}) = 'real' AND {name} <> CAST({name} AS INTEGER)) OR {}",
            text("INTEGER")
        ),
        "real" => format!("typeof({name}) = 'blob' OR {}", text("REAL")),
        "text" => format!("typeof({name}) = 'blob'"),
        "blob" => format!("typeof({name}) NOT IN ('blob', 'null')"),
        _ => return None,
    })
}

/// A condition for values that become different ones by the conversion that an affinity brings about
/// (sqlite.org/datatype3.html, section 3). A comparison with a number applies numeric affinity to text, so that
/// `c = CAST(c AS NUMERIC)` holds for text that would be converted; it is lossless if it reads the same afterwards.
pub(super) fn changed_by_affinity(name: &str, affinity: Affinity) -> Option<String> {
    // the comparison that comes first is cheap, and false for nearly all rows: text sorts behind numbers
    let text = format!(
        "({name} >= '' AND typeof({name}) = 'text' AND {name} = CAST({name} AS NUMERIC) AND CAST(CAST({name} AS NUMERIC) AS TEXT) <> {name} COLLATE BINARY)"
    );
    Some(match affinity {
        Affinity::Integer | Affinity::Numeric => text,
        Affinity::Real => {
            // an integer and a real are compared exactly; cast back, the largest real would be the largest integer again
            format!("{text} OR (typeof({name}) = 'integer' AND {name} <> CAST({name} AS REAL))")
        }
        Affinity::Text => format!("(typeof({name}) = 'real' AND CAST(CAST({name} AS TEXT) AS REAL) <> {name})"),
        Affinity::Blob => return None,
    })
}

/// One condition of those for values of a column that changes its type, whose affinities are these. What a number loses by
/// becoming a real is looked for beyond 2^53 alone, up to which a real holds every integer: a comparison that is cheap and
/// false for nearly all rows, unless the column compares as text.
pub(super) fn lost(
    name: &str,
    (before, after): (Affinity, Affinity),
    reads: Option<&Reads>,
    lost: &[String],
) -> String {
    let any = lost.join(" OR ");
    let is_number = matches!(reads, None | Some(Reads::Real(_) | Reads::Decimal));
    match after == Affinity::Real && before != Affinity::Text && is_number && !lost.is_empty() {
        true => format!("({name} NOT BETWEEN -9007199254740992 AND 9007199254740992 AND ({any}))"),
        false => any,
    }
}

/// A condition for values that cannot be read once they are stored in a column of this affinity. It holds for no NULL.
///
/// A comparison with `CAST(c AS INTEGER)` applies numeric affinity to text as storing it would, so it holds for the
/// text `12` and not for `abc`, nor for a blob.
pub(super) fn unreadable(name: &str, affinity: Affinity, reads: &Reads) -> String {
    let keeps_text = matches!(affinity, Affinity::Text | Affinity::Blob);
    let integer = format!("CAST({name} AS INTEGER)");
    // text that is stored as text is no number, and a column of text makes text of numbers
    let no_number = match affinity {
        Affinity::Text => Some(format!("{name} IS NOT NULL")),
        Affinity::Blob => Some(format!("typeof({name}) NOT IN ('integer', 'real', 'null')")),
        _ => None,
    };
    let or = |condition: String| match &no_number {
        Some(_) if affinity == Affinity::Text => no_number.clone().unwrap_or_default(),
        Some(other) => format!("{other} OR {condition}"),
        None => condition,
    };
    let condition = match reads {
        Reads::Integer(_, i64::MIN, i64::MAX) => or(format!("NOT ({name} = {integer})")),
        Reads::Integer(_, least, most) => {
            or(format!("NOT ({name} = {integer} AND {integer} BETWEEN {least} AND {most})"))
        }
        Reads::Bool => or(format!("NOT ({name} = {integer} AND {integer} BETWEEN 0 AND 1)")),
        Reads::Numbers(numbers) => or(format!("NOT ({name} = {integer} AND {integer} IN ({}))", numbers.join(", "))),
        Reads::Real(_) => or(format!("NOT ({name} = CAST({name} AS NUMERIC))")),
        Reads::Decimal => format!("NOT ({name} = CAST({name} AS NUMERIC))"),
        Reads::Text if affinity == Affinity::Text => format!("typeof({name}) = 'blob'"),
        Reads::Text if affinity == Affinity::Blob => format!("typeof({name}) NOT IN ('text', 'null')"),
        // what looks like a number becomes one
        Reads::Text => format!("typeof({name}) NOT IN ('text', 'null') OR {name} = CAST({name} AS NUMERIC)"),
        Reads::Char if keeps_text => format!("typeof({name}) = 'blob' OR length({name}) <> 1"),
        Reads::Char => format!("typeof({name}) NOT IN ('text', 'null') OR length({name}) <> 1"),
        Reads::Bytes => format!("typeof({name}) NOT IN ('blob', 'null')"),
        Reads::Vector(vector) => vector.is_none(name),
        Reads::Json => format!("typeof({name}) = 'blob' OR NOT json_valid({name})"),
        Reads::Date => format!("date({name}) IS NOT {name}"),
        Reads::Time => {
            format!("{name} IS NOT NULL AND (time({name}) IS NULL OR {name} NOT GLOB '[0-9][0-9]:[0-9][0-9]*')")
        }
        Reads::DateTime => format!(
            "{name} IS NOT NULL AND (datetime({name}) IS NULL OR {name} NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][ T][0-9][0-9]:[0-9][0-9]*')"
        ),
        Reads::Uuid => format!(
            "typeof({name}) = 'blob' OR length(replace({name}, '-', '')) <> 32 OR replace({name}, '-', '') GLOB '*[^0-9A-Fa-f]*'"
        ),
        Reads::Words(words) => {
            let words: Vec<String> = words.iter().map(|word| quote_string(word)).collect();
            format!("{name} NOT IN ({})", words.join(", "))
        }
    };
    if condition.contains(" AND ") { format!("({condition})") } else { condition }
}

/// An expression that makes of the values of a column what is read of it, as an example of a conversion.
pub(super) fn example(column: &Column, before: &Column, reads: &Reads) -> Option<String> {
    let name = column.name.sql();
    let is_number = matches!(before.decl_type.affinity(), Affinity::Integer | Affinity::Real | Affinity::Numeric);
    // seconds since 1970, where a time is a number
    let modifier = if is_number { ", 'unixepoch'" } else { "" };
    let otherwise = |values: &str, first: &str| format!("CASE WHEN {name} IN ({values}) THEN {name} ELSE {first} END");
    Some(match reads {
        Reads::Integer(_, i64::MIN, i64::MAX) => format!("CAST({name} AS INTEGER)"),
        Reads::Integer(_, least, most) => format!("min(max(CAST({name} AS INTEGER), {least}), {most})"),
        Reads::Bool if is_number => format!("{name} <> 0"),
        Reads::Bool => format!("lower({name}) IN ('1', 'true', 'yes')"),
        Reads::Real(_) => format!("CAST({name} AS REAL)"),
        Reads::Decimal => format!("CAST({name} AS NUMERIC)"),
        Reads::Text => format!("CAST({name} AS TEXT)"),
        Reads::Char => format!("substr({name}, 1, 1)"),
        Reads::Bytes => format!("CAST({name} AS BLOB)"),
        Reads::Vector(vector) => match Vector::of(&before.decl_type) {
            Some(before) if before.dimensions == vector.dimensions => {
                format!("{}(vector_extract({name}))", vector.function())
            }
            // numbers that are missing nobody can make up
            _ if !column.not_null => "NULL".to_owned(),
            _ => vector.zeros(),
        },
        Reads::Json => format!("CASE WHEN json_valid({name}) THEN {name} ELSE json_quote(CAST({name} AS TEXT)) END"),
        Reads::Date => format!("date({name}{modifier})"),
        Reads::Time => format!("time({name}{modifier})"),
        Reads::DateTime => format!("datetime({name}{modifier})"),
        Reads::Uuid => return None,
        Reads::Words(words) => {
            let words: Vec<String> = words.iter().map(|word| quote_string(word)).collect();
            otherwise(&words.join(", "), words.first()?)
        }
        Reads::Numbers(numbers) => otherwise(&numbers.join(", "), numbers.first()?),
    })
}
