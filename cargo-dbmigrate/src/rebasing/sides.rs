//! Which migrations are this branch's, and which they are put behind: as git tells in the middle of a merge, a rebase or a
//! cherry-pick, as was typed, or as the files alone have it.

use std::path::{Path, PathBuf};

use dbmigrate_core::folder::heads::shared;
use dbmigrate_core::folder::rewrite::lock_text;
use dbmigrate_core::folder::{Folder, FolderError, Heads, Lock, Migration, MigrationName, Verify, lock};

use super::expanded::{self, straddling};
use super::side::{Ours, Side};
use super::sources::Sources;
use super::unlisted;
use crate::error::{CommandError, Result};
use crate::git;
use crate::git::operation::{Operation, operation};
use crate::project::Context;
use crate::{decisions, exit};

/// The lock within the folder, as git takes it.
const LOCK: &str = "./migrations.lock";

/// Both sides of a rebase.
#[derive(Debug, Clone)]
pub(crate) struct Sides {
    /// What stays, and comes first.
    pub(crate) onto: Side,
    /// What is put behind it, one after the other.
    pub(crate) ours: Vec<Ours>,
    /// The squashes in whose place the migrations are that they replace.
    pub(crate) expanded: Vec<MigrationName>,
    /// Where their files are.
    pub(crate) sources: Sources,
    /// What git is in the middle of.
    pub(crate) operation: Operation,
    /// The lock as it was read.
    pub(crate) seen: Option<String>,
    /// Whether the folder is as it should be already, as far as nothing is moved.
    pub(crate) is_whole: bool,
}

impl Sides {
    /// The sides that were typed, or that git and the files tell.
    ///
    /// # Errors
    /// Exit code 2 if they do not tell, or there is nothing of that name; 5 for a lock that tells nothing.
    pub(crate) fn find(context: &Context, onto: Option<&str>) -> Result<Self> {
        let mut finding = Finding::new(context)?;
        let (onto, ours) = match onto {
            Some(typed) => finding.typed(typed)?,
            None => finding.untold()?,
        };
        let mut expanded = Vec::new();
        let ours = ours.into_iter().map(|one| whole(one, &onto, &finding.sources, &mut expanded));
        let ours: Vec<Ours> = ours.filter(|ours| !ours.moved().is_empty()).collect();
        let onto = ours.iter().fold(onto, with_squashes);
        let Finding { sources, operation, seen, is_whole, .. } = finding;
        Ok(Self { onto, ours, expanded, sources, operation, seen, is_whole })
    }

    /// All migrations that move.
    pub(crate) fn moved(&self) -> impl Iterator<Item = &Migration> {
        self.ours.iter().flat_map(Ours::moved)
    }
}

/// What is known of the folder.
struct Finding<'c> {
    context: &'c Context,
    folder: PathBuf,
    seen: Option<String>,
    heads: Heads,
    /// The lock, if it is whole.
    lock: Option<Vec<Migration>>,
    unlisted: Vec<MigrationName>,
    is_whole: bool,
    operation: Operation,
    sources: Sources,
}

type Found = (Side, Vec<Ours>);

impl<'c> Finding<'c> {
    fn new(context: &'c Context) -> Result<Self> {
        let folder = context.folder_path.clone();
        if !folder.is_dir() {
            let message = format!("no migrations folder at `{}`", folder.display());
            return Err(CommandError::new(exit::INCONSISTENT, message));
        }
        let seen = lock_text(&folder)?;
        let text = seen.as_deref().unwrap_or_default();
        let lock = seen
            .as_deref()
            .map_or_else(|| Some(Vec::new()), |text| Lock::parse(text).ok().map(|lock| lock.migrations().to_vec()));
        if let (Some(text), None) = (&seen, &lock)
            && let Err(error) = Lock::parse(text)
            && let lock::LockProblem::Newer(format) = error.problem
        {
            let path = folder.join(lock::FILE_NAME);
            return Err(FolderError::Newer { path, format, newest: lock::FORMAT }.into());
        }
        let operation = operation(&folder, LOCK);
        if let Operation::Revert(commit) = &operation {
            let message = "`git revert` is going on: it takes migrations out of a history that others may have";
            return Err(CommandError::new(exit::INCONSISTENT, message)
                .note(format!("it reverts {}", &commit[..commit.len().min(9)]))
                .help("undo it: `git revert --abort`")
                .help("then take back what the migration did by another one: `cargo dbmigrate revert NAME`"));
        }
        let verified = Folder::open(&folder).and_then(|folder| folder.verify(Verify::All));
        let unlisted = unlisted::names(&folder, lock.as_deref().unwrap_or_default());
        Ok(Self {
            context,
            sources: Sources::of(&folder),
            heads: Heads::read(text),
            is_whole: verified.is_ok(),
            folder,
            seen,
            lock,
            unlisted,
            operation,
        })
    }

    /// The history of a commit; empty if it has none.
    fn at(&mut self, commit: &str) -> Result<Side> {
        let label = git::name_of(&self.folder, commit);
        let text = git::file_at(&self.folder, commit, LOCK);
        self.sources.commit(commit);
        Self::read(label, text)
    }

    fn read(label: String, text: Option<Vec<u8>>) -> Result<Side> {
        let Some(text) = text else { return Ok(Side::new(label, Vec::new())) };
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut heads = Heads::read(&text);
        match (Lock::parse(&text), heads.histories.len()) {
            (Ok(lock), _) => Ok(Side::new(label, lock.migrations().to_vec())),
            (Err(_), 1) if heads.loose.is_empty() => Ok(Side::new(label, heads.histories.remove(0))),
            (Err(_), 2..) if heads.loose.is_empty() => {
                let message = format!("`{}` of `{label}` has {} heads itself", lock::FILE_NAME, heads.histories.len());
                Err(CommandError::new(exit::INCONSISTENT, message)
                    .help("put them behind each other there first: `cargo dbmigrate rebase`"))
            }
            (Err(error), _) => {
                let message = format!("`{}` of `{label}` cannot be read: {}", lock::FILE_NAME, error.problem);
                Err(CommandError::new(exit::INCONSISTENT, message))
            }
        }
    }

    /// What is this branch's, and what git puts beside it.
    fn of_operation(&mut self) -> Result<Option<Found>> {
        let (ours, onto) = match self.operation.clone() {
            Operation::None | Operation::Revert(_) => return Ok(None),
            Operation::Merge(commits) => {
                let sides = commits.iter().map(|commit| self.at(commit)).collect::<Result<Vec<_>>>()?;
                let head = self.at("HEAD")?;
                // of several that are merged at once, the first that has migrations of its own stays
                let has_own = |side: &&Side| !is_part(side, &head);
                let onto = sides.iter().find(has_own).or(sides.first()).cloned();
                let onto = onto.unwrap_or_else(|| head.clone());
                (in_order(sides, head, &onto), onto)
            }
            Operation::Replay { commit, before, .. } => {
                let onto = self.at("HEAD")?;
                let side = self.at(&commit)?;
                let before = before.map(|before| self.at(&before)).transpose()?.map(|side| side.migrations);
                let (base, _) = shared(&side.migrations, &before.unwrap_or_default());
                let behind = Ours::behind(side, &onto);
                (vec![Ours { base: base.max(behind.base), ..behind }], onto)
            }
            Operation::SquashMerge => {
                let head = self.at("HEAD")?;
                let Some(onto) = self.merged_in(&head)? else { return Ok(None) };
                (vec![Ours::behind(head, &onto)], onto)
            }
            Operation::Stash => {
                let onto = self.at("HEAD")?;
                let Some(side) = self.merged_in(&onto)? else { return Ok(None) };
                (vec![Ours::behind(side, &onto)], onto)
            }
        };
        Ok(Some((onto, ours)))
    }

    /// What is merged into a history, where git has its files and no commit of it.
    fn merged_in(&mut self, head: &Side) -> Result<Option<Side>> {
        if let Some(text) = git::file_in_index(&self.folder, 3, LOCK) {
            return Self::read("what is merged".to_owned(), Some(text)).map(Some);
        }
        let is_other = |history: &&Vec<Migration>| shared(history, &head.migrations).0 < history.len();
        if self.lock.is_none() {
            let other = self.heads.histories.iter().find(is_other).cloned();
            return Ok(other.map(|history| Side::new("what is merged", history)));
        }
        Ok(self.of_unlisted()?.into_iter().next())
    }

    /// The histories of the directories that the lock does not list.
    fn of_unlisted(&mut self) -> Result<Vec<Side>> {
        let Some(lock) = self.lock.clone().filter(|_| !self.unlisted.is_empty()) else { return Ok(Vec::new()) };
        let found = unlisted::histories(&self.folder, &lock, &self.unlisted, &mut self.sources)?;
        Ok(found.into_iter().map(|(label, history)| Side::new(label, history)).collect())
    }

    /// The sides where one was typed.
    fn typed(&mut self, typed: &str) -> Result<Found> {
        let onto = self.side_of(typed)?;
        let of_git = self.of_operation()?;
        let mut all: Vec<Ours> = match of_git {
            Some((other, ours)) => {
                // of two branches, the one that was not typed
                let others = std::iter::once(Ours { base: 0, side: other }).chain(ours);
                others
                    .filter(|ours| !is_part(&ours.side, &onto))
                    .map(|ours| ours.side.clone())
                    .map(|side| Ours::behind(side, &onto))
                    .collect()
            }
            None => Vec::new(),
        };
        if let Operation::Replay { .. } = self.operation
            && let Some((head, ours)) = self.of_operation()?
            && is_part(&onto, &head)
        {
            all = ours;
        }
        if all.is_empty() && self.operation == Operation::None {
            let histories = match &self.lock {
                Some(lock) => vec![lock.clone()],
                None => self.heads.histories.clone(),
            };
            let branch = git::current_branch(&self.folder).unwrap_or_else(|| "this branch".to_owned());
            let mut sides: Vec<Side> =
                histories.into_iter().map(|history| Side::new(branch.clone(), history)).collect();
            sides.extend(self.of_unlisted()?);
            all =
                sides.into_iter().filter(|side| !is_part(side, &onto)).map(|side| Ours::behind(side, &onto)).collect();
        }
        Ok((onto, all))
    }

    /// What was typed: a lock, a head, or a commit.
    fn side_of(&mut self, typed: &str) -> Result<Side> {
        let path = Path::new(typed);
        if path.is_file() {
            let text = std::fs::read(path).map_err(|error| CommandError::io("read", path, &error))?;
            if let Some(folder) = path.parent() {
                self.sources.beside(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
            }
            return Self::read(typed.to_owned(), Some(text));
        }
        let is_typed = |history: &&Vec<Migration>| history.last().is_some_and(|last| last.name.as_str() == typed);
        let mut named = self.heads.histories.iter().filter(is_typed);
        if let (Some(history), None) = (named.next(), named.next()) {
            return Ok(Side::new(typed, history.clone()));
        }
        if self.unlisted.iter().any(|name| name.as_str() == typed)
            && let Some(side) = self.of_unlisted()?.into_iter().find(|side| side.is_headed(typed))
        {
            return Ok(side);
        }
        let Some(commit) = git::commit(&self.folder, typed) else {
            let message = format!("`--onto {typed}` is no commit, no head and no file");
            return Err(CommandError::usage(message)
                .help("a branch, as git knows it: `cargo dbmigrate rebase --onto NAME`")
                .help("or the lock of another checkout: `cargo dbmigrate rebase --onto PATH`"));
        };
        if git::file_at(&self.folder, &commit, LOCK).is_none() {
            let file = self.folder.join(lock::FILE_NAME);
            let message = format!("`{typed}` has no `{}`", file.display());
            return Err(CommandError::usage(message));
        }
        let side = self.at(&commit)?;
        Ok(Side { label: typed.to_owned(), ..side })
    }

    /// The sides where none was typed.
    fn untold(&mut self) -> Result<Found> {
        if let Some((onto, ours)) = self.of_operation()? {
            if self.is_whole && self.is_done(&onto, &ours) {
                let lock = self.lock.clone().unwrap_or_default();
                return Ok((Side::new(onto.label, lock), Vec::new()));
            }
            return Ok((onto, ours));
        }
        let merged = git::parents(&self.folder, "HEAD");
        let others = self.of_unlisted()?;
        if !others.is_empty() {
            let lock = Side::new("the lock", self.lock.clone().unwrap_or_default());
            // a merge that was finished says which of them came in with it
            for commit in merged.iter().skip(1) {
                let came = self.at(commit)?;
                if let Some(onto) = others.iter().find(|other| is_part(other, &came)).cloned() {
                    return Ok((onto.clone(), in_order(others, lock, &onto)));
                }
            }
            let ours = others.into_iter().map(|other| Ours::behind(other, &lock)).collect();
            return Ok((lock, ours));
        }
        if let Some(lock) = &self.lock {
            return Ok((Side::new("the lock", lock.clone()), Vec::new()));
        }
        self.of_jumble(&merged)
    }

    /// Whether all of this branch's migrations are behind the others already.
    fn is_done(&self, onto: &Side, ours: &[Ours]) -> bool {
        let Some(lock) = self.lock.as_ref().filter(|lock| shared(lock, &onto.migrations).1 == onto.migrations.len())
        else {
            return false;
        };
        let behind = &lock[onto.migrations.len()..];
        let is_there = |moved: &Migration| behind.iter().any(|one| one.name.slug() == moved.name.slug());
        ours.iter().flat_map(Ours::moved).all(is_there)
    }

    /// The sides of a lock that is none, where git is in the middle of nothing.
    fn of_jumble(&mut self, merged: &[String]) -> Result<Found> {
        let histories = self.heads.histories.clone();
        let others = |at: usize, label: &str| {
            let onto = Side::new(label, histories[at].clone());
            let others = histories.iter().enumerate().filter(|(other, _)| *other != at);
            let head = |history: &Vec<Migration>| history.last().map_or_else(String::new, |last| last.name.to_string());
            let ours = others.map(|(_, history)| Ours::behind(Side::new(head(history), history.clone()), &onto));
            let ours: Vec<Ours> = ours.collect();
            (onto, ours)
        };
        match &histories[..] {
            _ if !self.heads.loose.is_empty() => Err(self.unreadable()),
            [] => Err(self.unreadable()),
            [only] => Ok((Side::new("the lock", only.clone()), Vec::new())),
            _ => {
                let base = git::default_branch(&self.folder).map(|branch| format!("origin/{branch}"));
                let base = base.or_else(|| git::usual_branch(&self.folder).map(str::to_owned));
                let candidates = merged.iter().skip(1).cloned().chain(base);
                for name in candidates.collect::<Vec<_>>() {
                    let Ok(side) = self.at(&name) else { continue };
                    if let Some(at) = histories.iter().position(|history| is_same(history, &side.migrations)) {
                        return Ok(others(at, &side.label));
                    }
                }
                let at = self.chosen(&histories)?;
                let label = histories[at].last().map_or_else(String::new, |last| last.name.to_string());
                Ok(others(at, &label))
            }
        }
    }

    /// The head that somebody chooses.
    fn chosen(&self, histories: &[Vec<Migration>]) -> Result<usize> {
        let heads: Vec<String> =
            histories.iter().filter_map(|history| Some(history.last()?.name.to_string())).collect();
        if self.context.printer.can_ask() {
            return decisions::ask::chosen(self.context, "which of these heads stays where it is?", &heads);
        }
        let error = CommandError::usage("cannot tell which of the heads is this branch's: git does not say");
        Err(heads.iter().fold(error, |error, head| {
            error.help(format!("to put the others behind `{head}`: `cargo dbmigrate rebase --onto {head}`"))
        }))
    }

    /// What is wrong with a lock that does not tell the heads either.
    fn unreadable(&self) -> CommandError {
        match Folder::open(&self.folder) {
            Err(error) => error.into(),
            Ok(_) => CommandError::new(exit::INCONSISTENT, "the lock cannot be read"),
        }
    }
}

/// A side with what its squash replaces in the place of that, if some of it is what the others have; which squash that
/// was comes into `expanded`.
pub(super) fn whole(one: Ours, onto: &Side, sources: &Sources, expanded: &mut Vec<MigrationName>) -> Ours {
    let Some(squash) = straddling(&one, onto) else { return one };
    let Some(side) = expanded::expanded(&one, squash, sources) else { return one };
    expanded.push(squash.name.clone());
    Ours::behind(side, onto)
}

/// What is put behind `onto`: the others that were merged with it, and last what they were merged into.
fn in_order(sides: Vec<Side>, head: Side, onto: &Side) -> Vec<Ours> {
    let others = sides.into_iter().filter(|side| side != onto);
    others.chain(std::iter::once(head)).map(|side| Ours::behind(side, onto)).collect()
}

/// Whether a history is the beginning of another, or all of it.
fn is_part(part: &Side, whole: &Side) -> bool {
    shared(&part.migrations, &whole.migrations).0 == part.migrations.len()
}

/// Whether two histories are one, in whatever format their locks are.
fn is_same(one: &[Migration], other: &[Migration]) -> bool {
    shared(one, other) == (one.len(), other.len())
}

/// The history with migrations that this branch has squashed in the place of those that they replace.
fn with_squashes(onto: Side, ours: &Ours) -> Side {
    let (mine, there) = shared(&ours.side.migrations, &onto.migrations);
    if mine >= there {
        return onto;
    }
    let squashed = ours.side.migrations[..mine].iter().chain(&onto.migrations[there..]);
    Side { migrations: Lock::of(squashed.cloned().collect()).migrations().to_vec(), ..onto }
}
