//! All pending migrations in one transaction, or none.

use dbmigrate_core::engine::apply::{
    Applied, ApplyError, Database, Failure, Loss, Observer, Options, Outcome, apply_pending_with, status,
};
use dbmigrate_core::folder::{Folder, Slug};
use pollster::block_on;

struct Silent;

impl Observer for Silent {
    fn begin(&mut self, _: &str, _: usize, _: usize) {}
    fn loses(&mut self, _: &Loss) {}
    fn applied(&mut self, _: &Applied) {}
}

struct Case {
    scratch: tempfile::TempDir,
    folder: Folder,
}

impl Case {
    /// Migrations with these statements, the tables of which are those of the next one.
    fn new(migrations: &[(&str, &str)]) -> Self {
        let scratch = crate::support::scratch_folder().expect("a folder");
        let mut folder = Folder::open(scratch.path().join("migrations")).expect("a folder");
        for (sql, leads_to) in migrations {
            let schema = crate::support::schema_of(leads_to).expect("the schema is right");
            folder.add(&Slug::sanitize("step").expect("a name"), sql, &schema.into()).expect("it is written");
        }
        Self { scratch, folder }
    }

    fn open(&self) -> Database {
        crate::support::open(&self.scratch.path().join("test.db")).expect("a database")
    }

    fn migrate(&self, to: Option<&str>) -> Result<Outcome, ApplyError> {
        let options = Options { to, atomic: true, ..Options::default() };
        block_on(apply_pending_with(&mut self.open(), &self.folder, options, &mut Silent))
    }

    fn applied(&self) -> usize {
        block_on(status(&mut self.open(), &self.folder)).expect("readable").applied
    }

    fn names(&self) -> usize {
        let database = self.open();
        block_on(database.connection().rows("SELECT name FROM sqlite_schema")).expect("readable").len()
    }
}

const A: &str = "CREATE TABLE a (x NOT NULL);";
const AB: &str = "CREATE TABLE a (x NOT NULL); CREATE TABLE b (x);";

#[test]
fn all_are_applied_and_recorded() {
    let case = Case::new(&[(A, A), ("CREATE TABLE b (x); INSERT INTO a VALUES (1);", AB), ("DROP TABLE b;", A)]);
    assert_eq!(case.migrate(None).expect("it applies").applied.len(), 3);
    assert_eq!(case.applied(), 3);
    assert_eq!(case.migrate(None).expect("nothing is left").applied.len(), 0);
}

#[test]
fn a_failure_of_the_last_takes_the_others_back() {
    let case = Case::new(&[(A, A), ("CREATE TABLE b (x);", AB), ("INSERT INTO a VALUES (NULL);", AB)]);
    let Err(ApplyError::Migration { name, failure, .. }) = case.migrate(None) else { panic!("it fails") };
    assert_eq!(name, "0003_step");
    assert!(matches!(*failure, Failure::Statement { number: 1, .. }), "{failure:?}");
    assert_eq!((case.applied(), case.names()), (0, 0));
    assert_eq!(case.migrate(Some("0002_step")).expect("it applies").applied.len(), 2);
    assert!(case.migrate(None).is_err());
    assert_eq!(case.applied(), 2);
}

#[test]
fn one_that_runs_outside_of_a_transaction_is_refused_before_anything_is_applied() {
    let case = Case::new(&[(A, A), ("-- dbmigrate: no-transaction\nPRAGMA user_version = 7;\n", A)]);
    let refused = case.migrate(None);
    assert!(matches!(&refused, Err(ApplyError::NotAtomic { name }) if name == "0002_step"), "{refused:?}");
    assert_eq!(case.applied(), 0);
    assert_eq!(case.migrate(Some("0001_step")).expect("it applies").applied.len(), 1);
    // alone it is no part of anything
    assert_eq!(case.migrate(None).expect("it applies").applied.len(), 1);
}
