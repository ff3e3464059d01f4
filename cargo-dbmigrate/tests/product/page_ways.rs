//! The page in other ways than with a mouse on a screen: on paper, under fingers, read aloud, and copied from.

use dbmigrate_test_support::browser::{Browser, key};
use serde_json::{Value, json};

use crate::page::{cards, is_calm, opened, shop, show, text};

/// Where the picture is: its scale, and where its origin stands.
fn view(browser: &Browser) -> [f64; 3] {
    browser.run_until_done("setTimeout(done, 300)");
    let found = browser.run(
        "const of = id => new DOMMatrix(getComputedStyle(document.getElementById(id)).transform); \
         const all = of('camera').multiply(of('world')); return [all.a, all.e, all.f]",
    );
    serde_json::from_value(found).expect("three numbers")
}

#[test]
fn on_paper_it_is_a_light_list_of_all_cards_with_what_they_refer_to() {
    let project = shop();
    let Some(browser) = opened(&project, "") else { return };
    let media = |media: &str| {
        let features = json!([{"name": "prefers-color-scheme", "value": "dark"}]);
        browser.devtools("Emulation.setEmulatedMedia", &json!({"media": media, "features": features}));
    };
    media("screen");
    browser.wait("document.documentElement.dataset.theme === 'dark'");
    // whatever is shown on the screen
    browser.click("[data-name=users] h2");
    browser.run("document.getElementById('find').value = 'zzz'; document.getElementById('find').dispatchEvent(new Event('input'))");
    browser.run(
        "document.getElementById('find').value = ''; document.getElementById('find').dispatchEvent(new Event('input'))",
    );
    browser.run("dispatchEvent(new Event('beforeprint'))");
    media("print");
    let found = browser.run(
        "const shown = one => one.getClientRects().length > 0; const light = color => Math.min(...color.match(/[0-9.]+/g).slice(0, 3)); \
         const all = [...document.querySelectorAll('.card')], boxes = all.map(card => card.getBoundingClientRect()); \
         let covered = 0; boxes.forEach((one, at) => boxes.slice(0, at).forEach(other => { \
           if (one.x < other.right - 1 && other.x < one.right - 1 && one.y < other.bottom - 1 && other.y < one.bottom - 1) covered++; })); \
         return { hidden: ['list', 'search', 'tools', 'time', 'detail', 'wires'].filter(id => shown(document.getElementById(id))), \
           cards: all.filter(shown).length, rows: [...document.querySelectorAll('.card li')].filter(shown).length, covered, \
           outside: boxes.filter(box => box.x < 0 || box.right > innerWidth).length, \
           paper: light(getComputedStyle(document.body).backgroundColor), card: light(getComputedStyle(all[0]).backgroundColor), \
           ink: light(getComputedStyle(all[0].querySelector('b')).color), \
           to: [...document.querySelectorAll('.card li[data-to]')].map(one => getComputedStyle(one, '::after').content).sort() }",
    );
    assert_eq!((&found["hidden"], &found["cards"], &found["covered"]), (&json!([]), &json!(7), &json!(0)), "{found}");
    assert_eq!((&found["outside"], &found["paper"], &found["card"]), (&json!(0), &json!(255), &json!(255)), "{found}");
    assert!(found["ink"].as_f64().is_some_and(|ink| ink < 80.0), "{found}");
    assert_eq!(found["rows"], json!(16), "{found}");
    let to = found["to"].to_string();
    assert!(["users", "orders", "products"].iter().all(|parent| to.contains(parent)), "{to}");
    let paper = browser.devtools("Page.printToPDF", &json!({"printBackground": true}));
    assert!(paper["data"].as_str().is_some_and(|data| data.len() > 10_000), "it can be printed");
    is_calm(&browser);
}

#[test]
fn fingers_move_zoom_and_choose() {
    let project = shop();
    let Some(browser) = opened(&project, "") else { return };
    browser.devtools("Emulation.setTouchEmulationEnabled", &json!({"enabled": true, "maxTouchPoints": 5}));
    let [scale, x, y] = view(&browser);
    browser.touch(&[([700, 400], [640, 460])]);
    let moved = view(&browser);
    assert!((moved[0] - scale).abs() < 1e-3, "{moved:?}");
    assert!((moved[1] - x + 60.0).abs() < 3.0 && (moved[2] - y - 60.0).abs() < 3.0, "from {x}, {y} to {moved:?}");
    assert_eq!(cards(&browser, ".card.on"), [""; 0], "who moves chooses nothing");
    // two fingers that part
    browser.touch(&[([650, 400], [550, 400]), ([750, 400], [850, 400])]);
    let apart = view(&browser)[0];
    assert!(apart > scale * 1.5, "from {scale} to {apart}");
    browser.touch(&[([550, 400], [650, 400]), ([850, 400], [750, 400])]);
    let together = view(&browser)[0];
    assert!(together < apart / 1.5, "from {apart} to {together}");
    browser.keys("0");
    view(&browser);
    let at = browser.run(
        "const box = document.querySelector('[data-name=orders] h2').getBoundingClientRect(); \
         return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)]",
    );
    let at: [i32; 2] = serde_json::from_value(at).expect("two numbers");
    browser.touch(&[(at, at)]);
    browser.wait("!document.getElementById('detail').hidden");
    assert_eq!(cards(&browser, ".card.on"), ["orders"]);
    is_calm(&browser);
}

#[test]
fn a_telephone_has_room_for_the_picture_and_the_details() {
    let project = shop();
    let Some(browser) = opened(&project, "") else { return };
    let size = json!({"width": 390, "height": 800, "deviceScaleFactor": 2, "mobile": true});
    browser.devtools("Emulation.setDeviceMetricsOverride", &size);
    show(&browser, &project, "#table=users");
    let found = browser.run(
        "const box = id => document.getElementById(id).getBoundingClientRect(); const stage = box('stage'), detail = box('detail'), \
         card = document.querySelector('.card.on').getBoundingClientRect(); \
         return { wide: document.documentElement.scrollWidth, stage: stage.width, free: detail.top - stage.top, detail: detail.height, \
           inside: card.x < 390 && card.right > 0 && card.y < detail.top && card.bottom > stage.top }",
    );
    assert_eq!(
        (&found["wide"], &found["stage"]),
        (&json!(390), &json!(390)),
        "nothing is wider than the screen: {found}"
    );
    assert!(found["free"].as_f64().is_some_and(|free| free > 150.0), "{found}");
    assert_eq!(found["inside"], json!(true), "the table that was chosen can be seen: {found}");
    is_calm(&browser);
}

#[test]
fn what_is_copied_is_the_statement_and_the_struct() {
    let project = shop();
    let Some(browser) = opened(&project, "") else { return };
    browser.click("[data-name=orders] h2");
    let pasted = |what: &str| {
        browser.click(&format!("[data-copies={what}]"));
        browser.wait(&format!("document.querySelector('[data-copies={what}]').textContent === 'Copied'"));
        assert_eq!(text(&browser, "#said"), "copied");
        browser.run("const area = document.createElement('textarea'); area.id = 'pasted'; document.body.append(area); area.focus()");
        browser.paste();
        browser.wait("document.getElementById('pasted').value.length > 0");
        let found = browser
            .run("const area = document.getElementById('pasted'), text = area.value; area.remove(); return text");
        found.as_str().unwrap_or_default().to_owned()
    };
    let sql = pasted("SQL");
    assert!(sql.starts_with("CREATE TABLE orders (\n") && sql.contains("ON DELETE CASCADE"), "{sql}");
    assert!(sql.contains(");\nCREATE INDEX ") && sql.ends_with(";\n"), "{sql}");
    let rust = pasted("Rust");
    assert!(rust.starts_with("#[derive(Table)]\n#[table(index(user_id))]\npub struct Orders {\n"), "{rust}");
    assert!(rust.ends_with("}\n"), "{rust}");
    browser.keys("[");
    browser.keys("m");
    let migration = pasted("SQL");
    assert!(migration.starts_with("-- 0002_") && migration.contains("DROP TABLE drafts;"), "{migration}");
    is_calm(&browser);
}

/// What a node of the tree says in a property.
fn property<'n>(node: &'n Value, name: &str) -> &'n Value {
    let found = node["properties"].as_array().into_iter().flatten().find(|property| property["name"] == name);
    found.map_or(&Value::Null, |property| &property["value"]["value"])
}

#[test]
fn who_has_it_read_aloud_hears_what_others_see() {
    let project = shop();
    let Some(browser) = opened(&project, "--url dev.db") else { return };
    let told = browser.told();
    let of = |role: &str| -> Vec<String> {
        told.iter().filter(|(its, ..)| its == role).map(|(_, name, _)| name.clone()).collect()
    };
    // the parts of the page, by which people find their way
    for (role, name) in [
        ("navigation", "Tables and views"),
        ("search", ""),
        ("toolbar", "View"),
        ("contentinfo", "History"),
        ("slider", "Migration"),
        ("searchbox", "Search tables and columns"),
    ] {
        assert!(of(role).iter().any(|found| found == name), "{role} {name:?} is not in {:?}", of(role));
    }
    assert!(of("main").iter().any(|name| name.contains("Arrow keys")), "{:?}", of("main"));
    let users = "users, table, 4 columns";
    let lines = "lines, table, 3 columns, refers to orders, products";
    for role in ["button", "article"] {
        assert!(of(role).iter().any(|name| name == users), "{role}: {:?}", of(role));
        assert!(of(role).iter().any(|name| name == lines), "{role}: {:?}", of(role));
    }
    // nothing that can be reached is nameless, and nothing that is drawn twice is read twice
    let nameless: Vec<&str> = told
        .iter()
        .filter(|(role, name, node)| name.is_empty() && property(node, "focusable") == true && role != "RootWebArea")
        .map(|(role, ..)| role.as_str())
        .collect();
    assert_eq!(nameless, [""; 0]);
    assert!(!told.iter().any(|(role, ..)| role == "image" || role == "SvgRoot"), "lines are in the details");

    // from Tab to Tab: every stop has a name, and the picture is one stop
    browser.run("document.activeElement.blur()");
    let mut stops = Vec::new();
    for _ in 0..30 {
        browser.keys(key::TAB);
        let stop = browser.run("const one = document.activeElement; return [one.tagName, one.getAttribute('aria-label') || one.innerText || one.id]");
        stops.push(stop);
    }
    let articles = stops.iter().filter(|stop| stop[0] == "ARTICLE").count();
    assert!(articles <= 2, "the picture is one stop: {stops:?}");

    // the details of a table are headings, tables and lists
    browser.click("[data-name=lines] h2");
    let told = browser.told();
    let heading = |level: u64| -> Vec<&str> {
        let found = told.iter().filter(|(role, _, node)| role == "heading" && property(node, "level") == level);
        found.map(|(_, name, _)| name.as_str()).collect()
    };
    assert_eq!(heading(1).len(), 1, "{:?}", heading(1));
    for title in ["Columns", "Refers to", "Indexes", "SQL", "Rust"] {
        assert!(heading(3).contains(&title), "{title} is not in {:?}", heading(3));
    }
    let cells: Vec<&str> = told
        .iter()
        .filter(|(role, ..)| role == "cell" || role == "columnheader")
        .map(|(_, name, _)| name.as_str())
        .collect();
    assert!(["Column", "Type", "More", "product_id", "INTEGER"].iter().all(|cell| cells.contains(cell)), "{cells:?}");
    // what was moved says where it is
    browser.keys(key::ESCAPE);
    browser.keys("[");
    let told = browser.told();
    let slider = told.iter().find(|(role, ..)| role == "slider").expect("there is one");
    let said = browser.run("return document.getElementById('when').getAttribute('aria-valuetext')");
    assert!(said.as_str().is_some_and(|said| said.starts_with("0002_")), "{said} {slider:?}");
    let status = text(&browser, "#said");
    assert!(status.starts_with("0002_") && status.contains("users"), "{status}");
    is_calm(&browser);
}
