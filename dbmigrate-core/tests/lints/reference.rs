//! `docs/lints.md` is what the rules say of themselves. `UPDATE_DOCS=1` writes it; the counts over real histories are those
//! of the last time that these were there when it was written.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use dbmigrate_core::engine::catalogue::TABLES;
use dbmigrate_core::lint::{Group, RULES};

use crate::corpus;

/// A file of this crate, or beside it.
fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// How often each rule fires: `name count` on each line, and `migrations` for how many were looked at.
fn counts() -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(file("tests/lints/counts.txt")).unwrap_or_default();
    let line = |line: &str| line.split_once(' ').and_then(|(name, count)| Some((name.to_owned(), count.parse().ok()?)));
    text.lines().filter_map(line).collect()
}

fn count_again() {
    let Some(found) = corpus::found() else { return };
    let mut text = format!("migrations {}\n", found.migrations);
    for (name, count) in found.counts {
        let _ = writeln!(text, "{name} {count}");
    }
    std::fs::write(file("tests/lints/counts.txt"), text).expect("the counts can be written");
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
    let migrations = counts.get("migrations").copied().unwrap_or_default();
    let _ = writeln!(
        text,
        "\nThe last column says how often a rule fires in {migrations} migrations of applications that others wrote, if it is\n\
         not allowed. Rules of `[rules]`, and what only rows decide, are not counted there."
    );
    for group in Group::ALL {
        let _ = writeln!(
            text,
            "\n## `{group}`\n\n{}.\n\n| lint | level | finds | in histories |\n|---|---|---|---|",
            title(group)
        );
        for rule in RULES.iter().filter(|rule| rule.group == group) {
            let count = counts.get(rule.name).copied().unwrap_or_default();
            let summary = rule.summary.replace('|', "\\|");
            let _ = writeln!(text, "| [`{0}`](#{0}) | {1} | {summary} | {count} |", rule.name, rule.level);
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
    text.push_str("```\n\n");
    text.push_str(include_str!("../../src/lint/others.md").trim_end());
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
