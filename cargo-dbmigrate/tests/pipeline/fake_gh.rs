//! `gh` as steps find it: it records how it is called, and keeps the comments of one pull request in a file.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use dbmigrate_test_support::skipped;
use serde_json::Value;

/// Reads and writes comments as `gh api` does; the filter after `--jq` is run by jq.
const PROGRAM: &str = r#"#!/usr/bin/env bash
set -euo pipefail
state=STATE
[ -n "${GH_TOKEN:-}" ] || { echo "gh: no token" >&2; exit 4; }
printf '%s\n' "$*" >> "$state/calls"
[ "$1" = api ] || exit 9
shift
method=GET body= filter= path=
while [ $# -gt 0 ]; do
  case "$1" in
    --method) method=$2; shift ;;
    --jq) filter=$2; shift ;;
    --paginate) ;;
    -F) case "$2" in body=@*) body=${2#body=@} ;; *) exit 8 ;; esac; shift ;;
    *) path=$1 ;;
  esac
  shift
done
comments=$state/comments.json
case "$method $path" in
  "GET repos/owner/app/issues/7/comments") jq -r "$filter" "$comments" ;;
  "POST repos/owner/app/issues/7/comments")
    jq --rawfile body "$body" '. + [{ id: (length + 101), user: { login: "github-actions[bot]" }, body: $body }]' "$comments" > "$state/next"
    mv "$state/next" "$comments"; echo '{}' ;;
  "PATCH repos/owner/app/issues/comments/"*)
    jq --rawfile body "$body" --argjson id "${path##*/}" 'map(if .id == $id then .body = $body else . end)' "$comments" > "$state/next"
    mv "$state/next" "$comments"; echo '{}' ;;
  *) echo "gh: $method $path: Not Found (HTTP 404)" >&2; exit 1 ;;
esac
"#;

/// The program and what it keeps.
pub(crate) struct FakeGh {
    folder: tempfile::TempDir,
}

impl FakeGh {
    /// With these comments already there. `None` where jq is not there, which is said loudly, also in CI: runners have it, but no test
    /// may need what is not fetched by itself.
    pub(crate) fn new(comments: &Value) -> Option<Self> {
        if std::process::Command::new("jq").arg("--version").output().is_err() {
            skipped("jq is not there, which the comments on pull requests are read with");
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary directory");
        let gh = folder.path().join("gh");
        fs_err::write(&gh, PROGRAM.replace("STATE", &folder.path().display().to_string())).expect("writable");
        fs_err::set_permissions(&gh, std::fs::Permissions::from_mode(0o755)).expect("writable");
        fs_err::write(folder.path().join("comments.json"), comments.to_string()).expect("writable");
        Some(Self { folder })
    }

    /// The folder that it is in.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// How it was called, a line each.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = fs_err::read_to_string(self.folder.path().join("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    /// The comments that there are.
    pub(crate) fn comments(&self) -> Vec<(u64, String)> {
        let text = fs_err::read_to_string(self.folder.path().join("comments.json")).expect("it is there");
        let comments: Value = serde_json::from_str(&text).expect("JSON");
        let one = |comment: &Value| {
            (comment["id"].as_u64().unwrap_or_default(), comment["body"].as_str().unwrap_or_default().to_owned())
        };
        comments.as_array().into_iter().flatten().map(one).collect()
    }
}
