//! A repository of git with a project in it, and checkouts of it as a runner makes them.

use std::path::Path;
use std::process::Command;

use crate::project::Project;

/// Runs git, which must succeed, and returns what it says.
#[track_caller]
pub(crate) fn git(folder: &Path, words: &[&str]) -> String {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").args(identity).args(words).current_dir(folder).output().expect("git");
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A repository with the branch `main`.
pub(crate) struct Repository {
    pub(crate) project: Project,
}

impl Repository {
    /// Without a commit yet.
    pub(crate) fn new(structs: &str) -> Self {
        let project = Project::new(structs);
        project.write(".gitignore", "*.db*\n/target\n");
        let repository = Self { project };
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        repository
    }

    #[track_caller]
    pub(crate) fn git(&self, words: &[&str]) -> String {
        git(&self.project.root(), words)
    }

    /// Commits everything.
    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    /// Begins a branch.
    pub(crate) fn branch(&self, name: &str) {
        self.git(&["checkout", "--quiet", "-b", name]);
    }

    /// What `actions/checkout` leaves for a pull request from a branch to `main`: the commit that would merge it, with as
    /// many commits before it as `depth` says, and no branches. For `main` itself it is that.
    pub(crate) fn merged(&self, branch: &str, depth: usize) -> tempfile::TempDir {
        let reference = if branch == "main" {
            "refs/heads/main"
        } else {
            let now = self.git(&["rev-parse", "--abbrev-ref", "HEAD"]);
            self.git(&["checkout", "--quiet", "--detach", "main"]);
            self.git(&["merge", "--quiet", "--no-ff", "--message", "merge", branch]);
            self.git(&["update-ref", "refs/pull/7/merge", "HEAD"]);
            self.git(&["checkout", "--quiet", &now]);
            "refs/pull/7/merge"
        };
        let checkout = tempfile::tempdir().expect("a temporary directory");
        let url = format!("file://{}", self.project.root().display());
        git(checkout.path(), &["init", "--quiet"]);
        git(checkout.path(), &["remote", "add", "origin", &url]);
        let fetched = format!("+{reference}:refs/remotes/pull/7/merge");
        git(checkout.path(), &["fetch", "--quiet", "--no-tags", &format!("--depth={depth}"), "origin", &fetched]);
        git(checkout.path(), &["checkout", "--quiet", "--detach", "refs/remotes/pull/7/merge"]);
        checkout
    }
}
