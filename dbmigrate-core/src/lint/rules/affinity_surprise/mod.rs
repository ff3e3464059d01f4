//! `affinity_surprise`.

use crate::sql::distance::distance;
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Column, Schema, Table, Vector};
use crate::sql::expr::Affinity;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "affinity_surprise",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "SQLite takes a declared type for something else than its words say",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, of_table);
}

fn of_table(_: &Schema, table: &Table, found: &mut Vec<Finding>) {
    // a STRICT table takes no other types than those that SQLite has
    if table.strict {
        return;
    }
    for column in &table.columns {
        let Some(surprise) = surprise(column) else { continue };
        let object = path([&table.name, &column.name]);
        let (taken, effect) = taken(column.decl_type.affinity());
        let message = format!("`{object}` is declared `{}`, which SQLite takes for {taken}", column.decl_type);
        let mut finding =
            Finding::new(&RULE, &object, message).at(Place::Column(table.name.clone(), column.name.clone()));
        if let Some(because) = surprise.because {
            finding = finding.note(because);
        }
        let help = match surprise.wanted {
            Some(wanted) => format!("declare it `{wanted}`"),
            None => "declare it `TEXT`, `INTEGER`, `REAL` or `BLOB`, whichever is meant".to_owned(),
        };
        found.push(finding.note(effect).help(help));
    }
}

/// What an affinity is called, and what it does to values that are not meant to be of it.
fn taken(affinity: Affinity) -> (&'static str, &'static str) {
    match affinity {
        Affinity::Text => ("TEXT", "the number 1.50 is stored as the text '1.5'"),
        Affinity::Blob => ("BLOB", "values are stored as they come: '1' and 1 are not the same"),
        Affinity::Real => ("REAL", "the text '007' is stored as the number 7.0"),
        Affinity::Integer => ("INTEGER", "the text '007' is stored as the number 7, and 2.0 as 2"),
        Affinity::Numeric => ("NUMERIC", "the text '007' is stored as the number 7"),
    }
}

/// Types that are what they say, with and without a size.
const PLAIN: [&str; 16] = [
    "TEXT", "INTEGER", "INT", "REAL", "BLOB", "BOOLEAN", "DATETIME", "NUMERIC", "VARCHAR", "BIGINT", "SMALLINT",
    "DECIMAL", "DATE", "TIMESTAMP", "DOUBLE", "FLOAT",
];

struct Surprise {
    because: Option<String>,
    /// The type that is meant, if the words tell.
    wanted: Option<&'static str>,
}

/// What is not as the words say.
fn surprise(column: &Column) -> Option<Surprise> {
    let declared = column.decl_type.as_str();
    // what nearly all columns are
    let word = match declared.split_once('(') {
        None => declared,
        Some((word, size)) if size.find(')') == Some(size.len() - 1) => word.trim_end(),
        Some(_) => "",
    };
    if PLAIN.iter().any(|plain| word.eq_ignore_ascii_case(plain)) {
        return None;
    }
    odd(column)
}

/// The same for a type that is not one of the most frequent.
fn odd(column: &Column) -> Option<Surprise> {
    let declared = column.decl_type.as_str();
    if declared.is_empty() || Vector::of(&column.decl_type).is_some() {
        return None;
    }
    let upper = declared.split('(').next().unwrap_or_default().to_ascii_uppercase();
    let words: Vec<&str> = upper.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    // what a program for Firebird calls text
    if upper.starts_with("BLOB SUB_TYPE") {
        return None;
    }
    let affinity = column.decl_type.affinity();
    let meant = |word: &&str| meaning(word).filter(|meant| *meant != affinity);
    let wanted = words.iter().find_map(meant).and_then(type_of);
    match affinity {
        Affinity::Integer => {
            let odd = words.iter().find(|word| word.contains("INT") && !is_integer(word));
            let because = match (odd, words.iter().find(|word| word.contains("INT"))) {
                (Some(odd), _) => Some(format!("because `{odd}` contains `INT`")),
                (None, Some(word)) => Some(format!("because of the word `{word}`")),
                (None, None) => None,
            };
            (odd.is_some() || wanted.is_some()).then_some(Surprise { because, wanted })
        }
        Affinity::Numeric => match (wanted, words.iter().find_map(|word| misspelled(word))) {
            (None, Some(known)) => {
                Some(Surprise { because: Some(format!("`{known}` is the type that is spelled like it")), wanted: Some(known) })
            }
            (None, None) => None,
            (wanted, _) => Some(Surprise { because: None, wanted }),
        },
        Affinity::Text | Affinity::Blob | Affinity::Real => wanted.map(|wanted| Surprise { because: None, wanted: Some(wanted) }),
    }
}

/// Whether a word is one for integers: `INT`, `BIGINT`, `INT8`, `UINT64`.
fn is_integer(word: &str) -> bool {
    const SIZES: [&str; 15] = [
        "", "TINY", "SMALL", "MEDIUM", "BIG", "LONG", "HUGE", "SHORT", "BYTE", "UNSIGNED", "DATE", "TIME", "BOOL", "ENUM", "VAR",
    ];
    let digits = |char: char| char.is_ascii_digit();
    let word = word.trim_end_matches("UNSIGNED").trim_end_matches(digits);
    let Some(size) = word.strip_suffix("INTEGER").or_else(|| word.strip_suffix("INT")) else { return false };
    [size, size.strip_prefix('U').unwrap_or(size)].iter().any(|size| SIZES.contains(size))
}

/// What a word means to whoever writes it; `None` for words that mean nothing, or numbers of any kind.
fn meaning(word: &str) -> Option<Affinity> {
    const TEXTS: [&str; 8] = ["STR", "ENUM", "EMAIL", "PHONE", "URL", "URI", "SLUG", "SYMBOL"];
    let has = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
    if has(&["STRING", "CHAR", "CLOB"]) || word.ends_with("TEXT") || TEXTS.contains(&word) {
        Some(Affinity::Text)
    } else if has(&["BLOB"]) {
        Some(Affinity::Blob)
    } else if ["REAL", "DOUBLE"].contains(&word) || word.starts_with("FLOAT") {
        Some(Affinity::Real)
    } else if is_integer(word) {
        Some(Affinity::Integer)
    } else {
        None
    }
}

fn type_of(affinity: Affinity) -> Option<&'static str> {
    match affinity {
        Affinity::Text => Some("TEXT"),
        Affinity::Blob => Some("BLOB"),
        Affinity::Real => Some("REAL"),
        Affinity::Integer | Affinity::Numeric => None,
    }
}

/// The type that a word is a slip of.
fn misspelled(word: &str) -> Option<&'static str> {
    const TYPES: [&str; 6] = ["TEXT", "VARCHAR", "BLOB", "REAL", "FLOAT", "DOUBLE"];
    const OTHERS: [&str; 6] = ["TEST", "BOOL", "LONG", "DATE", "TIME", "READ"];
    let is_slip = |known: &&&str| {
        let wrong = distance(word.as_bytes(), known.as_bytes());
        let (mut one, mut two) = (word.as_bytes().to_vec(), known.as_bytes().to_vec());
        one.sort_unstable();
        two.sort_unstable();
        // a letter too many, too few or another one, or two that changed places
        wrong == 1 || (wrong == 2 && one == two)
    };
    TYPES.iter().find(is_slip).copied().filter(|_| !OTHERS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_are_not_looked_at_are_no_surprise() {
        for plain in PLAIN {
            for declared in [plain.to_owned(), format!("{plain}(10, 2)")] {
                assert!(odd(&Column::new("x", &declared)).is_none(), "{declared}");
            }
        }
    }
}
