//! The page in a real browser: what it shows, what the keys do, its history, and that it asks nobody and says no error.

use dbmigrate_test_support::browser::{Browser, key};
use serde_json::{Value, json};

use crate::project::Project;
use crate::served::Serving;

/// The structs of a shop, as they are at first.
const FIRST: &str = r"
/// Who buys.
#[derive(Table)] pub struct Users {
    #[column(primary_key)] pub id: i64,
    /// Where bills go.
    #[column(unique)] pub email: String,
    pub nick: Option<String>,
}
#[derive(Table)] pub struct Orders {
    #[column(primary_key)] pub id: i64,
    #[column(references = Users::id, on_delete = cascade)] pub user_id: i64,
}
#[derive(Table)] pub struct Drafts { #[column(primary_key)] pub id: i64 }
#[derive(Table)] pub struct Labels { #[column(primary_key)] pub id: i64, pub label: String }
";

/// The same after a while: a column is new, one has another name, a table is gone, and there are more.
const THEN: &str = r#"
/// Who buys.
#[derive(Table)]
#[table(index(name = "users_handle", handle), check(short, "length(email) < 200"))]
pub struct Users {
    #[column(primary_key)] pub id: i64,
    /// Where bills go.
    #[column(unique)] pub email: String,
    #[column(renamed_from = "nick")] pub handle: Option<String>,
    #[column(default = 0)] pub points: i64,
}
#[derive(Table)]
#[table(index(user_id))]
pub struct Orders {
    #[column(primary_key)] pub id: i64,
    #[column(references = Users::id, on_delete = cascade)] pub user_id: i64,
}
#[derive(Table)]
#[table(index(order_id), index(product_id))]
pub struct Lines {
    #[column(primary_key)] pub id: i64,
    #[column(references = Orders::id)] pub order_id: i64,
    #[column(references = Products::id)] pub product_id: Option<i64>,
}
#[derive(Table)] pub struct Products { #[column(primary_key)] pub id: i64, pub name: String }
#[derive(Table)] pub struct Settings { #[column(primary_key)] pub id: i64 }
#[derive(Table)] #[table(renamed_from = "labels")] pub struct Tags { #[column(primary_key)] pub id: i64, pub label: String }
#[derive(View)]
#[view(query = "SELECT id, email FROM users")]
pub struct Mails { pub id: i64, pub email: String }
"#;

/// A project with two migrations that were applied.
pub(crate) fn shop() -> Project {
    let project = Project::migrated(FIRST);
    project.structs(THEN);
    project.runs("generate --accept drop_table:drafts");
    project.runs("migrate");
    project
}

/// The page of a project as a file, in a window.
pub(crate) fn opened(project: &Project, arguments: &str) -> Option<Browser> {
    let browser = Browser::start(1400, 900)?;
    project.runs(&format!("diagram --format html --out page.html {arguments}"));
    show(&browser, project, "");
    Some(browser)
}

pub(crate) fn show(browser: &Browser, project: &Project, hash: &str) {
    browser.open("about:blank");
    browser.open(&format!("file://{}{hash}", project.path("page.html").display()));
    browser.wait("document.documentElement.dataset.ready === 'yes'");
}

/// That nothing went wrong in the page, and that it asked for nothing but itself.
pub(crate) fn is_calm(browser: &Browser) {
    assert_eq!(browser.console(), [""; 0], "the console says nothing");
    let foreign: Vec<String> = browser
        .requests()
        .into_iter()
        .filter(|url| !["file:", "data:", "about:", "http://127.0.0.1:"].iter().any(|ours| url.starts_with(ours)))
        .collect();
    assert_eq!(foreign, [""; 0], "it asks nobody");
}

pub(crate) fn cards(browser: &Browser, selector: &str) -> Vec<String> {
    let found = browser
        .run(&format!("return [...document.querySelectorAll('{selector}')].map(card => card.dataset.name).sort()"));
    serde_json::from_value(found).expect("names")
}

pub(crate) fn text(browser: &Browser, selector: &str) -> String {
    let found = browser.run(&format!("return document.querySelector('{selector}').innerText"));
    found.as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_page_from_a_file_shows_the_schema_and_asks_nobody() {
    let project = shop();
    let Some(browser) = opened(&project, "--url dev.db") else { return };
    assert_eq!(cards(&browser, ".card"), ["lines", "mails", "orders", "products", "settings", "tags", "users"]);
    assert_eq!(text(&browser, "#counts"), "6 tables, 1 view");
    browser.click("[data-name=users] h2");
    let detail = text(&browser, "#detail");
    for said in [
        "Who buys.",
        "Where bills go.",
        "default 0",
        "users_handle (handle)",
        "length(email) < 200",
        "unique",
        "n : 1, on delete cascade",
        "CREATE TABLE users (",
        "CREATE INDEX users_handle",
        "pub struct Users {",
        "dev.db",
    ] {
        assert!(detail.contains(said), "`{said}` is not in\n{detail}");
    }
    // what is near, and the way to another table
    browser.run("const goal = document.getElementById('goal'); goal.value = 'products'; goal.dispatchEvent(new Event('change'))");
    assert_eq!(text(&browser, "#way"), "orders.user_id → users; lines.order_id → orders; lines.product_id → products");
    assert_eq!(cards(&browser, ".card.on-path"), ["lines", "orders", "products", "users"]);
    browser.click("#near");
    // the way stays in sight
    assert_eq!(cards(&browser, ".card:not(.gone)"), ["lines", "mails", "orders", "products", "users"]);
    browser.keys(key::ESCAPE);
    browser.click("[data-name=users] h2");
    browser.click("#near");
    assert_eq!(cards(&browser, ".card:not(.gone)"), ["mails", "orders", "users"]);
    is_calm(&browser);
}

#[test]
fn search_and_filter_find_tables_and_columns() {
    let project = shop();
    let Some(browser) = opened(&project, "") else { return };
    browser.keys("/");
    browser.keys("user");
    let listed = || text(&browser, "#names");
    assert_eq!(
        listed().lines().map(|line| line.split_whitespace().next().unwrap_or_default()).collect::<Vec<_>>(),
        ["users", "orders"]
    );
    assert!(listed().contains("user_id"), "{}", listed());
    assert_eq!(text(&browser, "#found"), "2 of 7");
    assert_eq!(cards(&browser, ".card:not(.faint)"), ["orders", "users"]);
    browser.click("#only");
    assert_eq!(cards(&browser, ".card:not(.gone)"), ["orders", "users"]);
    browser.click("#find");
    browser.keys(key::ENTER);
    assert_eq!(browser.run("return document.activeElement.dataset.name"), json!("users"));
    browser.keys(key::ESCAPE);
    assert_eq!(cards(&browser, ".card:not(.gone):not(.faint)").len(), 7);
    is_calm(&browser);
}

#[test]
fn everything_can_be_done_with_keys() {
    let project = shop();
    let Some(browser) = opened(&project, "") else { return };
    let focused = || browser.run("return document.activeElement.dataset.name || document.activeElement.id");
    // with Tab alone to one card, from there to all others
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..40 {
        browser.keys(key::TAB);
        if browser.run("return document.activeElement.className.includes('card')") == Value::Bool(true) {
            break;
        }
    }
    seen.insert(focused().to_string());
    for arrow in [key::RIGHT, key::DOWN, key::LEFT, key::UP].repeat(6) {
        browser.keys(arrow);
        seen.insert(focused().to_string());
    }
    assert!(seen.len() >= 4, "the arrow keys lead to {seen:?}");
    let name = focused();
    browser.keys(key::ENTER);
    assert_eq!(focused(), json!("detail"));
    assert_eq!(json!(text(&browser, "#detail h2")), name);
    browser.keys(key::ESCAPE);
    assert_eq!((focused(), browser.run("return document.getElementById('detail').hidden")), (name, json!(true)));
    // the history, and what a migration did
    browser.keys("[");
    assert!(text(&browser, "#moment").contains("0002_"), "{}", text(&browser, "#moment"));
    assert!(text(&browser, "#said").contains("0002_"));
    browser.keys("]");
    browser.keys("?");
    assert_eq!(browser.run("return document.getElementById('help').open"), json!(true));
    browser.keys(key::ESCAPE);
    let scale = || {
        browser
            .run("return new DOMMatrix(getComputedStyle(document.getElementById('world')).transform).a")
            .as_f64()
            .unwrap_or_default()
    };
    let before = scale();
    browser.keys("+");
    browser.wait(&format!("new DOMMatrix(getComputedStyle(document.getElementById('world')).transform).a > {before}"));
    browser.keys("0");
    // everything that can be focused has a name
    let nameless = browser.run(
        "return [...document.querySelectorAll('button, input, select, [tabindex]')].filter(one => !(one.getAttribute('aria-label') \
         || one.labels?.length || one.innerText.trim() || one.title)).map(one => one.outerHTML.slice(0, 80))",
    );
    assert_eq!(nameless, json!([]));
    is_calm(&browser);
}

#[test]
fn the_history_shows_what_each_migration_did() {
    let project = shop();
    let Some(browser) = opened(&project, "--url dev.db") else { return };
    let go = |to: usize| {
        browser.run(&format!(
            "const when = document.getElementById('when'); when.value = {to}; when.dispatchEvent(new Event('input'))"
        ));
    };
    assert_eq!(browser.run("return Number(document.getElementById('when').max)"), json!(2));
    // what has another name stands where it stood
    let place = |name: &str| {
        browser.run(&format!(
            "const {{ left, top }} = document.querySelector('[data-name={name}].card').style; return [left, top]"
        ))
    };
    let tags = place("tags");
    go(0);
    assert_eq!(place("labels"), tags);
    assert_eq!(cards(&browser, ".card.add"), ["drafts", "labels", "orders", "users"]);
    go(1);
    assert_eq!(cards(&browser, ".card.drop"), ["drafts"]);
    assert_eq!(cards(&browser, ".card.add"), ["lines", "mails", "products", "settings"]);
    assert_eq!(cards(&browser, ".card.change"), ["orders", "tags", "users"]);
    let detail = text(&browser, "#detail");
    for said in [
        "0002_",
        "ALTER TABLE users RENAME COLUMN nick TO handle",
        "DROP TABLE drafts",
        "dev.db",
        "drop_table",
        "- drafts",
    ] {
        assert!(detail.contains(said), "`{said}` is not in\n{detail}");
    }
    assert!(detail.contains("~ tags") && !detail.contains("+ tags"), "{detail}");
    browser.click("[data-name=users] h2");
    let users = text(&browser, "#detail");
    assert!(users.contains("~ handle") && users.contains("was nick") && users.contains("+ points"), "{users}");
    // a link leads to the same
    let hash = browser.run("return location.hash");
    let hash = hash.as_str().unwrap_or_default();
    assert!(hash.contains("table=users") && hash.contains("at=0002_"), "{hash}");
    show(&browser, &project, hash);
    assert_eq!(text(&browser, "#detail"), users);
    go(2);
    assert_eq!(cards(&browser, ".card.add, .card.change, .card.drop"), [""; 0]);
    is_calm(&browser);
}

#[test]
fn dark_and_light_are_the_systems_until_somebody_chooses() {
    let project = shop();
    let Some(browser) = opened(&project, "") else { return };
    let back = || browser.run("return getComputedStyle(document.body).backgroundColor");
    let system = |scheme: &str| {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        browser.devtools("Emulation.setEmulatedMedia", &features);
    };
    system("light");
    let light = back();
    system("dark");
    browser.wait("document.documentElement.dataset.theme === 'dark'");
    assert_ne!(back(), light);
    // texts stand out from what is behind them, as much as WCAG 2.1 asks for (4.5 to 1)
    for scheme in ["dark", "light"] {
        system(scheme);
        browser.wait(&format!("document.documentElement.dataset.theme === '{scheme}'"));
        browser.click("[data-name=users] h2");
        let least = browser.run(CONTRAST);
        assert!(least["ratio"].as_f64().is_some_and(|ratio| ratio >= 4.5), "{scheme}: {least}");
    }
    browser.click("#theme");
    assert_eq!(browser.run("return document.documentElement.dataset.theme"), json!("dark"));
    is_calm(&browser);
}

/// The element whose text stands out least.
const CONTRAST: &str = r"
    const light = color => { const [r, g, b] = color.match(/[\d.]+/g).map(Number).map(v => v / 255)
        .map(v => (v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)); return .2126 * r + .7152 * g + .0722 * b; };
    const behind = one => { for (; one; one = one.parentElement) { const color = getComputedStyle(one).backgroundColor;
        if (!/, 0\)$|transparent/.test(color)) return color; } return 'rgb(255, 255, 255)'; };
    let least = { ratio: 21, text: '' };
    for (const one of document.querySelectorAll('header *, nav *, .card *, aside *, footer *')) {
        const own = [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        if (!own || !one.getClientRects().length || one.disabled || one.closest('option')) continue;
        const [a, b] = [light(getComputedStyle(one).color), light(behind(one))];
        const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
        if (ratio < least.ratio) least = { ratio, text: one.textContent.slice(0, 40), of: one.tagName + '.' + one.className };
    }
    return least;";

#[test]
fn a_page_that_is_served_shows_changes_by_itself_and_keeps_where_one_was() {
    let project = shop();
    let Some(browser) = Browser::start(1400, 900) else { return };
    let serving = Serving::start(&project, &[]);
    browser.open(&serving.url);
    browser.wait("document.documentElement.dataset.ready === 'yes'");
    browser.click("[data-name=users] h2");
    let structs = THEN.replace("pub points: i64,", "pub points: i64, pub born: Option<String>,");
    project.structs(&structs);
    browser.wait("document.querySelector('#moment').textContent.includes('not generated yet')");
    assert_eq!(cards(&browser, ".card.change"), ["users"]);
    let detail = text(&browser, "#detail");
    assert!(detail.contains("+ born"), "the table that was chosen is still shown: {detail}");
    browser.keys("m");
    assert!(text(&browser, "#detail").contains("ALTER TABLE users ADD COLUMN born"), "{}", text(&browser, "#detail"));
    project.runs("generate");
    browser.wait("document.querySelector('#moment').textContent.includes('Now')");
    assert_eq!(cards(&browser, ".card.change"), [""; 0]);
    is_calm(&browser);
}

#[test]
fn it_looks_as_it_did() {
    let project = shop();
    let Some(browser) = opened(&project, "") else { return };
    theme(&browser, "light");
    browser.keys("[");
    looks_as_it_did(&browser, "page", 130);
    theme(&browser, "dark");
    show(&browser, &project, "#table=orders");
    looks_as_it_did(&browser, "page-dark", 0);
    theme(&browser, "light");
    project.write("difference.html", project.ends(4, "diff --from 0001 --to 0002 --format html").out);
    browser.open(&format!("file://{}", project.path("difference.html").display()));
    looks_as_it_did(&browser, "difference", 130);
    is_calm(&browser);
}

fn theme(browser: &Browser, scheme: &str) {
    let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
    browser.devtools("Emulation.setEmulatedMedia", &features);
}

/// Compares the window with a picture of letters, from the darkest brightness on that there is.
fn looks_as_it_did(browser: &Browser, name: &str, darkest: u8) {
    browser.run_until_done("setTimeout(done, 400)");
    let letter = |light: &u8| char::from(b'a' + (light.saturating_sub(darkest) / 5).min(25));
    let found: Vec<String> = browser.brightness(70, 45).iter().map(|row| row.iter().map(letter).collect()).collect();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/product/snapshots");
    let file = folder.join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        fs_err::write(&file, found.join("\n") + "\n").expect("it can be written");
    }
    let expected = fs_err::read_to_string(&file).expect("`UPDATE_PICTURES=1` writes it");
    // fonts differ from system to system, and make fields that they are in a little lighter or darker; a card that is
    // elsewhere differs by four from what is behind it
    let pairs = found.iter().flat_map(|row| row.bytes()).zip(expected.lines().flat_map(str::bytes));
    let different = pairs.filter(|(one, other)| one.abs_diff(*other) > 2).count();
    assert!(different < 70 * 45 / 16, "{name}: {different} of {} fields differ:\n{}", 70 * 45, found.join("\n"));
}
