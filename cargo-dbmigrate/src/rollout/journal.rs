//! How far a roll-out had come, for the next run: a small file in `.dbmigrate`. Each member is asked where it stands all
//! the same; the file only says which waves went well, so that a run that goes on does not begin with the canary again.
//! Nothing is lost without it.

use std::fs;
use std::io::Write as _;
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
        let Some(folder) = self.file.parent() else { return };
        let _ = fs::create_dir_all(folder).and_then(|()| ignore(folder)).and_then(|()| {
            let new = self.file.with_extension("json.new");
            let mut file = fs::File::create(&new)?;
            file.write_all(&serde_json::to_vec(&self.written).unwrap_or_default())?;
            // once for each wave: a wave whose members are on the disk is not begun again after a power cut either
            file.sync_all()?;
            fs::rename(new, &self.file)?;
            fs::File::open(folder)?.sync_all()
        });
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
