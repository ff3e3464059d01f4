//! What the functions of libSQL return (sqlite.org/lang_corefunc.html, lang_aggfunc.html, lang_datefunc.html,
//! lang_mathfunc.html, json1.html, windowfunctions.html).

use super::kind::Kind;

/// When the result of a function is NULL.
#[derive(Clone, Copy)]
enum Null {
    /// Never.
    Never,
    /// If an argument is.
    Argument,
    /// If the first argument is.
    First,
    /// Whenever it pleases.
    Maybe,
}

use Null::{Argument, First, Maybe, Never};

/// Aggregates; `min` and `max` are some with one argument.
const AGGREGATES: [&str; 12] = [
    "avg",
    "count",
    "group_concat",
    "json_group_array",
    "json_group_object",
    "jsonb_group_array",
    "jsonb_group_object",
    "max",
    "min",
    "string_agg",
    "sum",
    "total",
];

const INTEGERS: &[(&str, Null)] = &[
    ("changes", Never),
    ("dense_rank", Never),
    ("instr", Argument),
    ("json_array_length", Maybe),
    ("json_error_position", Argument),
    ("last_insert_rowid", Never),
    ("length", Argument),
    ("ntile", Never),
    ("octet_length", Argument),
    ("random", Never),
    ("rank", Never),
    ("row_number", Never),
    ("sign", Maybe),
    ("total_changes", Never),
    ("unicode", Maybe),
    ("unixepoch", Maybe),
];

const CONDITIONS: &[(&str, Null)] =
    &[("glob", Argument), ("json_valid", Argument), ("like", Argument), ("sqlite_compileoption_used", Argument)];

const REALS: &[(&str, Null)] = &[
    ("acos", Maybe),
    ("acosh", Maybe),
    ("asin", Maybe),
    ("asinh", Maybe),
    ("atan", Maybe),
    ("atan2", Maybe),
    ("atanh", Maybe),
    ("bm25", Maybe),
    ("cos", Maybe),
    ("cosh", Maybe),
    ("cume_dist", Never),
    ("degrees", Maybe),
    ("exp", Maybe),
    ("julianday", Maybe),
    ("ln", Maybe),
    ("log", Maybe),
    ("log10", Maybe),
    ("log2", Maybe),
    ("mod", Maybe),
    ("percent_rank", Never),
    ("pi", Never),
    ("pow", Maybe),
    ("power", Maybe),
    ("radians", Maybe),
    ("round", Argument),
    ("sin", Maybe),
    ("sinh", Maybe),
    ("sqrt", Maybe),
    ("tan", Maybe),
    ("tanh", Maybe),
    ("vector_distance_cos", Maybe),
    ("vector_distance_l2", Maybe),
];

const TEXTS: &[(&str, Null)] = &[
    ("char", Never),
    ("concat", Never),
    ("concat_ws", First),
    ("date", Maybe),
    ("datetime", Maybe),
    ("format", Maybe),
    ("hex", Never),
    ("highlight", Maybe),
    ("json", Argument),
    ("json_array", Never),
    ("json_insert", Maybe),
    ("json_object", Never),
    ("json_patch", Maybe),
    ("json_pretty", Maybe),
    ("json_quote", Never),
    ("json_remove", Maybe),
    ("json_replace", Maybe),
    ("json_set", Maybe),
    ("json_type", Maybe),
    ("lower", Argument),
    ("ltrim", Argument),
    ("printf", Maybe),
    ("quote", Never),
    ("replace", Argument),
    ("rtrim", Argument),
    ("snippet", Maybe),
    ("soundex", Never),
    ("sqlite_source_id", Never),
    ("sqlite_version", Never),
    ("strftime", Maybe),
    ("time", Maybe),
    ("timediff", Maybe),
    ("trim", Argument),
    ("typeof", Never),
    ("upper", Argument),
    ("vector_extract", Maybe),
];

const BLOBS: &[(&str, Null)] = &[
    ("jsonb", Argument),
    ("jsonb_array", Never),
    ("jsonb_insert", Maybe),
    ("jsonb_object", Never),
    ("jsonb_patch", Maybe),
    ("jsonb_remove", Maybe),
    ("jsonb_replace", Maybe),
    ("jsonb_set", Maybe),
    ("randomblob", Never),
    ("unhex", Maybe),
    ("vector", Maybe),
    ("vector32", Maybe),
    ("vector64", Maybe),
    ("zeroblob", Never),
];

/// Whether a call is one of an aggregate.
pub(super) fn is_aggregate(name: &str, arguments: usize) -> bool {
    AGGREGATES.contains(&name) && (arguments < 2 || !matches!(name, "min" | "max"))
}

/// Whether a function is known, so that it is known to be no aggregate of somebody's own.
pub(super) fn is_known(name: &str) -> bool {
    scalar(name, &[]).is_some() || window(name, &[Kind::ANY]).is_some() || AGGREGATES.contains(&name)
}

/// The result of an aggregate. `may_be_empty`: there may be no row that it is of.
pub(super) fn aggregate(name: &str, argument: Option<&Kind>, may_be_empty: bool) -> Option<Kind> {
    let of = argument.cloned().unwrap_or(Kind::ANY);
    let nullable = may_be_empty || of.nullable;
    Some(match name {
        "count" => Kind::INTEGER,
        "total" => Kind::REAL,
        "json_group_array" | "json_group_object" => Kind::TEXT,
        "jsonb_group_array" | "jsonb_group_object" => Kind::BLOB,
        "avg" => Kind::REAL.or_null(nullable),
        "group_concat" | "string_agg" => Kind::TEXT.or_null(nullable),
        "sum" => of.number().or_null(nullable),
        "min" | "max" => of.or_null(nullable),
        _ => return None,
    })
}

/// The result of a function that needs a window.
pub(super) fn window(name: &str, arguments: &[Kind]) -> Option<Kind> {
    let of = || arguments.first().cloned().unwrap_or(Kind::ANY);
    match name {
        "lag" | "lead" => Some(of().or(arguments.get(2).cloned().unwrap_or(Kind::NULL)).or_null(true)),
        "first_value" | "last_value" | "nth_value" => Some(of().or_null(true)),
        _ => None,
    }
}

/// The result of a function of one row.
pub(super) fn scalar(name: &str, arguments: &[Kind]) -> Option<Kind> {
    let any_null = arguments.iter().any(|argument| argument.nullable);
    let first = || arguments.first().cloned().unwrap_or(Kind::ANY);
    let all = |arguments: &[Kind]| arguments.iter().cloned().reduce(Kind::or).unwrap_or(Kind::ANY);
    let listed = |functions: &[(&str, Null)], kind: Kind| {
        let (_, null) = functions.iter().find(|(function, _)| *function == name)?;
        let nullable = match null {
            Never => false,
            Argument => any_null,
            First => first().nullable,
            // of no argument it is the present time
            Maybe => {
                !(arguments.is_empty() && matches!(name, "date" | "time" | "datetime" | "julianday" | "unixepoch"))
            }
        };
        Some(kind.or_null(nullable))
    };
    let found = listed(INTEGERS, Kind::INTEGER)
        .or_else(|| listed(CONDITIONS, Kind::bool()))
        .or_else(|| listed(REALS, Kind::REAL))
        .or_else(|| listed(TEXTS, Kind::TEXT))
        .or_else(|| listed(BLOBS, Kind::BLOB));
    if found.is_some() {
        return found;
    }
    Some(match name {
        "abs" => first().number(),
        "ceil" | "ceiling" | "floor" | "trunc" if first().is_integer() => Kind::INTEGER.or_null(any_null),
        "ceil" | "ceiling" | "floor" | "trunc" => Kind::NUMBER.or_null(true),
        "coalesce" | "ifnull" => {
            let is_certain = arguments.iter().any(|argument| !argument.nullable);
            let kind = all(arguments);
            if is_certain { kind.not_null() } else { kind }
        }
        "if" | "iif" => {
            // (condition, value), then a value for all else
            let values = arguments.iter().enumerate();
            let is_value = |(at, kind): (usize, &Kind)| {
                let is_last = at + 1 == arguments.len();
                (at % 2 == 1 || (is_last && at > 0)).then(|| kind.clone())
            };
            let values: Vec<Kind> = values.filter_map(is_value).collect();
            all(&values).or_null(arguments.len().is_multiple_of(2))
        }
        "json_extract" | "jsonb_extract" => Kind::ANY,
        "likely" | "unlikely" | "likelihood" => first(),
        "max" | "min" => all(arguments),
        "nullif" => first().or_null(true),
        "substr" | "substring" => match first().bytes() {
            (true, true) => Kind::BLOB.or(Kind::TEXT).or_null(any_null),
            (true, false) => Kind::BLOB.or_null(any_null),
            (false, _) => Kind::TEXT.or_null(any_null),
        },
        _ => return None,
    })
}
