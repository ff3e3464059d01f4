//! A project in a repository of git, with branches, on a machine where nothing about git is configured.

use std::process::Command;

use crate::project::{Project, Run};

/// A project with its repository.
pub(crate) struct Repository {
    pub(crate) project: Project,
}

/// The path of a migration's SQL.
pub(crate) fn sql_of_column(name: &str) -> String {
    format!("migrations/{name}/migration.sql")
}

impl Repository {
    /// A package with these structs, nothing of it in a commit; the branch is `main`.
    pub(crate) fn new(structs: &str) -> Self {
        let project = Project::new(structs);
        let repository = Self { project };
        for (name, value) in identity() {
            repository.project.set(name, value);
        }
        repository.git(&["init", "-q", "-b", "main"]);
        repository.project.write(".gitignore", "*.db*\n/target\n");
        repository
    }

    /// Runs git, whatever comes of it.
    pub(crate) fn succeeds_or_fails(&self, words: &[&str]) -> Run {
        let mut git = Command::new("git");
        git.current_dir(self.project.root()).args(words).envs(identity());
        // where `cargo dbmigrate` is the binary under test, also for what git starts
        let binaries = std::path::Path::new(crate::project::BINARY).parent().expect("it is in a directory");
        let mut path = binaries.as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        git.env("PATH", path);
        Run::from(git.output().expect("git is there"))
    }

    /// Runs git, which must succeed.
    #[track_caller]
    pub(crate) fn git(&self, words: &[&str]) -> Run {
        let run = self.succeeds_or_fails(words);
        assert_eq!(run.code, 0, "{words:?}: {}{}", run.out, run.err);
        run
    }

    /// Runs git, which must not.
    #[track_caller]
    pub(crate) fn fails(&self, words: &[&str]) -> Run {
        let run = self.succeeds_or_fails(words);
        assert_ne!(run.code, 0, "{words:?}: {}{}", run.out, run.err);
        run
    }

    /// Commits everything.
    #[track_caller]
    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "--all", "."]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    /// Changes the structs, generates a migration, and commits both.
    #[track_caller]
    pub(crate) fn add(&self, structs: &str, message: &str) {
        self.project.structs(structs);
        self.project.runs("generate");
        self.commit(message);
    }
}

/// Git as on a machine where it was never configured, and who commits.
fn identity() -> [(&'static str, &'static str); 10] {
    [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "a"),
        ("GIT_AUTHOR_EMAIL", "a@example.com"),
        ("GIT_COMMITTER_NAME", "a"),
        ("GIT_COMMITTER_EMAIL", "a@example.com"),
        ("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z"),
        ("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z"),
        ("GIT_EDITOR", "true"),
        ("GIT_TERMINAL_PROMPT", "0"),
    ]
}
