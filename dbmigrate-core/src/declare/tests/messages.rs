//! What is said about declarations that are wrong: on which token, and with which help.

use super::{Derive, error, errors};
use crate::declare::keys;

#[test]
fn all_errors_of_a_struct_are_reported_at_once() {
    let source = r#"#[table(nam = "x", strict, strict)]
        struct T { #[column(colate = nocase)] a: String, #[column(default = 1 2)] b: i64, #[column(unique = 3)] c: i64 }"#;
    let tokens: Vec<String> = errors(Derive::Table, source)
        .iter()
        .map(|error| error.split(':').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(tokens, ["nam", "strict", "colate", "2", "="]);
}

#[test]
fn a_mistake_in_one_key_hides_no_other_and_causes_none() {
    let source = r"#[table(index(emial), strct)]
        struct T { #[column(primry_key, autoincrement)] id: i64, #[column(default = 1)] email: String,
                   #[column(refrences = U::id, on_delete = cascade)] u: u64 }";
    let tokens: Vec<String> = errors(Derive::Table, source)
        .iter()
        .map(|error| error.split(':').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(tokens, ["emial", "strct", "primry_key", "1", "refrences", "u64"]);
    assert_eq!(errors(Derive::View, "#[view(qery = \"SELECT 1\")] struct V { a: i64 }").len(), 1);
}

#[test]
fn unknown_keys_are_errors_with_a_suggestion() {
    let message = error("#[table(prinary_key(a))] struct T { a: i64 }");
    assert!(
        message.starts_with(
            "prinary_key: unknown key `prinary_key` in `#[table(…)]` (did you mean `primary_key`? accepted: `name`"
        ),
        "{message}"
    );
    let message = error("struct T { #[column(refrences = User::id)] a: i64 }");
    assert!(message.contains("did you mean `references`?"), "{message}");
    let message = error("struct T { #[column(strict)] a: i64 }");
    assert!(message.contains("`strict` belongs to the struct"), "{message}");
    let message = error("#[table(autoincrement)] struct T { a: i64 }");
    assert!(message.contains("`autoincrement` belongs to a field"), "{message}");
    let message = error(r#"#[table(query = "SELECT 1")] struct T { a: i64 }"#);
    assert!(message.contains("#[derive(View)]"), "{message}");
    let message = error("#[table(index(columns(a, b)))] struct T { a: i64, b: i64 }");
    assert!(message.contains("columns stand by themselves: `index(a, b desc)`"), "{message}");
    assert!(
        errors(Derive::View, r#"#[view(query = "SELECT 1", strict)] struct T { a: i64 }"#)[0]
            .contains("accepted: `name`, `database`, `query`")
    );
}

#[test]
fn every_listed_key_is_known() {
    for (keys, open, close) in [
        (&keys::TABLE_KEYS[..], "#[table(", ")] struct T { a: i64 }"),
        (&keys::COLUMN_KEYS[..], "struct T { #[column(", ")] a: i64 }"),
    ] {
        for key in keys {
            let source = format!("{open}{key} = ?{close}");
            let all = errors(Derive::Table, &source).join("\n");
            assert!(!all.contains("unknown key"), "{all}");
        }
    }
    for key in keys::VIEW_KEYS {
        let all = errors(Derive::View, &format!("#[view({key} = ?)] struct T {{ a: i64 }}")).join("\n");
        assert!(!all.contains("unknown key"), "{all}");
    }
}

#[test]
fn unknown_values_are_errors_with_a_suggestion() {
    assert_eq!(
        error("struct T { #[column(references = U::id, on_delete = casade)] a: i64 }"),
        "casade: unknown action `casade` (did you mean `cascade`? accepted: `cascade`, `restrict`, `set_null`, `set_default`, `no_action`)"
    );
    assert!(
        error(r#"struct T { #[column(references = U::id, on_delete = "cascade")] a: i64 }"#)
            .contains("without quotes; did you mean `cascade`?")
    );
    assert!(
        error("#[table(unique(a, on_conflict = replase))] struct T { a: i64 }").contains("did you mean `replace`?")
    );
    assert!(
        error(r#"#[table(trigger(x, after = insrt, body = "SELECT 1;"))] struct T { a: i64 }"#)
            .contains("did you mean `insert`?")
    );
}

#[test]
fn the_default_that_was_meant_is_suggested() {
    for (written, ty, meant) in [
        ("\"false\"", "bool", "false"),
        ("\"True\"", "bool", "true"),
        ("0", "bool", "false"),
        ("\"7\"", "i64", "7"),
        ("\"-7\"", "i64", "-7"),
        ("true", "i64", "1"),
        ("\"0.25\"", "f64", "0.25"),
        ("5", "String", "\"5\""),
        ("'c'", "Vec<u8>", "b\"c\""),
        // nothing was meant that could be known
        ("\"yes\"", "bool", "true"),
        ("\"many\"", "i64", "1"),
    ] {
        let message = error(&format!("struct T {{ #[column(default = {written})] a: {ty} }}"));
        assert!(message.contains(&format!("write `default = {meant}`")), "{written} of {ty}: {message}");
    }
}

#[test]
fn a_default_has_to_be_of_the_fields_type() {
    let refused = |default: &str, ty: &str| error(&format!("struct T {{ #[column(default = {default})] a: {ty} }}"));
    assert_eq!(
        refused("\"x\"", "i64"),
        "\"x\": the default is a text, but the field holds an integer (write `default = 1`, or `default_sql = \"…\"` for an SQL expression)"
    );
    for (default, ty) in [
        ("1", "String"),
        ("1.5", "i64"),
        ("true", "i64"),
        ("1", "bool"),
        ("\"ab\"", "char"),
        ("\"x\"", "Vec<u8>"),
        ("b\"x\"", "String"),
        ("\"x\"", "f64"),
        ("\"x\"", "OrgId"),
        ("TITLE", "Option<i64>"),
    ] {
        assert!(refused(default, ty).contains("but the field holds"), "{default} {ty}");
    }
    assert!(refused("9223372036854775808", "i64").contains("does not fit"));
    assert!(refused("-\"x\"", "String").contains("minus"));
    assert_eq!(
        refused("\"drft\"", "State"),
        "\"drft\": `drft` is not a value of the field's type (did you mean `draft`? accepted: `draft`, `pub{}lic`)"
    );
    assert!(refused("1 + 1", "i64").contains("default_sql"));
    assert!(refused("now()", "i64").contains("default_sql"));
}

#[test]
fn only_structs_with_named_fields_and_without_type_parameters_are_tables() {
    assert!(error("struct T {}").contains("`T` has no fields"));
    assert!(error("struct T;").contains("`T` has no fields"));
    assert!(error("struct T(i64);").contains("named fields"));
    assert!(error("enum T { A }").contains("`#[derive(ColumnType)]`"));
    assert!(error("struct T<A> { a: i64 }").starts_with("A: `#[derive(Table)]` on a generic struct"));
    assert!(error("struct T<const N: usize> { a: i64 }").contains("generic struct"));
}

#[test]
fn names_in_keys_have_to_be_fields() {
    let expected = "emial: `t` has no column `emial` (did you mean `email`? columns: id, email)";
    for attribute in ["index(emial)", "unique(emial)", "primary_key(emial)", "foreign_key(emial, references = U::id)"] {
        assert_eq!(error(&format!("#[table({attribute})] struct T {{ id: i64, email: String }}")), expected);
    }
    let trigger = r#"#[table(trigger(x, after = update, update_of(emial), body = "SELECT 1;"))]"#;
    assert_eq!(error(&format!("{trigger} struct T {{ id: i64, email: String }}")), expected);
    // more alike is another one
    let renamed = "#[column(renamed_from = \"emial\")] address: String";
    let error = error(&format!("{trigger} struct T {{ id: i64, email: String, {renamed} }}"));
    assert_eq!(error, "emial: `t` has no column `emial` (it is called `address` now; columns: id, email, address)");
}

#[test]
fn keys_that_contradict_each_other_are_errors() {
    for (source, part) in [
        ("struct T { #[column(primary_key)] a: i64, #[column(primary_key)] b: i64 }", "primary_key(a, b)"),
        ("#[table(primary_key(a))] struct T { #[column(primary_key)] a: i64 }", "already"),
        ("struct T { #[column(autoincrement)] a: i64 }", "primary key of this field alone"),
        ("struct T { #[column(primary_key, autoincrement)] a: String }", "type `TEXT`"),
        ("struct T { #[column(stored)] a: i64 }", "`stored` needs `generated"),
        ("struct T { #[column(virtual)] a: i64 }", "`virtual` needs `generated"),
        (r#"struct T { #[column(generated = "1", stored, virtual)] a: i64 }"#, "not both"),
        (r#"struct T { #[column(generated = "1", default = 1)] a: i64 }"#, "has no default"),
        (r#"struct T { #[column(default_sql = "1", default = 1)] a: i64 }"#, "given twice"),
        ("struct T { #[column(on_delete = cascade)] a: i64 }", "`on_delete` needs `references"),
        ("struct T { #[column(unindexed)] a: i64 }", "virtual tables"),
        ("#[table(options(\"x\"))] struct T { a: i64 }", "no `options`"),
        ("#[table(using = fts5, strict)] struct T { a: String }", "has no `strict`"),
        ("#[table(using = fts5)] struct T { #[column(unique)] a: String }", "has no `unique`"),
        ("#[table(index(a), index(a desc))] struct T { a: i64 }", "two indexes are named `t_a_idx`"),
        ("#[table(unique(a, a))] struct T { a: i64 }", "listed twice"),
        ("struct T { a: i64, #[column(name = \"A\")] b: i64 }", "two columns named `A`"),
        ("#[table(renamed_from = \"t\")] struct T { a: i64 }", "its own name"),
        ("#[view(name = \"x\")] struct T { a: i64 }", "`#[view(…)]` on a table"),
        ("#[column(name = \"x\")] struct T { a: i64 }", "belongs to a field"),
        ("struct T { #[table(name = \"x\")] a: i64 }", "belongs to the struct"),
        (r#"#[table(trigger(x, instead_of = insert, body = "SELECT 1;"))] struct T { a: i64 }"#, "`before` or `after`"),
        (
            r#"#[table(trigger(x, after = insert, update_of(a), body = "SELECT 1;"))] struct T { a: i64 }"#,
            "belongs to `update`",
        ),
    ] {
        let message = error(source);
        assert!(message.contains(part), "{source}: {message}");
    }
}

#[test]
fn clauses_that_are_not_complete_say_how_they_are_written() {
    for (source, part) in [
        ("#[table] struct T { a: i64 }", "write `#[table(…)]`"),
        ("#[table(name)] struct T { a: i64 }", "write `name = \"…\"`"),
        ("#[table(name = )] struct T { a: i64 }", "expected a name in quotes"),
        ("#[table(name = users)] struct T { a: i64 }", "expected a name in quotes, found `users`"),
        ("#[table(name = \"\")] struct T { a: i64 }", "cannot be empty"),
        ("#[table(strict = true)] struct T { a: i64 }", "takes no value"),
        ("#[table(strict,, without_rowid)] struct T { a: i64 }", "missing before this comma"),
        ("#[table(index)] struct T { a: i64 }", "write `index(a, b)`"),
        ("#[table(index())] struct T { a: i64 }", "names no columns"),
        ("#[table(index(a descending))] struct T { a: i64 }", "`desc` or `asc`"),
        ("#[table(unique(a desc desc))] struct T { a: i64 }", "unexpected `desc`"),
        ("#[table(foreign_key(a))] struct T { a: i64 }", "needs `references`"),
        ("#[table(foreign_key(a, references = U(x, y)))] struct T { a: i64 }", "1 columns reference 2"),
        ("#[table(trigger(x, after = insert))] struct T { a: i64 }", "needs a body"),
        (r#"#[table(trigger(after = insert, body = "SELECT 1;"))] struct T { a: i64 }"#, "needs a name"),
        (r#"#[table(trigger(x, body = "SELECT 1;"))] struct T { a: i64 }"#, "needs an event"),
        (r#"#[table(check(x, "a", "b"))] struct T { a: i64 }"#, "a name and a condition"),
        (r#"struct T { #[column(check = "length(a")] a: i64 }"#, "unclosed `(`"),
        (r#"struct T { #[column(check = "a)")] a: i64 }"#, "unmatched `)`"),
        (r#"struct T { #[column(check = "a = 'x")] a: i64 }"#, "unclosed quote"),
        (r#"struct T { #[column(check = "a; DROP TABLE t")] a: i64 }"#, "one expression"),
        (r#"struct T { #[column(check = " ")] a: i64 }"#, "the SQL is empty"),
        (r#"struct T { #[column(type = "VARCHAR(")] a: i64 }"#, "not an SQL type"),
        (r#"struct T { #[column(type = "TEXT NOT NULL, x")] a: i64 }"#, "not an SQL type"),
        ("struct T { #[column(references = User)] a: i64 }", "write `User::id`"),
        (r#"struct T { #[column(references = "users id")] a: i64 }"#, "not a table with columns"),
        ("struct T { #[column(references = Missing::id)] a: i64 }", "there is no struct `Missing`"),
    ] {
        let message = error(source);
        assert!(message.contains(part), "{source}: {message}");
    }
    assert!(errors(Derive::View, "struct V { a: i64 }")[0].contains("has no query"));
}

#[test]
fn a_misspelt_attribute_is_not_passed_over() {
    let found = errors(Derive::Table, "#[tabel(strict)] struct T { #[colum(unique)] a: i64, #[serde(skip)] b: i64 }");
    let messages: Vec<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages[0].contains("unknown attribute `tabel`") && messages[0].contains("#[table(…)]"), "{messages:?}");
    assert!(messages[1].contains("unknown attribute `colum`") && messages[1].contains("#[column(…)]"), "{messages:?}");
}
