//! `diagram`: the schema as a picture, in files that stay as they are and are known to be stale.

use crate::project::Project;

const STRUCTS: &str = "/// Who can log in.\n#[derive(Table)]\n#[table(name = \"users\")]\nstruct User {\n    #[column(primary_key)]\n    id: i64,\n    /// Where letters go.\n    #[column(unique)]\n    email: String,\n}\n#[derive(Table)]\n#[table(name = \"posts\")]\nstruct Post {\n    #[column(primary_key)]\n    id: i64,\n    #[column(references = User::id, on_delete = cascade)]\n    author: i64,\n}\n#[derive(Table)]\n#[table(name = \"tags\")]\nstruct Tag { #[column(primary_key)] id: i64 }\n";

fn project() -> Project {
    Project::generated(STRUCTS)
}

#[test]
fn a_drawing_is_written_and_checked() {
    let project = project();
    assert!(project.ends(4, "diagram --out schema.svg --check").err.contains("`schema.svg` is missing"));
    let run = project.runs("diagram --out schema.svg");
    assert!(run.err.contains("Created schema.svg (3 tables, 1 link)"), "{}", run.err);
    let drawing = project.read("schema.svg");
    assert!(
        drawing.starts_with("<svg ") && drawing.contains("Where letters go.") && drawing.contains("Who can log in.")
    );
    assert!(drawing.contains("posts.author → users.id, many to one, on delete cascade"), "{drawing}");
    project.runs("diagram --out schema.svg --check");
    assert!(project.runs("diagram --out schema.svg").err.contains("Unchanged"));
    project.structs(&STRUCTS.replace("email: String,", "email: String,\n    age: Option<i64>,"));
    let run = project.ends(4, "diagram --out schema.svg --check");
    assert!(run.err.contains("`schema.svg` shows another schema"), "{}", run.err);
    // what is said to help does
    project.runs("diagram --out schema.svg");
    project.runs("diagram --out schema.svg --check");
    assert_eq!(project.runs("diagram").out.trim_end(), project.read("schema.svg").trim_end());
}

#[test]
fn a_file_that_is_no_picture_is_not_written_over() {
    let project = project();
    project.write("notes.md", "do not lose me\n");
    let run = project.refuses(2, "diagram --out notes.md");
    assert!(run.err.contains("exists and is not a picture"), "{}", run.err);
    project.write("docs/README.md", "mine\n");
    project.refuses(2, "diagram --format markdown --out docs");
    assert_eq!(project.read("docs/README.md"), "mine\n");
}

#[test]
fn pages_are_written_for_every_table_and_those_of_tables_that_are_gone_go() {
    let project = project();
    project.refuses(2, "diagram --format markdown");
    project.runs("diagram --format markdown --out docs/schema");
    let users = project.read("docs/schema/users.md");
    assert!(users.contains("Who can log in.") && users.contains("| `email` (unique) | `TEXT` |  |"), "{users}");
    assert!(users.contains("[`posts`](posts.md): `posts.author → users.id"), "{users}");
    project.runs("diagram --format markdown --out docs/schema --check");
    project.write("docs/schema/mine.md", "mine\n");
    project.structs(STRUCTS.split("#[derive(Table)]\n#[table(name = \"tags\")]").next().unwrap_or_default());
    let run = project.ends(4, "diagram --format markdown --out docs/schema --check");
    assert!(run.err.contains("2 files") || run.err.contains("and 2 more"), "{}", run.err);
    project.runs("diagram --format markdown --out docs/schema");
    assert!(!project.path("docs/schema/tags.md").exists());
    assert_eq!(project.read("docs/schema/mine.md"), "mine\n");
    project.runs("diagram --format markdown --out docs/schema --check");
}

#[test]
fn only_what_differs_is_drawn_with_what_is_next_to_it() {
    let project = project();
    project.structs(&STRUCTS.replace("email: String,", "email: String,\n    age: Option<i64>,"));
    let text = project.runs("diagram --format mermaid --from head").out;
    assert!(text.contains("~ users") && text.contains("INTEGER age \"added, null\""), "{text}");
    assert!(text.contains("\"posts\"") && !text.contains("tags"), "{text}");
    assert!(project.runs("diagram --format mermaid --from head --all").out.contains("tags"));
    assert!(!project.runs("diagram --format dot --around posts").out.contains("tags"));
    let run = project.refuses(2, "diagram --around user");
    assert!(run.err.contains("did you mean `users`?"), "{}", run.err);
}

#[test]
fn a_difference_is_a_page_with_both_sides() {
    let project = project();
    project.structs(&STRUCTS.replace("email: String,", "mail: String,"));
    let page = project.ends(4, "diff --from head --to structs --format html").out;
    // the whole, with the table that refers to it, and the table itself
    assert!(page.starts_with("<!doctype html>") && page.matches("<svg ").count() == 4, "{page}");
    assert!(page.contains("default-src 'none'") && !page.contains("<script") && !page.contains("href"));
    let (whole, each) = page.split_once("<h2>Table by table</h2>").expect("both are there");
    let (before, after) = whole.split_once("<h2>After").expect("both are there");
    assert!(before.contains(">email</text>") && !before.contains(">mail</text>"));
    assert!(after.contains(">mail</text>") && !after.contains(">email</text>"));
    // what differs in a table stands with its card
    let (table, sides) = each.split_once("<div class=\"s\">").expect("words come first");
    assert!(table.contains("<h3>users ") && table.contains(">- column users.email"), "{table}");
    assert!(table.contains(">+ column users.mail") && !sides.contains("posts"), "{each}");
}
