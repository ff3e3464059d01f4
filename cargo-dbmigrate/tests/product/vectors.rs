//! Columns of vectors: a change of what they hold is a loss like any other, whether an index is on them or not.

use crate::project::{Project, Run};

const PARENT: &str =
    "#[derive(Table)]\n#[table(name = \"parents\")]\nstruct Parent { #[column(primary_key)] id: i64 }\n";

fn docs(options: &str, column: &str) -> String {
    format!(
        "{PARENT}#[derive(Table)]\n#[table(name = \"docs\"{options})]\nstruct Doc {{ #[column(primary_key)] id: i64, #[column(references = Parent::id)] parent: i64, {column} }}\n"
    )
}

const INDEX: &str = ", index(\"libsql_vector_idx(emb)\", name = \"by_emb\")";

/// A field for vectors of a declared type.
fn field(sql: &str, is_optional: bool) -> String {
    let ty = if is_optional { "Option<Vec<u8>>" } else { "Vec<u8>" };
    format!("#[column(type = \"{sql}\")] emb: {ty}")
}

fn project(options: &str, column: &str, function: &str) -> Project {
    let project = Project::migrated(&docs(options, column));
    project.sql(&format!(
        "PRAGMA foreign_keys = ON; INSERT INTO parents VALUES (7);
         INSERT INTO docs VALUES (1, 7, {function}('[1,2,3,4]')), (5, 7, {function}('[4,3,2,1]'))"
    ));
    project
}

/// The first flag of this kind that is suggested, as it is typed.
fn suggested(run: &Run, flag: &str) -> String {
    let found = run.err.split('`').find(|text| text.contains(flag));
    found.unwrap_or_else(|| panic!("{flag} is not suggested\n{}", run.err)).to_owned()
}

#[test]
fn vectors_of_other_numbers_are_asked_about_and_converted() {
    let types = [
        ("F32_BLOB", "vector32"),
        ("F64_BLOB", "vector64"),
        ("F16_BLOB", "vector16"),
        ("FB16_BLOB", "vectorb16"),
        ("F8_BLOB", "vector8"),
        ("FLOAT1BIT", "vector1bit"),
    ];
    for (at, (from, function)) in types.into_iter().enumerate() {
        let (to, made) = types[(at + 1) % types.len()];
        for (dimensions, is_optional, options) in
            [(4, false, INDEX), (8, false, INDEX), (8, true, INDEX), (9, true, "")]
        {
            let project = project(options, &field(&format!("{from}(4)"), is_optional), function);
            let rows = project.dump();
            project.structs(&docs(options, &field(&format!("{to}({dimensions})"), is_optional)));
            let run = project.refuses(3, "generate");
            assert!(!run.err.contains("bug"), "{}", run.err);
            let pushed = project.ends(3, "push --accept history");
            assert!(pushed.err.contains("2 values of `docs.emb` would be refused or changed"), "{}", pushed.err);
            assert!(!pushed.err.contains("bug"), "{}", pushed.err);
            assert_eq!(project.dump(), rows);
            let generated = project.shell(&suggested(&run, "--convert"));
            assert_eq!(generated.code, 0, "{}", generated.err);
            assert!(!generated.err.contains("no rows could be made up"), "{}", generated.err);
            project.runs("migrate");
            assert_eq!(project.query("SELECT id, parent FROM docs"), ["1|7", "5|7"]);
            assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0]);
            assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
            if options.is_empty() {
                continue;
            }
            // the index takes what it is for, and finds it
            let values: Vec<String> = (1..=dimensions).map(|value| value.to_string()).collect();
            let vector = format!("{made}('[{}]')", values.join(","));
            project.sql(&format!("INSERT INTO docs VALUES (9, 7, {vector})"));
            let found = project.query(&format!("SELECT id FROM vector_top_k('by_emb', {vector}, 9)"));
            assert!(found.contains(&"9".to_owned()), "{found:?}");
        }
    }
}

#[test]
fn a_field_that_becomes_longer_is_a_change_of_its_vectors() {
    let project = project(INDEX, "emb: [f32; 4]", "vector32");
    project.structs(&docs(INDEX, "emb: [f32; 8]"));
    let run = project.refuses(3, "generate");
    assert!(run.err.contains("a vector of 8 values of F32"), "{}", run.err);
    // what an index would refuse is not accepted by anybody's word
    project.runs("generate --accept lossy_conversion:docs.emb");
    let run = project.refuses(3, "migrate");
    assert!(run.err.contains("2 values of `docs.emb` would be refused"), "{}", run.err);
    assert!(!run.err.contains("bug"), "{}", run.err);
}

#[test]
fn the_same_vectors_under_another_name_are_kept() {
    let project = project(INDEX, &field("F32_BLOB(4)", false), "vector32");
    let rows = project.dump();
    project.structs(&docs(INDEX, &field("FLOAT32(4)", false)));
    project.runs("generate");
    project.runs("migrate");
    assert_eq!(project.dump(), rows);
}

#[test]
fn an_index_of_vectors_is_refused_by_rows_that_it_does_not_take() {
    let project = project("", &field("F32_BLOB(4)", true), "vector32");
    project.sql("INSERT INTO docs VALUES (6, 7, vector32('[1,2]')), (7, 7, NULL), (8, 7, vector64('[1,2,3,4]'))");
    project.structs(&docs(INDEX, &field("F32_BLOB(4)", true)));
    project.runs("generate");
    for line in ["migrate --dry-run", "migrate", "push --accept history"] {
        let run = project.ends(3, line);
        let words =
            "2 values of `docs.emb` are not vectors of 4 values of F32, which index `by_emb` needs, first at rowid 6";
        assert!(run.err.contains(words), "{line}: {}", run.err);
    }
    project.sql("DELETE FROM docs WHERE id IN (6, 8)");
    project.runs("migrate");
    assert_eq!(project.query("SELECT count(*) FROM by_emb_shadow"), ["2"]);
}
