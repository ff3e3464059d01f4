//! What rustc says where the derives do not accept something. What they accept is compiled by `accepted.rs`: here
//! it would be built with everything that the workspace's features bring, the engine among them,
//! where a check is enough.

#[test]
fn the_derives_point_at_what_is_wrong() {
    let tests = trybuild::TestCases::new();
    tests.compile_fail("tests/ui/refused/*.rs");
    // with other features rustc names other types that can be read
    if cfg!(all(feature = "libsql", feature = "serde_json")) {
        tests.compile_fail("tests/ui/rows/*.rs");
    }
}

#[test]
fn the_page_about_rows_shows_what_rustc_says() {
    let page = include_str!("../docs/rows.md");
    let said = include_str!("ui/rows/unreadable.stderr");
    let (_, rest) = page.split_once("<!-- tests/ui/rows/unreadable.stderr -->\n```text\n").expect("it is shown");
    let (shown, _) = rest.split_once("\n```").expect("it ends");
    // not all of it
    let mut lines = said.lines();
    for line in shown.lines() {
        assert!(lines.any(|other| other == line), "rustc does not say: {line}");
    }
}
