//! Members as files: copies of a template, and what becomes of some of them.

use std::fs;
use std::path::{Path, PathBuf};

use libsql::Builder;
use pollster::block_on;

/// What a member that is gone is called meanwhile, beside its own name.
const GONE: &str = "gone";

/// A folder with a file `NAME.db` for each member.
#[derive(Debug, Clone)]
pub struct Files {
    folder: PathBuf,
    names: Vec<String>,
}

impl Files {
    /// Copies a database, which nobody has open, for each of the names into a folder, which is made.
    pub fn copy(template: &Path, folder: &Path, names: &[String]) -> Self {
        fs::create_dir_all(folder).expect("the folder can be made");
        let files = Self { folder: folder.to_owned(), names: names.to_vec() };
        for name in names {
            fs::copy(template, files.path(name)).expect("the template can be copied");
        }
        files
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The names of the members that there were in the beginning.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The file of a member.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.db"))
    }

    /// Runs statements in a member, as somebody would by hand.
    pub fn by_hand(&self, name: &str, statements: &[&str]) {
        run(&self.path(name), statements);
    }

    /// Lets a member drift: somebody has added a column of the name `by_hand` to a table.
    pub fn drift(&self, name: &str, table: &str) {
        self.by_hand(name, &[&format!("ALTER TABLE \"{table}\" ADD COLUMN by_hand TEXT")]);
    }

    /// Lets the history of a member be another one: the last migration that is recorded there had another text.
    pub fn other_history(&self, name: &str) {
        let sql = "UPDATE _dbmigrate_history SET checksum = replace(hex(zeroblob(32)), '0', 'e')
                   WHERE position = (SELECT max(position) FROM _dbmigrate_history)";
        self.by_hand(name, &[sql]);
    }

    /// Lets a member be no database any more, but a text of the same length.
    pub fn damage(&self, name: &str) {
        let path = self.path(name);
        let length = fs::metadata(&path).expect("the member is there").len();
        let text = "this is not a database. ".bytes().cycle();
        let text: Vec<u8> = text.take(usize::try_from(length).expect("it is small")).collect();
        fs::write(path, text).expect("the member is writable");
    }

    /// Takes a member away.
    pub fn vanish(&self, name: &str) {
        let path = self.path(name);
        fs::rename(&path, path.with_extension(GONE)).expect("the member is there");
    }

    /// Brings back a member that was taken away.
    pub fn come_back(&self, name: &str) {
        let path = self.path(name);
        fs::rename(path.with_extension(GONE), &path).expect("the member is away");
    }

    /// Adds a member, as a copy of another file.
    pub fn add(&mut self, name: &str, template: &Path) {
        fs::copy(template, self.path(name)).expect("the template can be copied");
        self.names.push(name.to_owned());
    }
}

/// Runs statements in a file, one after the other, with foreign keys on.
pub fn run(path: &Path, statements: &[&str]) {
    block_on(async {
        let database = Builder::new_local(path).build().await.expect("a path");
        let connection = database.connect().expect("a database");
        for sql in statements {
            let mut rows = connection.query(sql, ()).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
            while rows.next().await.unwrap_or_else(|error| panic!("{sql}: {error}")).is_some() {}
        }
    });
}
