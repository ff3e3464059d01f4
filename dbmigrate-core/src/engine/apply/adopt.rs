//! Adopting a database that has the schema of a migration, but no history: what it has is recorded, not executed.

use thiserror::Error;

use super::drift::Drifted;
use super::history::{self, RecordKind};
use super::runner::name_differences;
use super::{ApplyError, Target};
use crate::engine::error::{EngineError, ErrorKind};
use crate::folder::{Folder, Migration};
use crate::schema::Schema;
use crate::schema::canonical::SchemaHash;

/// What is to be recorded, and what has to be true for it.
#[derive(Debug, Clone)]
pub struct Adoption<'a> {
    /// The migrations, from the first one on.
    pub migrations: &'a [Migration],
    /// What is recorded as the reason.
    pub kind: RecordKind,
    /// The hash of the schema that the database has to have.
    pub schema_hash: String,
    /// A query that has to return no row.
    pub expect_none: Option<String>,
}

/// Why nothing was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is a history.
    HasHistory,
    /// The history is not the one that was expected.
    OtherHistory,
    /// The schema is another one.
    OtherSchema,
    /// The query that has to return no row returned one.
    Changed,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adopted {
    /// So many migrations are recorded.
    Recorded(usize),
    /// They were recorded before, and the database is what they lead to.
    Unchanged(usize),
}

/// Why a database was not adopted. Nothing was changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AdoptError {
    /// Folder, history or database cannot be read, or contradict each other.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// There is nothing in it.
    #[error("the database is empty")]
    Empty,
    /// It has a history, which ends elsewhere.
    #[error("the database has a migration history")]
    HasHistory {
        /// How many of the folder's migrations are applied.
        applied: usize,
        /// The last of them.
        last: String,
    },
    /// Its schema is not that of the migration.
    #[error("the database does not have the schema of `{migration}`")]
    Different {
        /// The migration.
        migration: String,
        /// What would have to change to match it.
        differences: Vec<String>,
        /// The migrations whose schema it has.
        equal: Vec<String>,
        /// A migration whose schema it has, and the one that replaces it, if it is one of the folder no more.
        replaced: Option<(String, String)>,
    },
    /// Somebody else has changed it while it was looked at.
    #[error("the database changed in the meantime")]
    ChangedMeanwhile,
}

/// Records the folder's migrations up to `last` as applied, if the database has no history and the schema of `last`.
///
/// # Errors
/// Everything that speaks against it.
pub async fn adopt(
    target: &mut impl Target,
    folder: &Folder,
    last: &Migration,
    kind: RecordKind,
    expect_none: Option<String>,
) -> Result<Adopted, AdoptError> {
    let wanted = last.index + 1;
    // what can be refused is refused before anything is locked
    if let Some(adopted) = is_adopted(target, folder, last).await? {
        return Ok(adopted);
    }
    let migrations = &folder.migrations()[..wanted];
    let adoption = Adoption { migrations, kind, schema_hash: last.schema.to_hex(), expect_none };
    let action = "cannot record the migrations";
    let adopted = match target.adopt(&adoption).await {
        // the answer to the commit has not arrived: the history tells
        Err(error) if error.kind == ErrorKind::Lost => match is_adopted(target, folder, last).await {
            Ok(Some(Adopted::Unchanged(count))) => return Ok(Adopted::Recorded(count)),
            _ => Err(error),
        },
        adopted => adopted,
    };
    match adopted.map_err(|error| ApplyError::Engine { action, error })? {
        None => Ok(Adopted::Recorded(wanted)),
        Some(Refusal::Changed) => Err(AdoptError::ChangedMeanwhile),
        // another run was faster, or something was changed since: look again
        Some(Refusal::HasHistory | Refusal::OtherHistory | Refusal::OtherSchema) => {
            is_adopted(target, folder, last).await?.ok_or(AdoptError::ChangedMeanwhile)
        }
    }
}

/// What there is to adopt: `None` if the database can be adopted at `last`, else that it was.
///
/// # Errors
/// Everything that speaks against it.
pub async fn is_adopted(
    target: &mut impl Target,
    folder: &Folder,
    last: &Migration,
) -> Result<Option<Adopted>, AdoptError> {
    let wanted = last.index + 1;
    let engine = |action| move |error: EngineError| ApplyError::Engine { action, error };
    let history = target.history().await.map_err(engine("cannot read the history"))?;
    let applied = history::compare(&history, folder.migrations()).map_err(ApplyError::from)?;
    if let Some(record) = history.last()
        && applied != wanted
    {
        return Err(AdoptError::HasHistory { applied, last: record.name.clone() });
    }
    let cannot_read = "cannot read the schema";
    if target.has_schema(&last.schema.to_hex()).await.map_err(engine(cannot_read))? {
        let (schema, _) = target.schema().await.map_err(engine(cannot_read))?;
        return match applied {
            0 if schema.is_empty() => Err(AdoptError::Empty),
            0 => Ok(None),
            _ => Ok(Some(Adopted::Unchanged(applied))),
        };
    }
    let (found, unreadable) = target.schema().await.map_err(engine(cannot_read))?;
    let differences = |wanted| name_differences(&found, &unreadable, wanted);
    let wanted = folder.schema_at(last).map_err(ApplyError::from)?;
    if applied > 0 {
        let migration = last.name.to_string();
        return Err(Drifted { migration, wanted, found, unreadable }.into_error().into());
    }
    if found.is_empty() && unreadable.is_empty() {
        return Err(AdoptError::Empty);
    }
    let Equal { migrations: equal, replaced } = match unreadable.is_empty() {
        true => equal(folder, &found),
        false => Equal::default(),
    };
    let migration = last.name.to_string();
    Err(AdoptError::Different { migration, differences: differences(&wanted), equal, replaced })
}

/// The migrations whose schema a database has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Equal {
    /// Those of the folder.
    pub migrations: Vec<String>,
    /// If there are none: the last one that another of the folder replaces, and that other one.
    pub replaced: Option<(String, String)>,
}

/// The migrations that produce a schema.
pub fn equal(folder: &Folder, schema: &Schema) -> Equal {
    let hash = SchemaHash::of(schema).to_hex();
    let is_equal = |migration: &Migration| migration.schema.to_hex() == hash;
    let of_folder = folder.migrations().iter().filter(|migration| is_equal(migration));
    let migrations: Vec<String> = of_folder.map(|migration| migration.name.to_string()).collect();
    let mut replaced = folder.migrations().iter().rev().flat_map(|squash| {
        squash.originals().into_iter().rev().filter(|one| is_equal(one)).map(move |one| (one, squash))
    });
    let replaced = replaced.next().filter(|_| migrations.is_empty());
    Equal { replaced: replaced.map(|(one, squash)| (one.name.to_string(), squash.name.to_string())), migrations }
}
