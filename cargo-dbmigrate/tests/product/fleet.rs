//! The harness for fleets: a project with four migrations, members that have the first of them and rows, and the truth
//! about a roll-out, which is in the databases.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use dbmigrate_test_support::fleet::files::{self, Files};
use dbmigrate_test_support::fleet::look::{self, Content};
use dbmigrate_test_support::fleet::names;
use dbmigrate_test_support::fleet::server::Server;
use serde_json::Value;

use crate::project::{Project, Run, sql_of};

const FIRST: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: String }\n
#[derive(Table)]\n#[table(name = \"notes\")]\nstruct Note { #[column(primary_key)] id: i64, #[column(references = User::id, on_delete = cascade)] user_id: i64, text: Option<String> }\n";
/// Children keep their rows only if the rebuild of their parents does not cascade.
const ROWS: [&str; 2] = [
    "INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace'), (3, 'Edsger')",
    "INSERT INTO notes VALUES (1, 1, 'engine'), (2, 1, NULL), (3, 2, 'compiler'), (4, 3, 'semaphore')",
];
/// What fails in a member with one of the rows below.
const TAKE_AGES: &str = "-- dbmigrate: expect-none \"a name is no JSON\" SELECT id FROM users WHERE name = '{no json'

UPDATE users SET age = iif(name LIKE '{%', json_extract(name, '$.age'), length(name));
INSERT INTO notes SELECT 1000 + id, id, name FROM users;\n";
/// Only the execution tells.
const IN_THE_WAY: &str = "INSERT INTO notes VALUES (1001, 1, 'in the way')";
/// A preflight finds it.
const NO_JSON: &str = "INSERT INTO users (id, name) VALUES (4, '{no json')";

/// How many migrations there are.
pub(crate) const HEAD: usize = 4;

/// A project with a fleet that has the first migration.
pub(crate) struct Fleet {
    pub(crate) project: Project,
    pub(crate) files: Files,
    /// What a member has after so many migrations.
    states: Vec<Content>,
}

/// What a roll-out said.
pub(crate) struct RollOut {
    pub(crate) run: Run,
    /// What was said of each member.
    pub(crate) members: BTreeMap<String, Value>,
    /// Their names in the order in which they were settled.
    pub(crate) order: Vec<String>,
    /// What was said of each wave, the canary first.
    pub(crate) waves: Vec<Value>,
    /// What was said of all of it.
    pub(crate) all: Value,
}

/// What was in the members before, or nothing where that could not be read.
pub(crate) type Before = BTreeMap<String, Option<Content>>;

impl Fleet {
    /// So many files, which the target `tenants` names.
    pub(crate) fn of_files(count: usize, settings: &str) -> Self {
        let fleet = Self::beside(project(), count);
        let target = format!("[targets.tenants]\nfleet = \"tenants/*.db\"\n{settings}\n");
        fleet.project.write("dbmigrate.toml", target);
        fleet
    }

    /// So many databases of a simulated server. The seed decides about its weather.
    pub(crate) fn served(count: usize, seed: u64, settings: &str) -> (Self, Server) {
        let fleet = Self::beside(project(), count);
        let server = Server::start(&fleet.files, seed);
        let target = format!("[targets.tenants]\nfleet = {{ list = \"members.jsonl\" }}\n{settings}\n");
        fleet.project.write("dbmigrate.toml", target);
        fleet.list(&server, fleet.files.names());
        (fleet, server)
    }

    /// Lets the target name these members of a server.
    pub(crate) fn list(&self, server: &Server, names: &[String]) {
        let lines = names.iter().map(|name| serde_json::json!({"name": name, "url": server.url(name)}).to_string());
        self.project.write("members.jsonl", lines.collect::<Vec<_>>().join("\n") + "\n");
    }

    fn beside(project: Project, count: usize) -> Self {
        let states = (0..=HEAD).map(|applied| {
            if applied > 0 {
                project.runs(&format!("migrate --url template.db --to {applied}"));
            }
            if applied == 1 {
                files::run(&project.path("template.db"), &ROWS);
                fs_err::copy(project.path("template.db"), project.path("first.db")).expect("it can be copied");
            }
            look::content(&project.path("template.db")).unwrap_or_default()
        });
        let states = states.collect();
        let files = Files::copy(&project.path("first.db"), &project.path("tenants"), &names(count));
        project.transcript();
        Self { project, files, states }
    }

    /// A database with the first migration and rows.
    pub(crate) fn first(&self) -> std::path::PathBuf {
        self.project.path("first.db")
    }

    /// Lets the third migration fail in a member, which only its execution tells.
    pub(crate) fn spoil(&self, name: &str) {
        self.files.by_hand(name, &[IN_THE_WAY]);
    }

    /// Lets it fail in a member, which a preflight finds.
    pub(crate) fn spoil_visibly(&self, name: &str) {
        self.files.by_hand(name, &[NO_JSON]);
    }

    /// Puts the rows of a member right.
    pub(crate) fn put_right(&self, name: &str) {
        self.files.by_hand(name, &["DELETE FROM notes WHERE id = 1001", "DELETE FROM users WHERE id = 4"]);
    }

    /// How many migrations a member has, if it has exactly what they and the rows of the beginning make.
    pub(crate) fn state(&self, name: &str) -> Option<usize> {
        let content = look::content(&self.files.path(name))?;
        self.states.iter().position(|state| *state == content)
    }

    /// Every one of these members is before or after each migration, and whole.
    #[track_caller]
    pub(crate) fn is_in_order(&self, names: &[String]) {
        for name in names {
            let state = self.state(name);
            assert!(state.is_some(), "{name} is in between: {:?}", look::content(&self.files.path(name)));
        }
    }

    /// All of these members have all migrations.
    #[track_caller]
    pub(crate) fn is_at_head(&self, names: &[String]) {
        let behind: Vec<&String> = names.iter().filter(|name| self.state(name) != Some(HEAD)).collect();
        assert!(behind.is_empty(), "not at head: {behind:?}");
    }

    /// What is in all members.
    pub(crate) fn contents(&self) -> Before {
        self.files.names().iter().map(|name| (name.clone(), look::content(&self.files.path(name)))).collect()
    }

    /// The command of a roll-out, with JSON.
    pub(crate) fn command(&self, more: &str) -> Command {
        let words = ["migrate", "--target", "tenants", "--message-format", "json"];
        self.project.command(&words.into_iter().chain(more.split_whitespace()).collect::<Vec<_>>())
    }

    /// Rolls out, which must end with an exit code, and must have said the truth.
    #[track_caller]
    pub(crate) fn rolls_out(&self, code: i32, more: &str) -> RollOut {
        let before = self.contents();
        let said = RollOut::of(Run::of(&mut self.command(more)));
        assert_eq!(said.run.code, code, "{}\n{}", said.run.out, said.run.err);
        self.is_true(&said, &before);
        said
    }

    /// What was said of each member is what is in its database, and the sums are those of the members.
    #[track_caller]
    pub(crate) fn is_true(&self, said: &RollOut, before: &Before) {
        let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
        let mut applied = 0;
        for (name, member) in &said.members {
            let outcome = member["outcome"].as_str().expect("an outcome");
            *sums.entry(outcome).or_default() += 1;
            applied += number(&member["applied"]);
            let was = &before[name];
            let is = look::content(&self.files.path(name));
            match outcome {
                "migrated" => {
                    assert_eq!(self.state(name), Some(HEAD), "{member}");
                    let gained = history(is.as_ref()) - history(was.as_ref());
                    assert_eq!(number(&member["applied"]), gained as u64, "{member}");
                    assert_eq!(member["before"], history(was.as_ref()), "{member}");
                    assert_eq!(member["pending"], 0, "{member}");
                }
                "unchanged" => assert!(is == *was && self.state(name) == Some(HEAD), "{member}"),
                "failed" => {
                    let gained = history(is.as_ref()) - history(was.as_ref());
                    assert_eq!(number(&member["applied"]), gained as u64, "{member}");
                    assert!(history(is.as_ref()) < HEAD && is.is_some_and(|is| is.broken.is_empty()), "{member}");
                    assert!(member["error"].is_string(), "{member}");
                }
                "drifted" | "unknown_history" | "unreachable" | "not_tried" => assert!(is == *was, "{member}"),
                other => panic!("what is `{other}`?"),
            }
        }
        for outcome in ["migrated", "unchanged", "failed", "drifted", "unknown_history", "unreachable", "not_tried"] {
            assert_eq!(said.all[outcome], *sums.get(outcome).unwrap_or(&0), "{outcome}: {}", said.all);
        }
        assert_eq!(said.all["members"], said.members.len(), "{}", said.all);
        assert_eq!(said.all["applied"], applied, "{}", said.all);
        let grouped = said.all["failures"].as_array().into_iter().flatten().map(|one| number(&one["count"]));
        let failed: u64 =
            ["failed", "drifted", "unknown_history", "unreachable"].iter().filter_map(|one| sums.get(one)).sum();
        assert_eq!(grouped.sum::<u64>(), failed, "{}", said.all);
    }
}

impl RollOut {
    pub(crate) fn of(run: Run) -> Self {
        let lines = run.json();
        let of = |reason: &str| lines.iter().filter(|line| line["reason"] == reason).cloned().collect::<Vec<_>>();
        let name = |member: &Value| member["member"].as_str().expect("a name").to_owned();
        let said = of("member");
        let order = said.iter().map(name).collect();
        let members: BTreeMap<String, Value> = said.iter().map(|member| (name(member), member.clone())).collect();
        assert_eq!(said.len(), members.len(), "one line for each member");
        let all = of("rolled_out").pop().unwrap_or_else(|| panic!("no summary:\n{}\n{}", run.out, run.err));
        Self { waves: of("wave"), members, order, all, run }
    }

    /// The members with an outcome.
    pub(crate) fn with(&self, outcome: &str) -> Vec<String> {
        self.members.iter().filter(|(_, member)| member["outcome"] == outcome).map(|(name, _)| name.clone()).collect()
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("`{value}` is no number"))
}

fn history(content: Option<&Content>) -> usize {
    content.map_or(0, |content| content.history.len())
}

/// A package with four migrations: two tables, a new column, its values, and a rebuild of the parents.
fn project() -> Project {
    let project = Project::generated(FIRST);
    let with_age = FIRST.replace("name: String }", "name: String, age: Option<i64> }");
    project.structs(&with_age);
    project.runs("generate");
    project.runs("generate --custom --name take_ages");
    project.write(&sql_of("0003_take_ages"), TAKE_AGES);
    project.runs("generate --custom");
    project.structs(&with_age.replace("\"users\")", "\"users\", strict)"));
    project.runs("generate");
    assert!(Path::new(&project.path(&sql_of("0003_take_ages"))).exists());
    project
}
