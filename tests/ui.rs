//! What the derives accept, and what rustc says where they do not.

#[test]
fn the_derives_accept_every_feature_and_point_at_what_is_wrong() {
    let tests = trybuild::TestCases::new();
    tests.pass("tests/ui/accepted/*.rs");
    tests.compile_fail("tests/ui/refused/*.rs");
}
