//! What holds for every schema and every text, without rows.

use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::engine::{Connection, introspect};
use dbmigrate_core::folder::snapshot;
use dbmigrate_core::plan::create_all;
use dbmigrate_core::sql::token::tokenize;
use dbmigrate_core::sql::{DeclType, Expr, Name, split};
use pollster::block_on;
use proptest::prelude::*;

use crate::gene::Second;
use crate::{count, edit, gene, generate, pair, refusal, run_cases, script};

#[test]
fn a_schema_is_the_same_after_a_database_and_after_a_snapshot() {
    run_cases(200, &gene::schemas(), |genes, counts| {
        let schema = generate::model(genes).schema();
        let canonical = schema.canonical();
        let bytes = snapshot::to_bytes(&schema.clone().into());
        let read = snapshot::read(&bytes).map_err(|error| error.to_string())?;
        if read.schema.canonical() != canonical || snapshot::to_bytes(&read) != bytes {
            return Err(format!("the snapshot reads differently:\n{}", String::from_utf8_lossy(&bytes)));
        }
        let same = diff(&schema, &read.schema, &Renames::default()).map_err(|error| error.to_string())?;
        if !same.is_empty() {
            return Err(format!("differs from itself: {:?}", same.changes()));
        }
        if refusal(&schema)?.is_some() {
            count(counts, "discarded");
            return Ok(());
        }
        count(counts, "kept");
        let found = block_on(async {
            let connection = Connection::in_memory().await?;
            connection.run_all(&create_all(&schema)).await?;
            introspect(&connection).await
        });
        let found = found.map_err(|error| error.to_string())?;
        if found.schema.canonical() != canonical || !found.unreadable.is_empty() {
            return Err(format!("the database reads differently:\n{}\n{found:?}", script(&schema)));
        }
        Ok(())
    });
}

#[test]
fn renames_alone_leave_tables_as_they_are() {
    run_cases(300, &gene::edits(), |genes, counts| {
        let Second::Edits(edits) = &genes.second else { return Ok(()) };
        let first = generate::model(&genes.first);
        let second = edit::renamed(&first, edits);
        let renames = second.renames_from(&first);
        let (old, new) = (first.schema(), second.schema());
        let found = diff(&old, &new, &renames).map_err(|error| error.to_string())?;
        count(counts, if renames.is_empty() { "nothing renamed" } else { "renamed" });
        if found.tables.is_empty() && found.created_tables.is_empty() && found.dropped_tables.is_empty() {
            return Ok(());
        }
        Err(format!("{:?}\n{}\n{}\n{renames:?}", found.changes(), script(&old), script(&new)))
    });
}

#[test]
fn every_change_has_a_line_and_nothing_else_has() {
    for strategy in [gene::edits().boxed(), gene::pairs().boxed()] {
        run_cases(300, &strategy, |genes, counts| {
            let (old, new, renames) = pair(genes);
            for (old, new, renames) in [(&old, &new, renames), (&new, &old, Renames::default())] {
                let found = diff(old, new, &renames).map_err(|error| error.to_string())?;
                let (changes, details) = (found.changes(), found.details(old, new));
                count(counts, if found.is_empty() { "equal" } else { "different" });
                let is_said = |table: &Name| details.iter().any(|detail| detail.table == *table);
                let silent = found.tables.iter().find(|table| !is_said(&table.name));
                let unsaid = changes.iter().find(|change| !details.iter().any(|detail| detail.change == **change));
                let many_lines = details.iter().find(|detail| detail.to_string().contains('\n'));
                let wrong = silent.is_some() || unsaid.is_some() || many_lines.is_some();
                if wrong || details.is_empty() != found.is_empty() {
                    let lines: Vec<String> = details.iter().map(ToString::to_string).collect();
                    return Err(format!("{changes:?}\n{lines:#?}\n{}\n{}", script(old), script(new)));
                }
            }
            Ok(())
        });
    }
}

/// Text that is made of what means something in SQL.
fn sql_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "SELECT", "CREATE", "TRIGGER", "TEMP", "BEGIN", "END", "CASE", "a", "\"q\"\"q\"", "[x]", "`b`", "'s''s'", ";",
            " ", "\n", "--", "/*", "*/", "(", ")", ",", ".", "1e5", "0x1F", "x'0f'", "->>", "||", "?1", ":v", "'", "\"",
            "[", "]", "\u{feff}", "é", "\0", "1.", ".5", "1_0", "-", "/", "*",
        ])
        .prop_map(ToOwned::to_owned),
        1 => "\\PC{0,3}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tokens_of_a_text_add_up_to_it(text in sql_like()) {
        let whole: String = tokenize(&text).map(|token| token.text).collect();
        prop_assert_eq!(&whole, &text);
        for statement in split(&text) {
            prop_assert_eq!(&text[statement.start..statement.start + statement.text.len()], statement.text);
            prop_assert_eq!(text[..statement.start].bytes().filter(|byte| *byte == b'\n').count() + 1, statement.line);
        }
    }

    #[test]
    fn a_canonical_expression_is_its_own_canonical_form(text in sql_like()) {
        let expr = Expr::new(&text);
        prop_assert_eq!(Expr::new(expr.canonical()).canonical(), expr.canonical());
        let again = Expr::new(expr.as_str());
        prop_assert_eq!(again.as_str(), expr.as_str());
        let script = Expr::script(&text);
        let again = Expr::script(script.as_str());
        prop_assert_eq!(again.as_str(), script.as_str());
        let decl_type = DeclType::new(&text);
        prop_assert_eq!(DeclType::new(decl_type.canonical()).canonical(), decl_type.canonical());
    }

    #[test]
    fn a_name_survives_being_quoted(text in "\\PC{0,8}") {
        let name = Name::from(text.as_str());
        let quoted = name.sql();
        let tokens: Vec<_> = tokenize(&quoted).collect();
        prop_assert_eq!(tokens.len(), 1);
        prop_assert_eq!(tokens[0].identifier(), Some(text.clone()));
        prop_assert_eq!(name.folded(), Name::from(name.folded()).folded());
        prop_assert_eq!(&name, &Name::from(text.to_ascii_uppercase()));
    }
}
