//! What is suggested for a declaration that is wrong is one that is right: every help of every test is written down.

use super::package::{Package, declaration};
use crate::declare::{Derive, lower_column_type};

/// Types of which a field is right for one or the other suggestion.
const TYPES: [&str; 7] = ["i64", "String", "bool", "f64", "Vec<u8>", "char", "Option<i64>"];

/// What is in backticks of a help and is to be written, without what is only a list of what is accepted.
fn suggestions(help: &str) -> Vec<String> {
    let before = help.split("accepted:").next().unwrap_or_default();
    let mut parts = before.split('`');
    let mut all = Vec::new();
    while let (Some(words), Some(text)) = (parts.next(), parts.next()) {
        let is_written = words.trim_end().ends_with("write") || words.trim_end().ends_with("or");
        // an attribute that says no more than that it has arguments
        let is_whole = !text.contains("(…)") && !text.contains(" …)");
        if (is_written || text.starts_with("#[")) && is_whole && !text.contains("cargo dbmigrate") {
            all.push(text.replace("SELECT …", "SELECT 1").replace('…', "a"));
        }
    }
    all
}

/// Whether a suggestion is accepted where it can stand.
fn is_accepted(text: &str) -> bool {
    let on_struct = |attribute: &str| {
        let mut derives = [(Derive::Table, "T"), (Derive::View, "V")].into_iter();
        let source = |name: &str| format!("{attribute} struct {name} {{ a: i64, b: i64, name: String }}");
        derives.any(|(derive, name)| is_declared(derive, &source(name)))
    };
    let on_field = |attribute: &str| {
        TYPES.iter().any(|ty| is_declared(Derive::Table, &format!("struct T {{ {attribute} a: {ty}, b: i64 }}")))
    };
    if text.starts_with("#[column(") {
        return on_field(text);
    }
    if text.starts_with("#[column_type(") {
        return is_declared_type(text);
    }
    if text.starts_with("#[derive(") {
        return true;
    }
    if text.starts_with("#[") {
        return on_struct(text);
    }
    ["", "references = ", "references = U::id, ", "default = "].iter().any(|before| {
        on_field(&format!("#[column({before}{text})]"))
            || on_struct(&format!("#[table({before}{text})]"))
            || on_struct(&format!("#[table(trigger(x, {text}, body = \"SELECT 1;\"))]"))
            || on_struct(&format!("#[table({before}{text}, using = fts5)]"))
    })
}

fn is_declared(derive: Derive, source: &str) -> bool {
    syn::parse_str::<syn::DeriveInput>(source).is_ok() && declaration(derive, source).is_ok()
}

/// Of the attribute of a stored type only its words can be told here.
fn is_declared_type(attribute: &str) -> bool {
    let source = format!("{attribute} struct T {{ a: i64 }}");
    syn::parse_str(&source).is_ok_and(|input: syn::DeriveInput| lower_column_type(&input, &Package).is_ok())
}

/// Follows a help.
pub(super) fn check(help: &str, message: &str) {
    for text in suggestions(help) {
        assert!(is_accepted(&text), "`{text}` is suggested and not accepted: {message}\n  help: {help}");
    }
}

#[test]
fn a_suggestion_that_is_not_accepted_is_noticed() {
    for text in ["#[column(nope = 1)]", "#[table(index)]", "default = maybe(", "nope = \"a\"", "#[column_type(nope)]"] {
        assert!(!is_accepted(text), "{text}");
    }
    assert_eq!(suggestions("write `name = \"…\"`, or `#[table(…)]`; accepted: `a`, or `b`"), ["name = \"a\""]);
}

#[test]
fn a_suggested_key_of_several_columns_is_accepted_whatever_they_are_called() {
    let fields = "#[column(primary_key)] r#type: i64, #[column(primary_key)] für: i64";
    let source = format!("struct T {{ {fields} }}");
    let errors = declaration(Derive::Table, &source).expect_err("two keys");
    let help = errors[0].help.clone().unwrap_or_default();
    let attribute = help.split('`').nth(1).unwrap_or_default().to_owned();
    let source = format!("{attribute} struct T {{ {} }}", fields.replace("#[column(primary_key)] ", ""));
    assert!(is_declared(Derive::Table, &source), "{source}");
}

#[test]
fn a_misspelt_name_is_suggested_as_it_is_to_be_written() {
    for (written, meant) in [("r#typ", "type"), ("fürr", "für"), ("nam", "name")] {
        let fields = "r#type: i64, für: i64, name: String";
        let source = |key: &str| format!("#[table(index({key}))] struct T {{ {fields} }}");
        let errors = declaration(Derive::Table, &source(written)).expect_err("no such field");
        let help = errors[0].help.clone().unwrap_or_default();
        let suggested = help.split('`').nth(1).unwrap_or_default().to_owned();
        assert_eq!(suggested.trim_start_matches("r#"), meant, "{help}");
        assert!(is_declared(Derive::Table, &source(&suggested)), "{suggested}: {help}");
    }
}
