//! A runner of GitHub Actions: the steps of a job, one after the other, each in a shell with nothing in its environment
//! but what a runner sets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::expression::{Status, holds, interpolate};
use crate::project::{BINARY, Run};

/// A workflow or an action.
pub(crate) fn parse(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

/// The steps of a job or of a composite action.
pub(crate) fn steps(of: &Value) -> Vec<&Value> {
    of["steps"].as_array().into_iter().flatten().collect()
}

/// A machine with a checkout.
pub(crate) struct Runner {
    /// Where the repository is checked out.
    checkout: PathBuf,
    /// What the machine keeps beside it.
    machine: tempfile::TempDir,
    contexts: Value,
    event: Value,
    /// Programs that are found first.
    programs: Vec<PathBuf>,
}

/// What a workflow and a job say for all their steps.
struct Outer<'a> {
    environment: &'a [(String, String)],
    shell: Option<&'a str>,
}

/// What became of a job.
#[derive(Debug, Default)]
pub(crate) struct Job {
    /// The steps that ran, by name.
    pub(crate) steps: Vec<(String, Run)>,
    pub(crate) failed: bool,
    /// What was written to the summary of the job.
    pub(crate) summary: String,
    /// The outputs that steps have set, by name.
    pub(crate) outputs: BTreeMap<String, String>,
}

impl Job {
    /// What a step said and how it ended.
    #[track_caller]
    pub(crate) fn step(&self, name: &str) -> &Run {
        let found = self.steps.iter().find(|(step, _)| step == name);
        &found.unwrap_or_else(|| panic!("`{name}` did not run: {self:#?}")).1
    }

    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        assert!(!self.failed, "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn fails(self) -> Self {
        assert!(self.failed, "{self:#?}");
        self
    }
}

impl Runner {
    /// For an event in a checkout of `owner/app`.
    pub(crate) fn new(checkout: &Path, event_name: &str, reference: &str, event: Value) -> Self {
        let machine = tempfile::tempdir().expect("a temporary directory");
        for folder in ["temp", "tools", "home"] {
            fs_err::create_dir(machine.path().join(folder)).expect("writable");
        }
        let temp = machine.path().join("temp");
        let contexts = json!({
            "github": {
                "event_name": event_name, "ref": reference, "repository": "owner/app", "event": event, "token": "ghs_token",
                "ref_name": reference.rsplit('/').next(), "actor": "somebody",
            },
            "runner": { "temp": temp }, "secrets": {}, "vars": {}, "inputs": event.get("inputs").unwrap_or(&json!({})),
            "steps": {}, "env": {}, "matrix": {},
        });
        Self { checkout: checkout.to_owned(), machine, contexts, event, programs: Vec::new() }
    }

    /// For a pull request to `main` of the same repository, or of a fork.
    pub(crate) fn pull_request(checkout: &Path, is_fork: bool) -> Self {
        let head = if is_fork { "stranger/app" } else { "owner/app" };
        let event = json!({ "pull_request": { "number": 7, "head": { "repo": { "full_name": head } }, "base": { "ref": "main" } } });
        Self::new(checkout, "pull_request", "refs/pull/7/merge", event)
    }

    /// For a push to `main`.
    pub(crate) fn push(checkout: &Path) -> Self {
        Self::new(checkout, "push", "refs/heads/main", json!({}))
    }

    /// For a run that somebody has started by hand.
    pub(crate) fn by_hand(checkout: &Path, inputs: &Value) -> Self {
        Self::new(checkout, "workflow_dispatch", "refs/heads/main", json!({ "inputs": inputs }))
    }

    /// Sets what the matrix of a job has for this one.
    pub(crate) fn matrix(mut self, values: &Value) -> Self {
        self.contexts["matrix"] = values.clone();
        self
    }

    /// Sets what the jobs before have come to.
    pub(crate) fn needs(mut self, jobs: &Value) -> Self {
        self.contexts["needs"] = jobs.clone();
        self
    }

    /// Sets secrets.
    pub(crate) fn secrets(mut self, secrets: &[(&str, &str)]) -> Self {
        for (name, value) in secrets {
            self.contexts["secrets"][*name] = json!(value);
        }
        self
    }

    /// Sets a variable of the repository.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.contexts["vars"][name] = json!(value);
        self
    }

    /// Has a folder of programs that are found before any others.
    pub(crate) fn programs(mut self, folder: &Path) -> Self {
        self.programs.push(folder.to_owned());
        self
    }

    /// Has the program under test installed, as after another run on this machine.
    pub(crate) fn installed(self) -> Self {
        let folder = self.tools().join(format!("cargo-dbmigrate/{}/bin", env!("CARGO_PKG_VERSION")));
        fs_err::create_dir_all(&folder).expect("writable");
        std::os::unix::fs::symlink(BINARY, folder.join("cargo-dbmigrate")).expect("writable");
        self
    }

    /// Where programs are installed.
    pub(crate) fn tools(&self) -> PathBuf {
        self.machine.path().join("tools")
    }

    /// Runs a job of a workflow in the checkout. `None` if its condition does not hold.
    pub(crate) fn job(&self, workflow: &str, job: &str) -> Option<Job> {
        let text = fs_err::read_to_string(self.checkout.join(workflow)).expect("the workflow is there");
        let workflow = parse(&text);
        let job = &workflow["jobs"][job];
        assert!(job.is_object(), "no such job");
        if !holds(job["if"].as_str(), &self.contexts, Status::default()) {
            return None;
        }
        let mut done = Job::default();
        let mut contexts = self.contexts.clone();
        let mut path: Vec<PathBuf> = self.programs.clone();
        let outer = [env_of(&workflow), env_of(job)].concat();
        let shell = workflow["defaults"]["run"]["shell"].as_str();
        for step in steps(job) {
            let status = Status { failed: done.failed, cancelled: false };
            let runs = holds(step["if"].as_str(), &contexts, status);
            let before = done.steps.len();
            let failed = done.failed;
            if runs {
                done.failed = false;
                self.step(step, &Outer { environment: &outer, shell }, &contexts, &mut path, &mut done);
            }
            if let Some(id) = step["id"].as_str() {
                let outcome = match (runs, done.failed) {
                    (false, _) => "skipped",
                    (true, false) => "success",
                    (true, true) => "failure",
                };
                contexts["steps"][id] = json!({ "outcome": outcome, "conclusion": outcome });
            }
            done.failed |= failed;
            assert!(done.steps.len() >= before);
        }
        done.summary = fs_err::read_to_string(self.machine.path().join("temp/summary")).unwrap_or_default();
        let outputs = fs_err::read_to_string(self.machine.path().join("temp/output")).unwrap_or_default();
        let outputs = outputs.lines().filter_map(|line| line.split_once('='));
        done.outputs = outputs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Some(done)
    }

    /// Runs the steps of an action with these inputs.
    pub(crate) fn action(&self, text: &str, inputs: &[(&str, &str)]) -> Job {
        let mut done = Job::default();
        self.composite(
            &parse(text),
            &json!(inputs.iter().copied().collect::<BTreeMap<_, _>>()),
            &mut self.programs.clone(),
            &mut done,
        );
        done
    }

    /// The folders that steps have added to the path so far.
    pub(crate) fn added_to_path(&self) -> String {
        fs_err::read_to_string(self.machine.path().join("temp/path")).unwrap_or_default()
    }

    fn step(&self, step: &Value, outer: &Outer<'_>, contexts: &Value, path: &mut Vec<PathBuf>, done: &mut Job) {
        if let Some(uses) = step["uses"].as_str() {
            if uses.starts_with("actions/checkout@") {
                // the checkout is there
                return;
            }
            let folder = uses.strip_prefix("./").unwrap_or_else(|| panic!("`{uses}` is unknown here"));
            let action =
                fs_err::read_to_string(self.checkout.join(folder).join("action.yml")).expect("the action is there");
            self.composite(&parse(&action), &step["with"], path, done);
            return;
        }
        let environment = [outer.environment.to_vec(), env_of(step)].concat();
        let environment: Vec<(String, String)> =
            environment.into_iter().map(|(name, value)| (name, interpolate(&value, contexts))).collect();
        let script = step["run"].as_str().expect("a step uses or runs something");
        assert!(!script.contains("${{"), "what is evaluated before the shell sees it can be anything:\n{script}");
        let run = self.shell(script, step["shell"].as_str().or(outer.shell), &environment, path);
        done.failed |= run.code != 0;
        done.steps.push((step["name"].as_str().unwrap_or("").to_owned(), run));
    }

    fn composite(&self, action: &Value, with: &Value, path: &mut Vec<PathBuf>, done: &mut Job) {
        let mut inputs = serde_json::Map::new();
        for (name, input) in action["inputs"].as_object().into_iter().flatten() {
            inputs.insert(name.clone(), with.get(name).unwrap_or(&input["default"]).clone());
        }
        let mut contexts = self.contexts.clone();
        contexts["inputs"] = Value::Object(inputs);
        for step in steps(&action["runs"]) {
            assert!(step["shell"].is_string(), "a step of an action says its shell");
            if !done.failed {
                self.step(step, &Outer { environment: &[], shell: None }, &contexts, path, done);
            }
        }
    }

    /// Runs a script as a runner does: without `shell:`, bash with `-e`; with `shell: bash`, it also fails within pipes.
    fn shell(
        &self,
        script: &str,
        shell: Option<&str>,
        environment: &[(String, String)],
        path: &mut Vec<PathBuf>,
    ) -> Run {
        let temp = self.machine.path().join("temp");
        let file = temp.join("step.sh");
        fs_err::write(&file, script).expect("writable");
        fs_err::write(temp.join("event.json"), self.event.to_string()).expect("writable");
        let mut command = Command::new("env");
        // the programs of the machine, and what a step before has added
        let found = path.iter().map(|folder| folder.display().to_string());
        let all: Vec<String> = found.chain([std::env::var("PATH").expect("there is a path")]).collect();
        command.arg("-i").arg(format!("PATH={}", all.join(":")));
        // where cargo and rustup are looked for
        for name in ["CARGO_HOME", "RUSTUP_HOME"] {
            let home = if name == "CARGO_HOME" { ".cargo" } else { ".rustup" };
            let value = std::env::var(name).ok().or_else(|| Some(format!("{}/{home}", std::env::var("HOME").ok()?)));
            command.args(value.map(|value| format!("{name}={value}")));
        }
        let github = &self.contexts["github"];
        for (name, value) in [
            ("CI", json!("true")),
            ("GITHUB_ACTIONS", json!("true")),
            ("HOME", json!(self.machine.path().join("home"))),
            ("GITHUB_WORKSPACE", json!(self.checkout)),
            ("GITHUB_REPOSITORY", github["repository"].clone()),
            ("GITHUB_EVENT_NAME", github["event_name"].clone()),
            ("GITHUB_EVENT_PATH", json!(temp.join("event.json"))),
            ("GITHUB_REF", github["ref"].clone()),
            ("GITHUB_REF_NAME", github["ref_name"].clone()),
            ("GITHUB_BASE_REF", json!(github["event"]["pull_request"]["base"]["ref"].as_str().unwrap_or(""))),
            ("GITHUB_SHA", json!("0000000000000000000000000000000000000000")),
            ("GITHUB_OUTPUT", json!(temp.join("output"))),
            ("GITHUB_ENV", json!(temp.join("env"))),
            ("GITHUB_PATH", json!(temp.join("path"))),
            ("GITHUB_STEP_SUMMARY", json!(temp.join("summary"))),
            ("RUNNER_TEMP", json!(temp)),
            ("RUNNER_TOOL_CACHE", json!(self.tools())),
            ("RUNNER_OS", json!("Linux")),
            ("RUNNER_ARCH", json!("X64")),
        ] {
            command.arg(format!("{name}={}", value.as_str().unwrap_or_default()));
        }
        command.args(environment.iter().map(|(name, value)| format!("{name}={value}")));
        match shell {
            None => command.args(["bash", "-e"]),
            Some("bash") => command.args(["bash", "--noprofile", "--norc", "-eo", "pipefail"]),
            Some(other) => panic!("the shell `{other}` is unknown here"),
        };
        let output = command.arg(&file).current_dir(&self.checkout).output().expect("a shell");
        let added = fs_err::read_to_string(temp.join("path")).unwrap_or_default();
        for folder in added.lines().map(PathBuf::from) {
            if !path.contains(&folder) {
                path.insert(0, folder);
            }
        }
        Run::from(output)
    }
}

fn env_of(step: &Value) -> Vec<(String, String)> {
    let variables = step["env"].as_object().into_iter().flatten();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    variables.map(|(name, value)| (name.clone(), text(value))).collect()
}
