//! A page with a long history: what each migration did is told by what is other, so that many migrations cost little.

use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::folder::{Folder, Slug};
use dbmigrate_core::plan::{Decisions, plan};
use dbmigrate_core::schema::{Column, KeyPart, PrimaryKey, Schema, Table};
use dbmigrate_core::sql::Name;
use serde_json::json;

use crate::page::{is_calm, opened};
use crate::project::Project;

const TABLES: usize = 30;
const MIGRATIONS: usize = 240;
/// How many columns a table has at first: many, of which a migration changes one.
const COLUMNS: usize = 40;

fn table(at: usize) -> Table {
    let mut table = Table::new(format!("table_{at}").as_str());
    table.columns.push(Column::new("id", "INTEGER"));
    table.columns.extend((1..COLUMNS).map(|column| Column::new(format!("column_{column}"), "TEXT")));
    table.primary_key = Some(PrimaryKey {
        name: None,
        parts: vec![KeyPart { column: "id".into(), collate: None, descending: false }],
        autoincrement: false,
        conflict: None,
    });
    table
}

/// Writes the migrations, and says which table has how many columns after each of them.
fn written(project: &Project) -> Vec<(String, usize)> {
    let mut folder = Folder::open(project.path("migrations")).expect("an empty folder");
    let (mut schema, mut said) = (Schema::default(), Vec::new());
    for at in 0..MIGRATIONS {
        let mut next = schema.clone();
        let name = format!("table_{}", at % TABLES);
        match next.tables.get_mut(&Name::from(name.as_str())) {
            Some(table) => table.columns.push(Column::new(format!("more_{at}"), "TEXT")),
            None => drop(next.tables.insert(table(at))),
        }
        let found = diff(&schema, &next, &Renames::default()).expect("there are no renames");
        let plan = plan(&schema, &next, &found, &Decisions::default()).expect("a plan");
        let slug = Slug::sanitize(&format!("step_{at}")).expect("a name");
        folder.add(&slug, &plan.to_sql("step"), &next.clone().into()).expect("it can be written");
        said.push((name.clone(), next.table(&Name::from(name.as_str())).map_or(0, |table| table.columns.len())));
        schema = next;
    }
    said
}

#[test]
fn a_long_history_is_small_and_every_moment_of_it_is_as_it_was() {
    let project = Project::new("");
    let said = written(&project);
    let Some(browser) = opened(&project, "") else { return };
    // whole cards would be a megabyte and a half
    let size = std::fs::metadata(project.path("page.html")).expect("it is there").len();
    assert!(size < 260_000, "{size} bytes");
    // in any order, since moments are told by earlier ones
    for at in [MIGRATIONS - 1, 0, 17, 120, 60, 59, 200, 31] {
        browser.run(&format!(
            "const when = document.getElementById('when'); when.value = {at}; when.dispatchEvent(new Event('input'))"
        ));
        let (name, columns) = &said[at];
        let found = browser.run(&format!(
            "const all = [...document.querySelectorAll('.card')]; const card = all.find(one => one.dataset.name === '{name}').card; \
             return {{ cards: all.length, columns: card.columns.length, last: card.columns.at(-1).name, mark: card.columns.at(-1).mark || '', \
             changed: document.querySelectorAll('.card.add, .card.change').length }}"
        ));
        let is_new = at < TABLES;
        let last = if is_new { format!("column_{}", COLUMNS - 1) } else { format!("more_{at}") };
        let expected =
            json!({"cards": (at + 1).min(TABLES), "columns": columns, "last": last, "mark": "added", "changed": 1});
        assert_eq!(found, expected, "after migration {at}");
    }
    is_calm(&browser);
}
