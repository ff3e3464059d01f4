//! All rules over the migrations of real histories: how often each fires, for `docs/lints.md`, and a sample to be judged by
//! people (`LINT_SAMPLE=FILE`).

use std::collections::BTreeMap;
use std::path::Path;

use dbmigrate_core::folder::Script;
use dbmigrate_core::lint::{Level, Levels, Migration, Prepared, RULES, Target, lint};
use dbmigrate_core::schema::Schema;

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

/// Looks at all of them, where they are there.
pub(crate) fn found() -> Option<Found> {
    let histories = real_histories()?;
    let mut found = Found::default();
    let mut levels = Levels::default();
    assert!(RULES.iter().all(|rule| levels.set(rule.name, Level::Warn)));
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
            found.add(&format!("{history}/{}", state.name), &change, &plan.to_sql("m"), &levels);
        }
    }
    Some(found)
}

impl Found {
    fn add(&mut self, name: &str, change: &Change, sql: &str, levels: &Levels) {
        let mut script = Script::parse(sql, Path::new("migration.sql")).expect("it was just written");
        let prepared = Prepared::of(&change.current, &change.desired, &script);
        // what had to be accepted so that there is a plan
        script.allows.clear();
        let target = Target::default();
        let migration = Migration::new(&change.current, &change.desired, &prepared, &script, &target);
        self.migrations += 1;
        for (_, finding) in lint(&migration, levels, Vec::new()).findings {
            *self.counts.entry(finding.rule.name.to_string()).or_default() += 1;
            let statement = finding.statement.map_or("-", |at| script.statements[at].text);
            let said = format!("{} {} | {}\n    {}", finding.rule.name, finding.object, finding.message, name);
            if finding.rule.level > Level::Allow && !finding.only_with_rows {
                self.findings.push(format!("{said}\n    {}\n", statement.replace('\n', "\n    ")));
            }
        }
    }

    /// Some of them, the same each time.
    fn sample(mut self) -> String {
        let mut seed = 15_u64;
        let mut chosen = Vec::new();
        while chosen.len() < SAMPLE && !self.findings.is_empty() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(seed >> 33).unwrap_or_default() % self.findings.len();
            chosen.push(self.findings.swap_remove(at));
        }
        chosen.sort_unstable();
        chosen.concat()
    }
}

#[test]
fn a_sample_of_what_is_found_in_real_histories_can_be_judged() {
    let Ok(file) = std::env::var("LINT_SAMPLE") else { return };
    let Some(found) = found() else { return };
    assert!(found.migrations > 100, "only {} migrations", found.migrations);
    std::fs::write(file, found.sample()).expect("the sample can be written");
}
