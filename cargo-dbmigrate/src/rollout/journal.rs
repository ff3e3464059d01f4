//! How far a roll-out had come, for the next run: a small file in `.dbmigrate`. Each member is asked where it stands all
//! the same; the file only says which waves went well, so that a run that goes on does not begin with the canary again.
//! Nothing is lost without it.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::wanted::Wanted;

/// The folder, in that of the package.
const FOLDER: &str = ".dbmigrate";

/// The format of the file.
const FORMAT: u32 = 1;

/// What the file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Written {
    format: u32,
    /// The migrations that are rolled out: the last of them, and a hash over all.
    head: Option<String>,
    seal: Option<String>,
    /// The names of all waves.
    waves: Vec<String>,
    /// How many of them went well.
    done: usize,
}

/// The journal of a roll-out.
#[derive(Debug)]
pub(super) struct Journal {
    file: PathBuf,
    written: Written,
}

impl Journal {
    /// Opens it. What is there is of use only if it is about the same migrations in the same waves.
    pub(super) fn open(wanted: &Wanted<'_>, waves: impl Iterator<Item = String>) -> Self {
        let shard =
            wanted.shard.map(|shard| format!("-{}", shard.to_string().replace('/', "-of-"))).unwrap_or_default();
        let file = wanted.context.package.root.join(FOLDER).join(format!("rollout-{}{shard}.json", wanted.fleet));
        let head = wanted.options.to.and_then(|to| wanted.folder.find(to)).or_else(|| wanted.folder.head());
        let seal = head.map(|head| wanted.folder.seal_at(head).to_hex());
        let phase = wanted.options.phase.map(|phase| format!(" ({} the deployment)", phase.word())).unwrap_or_default();
        let head = head.map(|head| format!("{}{phase}", head.name));
        let written = Written { format: FORMAT, head, seal, waves: waves.collect(), done: 0 };
        let found = fs::read(&file).ok().and_then(|text| serde_json::from_slice::<Written>(&text).ok());
        let found = found.filter(|found| Written { done: 0, ..found.clone() } == written);
        Self { file, written: found.unwrap_or(written) }
    }

    /// How many waves went well before.
    pub(super) fn done(&self) -> usize {
        self.written.done.min(self.written.waves.len().saturating_sub(1))
    }

    /// So many went well by now. That it cannot be written does no harm.
    pub(super) fn note(&mut self, done: usize) {
        self.written.done = done;
        // once for each wave: a wave whose members are on the disk is not begun again after a power cut either
        let _ = self.write(std::fs::File::sync_all);
    }

    /// Replaces the file as a whole, with what is in it on the disk before it gets its name, and the name before this
    /// returns.
    fn write(&self, mut sync: impl FnMut(&fs::File) -> io::Result<()>) -> io::Result<()> {
        let Some(folder) = self.file.parent() else { return Ok(()) };
        fs::create_dir_all(folder)?;
        ignore(folder)?;
        let new = self.file.with_extension("json.new");
        let mut file = fs::File::create(&new)?;
        file.write_all(&serde_json::to_vec(&self.written).unwrap_or_default())?;
        sync(&file)?;
        fs::rename(new, &self.file)?;
        sync(&fs::File::open(folder)?)
    }

    /// Nothing is left to go on with.
    pub(super) fn remove(&self) {
        let _ = fs::remove_file(&self.file);
    }
}

/// Keeps what is in the folder out of git.
fn ignore(folder: &Path) -> std::io::Result<()> {
    let file = folder.join(".gitignore");
    if file.exists() { Ok(()) } else { fs::write(file, "*\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a power cut leaves is what was synchronised: at no moment less than what was noted before.
    #[test]
    fn a_wave_is_on_the_disk_before_it_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(FOLDER).join("rollout-tenants.json");
        let written = Written { waves: vec!["1%".to_owned(), "100%".to_owned()], ..Written::default() };
        let mut journal = Journal { file: file.clone(), written };
        let done = |path: &Path| {
            let text = fs::read(path).ok()?;
            serde_json::from_slice::<Written>(&text).ok().map(|written| written.done)
        };
        let mut before = None;
        for number in [1, 2] {
            journal.written.done = number;
            let mut synchronised = Vec::new();
            let sync = |what: &fs::File| {
                let is_folder = what.metadata()?.is_dir();
                synchronised.push((is_folder, done(&file.with_extension("json.new")), done(&file)));
                Ok(())
            };
            journal.write(sync).expect("it can be written");
            // the whole text under its first name, then the folder with the last one
            assert_eq!(synchronised, [(false, Some(number), before), (true, None, Some(number))]);
            before = Some(number);
        }
        // what cannot be made sure of is not put in the place of what is
        journal.written.done = 3;
        journal.write(|_| Err(io::ErrorKind::StorageFull.into())).expect_err("the disk is full");
        assert_eq!(done(&file), Some(2));
        journal.note(2);
        journal.remove();
        assert!(!file.exists());
    }
}
