//! `docs/lints.md` is what the rules say of themselves. `UPDATE_DOCS=1` writes it; the counts over real histories are those
//! of the last time that these were there when it was written.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use dbmigrate_core::engine::catalogue::TABLES;
use dbmigrate_core::lint::{Group, RULES};

use crate::corpus::{Found, planned, written};
use crate::documented::fixes;

/// Where other linters stand.
const OTHERS: &str = include_str!("../../src/lint/others.md");

/// How good the findings are, as people judged a sample of them.
const JUDGED: &str = "\nOf 200 of these findings, half of each kind and drawn at random, 196 are right, as judged by hand with keys and indexes\n\
     in view. Three say of a column that all its values are dropped, where rows that have a value in another column keep\n\
     theirs elsewhere; one compares a time of the application with that of another program.\n";

/// A file of this crate, or beside it.
fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// How often each rule fires: `name count` on each line, and `migrations` for how many were looked at; with `written.` in
/// front, in what authors wrote.
fn counts() -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(file("tests/lints/counts.txt")).unwrap_or_default();
    let line = |line: &str| line.split_once(' ').and_then(|(name, count)| Some((name.to_owned(), count.parse().ok()?)));
    text.lines().filter_map(line).collect()
}

/// What stands in front of the counts in what authors wrote.
const WRITTEN: &str = "written.";

fn count_again() {
    let mut counts = counts();
    let mut put = |found: Option<Found>, prefix: &str| {
        let Some(found) = found else { return };
        counts.retain(|name, _| name.starts_with(WRITTEN) != (prefix == WRITTEN));
        counts.insert(format!("{prefix}migrations"), found.migrations);
        counts.extend(found.counts.into_iter().map(|(name, count)| (format!("{prefix}{name}"), count)));
    };
    put(planned(), "");
    put(written(), WRITTEN);
    let lines = counts.iter().fold(String::new(), |lines, (name, count)| format!("{lines}{name} {count}\n"));
    std::fs::write(file("tests/lints/counts.txt"), lines).expect("the counts can be written");
}

fn title(group: Group) -> &'static str {
    match group {
        Group::DataLoss => "Rows or values are lost",
        Group::Availability => "Others have to wait while it runs",
        Group::Compatibility => "The release that runs meanwhile fails",
        Group::Performance => "Queries are slower, or files larger, than they need to be",
        Group::Correctness => "It fails on rows, or does not do what it seems to do",
        Group::Style => "What people agree on",
    }
}

fn text() -> String {
    let counts = counts();
    let mut text = String::from(
        "# Lints\n\nWritten by a test from the rules themselves (`dbmigrate-core/src/lint/rules`); every example is executed by one.\n\
         Levels are set in `[lints]` of [`dbmigrate.toml`](files.md#lints), and by `-A`, `-W` and `-D`:\n\
         [commands.md](commands.md#lints) says how.\n",
    );
    let count = |name: &str| counts.get(name).copied().unwrap_or_default();
    let _ = writeln!(
        text,
        "\nThe last columns say how often a rule fires in migrations of public applications, if it is not allowed: in {} that\n\
         were planned from one of their schemas to the next, and in {} as their authors wrote them in SQL. Rules of `[rules]` find\n\
         nothing there. Those with many rows in mind are counted as if each table had them.",
        count("migrations"),
        count(&format!("{WRITTEN}migrations")),
    );
    text.push_str(JUDGED);
    for group in Group::ALL {
        let _ = writeln!(
            text,
            "\n## `{group}`\n\n{}.\n\n| lint | level | finds | planned | written |\n|---|---|---|---|---|",
            title(group)
        );
        for rule in RULES.iter().filter(|rule| rule.group == group) {
            let (planned, written) = (count(rule.name), count(&format!("{WRITTEN}{}", rule.name)));
            let summary = rule.summary.replace('|', "\\|");
            let _ =
                writeln!(text, "| [`{0}`](#{0}) | {1} | {summary} | {planned} | {written} |", rule.name, rule.level);
        }
    }
    text.push_str("\n## Each of them\n");
    for rule in RULES {
        let _ = writeln!(
            text,
            "\n### `{}`\n\n`{}`, level `{}`: {}.\n\n{}",
            rule.name,
            rule.group,
            rule.level,
            rule.summary,
            rule.explanation.trim_end()
        );
        for says in fixes(rule) {
            let _ = writeln!(text, "\n`check --fix` can {says}.");
        }
    }
    text.push_str(
        "\n## Queries of your own\n\nWhat no rule says can be a query over the schema, whose name is that of a lint: of the group `style`, at the level\n\
         `warn`. It returns an object and what is wrong with it, or the object alone where `message` says it for all. It is reported\n\
         where a migration brings it about, and not for what was so before.\n\n```toml\n[[rules.query]]\nname = \"money_in_cents\"\n\
         sql = \"SELECT path, type || ' rounds amounts of money' FROM columns WHERE name LIKE '%amount%' AND type <> 'INTEGER'\"\n\
         help = \"count cents, in an INTEGER column\"\n```\n\nThe tables are these. `path` is the object to return. Names are compared without their case.\n\n```sql\n",
    );
    for table in TABLES {
        let _ = writeln!(text, "{table};");
    }
    text.push_str("```\n\n## Other linters\n\n");
    text.push_str(OTHERS.trim_end());
    text.push('\n');
    text
}

#[test]
fn the_documentation_of_lints_is_what_the_rules_say() {
    let path = file("../docs/lints.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        count_again();
        std::fs::write(&path, text()).expect("it can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text(), "docs/lints.md is not what the rules say: run this test with UPDATE_DOCS=1");
}

#[test]
fn what_is_said_of_other_linters_names_lints_that_there_are() {
    let rows = OTHERS.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| theirs"));
    let is_known = |name: &str| {
        if let Some(end) = name.strip_prefix('…') {
            return RULES.iter().any(|rule| rule.name.ends_with(end));
        }
        let others = ["[rules]", "[[rules.query]]", "expect-time"];
        RULES.iter().any(|rule| rule.name == name) || others.contains(&name)
    };
    let mut wrong = Vec::new();
    for row in rows {
        let ours = row.split('|').nth(2).unwrap_or_default();
        let names = ours.split('`').skip(1).step_by(2);
        wrong.extend(names.filter(|name| !is_known(name)).map(|name| format!("{name}: {row}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
