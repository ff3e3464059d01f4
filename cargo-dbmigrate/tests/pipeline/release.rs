//! The release workflow of this repository: a draft for the right tag only, and checksums of all archives or of none.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::json;

use crate::runner::Runner;

const WORKFLOW: &str = ".github/workflows/release.yml";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// `gh release`, with the files of one release in a folder.
const GH: &str = r#"#!/usr/bin/env bash
set -euo pipefail
release=RELEASE
[ -n "${GH_TOKEN:-}" ] || { echo "gh: no token" >&2; exit 4; }
echo "$*" >> "$release/calls"
[ "$1" = release ] || exit 9
command=$2
shift 3
case "$command" in
  view) [ -e "$release/draft" ] ;;
  create) touch "$release/draft" ;;
  download) cp "$release"/*.tar.gz . ;;
  upload) for file; do case "$file" in --*) ;; *) cp "$file" "$release/" ;; esac; done ;;
  edit) echo "$*" > "$release/edited" ;;
  *) exit 9 ;;
esac
"#;

/// What the workflow needs of a checkout, and a release without files.
fn checkout() -> (tempfile::TempDir, tempfile::TempDir) {
    let checkout = tempfile::tempdir().expect("a temporary directory");
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for file in [WORKFLOW, ".ci/version", "Cargo.toml", "CHANGELOG.md"] {
        let to = checkout.path().join(file);
        fs_err::create_dir_all(to.parent().expect("it has one")).expect("writable");
        fs_err::copy(repository.join(file), to).expect("readable");
    }
    let release = tempfile::tempdir().expect("a temporary directory");
    let gh = release.path().join("gh");
    fs_err::write(&gh, GH.replace("RELEASE", &release.path().display().to_string())).expect("writable");
    fs_err::set_permissions(&gh, std::fs::Permissions::from_mode(0o755)).expect("writable");
    (checkout, release)
}

fn runner(checkout: &Path, release: &Path, tag: &str) -> Runner {
    Runner::new(checkout, "push", &format!("refs/tags/{tag}"), json!({})).programs(release)
}

#[test]
fn a_draft_is_made_for_the_version_that_is_tagged_and_only_once() {
    let (checkout, release) = checkout();
    let wrong = runner(checkout.path(), release.path(), "v99.0.0");
    let job = wrong.job(WORKFLOW, "draft").expect("it runs").fails();
    assert!(
        job.step("Create a draft").out.contains(&format!("is not the version in Cargo.toml, v{VERSION}")),
        "{job:?}"
    );
    assert!(!release.path().join("draft").exists());
    let right = runner(checkout.path(), release.path(), &format!("v{VERSION}"));
    right.job(WORKFLOW, "draft").expect("it runs").succeeds();
    right.job(WORKFLOW, "draft").expect("it runs").succeeds();
    let calls = fs_err::read_to_string(release.path().join("calls")).expect("readable");
    assert_eq!(calls.matches("release create").count(), 1, "{calls}");
}

#[test]
fn a_release_is_published_with_the_checksums_of_all_its_archives_or_not_at_all() {
    let (checkout, release) = checkout();
    let text = fs_err::read_to_string(checkout.path().join(WORKFLOW)).expect("readable");
    let targets: Vec<&str> = text.split("target: ").skip(1).filter_map(|rest| rest.split(',').next()).collect();
    let tag = format!("v{VERSION}");
    let publish = || {
        let _ = fs_err::remove_dir_all(checkout.path().join("dist"));
        runner(checkout.path(), release.path(), &tag).job(WORKFLOW, "publish").expect("it runs")
    };
    assert_eq!(targets.len(), 7, "{targets:?}");
    for (number, target) in targets.iter().enumerate() {
        if number > 0 {
            let job = publish().fails();
            assert!(job.step("Write the checksums").out.contains("archives, and not one for each of the 7"), "{job:?}");
            assert!(!release.path().join("edited").exists() && !release.path().join("SHA256SUMS").exists());
        }
        let archive = release.path().join(format!("cargo-dbmigrate-{tag}-{target}.tar.gz"));
        fs_err::write(archive, target.as_bytes()).expect("writable");
    }
    publish().succeeds();
    let sums = fs_err::read_to_string(release.path().join("SHA256SUMS")).expect("readable");
    assert_eq!(sums.lines().count(), 7);
    let musl = format!("  cargo-dbmigrate-{tag}-x86_64-unknown-linux-musl.tar.gz");
    assert!(sums.lines().any(|line| line.ends_with(&musl) && line.len() == 64 + musl.len()), "{sums}");
    assert_eq!(fs_err::read_to_string(release.path().join("edited")).expect("readable"), "--draft=false\n");
}

#[test]
fn the_archives_are_those_that_the_setup_action_asks_for() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let workflow = fs_err::read_to_string(repository.join(WORKFLOW)).expect("readable");
    let action = fs_err::read_to_string(repository.join("setup/action.yml")).expect("readable");
    let asked: Vec<&str> = action.split("target=").skip(1).filter_map(|rest| rest.split(' ').next()).collect();
    let asked: Vec<&str> = asked.into_iter().filter(|target| !target.is_empty()).collect();
    assert_eq!(asked.len(), 5, "{asked:?}");
    for target in asked {
        assert!(workflow.contains(&format!("target: {target},")), "no archive for {target}");
    }
}
