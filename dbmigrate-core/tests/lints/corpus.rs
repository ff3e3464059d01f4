//! All rules over the migrations of real histories: how often each fires, for `docs/lints.md`, and samples to be judged by
//! people (`LINT_SAMPLE=FILE`). Of some histories the schemas are there, from which migrations are planned. Of others
//! (`LINT_HISTORIES=FOLDER`, a folder of scripts for each) there is what their authors wrote.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use dbmigrate_core::ddl::render;
use dbmigrate_core::folder::Script;
use dbmigrate_core::lint::{Finding, Group, Level, Levels, Migration, Prepared, RULES, Target, lint};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::path::parse_path;
use dbmigrate_core::sql::{Statement, split};
use pollster::block_on;

use crate::case::{made, schema};
use crate::support::data::real_histories;
use crate::support::{Change, example_backfills, pulled_schema_of};

/// How many findings are judged by hand.
const SAMPLE: usize = 200;

/// What was found.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) migrations: usize,
    pub(crate) counts: BTreeMap<String, usize>,
    /// Each finding as text, those of rules that warn by default.
    findings: Vec<String>,
}

/// Looks at all that is planned from one schema of a history to the next, where they are there.
pub(crate) fn planned() -> Option<Found> {
    let histories = real_histories()?;
    let mut found = Found::default();
    for (history, states) in &histories {
        let mut old = Schema::default();
        for state in states {
            let Ok(new) = pulled_schema_of(&state.sql) else { continue };
            let mut change = Change {
                current: std::mem::replace(&mut old, new.clone()),
                desired: new,
                renames: state.renames.clone(),
                accept_all: true,
                is_pulled: true,
                ..Change::default()
            };
            change.backfills = example_backfills(&change).unwrap_or_default();
            let Ok(plan) = change.generate() else { continue };
            let name = format!("{history}/{}", state.name);
            found.add(&name, (&change.current, &change.desired), &plan.to_sql("m"));
        }
    }
    Some(found)
}

/// Looks at all that authors wrote, where it is there.
pub(crate) fn written() -> Option<Found> {
    let folder = PathBuf::from(std::env::var_os("LINT_HISTORIES")?);
    let mut found = Found::default();
    for history in sorted(&folder) {
        let connection = made(&[]).expect("a database");
        let mut old = Schema::default();
        for file in sorted(&history) {
            let name = file.strip_prefix(&folder).unwrap_or(&file).display().to_string();
            let text = without_control(&std::fs::read_to_string(&file).expect("text"));
            let mut run = split(&text).into_iter().map(|statement| block_on(connection.run(statement.text)));
            if let Some(error) = run.find_map(Result::err) {
                eprintln!("{name}: {error}");
                break;
            }
            let new = schema(&connection).expect("a schema");
            found.add(&name, (&old, &new), &text);
            old = new;
        }
    }
    Some(found)
}

/// What is in a folder, in the order of the numbers that names begin with.
fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).expect("a folder").flatten().map(|one| one.path()).collect();
    let number = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
        (digits.parse::<u64>().unwrap_or_default(), name)
    };
    paths.sort_by_key(number);
    paths
}

/// A script without what belongs to its runner, as an import leaves it out.
fn without_control(text: &str) -> String {
    let is_control = |statement: &&Statement<'_>| {
        let words = statement.text.to_ascii_lowercase();
        ["begin", "commit", "pragma foreign_keys", "pragma defer"].iter().any(|begin| words.starts_with(begin))
    };
    let mut kept = text.to_owned();
    for statement in split(text).iter().filter(is_control) {
        let end = statement.start + statement.text.len();
        let end = text[end..].find(';').map_or(end, |at| end + at + 1);
        kept.replace_range(statement.start..end, &" ".repeat(end - statement.start));
    }
    kept
}

impl Found {
    fn add(&mut self, name: &str, (old, new): (&Schema, &Schema), sql: &str) {
        let mut levels = Levels::default();
        assert!(RULES.iter().all(|rule| levels.set(rule.name, Level::Warn)));
        let Ok(mut script) = Script::parse(sql, Path::new("migration.sql")) else {
            eprintln!("{name} is no script");
            return;
        };
        let prepared = Prepared::of(old, new, &script);
        // what had to be accepted so that there is a plan
        script.allows.clear();
        let target = Target::default();
        let migration = Migration::new(old, new, &prepared, &script, &target);
        self.migrations += 1;
        for (_, finding) in lint(&migration, &levels, Vec::new()).findings {
            *self.counts.entry(finding.rule.name.to_string()).or_default() += 1;
            // what rows decide is said with them only
            if finding.rule.level > Level::Allow && finding.rule.group != Group::Availability {
                self.findings.push(to_judge(name, &finding, &script, (old, new)));
            }
        }
    }

    /// Some of them, the same each time.
    fn sample(mut self, size: usize) -> String {
        let mut seed = 15_u64;
        let mut chosen = Vec::new();
        while chosen.len() < size && !self.findings.is_empty() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(seed >> 33).unwrap_or_default() % self.findings.len();
            chosen.push(self.findings.swap_remove(at));
        }
        chosen.sort_unstable();
        chosen.concat()
    }
}

/// A finding with what it takes to judge it: the statement, and the table before and after.
fn to_judge(name: &str, finding: &Finding, script: &Script<'_>, (old, new): (&Schema, &Schema)) -> String {
    let mut text = format!("{} {} | {}\n    {name}\n", finding.rule.name, finding.object, finding.message);
    let statement = finding.statement.map_or("-", |at| script.statements[at].text);
    let _ = writeln!(text, "    {}", statement.replace('\n', "\n    "));
    for note in &finding.notes {
        let _ = writeln!(text, "    note: {note}");
    }
    let parts = parse_path(&finding.object).map(|(parts, _)| parts).unwrap_or_default();
    for (when, schema) in [("before", old), ("after", new)] {
        if let Some(table) = parts.first().and_then(|name| schema.table(name)) {
            let indexes = table.indexes.iter().map(|index| render::create_index(&table.name, index));
            let all = std::iter::once(render::create_table(table)).chain(indexes).collect::<Vec<_>>().join("\n");
            let _ = writeln!(text, "    -- {when}\n    {}", all.replace('\n', "\n    "));
        }
    }
    text
}

#[test]
fn a_sample_of_what_is_found_in_real_histories_can_be_judged() {
    let Ok(file) = std::env::var("LINT_SAMPLE") else { return };
    let both = [planned(), written()].into_iter().flatten().collect::<Vec<_>>();
    let size = SAMPLE / both.len().max(1);
    let text: String = both.into_iter().map(|found| found.sample(size)).collect();
    std::fs::write(file, text).expect("the sample can be written");
}
