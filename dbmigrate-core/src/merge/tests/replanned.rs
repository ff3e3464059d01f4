//! Decisions on another head.

use super::*;
use crate::plan::Decisions;

/// The decisions of ours on their head, as flags, with what is left and what is open.
fn replanned(both: &Case<'_>, decide: impl FnOnce(&mut Decisions), flags: &[&str]) -> (Decisions, String) {
    let from = schema_of(both.base);
    let [(our_schema, our_renames), (their_schema, their_renames)] =
        [both.ours, both.theirs].map(|side| (side.to(both.base), side.renames()));
    let mut decisions = Decisions { renames: our_renames.clone(), ..Decisions::default() };
    decide(&mut decisions);
    let ours = Edit { from: &from, to: &our_schema, renames: &our_renames };
    let theirs = Edit { from: &from, to: &their_schema, renames: &their_renames };
    let merged = both.merged(flags);
    let found = replan(&ours, &theirs, &decisions, &merged, 7).expect("the renames fit");
    let accepted = found.decisions.accepted.named.iter().map(|(lint, object)| format!("accept {lint}:{object}"));
    let place = |(table, column): &(Name, Name)| format!("{table}.{column}");
    let filled = found.decisions.backfills.iter().map(|(column, expr)| format!("backfill {}={expr}", place(column)));
    let converted =
        found.decisions.conversions.iter().map(|(column, expr)| format!("convert {}={expr}", place(column)));
    let open = found.questions.iter().map(|question| format!("open {}", question.message(None)));
    let left = found.left.iter().map(|left| format!("left {}: {}", left.what, left.why));
    let lines: Vec<String> = accepted.chain(filled).chain(converted).chain(open).chain(left).collect();
    (found.decisions, lines.join("; "))
}

#[test]
fn decisions_are_carried_over_by_the_names_of_the_other_side() {
    let ours = replaces(&[
        ("nick TEXT, email TEXT, age INT", "email TEXT, key TEXT NOT NULL, age TEXT"),
        ("CREATE VIEW names AS SELECT id, nick FROM users;", ""),
        (
            "AFTER UPDATE OF nick ON users BEGIN UPDATE posts SET title = NEW.nick",
            "AFTER UPDATE ON users BEGIN UPDATE posts SET title = 'x'",
        ),
    ]);
    let theirs = Does {
        replaces: &[("users", "people"), ("email", "mail"), ("age", "years")],
        adds: "",
        renames: &["users=people", "people.email=mail", "people.age=years"],
    };
    let (decisions, said) = replanned(
        &case(ours, theirs),
        |decisions| {
            decisions.accepted.all = true;
            decisions.keep = Some(2);
            let place = |column: &str| ("users".into(), column.into());
            decisions
                .backfills
                .insert(place("key"), "email || (SELECT count(*) FROM posts, users u WHERE u.age = users.age)".into());
            decisions.conversions.insert(place("age"), "CAST(age AS TEXT)".into());
        },
        &[],
    );
    assert_eq!(
        said,
        "accept drop_column:people.nick; \
         accept lossy_conversion:people.years; \
         backfill people.key=mail || (SELECT count(*) FROM posts, people u WHERE u.years = people.years); \
         convert people.years=CAST(years AS TEXT)"
    );
    assert!(!decisions.accepted.all && decisions.keep == Some(7) && decisions.renames.is_empty());
}

#[test]
fn nothing_is_lost_that_was_not_accepted() {
    let one = adds("CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT);");
    let two = adds("CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT, label TEXT);");
    let everything = |decisions: &mut Decisions| decisions.accepted.all = true;
    let (_, said) = replanned(&case(one, two), everything, &["ours:tags"]);
    assert_eq!(said, "open column `tags.label` is gone: its values would be lost");
    // what was accepted for one table is not for another that has its name now
    let dropped = replaces(&[
        ("CREATE TABLE posts (id INTEGER PRIMARY KEY, author INT REFERENCES users, title TEXT);", ""),
        ("BEGIN UPDATE posts SET title = NEW.nick WHERE author = NEW.id; END;", "BEGIN SELECT 1; END;"),
    ]);
    let moved = Does {
        replaces: &[("posts", "articles")],
        adds: "CREATE TABLE posts (id INTEGER PRIMARY KEY);",
        renames: &["posts=articles"],
    };
    let accept = |decisions: &mut Decisions| decisions.accepted.add(crate::plan::Lint::DropTable, "posts");
    let (_, said) = replanned(&case(dropped, moved), accept, &["ours:posts"]);
    assert_eq!(said, "accept drop_table:articles");
}

#[test]
fn what_the_other_side_has_done_or_dropped_is_left() {
    let ours = replaces(&[("email TEXT", "email TEXT NOT NULL, key TEXT NOT NULL")]);
    let theirs = replaces(&[("email TEXT", "email TEXT NOT NULL"), (", age INT CHECK (age > 0)", "")]);
    let (_, said) = replanned(
        &case(ours, theirs),
        |decisions| {
            decisions.backfills.insert(("users".into(), "email".into()), "'x'".into());
            decisions.backfills.insert(("users".into(), "key".into()), "age".into());
        },
        &[],
    );
    assert_eq!(
        said,
        "open column `users.key` is new, NOT NULL and has no default: what value do existing rows get?; \
         left the backfill of `users.key`: it reads `users.age`, which the other side drops; \
         left the backfill of `users.email`: the column is already like this on the other side"
    );
}
