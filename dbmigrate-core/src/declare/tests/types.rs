//! Which SQL type a Rust type has, and what `#[derive(ColumnType)]` says.

use super::{ColumnType, Package, column_of, error, followed};
use crate::declare::DeclareError;
use crate::declare::lower_column_type;

fn sql_type(ty: &str) -> String {
    let column = column_of(&format!("a: {ty}"));
    let null = if column["not_null"] == true { "" } else { " or null" };
    format!("{}{null}", column["type"].as_str().unwrap_or_default())
}

#[test]
fn rust_types_have_sql_types() {
    for ty in ["i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "bool", "core::primitive::i64", "OrgId"] {
        assert_eq!(sql_type(ty), "INTEGER", "{ty}");
    }
    for ty in ["f32", "f64", "(f64)"] {
        assert_eq!(sql_type(ty), "REAL", "{ty}");
    }
    for ty in [
        "String",
        "std::string::String",
        "alloc::string::String",
        "&'static str",
        "Cow<'static, str>",
        "Box<str>",
        "Rc<str>",
        "Arc<str>",
        "char",
        "Json<Vec<Unknown>>",
        "serde_json::Value",
        "uuid::Uuid",
        "rust_decimal::Decimal",
        "chrono::NaiveDate",
        "chrono::NaiveTime",
        "chrono::NaiveDateTime",
        "chrono::DateTime<chrono::Utc>",
        "jiff::Timestamp",
        "jiff::Zoned",
        "jiff::civil::Date",
        "jiff::civil::Time",
        "jiff::civil::DateTime",
        "time::OffsetDateTime",
        "time::PrimitiveDateTime",
        "time::Date",
        "time::Time",
        "State",
    ] {
        assert_eq!(sql_type(ty), "TEXT", "{ty}");
    }
    for ty in ["Vec<u8>", "Box<[u8]>", "&'static [u8]", "[u8; 32]", "Cow<'static, [u8]>", "Arc<[u8]>"] {
        assert_eq!(sql_type(ty), "BLOB", "{ty}");
    }
    assert_eq!(sql_type("[f32; 3]"), "F32_BLOB(3)");
    assert_eq!(sql_type("[f64; DIMENSIONS]"), "F64_BLOB(768)");
    assert_eq!(sql_type("Option<[f32; 3]>"), "F32_BLOB(3) or null");
    assert_eq!(sql_type("core::option::Option<String>"), "TEXT or null");
}

#[test]
fn a_type_is_spelled_as_people_write_it() {
    for ty in [
        "i64",
        "r#type",
        "Option<String>",
        "::std::option::Option<Vec<u8>>",
        "std::collections::HashMap<String, Option<super::Id>>",
        "Cow<'static, str>",
        "&'static str",
        "[f32; DIMENSIONS]",
        "[f32; 2 * 4]",
        "Vector<{ N }>",
        "(i64, String)",
        "<User as Owner>::Id",
    ] {
        let parsed = syn::parse_str(ty).unwrap_or_else(|error| panic!("{ty}: {error}"));
        assert_eq!(super::super::rust_types::spelled(&parsed), ty);
    }
}

#[test]
fn types_without_an_sql_type_are_refused_with_a_way_out() {
    for ty in ["u64", "usize", "i128", "u128", "Option<u64>"] {
        let message = error(&format!("struct T {{ a: {ty} }}"));
        assert!(message.contains("does not fit in an SQL integer"), "{message}");
        assert!(message.contains("use `i64`") && message.contains("TEXT"), "{message}");
    }
    assert_eq!(
        error("struct T { a: Vec<String> }"),
        "Vec<String>: `Vec<String>` has no SQL type (store it as JSON with `Json<Vec<String>>`, or name the type: `#[column(type = \"BLOB\")]`)"
    );
    assert_eq!(
        error("struct T { a: foo::Bar<i64> }"),
        "foo::Bar<i64>: `foo::Bar<i64>` has no known SQL \
         type (derive `ColumnType` for it, or name the type: `#[column(type = \"TEXT\")]`)"
    );
    for ty in ["Option<Option<i64>>", "[i64; 3]", "Box<i64>", "&'static String", "std::time::SystemTime", "(i64, i64)"]
    {
        error(&format!("struct T {{ a: {ty} }}"));
    }
}

fn own(source: &str) -> Result<ColumnType, Vec<String>> {
    let input: syn::DeriveInput = syn::parse_str(source).unwrap_or_else(|error| panic!("{source}: {error}"));
    let text = |error: DeclareError| {
        error.help.iter().for_each(|help| followed::check(help, &error.message));
        let help = error.help.map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{}: {}{help}", error.span.source_text().unwrap_or_default(), error.message)
    };
    match lower_column_type(&input, &Package) {
        Ok(Some(ty)) => Ok(ty),
        Ok(None) => Err(vec!["deferred".to_owned()]),
        Err(errors) => Err(errors.into_iter().map(text).collect()),
    }
}

fn own_type(source: &str) -> (String, Option<Vec<String>>, Option<String>) {
    let ty = own(source).unwrap_or_else(|errors| panic!("{source}: {errors:?}"));
    (ty.decl_type.as_str().to_owned(), ty.values, ty.check.map(|check| check.as_str().to_owned()))
}

#[test]
fn a_newtype_is_what_it_wraps() {
    assert_eq!(own_type("struct Id(i64);"), ("INTEGER".to_owned(), None, None));
    assert_eq!(own_type("struct Id { value: String }"), ("TEXT".to_owned(), None, None));
    assert_eq!(own_type(r#"#[column_type(type = "UUID")] struct Id(Foo, Bar);"#).0, "UUID");
    assert_eq!(
        own_type(r#"#[column_type(check = "length({}) = 2")] struct Country(String);"#).2.as_deref(),
        Some("length({}) = 2")
    );
    assert_eq!(own("struct Wrapper(Later);").err(), Some(vec!["deferred".to_owned()]));
}

#[test]
fn an_enum_is_a_text_or_a_number() {
    let texts = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
    assert_eq!(own_type("enum State { Draft, InReview }"), ("TEXT".to_owned(), texts(&["draft", "in_review"]), None));
    assert_eq!(
        own_type(
            r#"#[column_type(rename_all = "kebab-case", check)] enum State { Draft, #[column_type(rename = "it's")] Done, InReview }"#
        ),
        (
            "TEXT".to_owned(),
            texts(&["draft", "it's", "in-review"]),
            Some("{} IN ('draft', 'it''s', 'in-review')".to_owned())
        )
    );
    assert_eq!(
        own_type("#[column_type(integer, check)] enum Level { Low = -1, Middle, High = 10 }"),
        ("INTEGER".to_owned(), texts(&["-1", "0", "10"]), Some("{} IN (-1, 0, 10)".to_owned()))
    );
    assert_eq!(own_type(r#"#[column_type(type = "VARCHAR(9)")] enum State { Draft }"#).0, "VARCHAR(9)");
    assert_eq!(own_type(r#"#[column_type(type = "BLOB")] enum Shape { Circle(f64) }"#).0, "BLOB");
}

#[test]
fn what_is_wrong_with_a_column_type_is_said() {
    let errors = |source: &str| own(source).err().unwrap_or_else(|| panic!("accepted: {source}"));
    assert_eq!(
        errors("struct Pair(i64, i64);"),
        ["Pair: `Pair` is neither a newtype nor an enum without fields (set its SQL type: `#[column_type(type = \
             \"TEXT\")]`)"]
    );
    assert_eq!(
        errors(r#"#[column_type(rename_al = "x", check)] enum E { #[column_type(renam = "b")] A }"#),
        [
            "rename_al: unknown key `rename_al` in `#[column_type(…)]` (did you mean `rename_all`? accepted: `rename_all`, `integer`, `check`, `type`, `crate`)",
            "renam: unknown key `renam` in `#[column_type(…)]` (did you mean `rename`? accepted: `rename`)",
        ]
    );
    assert!(errors(r#"#[column_type(rename_all = "snake")] enum E { A }"#)[0].contains("did you mean `snake_case`?"));
    assert_eq!(errors(r#"enum E { A, #[column_type(rename = "a")] B }"#), ["\"a\": two variants are stored as `a`"]);
    assert!(errors(r#"#[column_type(check = "length(x)")] struct S(String);"#)[0].contains("use `{}` for the column"));
    assert!(errors("#[column_type(integer)] enum E { A = X }")[0].starts_with("X: the discriminant"));
}

#[test]
fn a_misspelled_type_gets_the_one_that_was_meant() {
    for (written, meant) in [
        ("Strng", "`String`"),
        ("string", "`String`"),
        ("Optional<String>", "`Option<String>`"),
        ("Option<Strng>", "`String`"),
        ("Vect<u8>", "`Vec<u8>`"),
        ("Bool", "`bool`"),
        ("i63", "`i64`"),
        ("Jsn<Vec<i64>>", "`Json<Vec<i64>>`"),
        ("UUID", "`Uuid`"),
        ("Datetime", "`DateTime`"),
    ] {
        let message = error(&format!("struct T {{ a: {written} }}"));
        assert!(
            message.contains(&format!("did you mean {meant}? otherwise derive `ColumnType`")),
            "{written}: {message}"
        );
    }
    for written in ["Money", "Uuid", "Int", "T", "u7777", "[Money; 2]", "HashMap<String, String>"] {
        let message = error(&format!("struct T {{ a: {written} }}"));
        assert!(!message.contains("did you mean"), "{written}: {message}");
    }
}
