//! The migrations folder of a program that was compiled with it: the lock and the SQL, from which everything else
//! follows.
//!
//! The snapshots stay behind, because they are larger than all the rest together, and a program that migrates a
//! database only needs them to say what is wrong with one. Then they are made again, by executing the SQL in memory.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::error::FolderError;
use super::lock::{self, Lock, Migration};
use super::{Folder, Origin, heads};
use crate::schema::Schema;

/// Makes the schema that a migration of the folder leads to from its SQL; the text says why that is not possible.
pub type SchemaSource = Arc<dyn Fn(&Folder, &Migration) -> Result<Schema, String> + Send + Sync>;

/// What a program has of its migrations folder.
#[derive(Clone)]
pub struct Embedded {
    /// The text of each `migration.sql`, in the order of the lock.
    pub sql: &'static [&'static str],
    /// Where schemas come from.
    pub schemas: SchemaSource,
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("sql", &self.sql.len()).finish_non_exhaustive()
    }
}

impl Embedded {
    pub(super) fn sql(&self, migration: &Migration) -> io::Result<&'static [u8]> {
        self.sql.get(migration.index).map(|text| text.as_bytes()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn schema_at(&self, folder: &Folder, migration: &Migration) -> Result<Schema, FolderError> {
        (self.schemas)(folder, migration)
            .map_err(|reason| FolderError::NotEmbedded { path: folder.snapshot_path(migration), reason: Some(reason) })
    }
}

impl Folder {
    /// The folder that a program was compiled with: `path` is only a name for messages. Everything but writing, and
    /// reading whole snapshots, is as on the disk.
    ///
    /// # Errors
    /// If the lock is not whole.
    pub fn embedded(path: impl Into<PathBuf>, lock: &str, embedded: Embedded) -> Result<Self, FolderError> {
        let path = path.into();
        let lock_text = Some(lock.to_owned());
        let lock = Lock::parse(lock).map_err(|error| heads::explain(path.join(lock::FILE_NAME), lock, error))?;
        Ok(Self { path, lock, lock_text, origin: Origin::Program(embedded), held: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::{Slug, Snapshot, Verify};

    const SQL: [&str; 2] = ["CREATE TABLE t (\r\n  id INTEGER\r\n);\n", "DROP TABLE t;\n"];

    fn nowhere(_: &Folder, migration: &Migration) -> Result<Schema, String> {
        match migration.index {
            0 => Ok(Schema::default()),
            _ => Err("no such module: geo".to_owned()),
        }
    }

    /// The same folder on the disk and as a program has it.
    fn both(sql: &'static [&'static str]) -> (tempfile::TempDir, Folder, Folder) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut folder = Folder::open(directory.path().join("migrations")).expect("there is none yet");
        for (name, sql) in ["create", "drop"].iter().zip(SQL) {
            let slug = Slug::sanitize(name).expect("it has letters");
            folder.add(&slug, sql, &Snapshot::default()).expect("the folder is writable");
        }
        let lock = std::fs::read_to_string(folder.lock_path()).expect("it was written");
        let embedded = Embedded { sql, schemas: Arc::new(nowhere) };
        let program = Folder::embedded(folder.path(), &lock, embedded).expect("the lock is whole");
        (directory, folder, program)
    }

    #[test]
    fn a_program_has_the_same_migrations_and_sql_as_the_folder() {
        let (_directory, folder, program) = both(&SQL);
        assert_eq!(program.migrations(), folder.migrations());
        assert!(program.exists() && program.verify(Verify::Sql).is_ok());
        for migration in folder.migrations() {
            assert_eq!(program.sql(migration).ok(), folder.sql(migration).ok());
            assert_eq!(program.sql_path(migration), folder.sql_path(migration));
        }
        assert_eq!(program.sql(&program.migrations()[0]).ok().as_deref(), Some("CREATE TABLE t (\n  id INTEGER\n);\n"));
    }

    #[test]
    fn sql_that_is_not_that_of_the_lock_is_refused() {
        let (_directory, _, program) = both(&[SQL[0], "DROP TABLE users;\n"]);
        let error = program.sql(&program.migrations()[1]).expect_err("it is another text");
        assert!(matches!(error, FolderError::EditedSql { is_last: true, .. }), "{error}");
        let (_directory, _, short) = both(&SQL[..1]);
        assert!(matches!(short.verify(Verify::Sql), Err(FolderError::Missing { .. })));
    }

    #[test]
    fn a_schema_that_cannot_be_made_again_is_an_error_that_says_why() {
        let (_directory, _, program) = both(&SQL);
        assert!(program.schema_at(&program.migrations()[0]).is_ok());
        let error = program.head_schema().expect_err("snapshots are not embedded").to_string();
        assert!(error.contains("0002_drop/snapshot.json` is not embedded in the program"), "{error}");
        let error = program.schema_at(&program.migrations()[1]).expect_err("it needs a module").to_string();
        assert!(error.ends_with("and cannot be rebuilt from its migrations: no such module: geo"), "{error}");
    }

    #[test]
    fn a_program_has_a_migration_that_replaces_others_and_nothing_of_those() {
        let (_directory, mut folder, _) = both(&SQL);
        let slug = Slug::sanitize("both").expect("it has letters");
        folder.squash(0..2, &slug, SQL[1]).expect("the folder is writable");
        let lock = std::fs::read_to_string(folder.lock_path()).expect("it was written");
        let program = Folder::embedded(folder.path(), &lock, Embedded { sql: &SQL[1..], schemas: Arc::new(nowhere) });
        let program = program.expect("the lock is whole");
        assert_eq!(program.migrations(), folder.migrations());
        assert!(program.verify(Verify::Sql).is_ok());
        let last = program.behind_record("0002_drop").expect("a database that ends with it has all");
        assert_eq!((last.name.as_str(), program.sql(last).ok().as_deref()), ("0002_both", Some("DROP TABLE t;\n")));
        // with other comments it is the same
        let edited = Embedded { sql: &["-- why\nDROP TABLE t -- so\n;"], schemas: Arc::new(nowhere) };
        assert!(Folder::embedded(folder.path(), &lock, edited).expect("the lock is whole").verify(Verify::Sql).is_ok());
    }

    #[test]
    fn nothing_is_written_to_where_the_folder_was() {
        let (_directory, folder, mut program) = both(&SQL);
        let before = std::fs::read_dir(folder.path()).expect("it is there").count();
        let slug = Slug::sanitize("more").expect("it has letters");
        assert!(program.add(&slug, "SELECT 1;", &Snapshot::default()).is_err());
        assert!(program.reseal_last(&Snapshot::default()).is_err());
        assert!(!program.remove_left_over(&slug, "SELECT 1;", &Snapshot::default()).expect("nothing is removed"));
        assert_eq!(std::fs::read_dir(folder.path()).expect("it is there").count(), before);
    }
}
