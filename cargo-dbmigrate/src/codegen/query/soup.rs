//! The reader of queries on what is no query: it knows nothing of it, and never ends otherwise.

use dbmigrate_core::schema::{Schema, View};
use dbmigrate_core::sql::Expr;
use proptest::prelude::*;

use super::{columns_of, parse};

/// Pieces of queries, and what breaks them.
const PIECES: [&str; 48] = [
    "select ",
    "with ",
    "recursive ",
    "values ",
    "from ",
    "where ",
    "group by ",
    "having ",
    "order by ",
    "limit ",
    "union all ",
    "except ",
    "join ",
    "left ",
    "natural ",
    "outer ",
    "on ",
    "using ",
    "as ",
    "a",
    "b.",
    ".c ",
    "*",
    ", ",
    "(",
    ")",
    "cast(",
    "case ",
    "when ",
    "then ",
    "else ",
    "end ",
    "not ",
    "exists ",
    "in ",
    "between ",
    "and ",
    "is ",
    "distinct ",
    "filter ",
    "over ",
    "window ",
    "'t'",
    "1",
    "-",
    "~",
    "||",
    "indexed by ",
];

proptest! {
    #[test]
    fn no_text_ends_the_reader(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60)) {
        let text = format!("select {}", pieces.concat());
        let _ = parse::query(&text);
    }

    #[test]
    fn no_part_of_a_query_ends_the_reader(end in 0_usize..200) {
        let text = "with recursive c(x) as (values (1) union all select x + 1 from c) select cast(a as text), count(*) \
                    filter (where b > 1) over w from t left join (u, v) using (a) where a in (1, 2) window w as ()";
        let _ = parse::query(text.get(..end).unwrap_or(text));
    }
}

#[test]
fn what_is_nested_or_long_ends_the_reader_in_no_way() {
    let queries = [
        format!("select {}1{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("select {}", "- ".repeat(100_000)),
        format!("select {}1", "not ".repeat(100_000)),
        format!("select 1{}", " collate nocase".repeat(100_000)),
        format!("select * from {}a", "(".repeat(100_000)),
        format!("select * from {}", "(select * from ".repeat(100_000)),
        // as long as SQLite takes expressions (sqlite.org/limits.html, "Maximum Depth Of An Expression Tree")
        format!("select 1{}", " + 1".repeat(1000)),
        format!("select 1{}", " || 'a'".repeat(1000)),
        format!("select 1{}", " union all select 1".repeat(500)),
    ];
    for query in queries {
        let view = View { name: "v".into(), columns: Vec::new(), query: Expr::new(query), unchecked: false };
        let _ = columns_of(&Schema::default(), &view);
    }
}
