//! A case: a database, rows in it, and a migration that a rule looks at.
//!
//! ```sql
//! -- fires: what is special about it
//! -- # before
//! CREATE TABLE …;
//! -- # rows
//! INSERT …;
//! -- # migration
//! ALTER TABLE …;
//! ```
//!
//! `spares:` instead of `fires:` where the rule must say nothing. `-- # server` says that the target is one, `-- # counts` how
//! many rows its tables have (`users 1000000`), and `-- # application` which queries there are (`src/a.rs:1: SELECT …`);
//! `-- # earlier` is a migration before it that is not released either, `-- # config` what is in `dbmigrate.toml`.

use std::collections::BTreeMap;
use std::path::Path;

use dbmigrate_core::config::Config;
use dbmigrate_core::engine::connection::{display, integer};
use dbmigrate_core::engine::trial::{Questions, Release};
use dbmigrate_core::engine::{Connection, introspect};
use dbmigrate_core::folder::Script;
use dbmigrate_core::lint::{Finding, Level, Levels, Migration, Prepared, Probe, ProbeKind, Query, Rule, Target, lint};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::{Name, split};
use pollster::block_on;

/// What a case expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    Fires,
    Spares,
}

/// A case.
pub(crate) struct Case {
    pub(crate) title: String,
    pub(crate) expected: Expected,
    pub(crate) before: String,
    pub(crate) rows: String,
    pub(crate) migration: String,
    pub(crate) is_server: bool,
    pub(crate) config: String,
    /// How many rows tables are said to have, `table rows` on each line.
    pub(crate) counts: String,
    /// What queries the application has, `place: statement` on each line.
    pub(crate) application: String,
    /// A migration before this one that is not released either.
    pub(crate) earlier: String,
}

/// What came of it.
pub(crate) struct Run {
    pub(crate) findings: Vec<(Finding, Option<Counted>)>,
    /// The line of each statement.
    pub(crate) lines: Vec<usize>,
}

/// What the rows say.
pub(crate) struct Counted {
    pub(crate) rows: i64,
    pub(crate) keys: Vec<String>,
}

/// Reads the cases of a file.
pub(crate) fn read(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut part = "";
    for line in text.lines() {
        let title = |word: &str| line.strip_prefix("-- ").and_then(|line| line.strip_prefix(word));
        let begun = title("fires: ").map(|title| (Expected::Fires, title));
        let begun = begun.or_else(|| title("spares: ").map(|title| (Expected::Spares, title)));
        if let Some((expected, title)) = begun {
            let none = String::new;
            cases.push(Case {
                title: title.to_owned(),
                expected,
                before: none(),
                rows: none(),
                migration: none(),
                is_server: false,
                config: none(),
                counts: none(),
                application: none(),
                earlier: none(),
            });
            part = "";
            continue;
        }
        let Some(case) = cases.last_mut() else {
            assert!(line.trim().is_empty() || line.starts_with("--"), "a case begins with its title: {line}");
            continue;
        };
        if let Some(name) = line.strip_prefix("-- # ") {
            case.is_server |= name == "server";
            part = name;
            continue;
        }
        let text = match part {
            "before" => &mut case.before,
            "rows" => &mut case.rows,
            "migration" => &mut case.migration,
            "config" => &mut case.config,
            "counts" => &mut case.counts,
            "application" => &mut case.application,
            "earlier" => &mut case.earlier,
            "" if line.trim().is_empty() => continue,
            other => panic!("unknown part `{other}` in `{}`: {line}", case.title),
        };
        text.push_str(line);
        text.push('\n');
    }
    cases
}

/// A database in memory in which these statements were run, as `migrate` runs them: without foreign keys.
pub(crate) fn made(scripts: &[&str]) -> Result<Connection, String> {
    let connection = block_on(Connection::in_memory()).map_err(|error| error.to_string())?;
    block_on(connection.run("PRAGMA foreign_keys = OFF")).map_err(|error| error.to_string())?;
    for script in scripts {
        for statement in split(script) {
            block_on(connection.run(statement.text)).map_err(|error| format!("{error}: {}", statement.text))?;
        }
    }
    Ok(connection)
}

pub(crate) fn schema(connection: &Connection) -> Result<Schema, String> {
    let found = block_on(introspect::introspect(connection)).map_err(|error| error.to_string())?;
    Ok(found.schema)
}

/// The levels at which a rule is looked at.
fn only(rule: &Rule) -> Levels {
    let mut levels = Levels::default();
    assert!(levels.set(rule.name, Level::Warn), "{} is no rule", rule.name);
    levels
}

impl Case {
    /// What a rule says of it, and how many directives allow nothing.
    pub(crate) fn report(&self, rule: &Rule) -> Result<(Vec<Finding>, usize), String> {
        let (findings, _, unused) = self.linted(rule, &only(rule))?;
        Ok((findings, unused))
    }

    /// What a rule says of it, with the lines of its statements.
    pub(crate) fn findings(&self, rule: &Rule) -> Result<(Vec<Finding>, Vec<usize>), String> {
        let (findings, lines, _) = self.linted(rule, &only(rule))?;
        Ok((findings, lines))
    }

    /// What a rule says of it with these levels.
    pub(crate) fn found(&self, rule: &Rule, levels: &Levels) -> Result<(Vec<Finding>, Vec<usize>), String> {
        let (findings, lines, _) = self.linted(rule, levels)?;
        Ok((findings, lines))
    }

    fn linted(&self, rule: &Rule, levels: &Levels) -> Result<(Vec<Finding>, Vec<usize>, usize), String> {
        let old = schema(&made(&[&self.before, &self.earlier])?)?;
        let new = schema(&made(&[&self.before, &self.earlier, &self.migration])?)?;
        let script = Script::parse(&self.migration, Path::new("migration.sql")).map_err(|error| error.to_string())?;
        let prepared = Prepared::of(&old, &new, &script);
        let mut target =
            Target { is_server: self.is_server, rows: self.counted(), queries: self.queries(), ..Target::default() };
        if !target.queries.is_empty() {
            let queries = target.queries.clone();
            let release = Release { name: "v1".to_owned(), queries: queries.clone(), ..Release::default() };
            // other rules suspect, where nothing is known
            let release = Some(release).filter(|_| rule.name == "breaks_release");
            let questions = Questions { release, planned: queries, ..Questions::default() };
            target.facts = block_on(questions.ask(&old, &new)).map_err(|error| error.to_string())?;
        }
        if !self.earlier.is_empty() {
            let released = schema(&made(&[&self.before])?)?;
            let earlier = Script::parse(&self.earlier, Path::new("earlier.sql")).map_err(|error| error.to_string())?;
            target.unreleased.follow(&Prepared::of(&released, &old, &earlier).diff);
        }
        let config = Config::parse(&self.config).map_err(|problem| problem.message)?;
        let migration = Migration::new(&old, &new, &prepared, &script, &target).under(&config.rules);
        let report = lint(&migration, levels, Vec::new());
        let unused = report.unused.len();
        let own = report.findings.into_iter().map(|(_, finding)| finding).filter(|found| found.rule.name == rule.name);
        Ok((own.collect(), script.statements.iter().map(|statement| statement.line).collect(), unused))
    }

    /// Whether it says how many rows there are.
    pub(crate) fn has_counts(&self) -> bool {
        !self.counts.is_empty()
    }

    fn counted(&self) -> BTreeMap<Name, u64> {
        let line = |line: &str| {
            let (table, rows) = line.split_once(' ').expect("a table and its rows");
            (table.into(), rows.parse().expect("a number of rows"))
        };
        self.counts.lines().filter(|text| !text.is_empty()).map(line).collect()
    }

    fn queries(&self) -> Vec<Query> {
        let line = |line: &str| {
            let (place, sql) = line.split_once(": ").expect("a place and a statement");
            Query { place: place.to_owned(), sql: sql.to_owned() }
        };
        self.application.lines().filter(|text| !text.is_empty()).map(line).collect()
    }

    /// Whether a rule asks the rows in it.
    pub(crate) fn asks(&self, rule: &Rule) -> bool {
        self.findings(rule).is_ok_and(|(found, _)| found.iter().any(|finding| finding.probe.is_some()))
    }

    /// Runs it. The error says what is not as expected.
    pub(crate) fn run(&self, rule: &Rule) -> Result<Run, String> {
        let (findings, lines) = self.findings(rule)?;
        match self.expected {
            Expected::Fires if findings.is_empty() => return Err("it does not fire".to_owned()),
            Expected::Spares if !findings.is_empty() => {
                let said: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
                return Err(format!("it fires: {}", said.join("; ")));
            }
            _ => {}
        }
        let mut counted = Vec::new();
        for finding in findings {
            let count = match &finding.probe {
                Some(probe) if !self.rows.trim().is_empty() => Some(self.count(probe)?),
                _ => None,
            };
            counted.push((finding, count));
        }
        let fails = counted.iter().filter_map(|(finding, count)| Some((finding.probe.as_ref()?, count.as_ref()?)));
        let fails = fails.filter(|(probe, _)| probe.kind == ProbeKind::Fails).map(|(_, count)| count.rows > 0);
        if let Some(foreseen) = fails.reduce(|one, other| one || other) {
            let failed = self.fails()?;
            if failed.is_some() != foreseen {
                return Err(format!("the rows were said to let it fail: {foreseen}; it did: {failed:?}"));
            }
        }
        Ok(Run { findings: counted, lines })
    }

    /// Asks the rows.
    fn count(&self, probe: &Probe) -> Result<Counted, String> {
        let connection = made(&[&self.before, &self.rows])?;
        let ask = |query: &str| block_on(connection.rows(query)).map_err(|error| format!("{error}: {query}"));
        let rows = ask(&probe.count)?.first().map_or(0, |row| integer(&row[0]));
        let keys = if probe.keys.is_empty() { Vec::new() } else { ask(&probe.keys)? };
        let shown = |row: &Vec<_>| row.iter().map(display).collect::<Vec<_>>().join(", ");
        assert!(keys.len() <= 5, "{}: more than five", probe.keys);
        Ok(Counted { rows, keys: keys.iter().map(shown).collect() })
    }

    /// Why the migration fails on the rows, if it does: by a preflight, by the engine's words, or by foreign keys that lead
    /// nowhere.
    fn fails(&self) -> Result<Option<String>, String> {
        let connection = made(&[&self.before, &self.rows])?;
        let script = Script::parse(&self.migration, Path::new("migration.sql")).map_err(|error| error.to_string())?;
        for preflight in &script.preflights {
            let rows = block_on(connection.rows(&preflight.query)).map_err(|error| error.to_string())?;
            if !rows.is_empty() {
                return Ok(preflight.message.clone().or_else(|| Some(preflight.query.clone())));
            }
        }
        let violations = || block_on(connection.rows("PRAGMA foreign_key_check")).map(|rows| rows.len());
        let before = violations().map_err(|error| error.to_string())?;
        for statement in split(&self.migration) {
            if let Err(error) = block_on(connection.run(statement.text)) {
                return Ok(Some(error.to_string()));
            }
        }
        match violations() {
            Ok(after) if after <= before => {
                let wrong = block_on(connection.rows("PRAGMA integrity_check")).map_err(|error| error.to_string())?;
                let said = wrong.first().map(|row| display(&row[0])).filter(|said| said != "ok");
                Ok(said)
            }
            Ok(after) => Ok(Some(format!("{after} foreign keys lead nowhere"))),
            Err(error) => Ok(Some(error.to_string())),
        }
    }
}

impl Run {
    /// Whether rows were found that the rule warns of.
    pub(crate) fn has_rows_that_count(&self) -> bool {
        self.findings.iter().any(|(finding, counted)| {
            let enough = finding.probe.as_ref().map_or(1, |probe| probe.at_least);
            counted.as_ref().is_some_and(|counted| counted.rows.unsigned_abs() >= enough)
        })
    }
}
