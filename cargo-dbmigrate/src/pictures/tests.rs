//! What pictures show of schemas and of what differs between two, and that texts stay texts in every format.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dbmigrate_core::config::Engine;
use dbmigrate_core::ddl::{Object, read};
use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::{Name, split};
use proptest::prelude::*;

use super::layout::layout;
use super::model::{LinkKind, Mark, Picture};
use super::{beside, compared, dot, markdown, mermaid, picture, svg};

/// A schema by its `CREATE` statements. What the model does not read is left out.
pub(super) fn schema(sql: &str) -> Schema {
    let mut schema = Schema::default();
    for statement in split(sql) {
        match read(statement.text) {
            Ok(Object::Table(table)) => drop(schema.tables.insert(table)),
            Ok(Object::View(view)) => drop(schema.views.insert(view)),
            Ok(Object::Trigger(trigger)) => drop(schema.triggers.insert(trigger)),
            Ok(Object::VirtualTable(table)) => drop(schema.virtual_tables.insert(table)),
            Ok(Object::Index(on, index)) => {
                if let Some(table) = schema.tables.get_mut(&on) {
                    table.indexes.insert(index);
                }
            }
            Err(_) => {}
        }
    }
    schema
}

pub(super) fn drawn(sql: &str) -> Picture {
    picture(&schema(sql), &BTreeMap::new(), &Engine::default())
}

const BLOG: &str = "
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT DEFAULT 'x') STRICT;
    CREATE TABLE profiles (user INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE, bio TEXT);
    CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER NOT NULL REFERENCES users (id), editor INTEGER
      REFERENCES users ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED, title TEXT CHECK (title <> ''));
    CREATE INDEX by_author ON posts (author, title COLLATE nocase DESC) WHERE title IS NOT NULL;
    CREATE VIRTUAL TABLE search USING fts5(title, content='posts', content_rowid='id');
    CREATE VIEW shown AS WITH p AS (SELECT * FROM posts) SELECT p.id, users.name FROM p JOIN users ON users.id = author;
    CREATE TRIGGER counted AFTER UPDATE OF title ON posts WHEN EXISTS (SELECT 1 FROM profiles) BEGIN
      UPDATE users SET name = NEW.title WHERE id = NEW.author; INSERT INTO search (rowid) VALUES (NEW.id); END;";

#[test]
fn a_picture_has_what_a_schema_has() {
    let picture = drawn(BLOG);
    let card = |name: &str| picture.card(&Name::from(name)).expect("it is there");
    let said: Vec<String> = picture.links.iter().map(super::model::Link::said).collect();
    assert_eq!(
        said,
        [
            "posts.author → users.id, many to one",
            "posts.editor → users.id, many to one or none, on delete set null, on update cascade, deferred",
            "a trigger on posts (counted) writes search",
            "a trigger on posts (counted) writes users",
            "profiles.user → users.id, one to one, on delete cascade",
            "search reads posts",
            "shown reads posts",
            "shown reads users",
        ]
    );
    let users = card("USERS");
    assert_eq!(users.options, ["strict"]);
    assert!(users.columns[0].primary && !users.columns[0].nullable && users.columns[1].unique);
    assert_eq!(users.columns[2].default.as_deref(), Some("'x'"));
    let posts = card("posts");
    assert_eq!(posts.indexes[0].parts, ["author", "title COLLATE nocase DESC"]);
    assert_eq!((posts.triggers[0].fires.as_str(), posts.triggers[0].reads.len()), ("after update of title", 1));
    let shown: Vec<&str> = card("shown").columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!((shown, card("shown").columns[0].ty.as_str()), (vec!["id", "name"], "INTEGER"));
    assert_eq!(card("search").module.as_deref(), Some("fts5"));
}

#[test]
fn what_is_asked_for_comes_with_what_is_next_to_it() {
    let picture = drawn(BLOG);
    let names =
        |picture: &Picture| picture.cards.iter().map(|card| card.name.to_string()).collect::<Vec<_>>().join(" ");
    assert_eq!(names(&picture.around(&["profiles".into()], 1)), "profiles users");
    assert_eq!(names(&picture.around(&["profiles".into()], 2)), "posts profiles shown users");
    assert_eq!(names(&picture.around(&["profiles".into()], 0)), "profiles");
}

fn changed(old: &str, new: &str, renames: &Renames) -> Picture {
    let (old, new) = (schema(old), schema(new));
    let difference = diff(&old, &new, renames).expect("the renames fit");
    compared(&old, &new, &difference, &Engine::default())
}

/// Everything that is marked, in one line each.
fn marks(picture: &Picture) -> Vec<String> {
    let mut found = Vec::new();
    for card in &picture.cards {
        let mut push = |what: String, mark: Mark, was: Option<&String>| {
            if mark != Mark::Same {
                let was = was.map(|was| format!(" was {was}")).unwrap_or_default();
                found.push(format!("{} {what}{was}", mark.word()));
            }
        };
        push(card.name.to_string(), card.mark, card.was.as_ref());
        for column in &card.columns {
            push(format!("{}.{}", card.name, column.name), column.mark, column.was.as_ref());
        }
        for clause in card.uniques.iter().chain(&card.checks) {
            push(format!("{} ({})", card.name, clause.text), clause.mark, None);
        }
        for index in &card.indexes {
            push(index.name.to_string(), index.mark, None);
        }
        for trigger in &card.triggers {
            push(trigger.name.to_string(), trigger.mark, None);
        }
    }
    let links = picture.links.iter().filter(|link| link.mark != Mark::Same);
    found.extend(links.map(|link| format!("{} link {}", link.mark.word(), link.said())));
    found
}

#[test]
fn what_differs_is_marked_and_nothing_else() {
    assert!(changed(BLOG, BLOG, &Renames::default()).is_unmarked());
    let new = BLOG
        .replace("name TEXT DEFAULT 'x'", "age INTEGER NOT NULL DEFAULT 1")
        .replace("email TEXT NOT NULL", "email TEXT")
        .replace(" ON DELETE CASCADE", "")
        .replace("title <> ''", "title > ''")
        .replace("users.name", "users.age AS name")
        .replace("AFTER UPDATE OF title", "BEFORE UPDATE OF title")
        .replace("SET name", "SET email");
    assert_eq!(
        marks(&changed(BLOG, &new, &Renames::default())),
        [
            "changed posts",
            "dropped posts (title <> '')",
            "added posts (title > '')",
            "changed counted",
            "changed profiles",
            "changed shown",
            "changed shown.name was TEXT",
            "changed users",
            "changed users.email was TEXT NOT NULL",
            "dropped users.name",
            "added users.age",
            "changed link profiles.user → users.id, one to one",
        ]
    );
}

#[test]
fn what_is_new_or_gone_is_so_with_everything_in_it() {
    let (old, new) = (
        "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (x REFERENCES a); CREATE INDEX i ON b (x)",
        "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE c (y REFERENCES a)",
    );
    assert_eq!(
        marks(&changed(old, new, &Renames::default())),
        [
            "dropped b",
            "dropped b.x",
            "dropped i",
            "added c",
            "added c.y",
            "dropped link b.x → a.id, many to one or none",
            "added link c.y → a.id, many to one or none",
        ]
    );
    let renames =
        Renames { tables: vec![("b".into(), "c".into())], columns: vec![("c".into(), "x".into(), "y".into())] };
    assert_eq!(marks(&changed(old, new, &renames)), ["renamed c was b", "renamed c.y was x", "dropped i"]);
}

/// Texts that would be more than text if a format did not see to it.
const HOSTILE: [&str; 12] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onload='alert(1)",
    "]]></title><script>",
    "`code` | cell | @user #1",
    "a\nb\r\n# heading\n- [x](javascript:alert(1))",
    "\u{202e}desrever\u{0}\u{7}\u{1b}[31m",
    "&lt;b&gt;&#60;b&#62;",
    "}\n  a ||--o{ b : \"x\"\n%%{init: {}}%%",
    "\\\"]; node [URL=\"javascript:x\"]",
    "${x} {{x}} <%= x %>",
    "--><style>*{}</style><!--",
];

/// A schema in which every text is one of those.
fn hostile() -> (Schema, BTreeMap<Name, dbmigrate_core::schema::Comments>) {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let string = |text: &str| format!("'{}'", text.replace('\'', "''").replace('\0', ""));
    let (mut sql, mut docs) = (String::new(), BTreeMap::new());
    for (at, text) in HOSTILE.iter().enumerate() {
        let name = quoted(&format!("{at} {text}").replace('\0', ""));
        let column = quoted(&text.replace('\0', ""));
        let other = quoted(&format!("{} {}", (at + 5) % 12, HOSTILE[(at + 5) % 12]).replace('\0', ""));
        let _ = write!(
            sql,
            "CREATE TABLE {name} ({column} {column} PRIMARY KEY DEFAULT {0} CHECK ({column} <> {0}), \
             b INT COLLATE {column} REFERENCES {other}, g AS ({0})); CREATE INDEX {1} ON {name} (b) WHERE b <> {0};\
             CREATE VIEW {2} AS SELECT b AS {column} FROM {name};\
             CREATE TRIGGER {3} AFTER INSERT ON {name} BEGIN DELETE FROM {other} WHERE b = {0}; END;",
            string(text),
            quoted(&format!("i{at} {text}").replace('\0', "")),
            quoted(&format!("v{at} {text}").replace('\0', "")),
            quoted(&format!("t{at} {text}").replace('\0', "")),
        );
        let comments = dbmigrate_core::schema::Comments {
            table: Some((*text).to_owned()),
            columns: vec![(Name::from("b"), (*text).to_owned())],
        };
        docs.insert(Name::from(format!("{at} {text}").replace('\0', "")), comments);
    }
    (schema(&sql), docs)
}

/// What stands between quotes.
fn parts_inside(line: &str) -> String {
    line.split('"').skip(1).step_by(2).collect()
}

/// Every tag of a text of XML or HTML; what stands between them must have no `<`.
fn tags(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let mut quote = None;
        let end = rest.char_indices().find(|(_, char)| match (quote, char) {
            (None, '>') => true,
            (None, '"') => {
                quote = Some('"');
                false
            }
            (Some(open), char) if open == *char => {
                quote = None;
                false
            }
            _ => false,
        });
        let (end, _) = end.expect("every tag ends");
        found.push(rest[..end].split([' ', '/']).find(|word| !word.is_empty()).unwrap_or_default().to_owned());
        assert!(!rest[..end].to_lowercase().contains(" on"), "a handler: {}", &rest[..end]);
        rest = &rest[end + 1..];
    }
    found.sort();
    found.dedup();
    found
}

#[test]
fn texts_stay_texts_in_every_format() {
    let (schema, docs) = hostile();
    assert_eq!((schema.tables.len(), schema.views.len(), schema.triggers.len()), (12, 12, 12));
    let picture = picture(&schema, &docs, &Engine::default());
    let drawing = svg::svg(&picture, HOSTILE[0]);
    assert_eq!(tags(&drawing), ["circle", "g", "path", "rect", "style", "svg", "text", "title"]);
    assert!(!drawing.contains(|char: char| char.is_control() && char != '\n' && char != '\t'));

    let difference = diff(&Schema::default(), &schema, &Renames::default()).expect("there are no renames");
    let both = compared(&Schema::default(), &schema, &difference, &Engine::default());
    let said: Vec<(Name, String)> = both
        .cards
        .iter()
        .zip(HOSTILE.iter().cycle())
        .map(|(card, text)| (card.name.clone(), (*text).to_owned()))
        .collect();
    let page = beside::page(&both, (HOSTILE[1], HOSTILE[2]), &said);
    let mut known = vec!["!doctype", "article", "circle", "div", "g", "h1", "h2", "h3", "html", "li", "main", "meta"];
    known.extend(["p", "path", "rect", "section", "small", "style", "svg", "text", "title", "ul"]);
    assert_eq!(tags(&page), known);

    // outside of quotes there are words, and inside of them none of what would end them
    let text = mermaid::mermaid(&picture);
    for line in text.lines() {
        assert_eq!(line.matches('"').count() % 2, 0, "{line}");
        let mut parts = line.split('"');
        let outside: String = parts.by_ref().step_by(2).collect();
        assert!(outside.chars().all(|char| char.is_ascii_alphanumeric() || " _[]{}|.-:,o#".contains(char)), "{line}");
        assert!(!parts_inside(line).contains(['<', '>', '`', '#', ';', '%', '~', '\\']), "{line}");
    }
    assert_eq!(text.matches("PK").count(), 12);

    // every label is HTML of ours, every other text in quotes
    let text = dot::dot(&picture);
    let known = ["b", "i", "table", "td", "tr"];
    for line in text.lines().filter(|line| line.contains("label=<")) {
        let label = line.split_once("label=<").and_then(|(_, rest)| rest.strip_suffix(">]")).expect("it is one label");
        assert!(tags(label).iter().all(|tag| known.contains(&tag.as_str())), "{line}");
    }
    assert_eq!(text.lines().filter(|line| line.contains("label=<")).count(), 24);

    for (name, page) in markdown::pages(&picture, HOSTILE[4]) {
        if name == "schema.svg" {
            continue;
        }
        assert!(name.chars().all(|char| char.is_ascii_alphanumeric() || "_-.".contains(char)), "{name}");
        let mut fence: Option<String> = None;
        for line in page.lines().skip(1) {
            match &fence {
                Some(open) if line == open => fence = None,
                Some(_) => continue,
                None if line.starts_with("```") => fence = Some(line.trim_end_matches(char::is_alphabetic).to_owned()),
                None => {}
            }
            // what is in backticks is shown as it is
            let ticks = line.split('`').step_by(2).collect::<String>();
            assert!(line.contains('`') || !ticks.contains("<script"), "{name}: {line}");
        }
        assert!(fence.is_none(), "{name}");
    }
}

/// The text that XML is read as.
fn unescaped(text: &str) -> String {
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#92;", "\\"), ("&amp;", "&")];
    pairs.into_iter().fold(text.to_owned(), |text, (entity, char)| text.replace(entity, char))
}

proptest! {
    #[test]
    fn any_text_is_read_as_itself(text in r"[ -~]{0,40}|\PC{0,40}|.{0,40}") {
        for escaped in [svg::escaped(&text), dot::escaped(&text)] {
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
            let plain = |text: &str| -> String { text.chars().filter(|char| char.is_alphanumeric() || char.is_ascii_punctuation()).collect() };
            prop_assert_eq!(plain(&unescaped(&escaped)), plain(&text));
        }
        let quoted = mermaid::quoted(&text);
        prop_assert!(!quoted.contains(['<', '>', '"', '`', '#', ';', '&', '%', '~', '\\', '\n', '\r']));
        prop_assert_eq!(quoted.chars().count(), text.chars().count());
    }
}

#[test]
fn files_of_tables_have_names_that_every_file_system_takes_and_that_differ() {
    let picture = drawn(
        "CREATE TABLE README (a); CREATE TABLE \"a/b\" (a); CREATE TABLE \"a:b\" (a); CREATE TABLE \"ä\" (a); CREATE TABLE \"\" (a)",
    );
    let names: Vec<String> = markdown::pages(&picture, "x").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["README.md", "schema.svg", "-.md", "a-b.md", "a-b-2.md", "readme-2.md", "--2.md"]);
}

#[test]
fn a_picture_is_written_with_the_same_bytes_again() {
    let picture = drawn(BLOG);
    assert_eq!(svg::svg(&picture, "x"), svg::svg(&drawn(BLOG), "x"));
    assert_eq!(layout(&picture), layout(&drawn(BLOG)));
    let kinds = picture.links.iter().filter(|link| link.kind == LinkKind::ForeignKey).count();
    assert_eq!(kinds, 3);
}
