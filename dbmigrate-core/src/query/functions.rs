//! The functions of SQLite and libSQL: with how many arguments each is called, what kind it is, and what it returns.
//!
//! A test compares names and numbers with `PRAGMA function_list` of the engine that is linked.

/// What a function is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    /// Also a window function.
    Aggregate,
    /// Nothing but a window function.
    Window,
    /// What the application registers may be anything.
    Unknown,
}

/// What a function returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Returns {
    Integer,
    Real,
    Text,
    Blob,
    /// An integer or a real, as its argument is.
    Number,
    /// One of its arguments, or the first of them.
    Argument,
    Unknown,
}

/// When a function returns NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nulls {
    Never,
    /// Whatever its arguments are.
    May,
    /// If one of its arguments is.
    OfArguments,
    /// If all of its arguments are.
    OfAll,
    /// If no row has a value.
    OfRows,
}

#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    /// The numbers of arguments, from the least to the most.
    arguments: &'static [(u8, u8)],
    kind: Kind,
    pub(super) returns: Returns,
    pub(super) nulls: Nulls,
    /// Whether it returns its first argument of several.
    pub(super) takes_first: bool,
}

const ANY: u8 = u8::MAX;

impl Function {
    pub(super) fn takes(&self, arguments: usize) -> bool {
        self.arguments.iter().any(|(least, most)| {
            (usize::from(*least)..=if *most == ANY { usize::MAX } else { usize::from(*most) }).contains(&arguments)
        })
    }

    /// What it is with so many arguments: `max` of one is an aggregate, of two it is none.
    pub(super) fn kind_of(&self, arguments: usize) -> Kind {
        match self.name {
            "max" | "min" if arguments != 1 => Kind::Scalar,
            _ => self.kind,
        }
    }

    /// How many arguments it takes, in words.
    pub(super) fn said(&self) -> String {
        let range = |(least, most): &(u8, u8)| match (least, most) {
            (least, most) if least == most => least.to_string(),
            (least, &ANY) => format!("{least} or more"),
            (least, most) if least + 1 == *most => format!("{least} or {most}"),
            (least, most) => format!("{least} to {most}"),
        };
        self.arguments.iter().map(range).collect::<Vec<_>>().join(" or ")
    }
}

/// The function of that name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    let folded = name.to_ascii_lowercase();
    FUNCTIONS.binary_search_by(|function| function.name.cmp(&folded)).ok().map(|at| &FUNCTIONS[at])
}

/// The names of all of them.
pub(super) fn names<'a>() -> impl Iterator<Item = &'a str> {
    FUNCTIONS.iter().map(|function| -> &'a str { function.name })
}

const fn of(
    name: &'static str,
    arguments: &'static [(u8, u8)],
    kind: Kind,
    returns: Returns,
    nulls: Nulls,
) -> Function {
    Function { name, arguments, kind, returns, nulls, takes_first: false }
}

const fn scalar(name: &'static str, arguments: &'static [(u8, u8)], returns: Returns, nulls: Nulls) -> Function {
    of(name, arguments, Kind::Scalar, returns, nulls)
}

/// One whose first argument alone is returned.
const fn first(
    name: &'static str,
    arguments: &'static [(u8, u8)],
    kind: Kind,
    returns: Returns,
    nulls: Nulls,
) -> Function {
    Function { name, arguments, kind, returns, nulls, takes_first: true }
}

use Kind::{Aggregate, Window};
use Nulls::{May, Never, OfAll, OfArguments, OfRows};
use Returns::{Argument, Blob, Integer, Number, Real, Text};

const NONE: &[(u8, u8)] = &[(0, 0)];
const ONE: &[(u8, u8)] = &[(1, 1)];
const TWO: &[(u8, u8)] = &[(2, 2)];
const THREE: &[(u8, u8)] = &[(3, 3)];
const ONE_OR_TWO: &[(u8, u8)] = &[(1, 2)];
const TWO_OR_THREE: &[(u8, u8)] = &[(2, 3)];
const ANY_NUMBER: &[(u8, u8)] = &[(0, ANY)];
const SOME: &[(u8, u8)] = &[(1, ANY)];

/// All of them, by name.
const FUNCTIONS: &[Function] = &[
    scalar("->", TWO, Text, May),
    scalar("->>", TWO, Returns::Unknown, May),
    scalar("abs", ONE, Number, OfArguments),
    scalar("acos", ONE, Real, May),
    scalar("acosh", ONE, Real, May),
    scalar("asin", ONE, Real, May),
    scalar("asinh", ONE, Real, May),
    scalar("atan", ONE, Real, OfArguments),
    scalar("atan2", TWO, Real, OfArguments),
    scalar("atanh", ONE, Real, May),
    of("avg", ONE, Aggregate, Real, OfRows),
    scalar("bm25", ANY_NUMBER, Real, May),
    scalar("ceil", ONE, Number, OfArguments),
    scalar("ceiling", ONE, Number, OfArguments),
    scalar("changes", NONE, Integer, Never),
    scalar("char", ANY_NUMBER, Text, Never),
    scalar("coalesce", &[(2, ANY)], Argument, OfAll),
    scalar("concat", SOME, Text, Never),
    scalar("concat_ws", &[(2, ANY)], Text, OfArguments),
    scalar("cos", ONE, Real, May),
    scalar("cosh", ONE, Real, May),
    of("count", &[(0, 1)], Aggregate, Integer, Never),
    of("cume_dist", NONE, Window, Real, Never),
    scalar("current_date", NONE, Text, Never),
    scalar("current_time", NONE, Text, Never),
    scalar("current_timestamp", NONE, Text, Never),
    scalar("date", ANY_NUMBER, Text, May),
    scalar("datetime", ANY_NUMBER, Text, May),
    scalar("degrees", ONE, Real, OfArguments),
    of("dense_rank", NONE, Window, Integer, Never),
    scalar("exp", ONE, Real, OfArguments),
    of("first_value", ONE, Window, Argument, May),
    scalar("floor", ONE, Number, OfArguments),
    scalar("format", ANY_NUMBER, Text, May),
    scalar("fts3_tokenizer", ONE_OR_TWO, Blob, May),
    scalar("fts5", ONE, Returns::Unknown, May),
    scalar("fts5_get_locale", ANY_NUMBER, Text, May),
    scalar("fts5_locale", TWO, Blob, May),
    scalar("fts5_source_id", NONE, Text, Never),
    scalar("glob", TWO, Integer, OfArguments),
    of("group_concat", ONE_OR_TWO, Aggregate, Text, OfRows),
    scalar("hex", ONE, Text, Never),
    scalar("highlight", ANY_NUMBER, Text, May),
    scalar("ifnull", TWO, Argument, OfAll),
    scalar("iif", THREE, Argument, May),
    scalar("instr", TWO, Integer, OfArguments),
    scalar("json", ONE, Text, OfArguments),
    scalar("json_array", ANY_NUMBER, Text, Never),
    scalar("json_array_length", ONE_OR_TWO, Integer, May),
    scalar("json_error_position", ONE, Integer, OfArguments),
    scalar("json_extract", ANY_NUMBER, Returns::Unknown, May),
    of("json_group_array", ONE, Aggregate, Text, Never),
    of("json_group_object", TWO, Aggregate, Text, Never),
    scalar("json_insert", ANY_NUMBER, Text, May),
    scalar("json_object", ANY_NUMBER, Text, Never),
    scalar("json_patch", TWO, Text, May),
    scalar("json_pretty", ONE_OR_TWO, Text, May),
    scalar("json_quote", ONE, Text, Never),
    scalar("json_remove", ANY_NUMBER, Text, May),
    scalar("json_replace", ANY_NUMBER, Text, May),
    scalar("json_set", ANY_NUMBER, Text, May),
    scalar("json_type", ONE_OR_TWO, Text, May),
    scalar("json_valid", ONE_OR_TWO, Integer, OfArguments),
    scalar("jsonb", ONE, Blob, OfArguments),
    scalar("jsonb_array", ANY_NUMBER, Blob, Never),
    scalar("jsonb_extract", ANY_NUMBER, Returns::Unknown, May),
    of("jsonb_group_array", ONE, Aggregate, Blob, Never),
    of("jsonb_group_object", TWO, Aggregate, Blob, Never),
    scalar("jsonb_insert", ANY_NUMBER, Blob, May),
    scalar("jsonb_object", ANY_NUMBER, Blob, Never),
    scalar("jsonb_patch", TWO, Blob, May),
    scalar("jsonb_remove", ANY_NUMBER, Blob, May),
    scalar("jsonb_replace", ANY_NUMBER, Blob, May),
    scalar("jsonb_set", ANY_NUMBER, Blob, May),
    scalar("julianday", ANY_NUMBER, Real, May),
    first("lag", &[(1, 3)], Window, Argument, May),
    scalar("last_insert_rowid", NONE, Integer, Never),
    of("last_value", ONE, Window, Argument, May),
    first("lead", &[(1, 3)], Window, Argument, May),
    scalar("length", ONE, Integer, OfArguments),
    scalar("libsql_vector_idx", ANY_NUMBER, Returns::Unknown, May),
    scalar("like", TWO_OR_THREE, Integer, OfArguments),
    first("likelihood", TWO, Kind::Scalar, Argument, OfArguments),
    scalar("likely", ONE, Argument, OfArguments),
    scalar("ln", ONE, Real, May),
    scalar("load_extension", ONE_OR_TWO, Returns::Unknown, May),
    scalar("log", ONE_OR_TWO, Real, May),
    scalar("log10", ONE, Real, May),
    scalar("log2", ONE, Real, May),
    scalar("lower", ONE, Text, OfArguments),
    scalar("ltrim", ONE_OR_TWO, Text, OfArguments),
    scalar("match", TWO, Integer, May),
    scalar("matchinfo", ONE_OR_TWO, Blob, May),
    of("max", SOME, Aggregate, Argument, OfRows),
    of("min", SOME, Aggregate, Argument, OfRows),
    scalar("mod", TWO, Real, May),
    first("nth_value", TWO, Window, Argument, May),
    of("ntile", ONE, Window, Integer, Never),
    first("nullif", TWO, Kind::Scalar, Argument, May),
    scalar("octet_length", ONE, Integer, OfArguments),
    scalar("offsets", ONE, Text, May),
    scalar("optimize", ONE, Text, May),
    of("percent_rank", NONE, Window, Real, Never),
    scalar("pi", NONE, Real, Never),
    scalar("pow", TWO, Real, May),
    scalar("power", TWO, Real, May),
    scalar("printf", ANY_NUMBER, Text, May),
    scalar("quote", ONE, Text, Never),
    scalar("radians", ONE, Real, OfArguments),
    scalar("random", NONE, Integer, Never),
    scalar("randomblob", ONE, Blob, Never),
    of("rank", NONE, Window, Integer, Never),
    scalar("replace", THREE, Text, OfArguments),
    scalar("round", ONE_OR_TWO, Real, OfArguments),
    of("row_number", NONE, Window, Integer, Never),
    scalar("rtreecheck", ANY_NUMBER, Text, May),
    scalar("rtreedepth", ONE, Integer, May),
    scalar("rtreenode", TWO, Text, May),
    scalar("rtrim", ONE_OR_TWO, Text, OfArguments),
    scalar("sign", ONE, Integer, May),
    scalar("sin", ONE, Real, May),
    scalar("sinh", ONE, Real, May),
    scalar("snippet", ANY_NUMBER, Text, May),
    scalar("soundex", ONE, Text, Never),
    scalar("sqlite_compileoption_get", ONE, Text, May),
    scalar("sqlite_compileoption_used", ONE, Integer, OfArguments),
    scalar("sqlite_log", TWO, Returns::Unknown, May),
    scalar("sqlite_source_id", NONE, Text, Never),
    scalar("sqlite_version", NONE, Text, Never),
    scalar("sqrt", ONE, Real, May),
    scalar("strftime", ANY_NUMBER, Text, May),
    of("string_agg", TWO, Aggregate, Text, OfRows),
    scalar("substr", TWO_OR_THREE, Text, OfArguments),
    scalar("substring", TWO_OR_THREE, Text, OfArguments),
    scalar("subtype", ONE, Integer, Never),
    of("sum", ONE, Aggregate, Number, OfRows),
    scalar("tan", ONE, Real, May),
    scalar("tanh", ONE, Real, May),
    scalar("time", ANY_NUMBER, Text, May),
    scalar("timediff", TWO, Text, May),
    of("total", ONE, Aggregate, Real, Never),
    scalar("total_changes", NONE, Integer, Never),
    scalar("trim", ONE_OR_TWO, Text, OfArguments),
    scalar("trunc", ONE, Number, OfArguments),
    scalar("typeof", ONE, Text, Never),
    scalar("unhex", ONE_OR_TWO, Blob, May),
    scalar("unicode", ONE, Integer, May),
    scalar("unixepoch", ANY_NUMBER, Integer, May),
    scalar("unlikely", ONE, Argument, OfArguments),
    scalar("upper", ONE, Text, OfArguments),
    scalar("vector", ONE, Blob, OfArguments),
    scalar("vector16", ONE, Blob, OfArguments),
    scalar("vector1bit", ONE, Blob, OfArguments),
    scalar("vector32", ONE, Blob, OfArguments),
    scalar("vector64", ONE, Blob, OfArguments),
    scalar("vector8", ONE, Blob, OfArguments),
    scalar("vector_distance_cos", TWO, Real, OfArguments),
    scalar("vector_distance_l2", TWO, Real, OfArguments),
    scalar("vector_extract", ONE, Text, OfArguments),
    scalar("vectorb16", ONE, Blob, OfArguments),
    scalar("zeroblob", ONE, Blob, Never),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_in_order() {
        assert!(FUNCTIONS.is_sorted_by(|one, other| one.name < other.name));
    }
}
