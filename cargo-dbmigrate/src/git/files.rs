//! The files of a commit, read without a checkout.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::{output, within};

/// The paths of the files below a folder in a commit, from that folder.
pub(crate) fn list_at(folder: &Path, commit: &str) -> Vec<PathBuf> {
    let listed = output(within(folder).args(["ls-tree", "-r", "-z", "--name-only", commit, "--", "."]));
    let listed = listed.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&listed).split_terminator('\0').map(PathBuf::from).collect()
}

/// The texts of files of a commit by their paths, which are from a folder. What is not there, or no text, is left out.
pub(crate) fn texts_at(folder: &Path, commit: &str, paths: &[PathBuf]) -> BTreeMap<PathBuf, String> {
    let names = paths.iter().filter(|path| !path.to_string_lossy().contains('\n'));
    let names: Vec<&PathBuf> = names.collect();
    let mut asked = String::new();
    for path in &names {
        // writing to a string cannot fail
        let _ = writeln!(asked, "{commit}:./{}", path.display());
    }
    let Some(answer) = batch(folder, asked) else { return BTreeMap::new() };
    let mut texts = BTreeMap::new();
    let mut rest = answer.as_slice();
    for name in names {
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { break };
        // `HASH blob SIZE`, or `NAME missing`
        let head = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        let Some(size) = head.strip_suffix(" missing").is_none().then(|| head.rsplit(' ').next()).flatten() else {
            continue;
        };
        let Ok(size) = size.parse::<usize>() else { break };
        let Some(bytes) = rest.get(..size) else { break };
        if let Ok(text) = std::str::from_utf8(bytes) {
            texts.insert(name.clone(), text.to_owned());
        }
        rest = rest.get(size + 1..).unwrap_or_default();
    }
    texts
}

/// What one process of git says of many files.
fn batch(folder: &Path, asked: String) -> Option<Vec<u8>> {
    let mut command = within(folder);
    command.args(["cat-file", "--batch"]).env("GIT_OPTIONAL_LOCKS", "0");
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let mut stdin = process.stdin.take()?;
    // it answers while it is still asked
    let asking = std::thread::spawn(move || stdin.write_all(asked.as_bytes()));
    let mut answer = Vec::new();
    let read = process.stdout.take()?.read_to_end(&mut answer);
    let is_asked = asking.join().ok()?.is_ok();
    let is_done = process.wait().ok()?.success();
    (read.is_ok() && is_asked && is_done).then_some(answer)
}
