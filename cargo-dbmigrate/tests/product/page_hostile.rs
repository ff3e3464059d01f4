//! Whatever a schema contains is text in the page, and nothing else.

use dbmigrate_test_support::browser::Browser;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use proptest::{
    prelude::any,
    strategy::{Strategy as _, ValueTree as _},
};
use serde_json::json;

use crate::page::is_calm;
use crate::project::Project;

/// What ends up as more than text where somebody forgets to escape it.
const HOSTILE: [&str; 24] = [
    "</script><script>hacked()</script>",
    "<img src=x onerror=hacked()>",
    "\"><svg onload=hacked()>",
    "' onmouseover='hacked()",
    "<!--<script>",
    "-->",
    "]]>",
    "${hacked()}",
    "`+hacked()+`",
    "{{script}}{{data}}",
    "javascript:hacked()",
    "&lt;b&gt;&amp;",
    "\u{2028}\u{2029}",
    "\\u003cscript\\u003e",
    "</style><style>*{display:none}",
    "</title><base href=//evil.example>",
    "<iframe srcdoc='<script>parent.hacked()</script>'>",
    "constructor",
    "__proto__",
    "toString",
    "a\u{202e}b",
    "\u{0}\u{1}\u{7f}",
    "#table=users&at=x",
    "<a href=\"//evil.example\" ping=//evil.example>",
];

/// A package with one table that has a text wherever a table can have one.
fn schema(name: &str, column: &str, default: &str, check: &str, docs: &str) -> String {
    let literal = |text: &str| format!("{text:?}");
    let sql_text = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let (docs, check) = (literal(docs), literal(&format!("length(v) < 9 OR v <> {}", sql_text(check))));
    let index = literal(&format!("i {name}"));
    let condition = literal(&format!("v <> {}", sql_text(column)));
    format!(
        "#[doc = {docs}]\n#[derive(Table)]\n#[table(name = {name}, check({check}), index(name = {index}, v, where = {condition}))]\n\
         pub struct T {{ #[doc = {docs}] #[column(primary_key)] pub id: i64, \
         #[column(name = {column}, default = {default})] pub c: String, pub v: String }}\n",
        name = literal(name),
        column = literal(column),
        default = literal(default),
    )
}

/// Texts of hostile parts and anything else, from a seed.
fn texts(seed: u8, count: usize) -> Vec<String> {
    let mut runner = TestRunner::new_with_rng(
        proptest::test_runner::Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]),
    );
    let parts = proptest::collection::vec(
        proptest::prop_oneof![
            3 => proptest::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned),
            2 => any::<char>().prop_map(String::from),
            1 => "[<>\"'`&/{}$;=()\\\\-]{1,6}",
        ],
        1..4,
    );
    let text = parts.prop_map(|parts| parts.concat().replace('\0', ""));
    (0..count).map(|_| text.new_tree(&mut runner).expect("a text").current()).collect()
}

/// That the page is as it was written: its own script and style, and elements of its own making.
fn is_unharmed(browser: &Browser, name: &str) {
    let found = browser.run(
        "const of = tag => document.querySelectorAll(tag).length; return { hacked: typeof window.hacked_by, scripts: of('script'), \
         styles: of('style'), foreign: of('img, iframe, base, object, embed, a[href]:not(.skip), link:not([rel=icon])'), \
         handlers: [...document.querySelectorAll('*')].filter(one => one.getAttributeNames().some(name => name.startsWith('on'))).length }",
    );
    let expected = json!({"hacked": "undefined", "scripts": 2, "styles": 1, "foreign": 0, "handlers": 0});
    assert_eq!(found, expected, "{name:?}");
}

fn is_text(project: &Project, browser: &Browser, [name, column, default, check, _]: [&str; 5]) {
    // it is named `hacked` in every text
    browser.run("window.hacked = () => { window.hacked_by = 'somebody'; }");
    is_unharmed(browser, name);
    let card = "document.querySelector('.card')";
    let shown = browser.run(&format!("return {card}.querySelector('h2').lastChild.data"));
    assert_eq!(shown, json!(name));
    browser.run(&format!("{card}.click()"));
    browser.wait("!document.getElementById('detail').hidden");
    is_unharmed(browser, name);
    let detail = browser.run("return document.getElementById('detail').textContent");
    let detail = detail.as_str().unwrap_or_default();
    // what is said in documentation is Markdown, of which the words are shown
    for said in [name, column, &default.replace('\'', "''"), &check.replace('\'', "''")] {
        // line ends are those of lines
        let lines = said.split(['\r', '\n']).filter(|line| !line.trim().is_empty());
        for line in lines {
            assert!(
                detail.contains(line.trim()),
                "{line:?} is not shown of {}\n{detail:?}",
                project.read("src/lib.rs")
            );
        }
    }
    assert_eq!(browser.run("return new URLSearchParams(location.hash.slice(1)).get('table')"), json!(name));
}

#[test]
fn every_text_of_a_schema_is_shown_as_text() {
    let Some(browser) = Browser::start(1200, 800) else { return };
    let project = Project::new("");
    for (at, hostile) in HOSTILE.iter().enumerate().filter(|(_, one)| !one.contains('\0')) {
        let other = HOSTILE[(at + 1) % 21];
        let texts = [*hostile, other, hostile, hostile, hostile];
        assert!(shown(&project, &browser, texts) || hostile.trim().is_empty(), "{hostile:?} cannot be declared");
    }
    is_calm(&browser);
}

#[test]
fn whatever_a_schema_says_is_shown_as_text() {
    let Some(browser) = Browser::start(1200, 800) else { return };
    let project = Project::new("");
    let rounds = std::env::var("DBMIGRATE_FUZZ").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(12);
    let mut seen = 0_usize;
    for round in 0..rounds {
        let texts = texts(round, 5);
        let [name, column, default, check, docs] = &texts[..] else { unreachable!("five") };
        if shown(&project, &browser, [name, column, default, check, docs]) {
            seen += 1;
            is_text_elsewhere(&project, &browser, name);
        }
    }
    assert!(seen * 2 > usize::from(rounds), "only {seen} of {rounds} could be declared");
    is_calm(&browser);
}

/// Declares it, opens the page of it, and looks at every text; `false` if it cannot be declared.
fn shown(project: &Project, browser: &Browser, texts: [&str; 5]) -> bool {
    let [name, column, default, check, docs] = texts;
    project.structs(&schema(name, column, default, check, docs));
    let run = project.run("diagram --format html --out page.html");
    if run.code != 0 {
        // a name that no table can have, such as one of the engine's
        assert!(run.err.contains("error"), "{}", run.err);
        return false;
    }
    browser.open("about:blank");
    browser.open(&format!("file://{}", project.path("page.html").display()));
    browser.wait("document.documentElement.dataset.ready === 'yes'");
    is_text(project, browser, texts);
    true
}

/// The same for the drawing, which a browser reads as XML, and for the page that shows a difference.
fn is_text_elsewhere(project: &Project, browser: &Browser, name: &str) {
    project.runs("diagram --out schema.svg");
    let difference = project.ends(4, "diff --from empty --to structs --format html").out;
    project.write("difference.html", &difference);
    let letters = |text: &str| text.chars().filter(|char| char.is_alphanumeric()).collect::<String>();
    for (file, title) in [("schema.svg", "text.n"), ("difference.html", "h3")] {
        browser.open(&format!("file://{}", project.path(file).display()));
        let found = browser.run(&format!(
            "const of = what => document.querySelectorAll(what).length; return {{ root: document.documentElement.tagName, \
             hacked: typeof window.hacked_by, foreign: of('parsererror, script, img, image, iframe, object, embed, base, use, a, link'), \
             handlers: [...document.querySelectorAll('*')].filter(one => one.getAttributeNames().some(name => /^on|href/.test(name))).length, \
             title: document.querySelector('{title}').firstChild?.data ?? '' }}"
        ));
        let root = if file.ends_with("svg") { "svg" } else { "HTML" };
        assert_eq!(
            (&found["root"], &found["hacked"], &found["foreign"], &found["handlers"]),
            (&json!(root), &json!("undefined"), &json!(0), &json!(0)),
            "{file} of {name:?}: {found}"
        );
        // what is too long is cut
        let shown = letters(found["title"].as_str().unwrap_or_default());
        assert!(letters(name).starts_with(&shown), "{file} of {name:?}: {found}");
    }
}
