//! The action that installs the program: from a release, from a release that was tampered with, and where there is none.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::json;

use crate::project::BINARY;
use crate::runner::{Job, Runner};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A program that can be packed: it has completions and man pages.
const PROGRAM: &str = "[ \"$1\" != man ] || echo page > \"$2/cargo-dbmigrate.1\"; echo program";

/// Files that can be downloaded, and what was asked for.
struct Files {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Files {
    /// Those of a folder.
    fn of(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (folder, log) = (folder.to_owned(), Arc::clone(&asked));
        // it ends with the process of the tests
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
                    request.push(byte[0]);
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
                let answer = match fs_err::read(folder.join(&path)) {
                    Ok(bytes) => [
                        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len())
                            .into_bytes(),
                        bytes,
                    ]
                    .concat(),
                    Err(_) => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
                };
                log.lock().expect("no panic").push(path);
                let _ = stream.write_all(&answer);
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

fn name() -> String {
    format!("cargo-dbmigrate-v{VERSION}-{}-unknown-linux-musl", std::env::consts::ARCH)
}

/// A release with an archive of `.ci/package`, in which the program is the one at `program`.
fn release(program: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let dist = folder.path().join(format!("v{VERSION}"));
    fs_err::create_dir(&dist).expect("writable");
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci/package");
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let output = Command::new(package).arg(target).arg(program).env("DIST", &dist).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

/// Writes the checksums as the release workflow does.
fn sum(release: &Path) {
    let mut command = Command::new("sh");
    command.args(["-c", "sha256sum -- *.tar.gz > SHA256SUMS"]).current_dir(release.join(format!("v{VERSION}")));
    assert!(command.status().expect("a shell").success());
}

/// A program by that name.
fn script(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs_err::write(&path, format!("#!/bin/sh\n{text}\n")).expect("writable");
    fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("writable");
}

fn action() -> String {
    fs_err::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../setup/action.yml")).expect("it is there")
}

fn install(runner: &Runner, files: &Files) -> Job {
    runner.action(&action(), &[("releases", &files.url)])
}

/// A runner with a `cargo` that only says how it was called, and leaves a program behind as cargo does.
fn runner(place: &Path) -> Runner {
    let programs = place.join("programs");
    fs_err::create_dir_all(&programs).expect("writable");
    script(
        &programs,
        "cargo",
        "echo \"cargo $*\"; while [ \"$1\" != --root ]; do shift; done; mkdir -p \"$2/bin\"; \
         printf '#!/bin/sh\\necho compiled\\n' > \"$2/bin/cargo-dbmigrate\"; chmod +x \"$2/bin/cargo-dbmigrate\"",
    );
    Runner::new(place, "push", "refs/heads/main", json!({})).programs(&programs)
}

#[test]
fn a_release_is_downloaded_checked_and_found_by_later_steps() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let release = release(Path::new(BINARY));
    sum(release.path());
    let files = Files::of(release.path());
    let runner = runner(place.path());
    let job = install(&runner, &files).succeeds();
    assert_eq!(job.step("Install cargo-dbmigrate").out, format!("cargo-dbmigrate {VERSION}\n"));
    let folder = runner.tools().join(format!("cargo-dbmigrate/{VERSION}/bin"));
    assert_eq!(runner.added_to_path(), format!("{}\n", folder.display()));
    let asked = files.asked();
    assert_eq!(asked, [format!("v{VERSION}/{}.tar.gz", name()), format!("v{VERSION}/SHA256SUMS")]);
    // a second run on the same machine asks for nothing, and nothing else is left there
    install(&runner, &files).succeeds();
    assert_eq!(files.asked(), asked);
    let left = fs_err::read_dir(folder.parent().expect("it has one")).expect("readable").count();
    assert_eq!(left, 1, "what was downloaded is gone");
}

#[test]
fn a_wrong_checksum_installs_nothing_and_compiles_nothing() {
    let place = tempfile::tempdir().expect("a temporary directory");
    script(place.path(), "program", PROGRAM);
    let release = release(&place.path().join("program"));
    sum(release.path());
    // another program than the one that was summed
    let archive = release.path().join(format!("v{VERSION}/{}.tar.gz", name()));
    let mut bytes = fs_err::read(&archive).expect("readable");
    bytes.push(0);
    fs_err::write(&archive, bytes).expect("writable");
    let files = Files::of(release.path());
    for sums in [None, Some(""), Some("0000  cargo-dbmigrate.tar.gz\n")] {
        if let Some(sums) = sums {
            fs_err::write(release.path().join(format!("v{VERSION}/SHA256SUMS")), sums).expect("writable");
        }
        let runner = runner(place.path());
        let job = install(&runner, &files).fails();
        let run = job.step("Install cargo-dbmigrate");
        assert!(
            run.out.contains("::error title=cargo-dbmigrate::the SHA-256 of ")
                && run.out.contains("nothing was installed"),
            "{run:?}"
        );
        assert!(!run.out.contains("cargo install"), "{run:?}");
        assert_eq!(runner.added_to_path(), "");
        assert!(!runner.tools().join(format!("cargo-dbmigrate/{VERSION}/bin/cargo-dbmigrate")).exists());
    }
}

#[test]
fn where_there_is_no_release_it_is_compiled_with_the_lock() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let files = Files::of(place.path());
    let runner = runner(place.path());
    let job = install(&runner, &files).succeeds();
    let run = job.step("Install cargo-dbmigrate");
    let root = runner.tools().join(format!("cargo-dbmigrate/{VERSION}"));
    let wanted =
        format!("cargo install --locked --root {} --version {VERSION} cargo-dbmigrate\ncompiled\n", root.display());
    assert_eq!(run.out, wanted);
    assert!(run.err.contains("compiling it"), "{}", run.err);
}

#[test]
fn a_release_without_checksums_is_not_installed() {
    let place = tempfile::tempdir().expect("a temporary directory");
    script(place.path(), "program", PROGRAM);
    let release = release(&place.path().join("program"));
    let files = Files::of(release.path());
    let job = install(&runner(place.path()), &files).succeeds();
    assert!(job.step("Install cargo-dbmigrate").out.ends_with("compiled\n"), "{job:?}");
}

#[test]
fn an_archive_has_the_program_its_licenses_completions_and_man_pages() {
    let release = release(Path::new(BINARY));
    let archive = release.path().join(format!("v{VERSION}/{}.tar.gz", name()));
    let output = Command::new("tar").arg("-tzf").arg(&archive).output().expect("tar");
    let listing = String::from_utf8_lossy(&output.stdout).replace(&name(), "NAME");
    let mut lines: Vec<&str> = listing.lines().filter(|line| !line.ends_with('/')).collect();
    lines.sort_unstable();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn what_binstall_downloads_is_what_a_release_has() {
    let manifest = fs_err::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).expect("readable");
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let filled = manifest
        .replace("{ repo }", env!("CARGO_PKG_REPOSITORY"))
        .replace("{ version }", VERSION)
        .replace("{ name }", env!("CARGO_PKG_NAME"))
        .replace("{ target }", &target);
    let url = format!("pkg-url = \"{}/releases/download/v{VERSION}/{}.tar.gz\"", env!("CARGO_PKG_REPOSITORY"), name());
    assert!(filled.contains(&url), "{filled}");
    assert!(filled.contains(&format!("bin-dir = \"{}/{{ bin }}{{ binary-ext }}\"", name())), "{filled}");
}
