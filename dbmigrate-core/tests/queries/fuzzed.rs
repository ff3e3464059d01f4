//! What the fuzz target of the resolver checks (`docs/testing.md`), on its seeds, on mutations of them, and on long texts.

#![allow(unreachable_pub, reason = "the fuzz targets include the same files")]

use std::time::Duration;

#[path = "../../../fuzz/src/query.rs"]
mod query;
#[path = "../../../fuzz/src/seeds.rs"]
mod seeds;

#[test]
fn seeds_of_the_resolver() {
    assert!(seeds::run("query", 2000, query::check) > 2000);
}

/// What opens something, and what goes on for as long as it likes.
const PIECES: [&str; 9] =
    ["(", "SELECT (", "1 + ", "a, ", "NOT ", "- ", "CASE WHEN 1 THEN ", "SELECT 1 FROM (", "f(1, "];

#[test]
fn deep_and_long_statements_end_in_time_and_without_a_stack_overflow() {
    for piece in PIECES {
        let text = piece.repeat(50_000 / piece.len());
        let closed = format!("{text}1{}", ")".repeat(text.matches('(').count()));
        for text in
            [format!("SELECT {text}"), format!("SELECT {closed}"), format!("SELECT * FROM users WHERE {closed}")]
        {
            let took = dbmigrate_test_support::work_of(|| query::check(&text));
            assert!(took < Duration::from_secs(8), "{took:?}: {}…", &text[..40]);
        }
    }
}

#[test]
fn what_is_nested_as_deeply_as_it_may_be_fits_a_small_stack() {
    let nested =
        |open: &str, close: &str, depth: usize| format!("SELECT {}1{}", open.repeat(depth), close.repeat(depth));
    let run = move || {
        for depth in [20, 60, 99, 200] {
            query::check(&nested("(", ")", depth));
            query::check(&nested("(SELECT ", ")", depth));
            query::check(&nested("abs(", ")", depth));
            query::check(&nested("CASE WHEN 1 THEN ", " END", depth));
            query::check(&nested("EXISTS (SELECT * FROM (SELECT ", "))", depth / 2));
        }
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread").join().expect("no overflow");
}
