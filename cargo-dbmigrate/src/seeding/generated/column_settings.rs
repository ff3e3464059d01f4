//! What a set says of a column of generated rows: `email = "email"`, `age = { int = "18..90" }`.

use std::ops::Range;

use dbmigrate_core::sql::Name;

use super::draw::Share;
use super::json::Shape;
use super::maker::{Maker, Piece, as_stored};
use super::moment::{self, Form};
use super::pattern::Template;
use super::setting_reader::{Reader, range};
use super::texts::Kind as TextKind;
use crate::error::did_you_mean;
use crate::seeding::calendar::DAY;
use crate::seeding::date;
use crate::seeding::read::node::{Kind, Node};
use crate::seeding::rows::Value;

/// What makes values; a column has one of them.
const SOURCES: [&str; 8] = ["kind", "value", "one_of", "int", "float", "pattern", "format", "sequence"];
/// What else is said.
const OTHERS: [&str; 6] = ["null", "between", "after", "within", "decimals", "skew"];
/// Kinds that are no texts and no times.
const KINDS: [&str; 7] = ["bool", "bytes", "float", "int", "json", "json_array", "uuid"];

/// What is said of a column.
#[derive(Debug, Clone)]
pub(super) struct ColumnSettings {
    /// What makes its values; `None`: what would without settings.
    pub(super) maker: Option<Maker>,
    /// How many of the values are NULL.
    pub(super) null: Option<Share>,
    /// From when to when times lie.
    pub(super) between: Option<(i64, i64)>,
    /// The column whose time comes before.
    pub(super) after: Option<Name>,
    /// Within how many seconds.
    pub(super) within: Option<i64>,
    /// How much the first rows of a parent are preferred.
    pub(super) skew: u32,
    /// Where it is said.
    pub(super) span: Range<usize>,
}

/// Reads the settings of the column at `at`.
pub(super) fn read(reader: &mut Reader<'_>, at: usize, node: &Node) -> Option<ColumnSettings> {
    let affinity = reader.table.affinity(&reader.table.columns[at]);
    let mut settings = ColumnSettings {
        maker: None,
        null: None,
        between: None,
        after: None,
        within: None,
        skew: 1,
        span: node.span.clone(),
    };
    match &node.kind {
        Kind::Text(name) => settings.maker = Some(kind(reader, at, name, node)?),
        Kind::Integer(_) | Kind::Real(_) | Kind::Bool(_) | Kind::Date(_) => {
            settings.maker = Some(Maker::Const(as_stored(value(reader, node)?, affinity)));
        }
        Kind::Null => settings.null = Some(Share::ALL),
        Kind::List(_) => settings.maker = Some(one_of(reader, at, node)?),
        Kind::Table(entries) => {
            for entry in entries {
                let known = SOURCES.iter().chain(&OTHERS);
                if !known.clone().any(|known| *known == entry.key) {
                    let names: Vec<&str> = known.copied().collect();
                    let message = format!("no setting `{}` for a column of generated rows", entry.key);
                    let mut error = reader.error(message, entry.key_span.clone(), "");
                    error = match did_you_mean(&entry.key, names.iter().copied()) {
                        Some(meant) => error.help(format!("did you mean `{meant}`?")),
                        None => error.help(format!("known: `{}`", names.join("`, `"))),
                    };
                    reader.errors.push(error);
                    return None;
                }
            }
            let mut sources = entries.iter().filter(|entry| SOURCES.contains(&entry.key.as_str()));
            if let (Some(first), Some(second)) = (sources.next(), sources.next()) {
                let message = format!("`{}` and `{}`: one of them makes the values", first.key, second.key);
                reader.errors.push(reader.error(message, second.key_span.clone(), ""));
                return None;
            }
            others(reader, node, &mut settings)?;
            source(reader, at, node, &mut settings)?;
        }
    }
    Some(settings)
}

fn others(reader: &mut Reader<'_>, node: &Node, settings: &mut ColumnSettings) -> Option<()> {
    if let Some(node) = node.get("null") {
        settings.null = Some(reader.share(node)?);
    }
    if let Some(node) = node.get("between") {
        let times = match &node.kind {
            Kind::List(ends) => match &ends[..] {
                [from, to] => time(from).zip(time(to)),
                _ => None,
            },
            _ => None,
        };
        let Some((from, to)) = times.filter(|(from, to)| from <= to) else {
            return refuse(
                reader,
                node,
                "`between` is a list of two times, the earlier one first",
                "`between = [\"2024-01-01\", \"2026-01-01\"]`",
            );
        };
        settings.between = Some((from, to));
    }
    if let Some(node) = node.get("after") {
        let column = node.text().map(Name::from).filter(|name| reader.table.column(name).is_some());
        let Some(column) = column else {
            let names: Vec<&str> = reader.table.columns.iter().map(|column| column.name.as_str()).collect();
            return refuse(
                reader,
                node,
                "`after` is a column of the table",
                &format!("columns: `{}`", names.join("`, `")),
            );
        };
        settings.after = Some(column);
    }
    if let Some(node) = node.get("within") {
        let Kind::Integer(days @ 0..=36_500) = node.kind else {
            return refuse(reader, node, "`within` is a number of days", "`within = 30`");
        };
        settings.within = Some(days * DAY);
    }
    if let Some(node) = node.get("skew") {
        settings.skew = match node.kind {
            Kind::Integer(skew @ 1..=10) => u32::try_from(skew).unwrap_or(1),
            _ => return refuse(reader, node, "`skew` is a number from 1 (all parents alike) to 10", "`skew = 3`"),
        };
    }
    Some(())
}

fn source(reader: &mut Reader<'_>, at: usize, node: &Node, settings: &mut ColumnSettings) -> Option<()> {
    let affinity = reader.table.affinity(&reader.table.columns[at]);
    let Some(entry) = node.entries().iter().find(|entry| SOURCES.contains(&entry.key.as_str())) else {
        return Some(());
    };
    let node_of = &entry.value;
    let maker = match entry.key.as_str() {
        "kind" => match node_of.text() {
            Some(name) => kind(reader, at, name, node_of)?,
            None => return refuse(reader, node_of, "`kind` is the name of a kind of value", "`kind = \"email\"`"),
        },
        "value" => Maker::Const(as_stored(value(reader, node_of)?, affinity)),
        "one_of" => one_of(reader, at, node_of)?,
        "int" => match ends(node_of, range::<i64>, |kind| match kind {
            Kind::Integer(integer) => Some(*integer),
            _ => None,
        }) {
            Some((min, max)) => Maker::Int { min, max, step: 1 },
            None => return refuse(reader, node_of, "`int` is a range of integers", "`int = \"1..100\"`"),
        },
        "float" => {
            let decimals = match node.get("decimals").map(|node| &node.kind) {
                None => 2,
                Some(Kind::Integer(decimals @ 0..=9)) => u32::try_from(*decimals).unwrap_or(2),
                Some(_) => return refuse(reader, node, "`decimals` is a number from 0 to 9", "`decimals = 2`"),
            };
            let found = ends(node_of, range::<f64>, |kind| match kind {
                Kind::Real(real) => Some(*real),
                #[expect(clippy::cast_precision_loss, reason = "it is written as an integer")]
                Kind::Integer(integer) => Some(*integer as f64),
                _ => None,
            });
            let parts = 10_i64.pow(decimals);
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                reason = "what is out of range becomes the nearest in it"
            )]
            let scaled = |number: f64| (number * parts as f64).round() as i64;
            match found {
                Some((min, max)) => Maker::Real { min: scaled(min), max: scaled(max), parts },
                None => return refuse(reader, node_of, "`float` is a range of numbers", "`float = \"0..1\"`"),
            }
        }
        "pattern" => match node_of.text() {
            Some(text) if !text.is_empty() => Maker::Template(Template::written(text)),
            _ => {
                return refuse(
                    reader,
                    node_of,
                    "`pattern` is text",
                    "`pattern = \"INV-####\"`: `#` is a digit, `?` a letter, `@` either",
                );
            }
        },
        "format" => match node_of.text() {
            Some(text) => Maker::Format(pieces(reader, text, node_of)?),
            None => return refuse(reader, node_of, "`format` is text", "`format = \"{first_name}.{n}@example.com\"`"),
        },
        _ => sequence(reader, node_of)?,
    };
    settings.maker = Some(maker);
    Some(())
}

/// `1000`, `"INV-{}"`
fn sequence(reader: &mut Reader<'_>, node: &Node) -> Option<Maker> {
    match &node.kind {
        Kind::Integer(start) => Some(Maker::Sequence { start: *start, step: 1, around: None }),
        Kind::Text(text) if text.contains("{}") => {
            let (before, behind) = text.split_once("{}").unwrap_or_default();
            Some(Maker::Sequence { start: 1, step: 1, around: Some((before.to_owned(), behind.to_owned())) })
        }
        _ => refuse(
            reader,
            node,
            "`sequence` is the first number, or text with `{}` in it",
            "`sequence = 1000`, `sequence = \"INV-{}\"`",
        ),
    }
}

fn refuse<T>(reader: &mut Reader<'_>, node: &Node, message: &str, help: &str) -> Option<T> {
    let error = reader.error(message, node.span.clone(), "").help(help);
    reader.errors.push(error);
    None
}

/// The two ends of a range: `"1..5"`, or `[1, 5]`.
fn ends<T: PartialOrd>(
    node: &Node,
    written: impl Fn(&str) -> Option<(T, T)>,
    single: impl Fn(&Kind) -> Option<T>,
) -> Option<(T, T)> {
    match &node.kind {
        Kind::Text(text) => written(text),
        Kind::List(list) => match &list[..] {
            [min, max] => Some((single(&min.kind)?, single(&max.kind)?)).filter(|(min, max)| min <= max),
            _ => None,
        },
        _ => None,
    }
}

fn time(node: &Node) -> Option<i64> {
    match &node.kind {
        Kind::Text(text) => moment::parse(text),
        Kind::Date(date) => date::unix(date),
        Kind::Integer(seconds) => Some(*seconds),
        _ => None,
    }
}

/// A value as it is written.
fn value(reader: &mut Reader<'_>, node: &Node) -> Option<Value> {
    Some(match &node.kind {
        Kind::Null => Value::Null,
        Kind::Bool(value) => Value::Integer(i64::from(*value)),
        Kind::Integer(value) => Value::Integer(*value),
        Kind::Real(value) => Value::Real(*value),
        Kind::Text(value) => Value::Text(value.clone()),
        Kind::Date(value) => Value::Text(date::text(value)),
        Kind::List(_) | Kind::Table(_) => {
            return refuse(
                reader,
                node,
                &format!("{} is no value of a column", node.noun()),
                "write JSON as text: `value = '[1]'`",
            );
        }
    })
}

/// `["a", "b"]`, `{ a = 3, b = 1 }`, `[["a", 3], ["b", 1]]`
fn one_of(reader: &mut Reader<'_>, at: usize, node: &Node) -> Option<Maker> {
    let affinity = reader.table.affinity(&reader.table.columns[at]);
    let help = "`one_of = [\"a\", \"b\"]`, with weights `one_of = { a = 3, b = 1 }` or `[[\"a\", 3], [\"b\", 1]]`";
    let weight = |node: &Node| match node.kind {
        Kind::Integer(weight @ 0..=1_000_000) => u64::try_from(weight).ok(),
        _ => None,
    };
    let mut weighted: Vec<(Value, u64)> = Vec::new();
    match &node.kind {
        Kind::List(list) => {
            for item in list {
                match &item.kind {
                    Kind::List(pair) => match &pair[..] {
                        [first, second] if weight(second).is_some() => {
                            weighted.push((value(reader, first)?, weight(second).unwrap_or(1)));
                        }
                        _ => return refuse(reader, item, "a weighted value is a list of it and its weight", help),
                    },
                    _ => weighted.push((value(reader, item)?, 1)),
                }
            }
        }
        Kind::Table(entries) => {
            for entry in entries {
                let Some(weight) = weight(&entry.value) else {
                    return refuse(reader, &entry.value, "a weight is an integer from 0 on", help);
                };
                weighted.push((Value::Text(entry.key.clone()), weight));
            }
        }
        _ => return refuse(reader, node, "`one_of` is a list of values", help),
    }
    weighted.retain(|(_, weight)| *weight > 0);
    if weighted.is_empty() {
        return refuse(reader, node, "`one_of` has no values", help);
    }
    let mut sum = 0;
    let ends = weighted.iter().map(|(_, weight)| {
        sum += weight;
        sum
    });
    let ends = ends.collect();
    Some(Maker::OneOf(weighted.into_iter().map(|(value, _)| as_stored(value, affinity)).collect(), ends))
}

/// The names of all kinds.
pub(super) fn kind_names() -> Vec<&'static str> {
    let mut names: Vec<&str> = TextKind::names().chain(KINDS).chain(Form::NAMES.map(|(name, _)| name)).collect();
    names.sort_unstable();
    names
}

/// A kind by its name.
fn kind(reader: &mut Reader<'_>, at: usize, name: &str, node: &Node) -> Option<Maker> {
    let column = &reader.table.columns[at];
    let is_blob = reader.table.strict && column.decl_type.as_str().eq_ignore_ascii_case("blob");
    if let Some(kind) = TextKind::named(name) {
        return Some(Maker::Text(kind, None));
    }
    if let Some((_, form)) = Form::NAMES.iter().find(|(known, _)| *known == name) {
        // the window is put in where it is known
        return Some(Maker::Moment { from: 0, to: -1, form: *form });
    }
    Some(match name {
        "bool" => Maker::one_of(vec![Value::Integer(0), Value::Integer(1)]),
        "bytes" => Maker::Bytes(16, 16),
        "float" => Maker::Real { min: 0, max: 100_000, parts: 100 },
        "int" => Maker::Int { min: 0, max: 1000, step: 1 },
        "json" => Maker::Json(Shape::Object),
        "json_array" => Maker::Json(Shape::Words),
        "uuid" => Maker::Uuid { is_blob: is_blob || column.decl_type.as_str().eq_ignore_ascii_case("blob") },
        _ => {
            let names = kind_names();
            let mut error = reader.error(format!("no kind of value is called `{name}`"), node.span.clone(), "");
            error = match did_you_mean(name, names.iter().copied()) {
                Some(meant) => error.help(format!("did you mean `{meant}`?")),
                None => error.help(format!("kinds: `{}`", names.join("`, `"))),
            };
            let error = error.help(format!("for this value in every row: `{{ value = \"{name}\" }}`"));
            reader.errors.push(error);
            return None;
        }
    })
}

/// `{first_name}.{n}@example.com`
fn pieces(reader: &mut Reader<'_>, text: &str, node: &Node) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        if !before.is_empty() {
            pieces.push(Piece::Literal(before.to_owned()));
        }
        let Some((name, after)) = behind.split_once('}') else {
            return refuse(reader, node, "`{` without `}` in `format`", "`format = \"{first_name}.{n}@example.com\"`");
        };
        if name == "n" {
            pieces.push(Piece::Number);
        } else if let Some(kind) = TextKind::named(name) {
            pieces.push(Piece::Kind(kind));
        } else if !name.is_empty() && name.chars().all(|character| matches!(character, '#' | '?' | '@')) {
            pieces.push(Piece::Template(Template::written(name)));
        } else {
            let known: Vec<&str> = TextKind::names().collect();
            let help = did_you_mean(name, known.iter().copied()).map_or_else(
                || {
                    "`{n}` is the number of the row, `{###}` digits, and `{first_name}` and the like kinds of text"
                        .to_owned()
                },
                |meant| format!("did you mean `{{{meant}}}`?"),
            );
            return refuse::<Vec<Piece>>(reader, node, &format!("no kind of text is called `{name}`"), &help);
        }
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest.to_owned()));
    }
    Some(pieces)
}
