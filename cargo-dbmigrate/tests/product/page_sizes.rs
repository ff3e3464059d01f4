//! Pages of ten, a hundred and five hundred tables: whole, small, quick, and without cards that cover each other.

use std::fmt::Write as _;

use dbmigrate_test_support::browser::Browser;
use serde_json::json;

use crate::page::{is_calm, opened};
use crate::project::Project;

/// So many tables of about ten columns, most of which refer to one or two before them.
pub(crate) fn tables(count: usize) -> String {
    let mut text = String::new();
    for at in 0..count {
        let mut fields = String::new();
        for column in 0..7 + at % 5 {
            // writing to a string cannot fail
            let _ = match column % 4 {
                0 => writeln!(fields, "    #[column(default = \"none\")]\n    pub name{column}: String,"),
                1 => writeln!(fields, "    pub amount{column}: i64,"),
                2 => writeln!(fields, "    pub note{column}: Option<String>,"),
                _ => writeln!(fields, "    pub rate{column}: f64,"),
            };
        }
        let mut indexes = String::new();
        for (number, step) in [(1, 1 + at * 7 % 13), (2, 2 + at * 5 % 31)] {
            if step <= at && (at + number) % 5 != 0 {
                let parent = at - step;
                let _ = writeln!(fields, "    #[column(references = Table{parent}::id)]\n    pub parent{number}: i64,");
                let _ = writeln!(indexes, "#[table(index(parent{number}))]");
            }
        }
        let _ = writeln!(
            text,
            "/// What table {at} is about.\n#[derive(Table)]\n#[table(strict)]\n{indexes}pub struct Table{at} {{\n    #[column(primary_key)]\n    pub id: i64,\n{fields}}}"
        );
    }
    text
}

/// A project with so many tables, in four migrations.
pub(crate) fn project(count: usize) -> Project {
    let project = Project::new("");
    for part in 1..=4 {
        project.structs(&tables(count * part / 4));
        project.runs("generate");
    }
    project
}

fn holds(count: usize) {
    let project = project(count);
    let Some(browser) = opened(&project, "") else { return };
    let size = std::fs::metadata(project.path("page.html")).expect("it is there").len();
    assert!(size < 1_000_000, "{size} bytes");
    assert_eq!(browser.run("return document.querySelectorAll('.card').length"), json!(count));
    let covered = "const all = [...document.querySelectorAll('.card')].map(card => ({ x: parseFloat(card.style.left), \
        y: parseFloat(card.style.top), w: parseFloat(card.style.width), h: parseFloat(card.style.height) })); \
        let covered = 0; for (let a = 0; a < all.length; a++) for (let b = 0; b < a; b++) { const [one, other] = [all[a], all[b]]; \
        if (one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h) covered++; } \
        return covered;";
    for moment in (0..5).rev() {
        browser.run(&format!("const when = document.getElementById('when'); when.value = {moment}; when.dispatchEvent(new Event('input'))"));
        assert_eq!(browser.run(covered), json!(0), "cards cover each other after migration {moment} of {count} tables");
    }
    // every row fits into its card
    browser.run("document.getElementById('fit').click(); dispatchEvent(new Event('beforeprint'))");
    let cut = browser.run("document.getElementById('world').classList.remove('far'); return [...document.querySelectorAll('.card')].filter(card => \
        card.scrollHeight > card.clientHeight + 1).length");
    assert_eq!(cut, json!(0), "cards are cut");
    is_calm(&browser);
    measure(&browser, &project, count);
}

/// Says how long it takes until something is seen, and how often the picture moves in a second.
fn measure(browser: &Browser, project: &Project, count: usize) {
    let mut paints = Vec::new();
    for _ in 0..3 {
        browser.open("about:blank");
        browser.open(&format!("file://{}", project.path("page.html").display()));
        browser.wait("performance.getEntriesByName('first-contentful-paint').length");
        let paint =
            browser.run("return Math.round(performance.getEntriesByName('first-contentful-paint')[0].startTime)");
        paints.extend(paint.as_u64());
    }
    let least = paints.iter().min().copied().unwrap_or(u64::MAX);
    // far from what is measured on an idle machine, and still nothing that anybody waits for
    assert!(least < 4000, "{paints:?}");
    // nothing is said of it but how many there are, and each takes a processor for seconds
    if std::env::var_os("DBMIGRATE_FRAMES").is_none() {
        return;
    }
    let frames = |what: &str| {
        let script = format!(
            "const stage = document.getElementById('stage'), box = stage.getBoundingClientRect(); let frames = 0; \
             const begin = performance.now(); const turn = (type, more) => stage.dispatchEvent(new WheelEvent(type, {{ bubbles: true, \
             cancelable: true, clientX: box.x + 400, clientY: box.y + 300, ...more }})); \
             const next = () => {{ const t = performance.now() - begin; if (t > 1500) return done(Math.round(frames / t * 1000)); \
             frames++; {what}; requestAnimationFrame(next); }}; next();"
        );
        browser.run_until_done(&script).as_u64().unwrap_or_default()
    };
    let pan = frames("turn('wheel', { deltaY: Math.floor(t / 300) % 2 ? 24 : -24, shiftKey: true })");
    let zoom = frames("turn('wheel', { deltaY: Math.floor(t / 300) % 2 ? 30 : -30 })");
    dbmigrate_test_support::say(&format!(
        "{count} tables: first paint after {paints:?} ms, {pan} frames a second panning, {zoom} zooming"
    ));
}

#[test]
fn a_page_of_ten_tables_holds() {
    holds(10);
}

#[test]
fn a_page_of_a_hundred_tables_holds() {
    holds(100);
}

#[test]
fn a_page_of_five_hundred_tables_holds() {
    holds(500);
}
