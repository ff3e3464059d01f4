//! Databases under test: a local file, a database on a server. What is done to them is the same.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use dbmigrate_core::engine::Connection;
use dbmigrate_core::engine::connection::display;
use pollster::block_on;

use crate::project::Run;
use crate::story::Story;

/// Everything that a database is, told without the product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    /// The migrations that it has.
    pub(crate) history: Vec<String>,
    /// The statements that made what is in it.
    structure: Vec<String>,
    /// Every value of every row with its rowid, as literals.
    rows: Vec<String>,
    /// What `integrity_check` and `foreign_key_check` find.
    wrong: Vec<String>,
}

const HISTORY: &str = "_dbmigrate_history";

impl Picture {
    /// Asks for all of it in one transaction. `ask` runs statements in order and returns the rows of each.
    ///
    /// What somebody has sent to a server before dying may still be at work there, so the tables may change between
    /// the two questions: then it is asked again.
    pub(crate) fn take(ask: impl Fn(&[String]) -> Result<Vec<Vec<Vec<String>>>, String>) -> Self {
        const TRIES: usize = 50;
        let mut last = String::new();
        for _ in 0..TRIES {
            match Self::try_take(&ask) {
                Ok(picture) => return picture,
                Err(error) => last = error,
            }
        }
        panic!("the database does not come to rest: {last}");
    }

    fn try_take(ask: &impl Fn(&[String]) -> Result<Vec<Vec<Vec<String>>>, String>) -> Result<Self, String> {
        let version = "SELECT schema_version FROM pragma_schema_version".to_owned();
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name".to_owned();
        let found = ask(&[version.clone(), tables])?;
        let (seen, mut tables) = (&found[0], found[1].iter().map(|row| row[0].clone()).collect::<Vec<_>>());
        let has_history = tables.iter().any(|table| table == HISTORY);
        tables.retain(|table| table != HISTORY);
        let columns = ask(&tables.iter().map(|table| columns_of(table)).collect::<Vec<_>>())?;
        // waits for whoever may still write, and finds a lock that was left behind
        let mut queries = vec!["BEGIN IMMEDIATE".to_owned(), version];
        queries.push("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name".to_owned());
        queries.push("PRAGMA integrity_check".to_owned());
        queries.push("PRAGMA foreign_key_check".to_owned());
        queries.push(if has_history {
            format!("SELECT position, name, checksum, schema_hash, kind FROM {HISTORY} ORDER BY position")
        } else {
            "SELECT 1 WHERE 0".to_owned()
        });
        queries.extend(tables.iter().zip(&columns).map(|(table, columns)| rows_of(table, columns)));
        queries.push("ROLLBACK".to_owned());
        let answers = ask(&queries)?;
        if answers[1] != *seen {
            return Err("the schema has changed in between".to_owned());
        }
        let lines = |at: usize| answers[at].iter().map(|row| row.join("|")).collect::<Vec<_>>();
        let mut rows = Vec::new();
        for (at, table) in tables.iter().enumerate() {
            rows.push(format!("-- {table}"));
            let mut all: Vec<String> =
                lines(6 + at).iter().flat_map(|lines| lines.split('\n').map(str::to_owned)).collect();
            all.sort();
            rows.append(&mut all);
        }
        let mut wrong = lines(3);
        wrong.retain(|line| line != "ok");
        wrong.extend(lines(4));
        Ok(Self { history: lines(5), structure: lines(2), rows, wrong })
    }

    /// Must be the same as another one.
    #[track_caller]
    pub(crate) fn must_be(&self, wanted: &Self, when: &str) {
        assert!(self.wrong.is_empty(), "{when}: {:?}", self.wrong);
        assert_eq!(self.history, wanted.history, "{when}");
        assert_eq!(self.structure, wanted.structure, "{when}");
        let mut both = self.rows.iter().zip(&wanted.rows);
        let differing = both.find(|(one, other)| one != other);
        assert_eq!(differing, None, "{when}");
        assert_eq!(self.rows.len(), wanted.rows.len(), "{when}");
    }
}

fn columns_of(table: &str) -> String {
    let table = format!("'{}'", table.replace('\'', "''"));
    format!(
        "SELECT name FROM pragma_table_xinfo({table}) WHERE hidden <> 1 UNION ALL \
         SELECT 'rowid' FROM pragma_table_list({table}) WHERE wr = 0 AND type = 'table'"
    )
}

fn rows_of(table: &str, columns: &[Vec<String>]) -> String {
    let values: Vec<String> = columns.iter().map(|row| format!("quote(\"{}\")", row[0])).collect();
    let line = values.join(" || '|' || ");
    // many lines in one value: the answers of servers take long to read
    format!(
        "SELECT group_concat(line, char(10)) FROM \
         (SELECT line, (row_number() OVER ()) / 500 AS part FROM (SELECT {line} AS line FROM \"{table}\")) GROUP BY part"
    )
}

/// A database that has the first migration of a story, and its rows.
pub(crate) trait Subject {
    /// What it is, for messages.
    fn what(&self) -> String;
    /// What `--url` has to say.
    fn url(&self) -> String;
    /// Puts it back to how it was in the beginning.
    fn restore(&mut self);
    /// Throws it away, so that not even the first migration is there.
    fn clear(&mut self);
    /// Looks at it.
    fn look(&self) -> Picture;
    /// Whether something was written that has to be undone or redone before the database can be used; `None` where
    /// nobody can know.
    fn is_hot(&self) -> Option<bool> {
        None
    }
}

/// A command on the database, ready to be started.
pub(crate) fn command(story: &Story, subject: &impl Subject, words: &[&str]) -> Command {
    let mut command = story.project.command(words);
    command.args(["--url", &subject.url()]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts `migrate`.
pub(crate) fn start(story: &Story, subject: &impl Subject) -> Child {
    command(story, subject, &["migrate", "--message-format", "json"]).spawn().expect("the binary runs")
}

/// Runs `migrate` to its good end.
#[track_caller]
pub(crate) fn migrate(story: &Story, subject: &impl Subject, words: &[&str]) -> Run {
    let run = Run::of(&mut command(story, subject, &[&["migrate"], words].concat()));
    assert_eq!(run.code, 0, "{}: {}{}", subject.what(), run.out, run.err);
    run
}

/// How the database is with none of the migrations, with the first and its rows, and with each after it: what one has to
/// look like that has so many. Restores it.
pub(crate) fn pictures(story: &Story, subject: &mut impl Subject) -> Vec<Picture> {
    subject.restore();
    let first = subject.look();
    assert_eq!(first.history.len(), 1, "{}", subject.what());
    let mut pictures = vec![first.clone(), first];
    for name in &story.names[1..] {
        migrate(story, subject, &["--to", name]);
        pictures.push(subject.look());
    }
    for (at, picture) in pictures.iter().enumerate().skip(1) {
        assert_eq!(picture.history.len(), at, "{}", subject.what());
        assert!(picture.wrong.is_empty(), "{}: {:?}", subject.what(), picture.wrong);
        // each migration does something that can be seen
        assert!(at == 1 || picture.rows != pictures[at - 1].rows || picture.structure != pictures[at - 1].structure);
    }
    subject.restore();
    pictures
}

/// A local file.
pub(crate) struct LocalFile {
    path: PathBuf,
    /// With a write-ahead log, not a rollback journal.
    has_wal: bool,
    bytes: Vec<u8>,
}

impl LocalFile {
    /// With the first migration and the rows of the story.
    pub(crate) fn new(story: &Story, name: &str, has_wal: bool) -> Self {
        let path = story.project.path(name);
        let mut file = Self { path, has_wal, bytes: Vec::new() };
        if has_wal {
            file.connection(true, |connection| block_on(connection.run("PRAGMA journal_mode = WAL")).expect("it can"));
        }
        migrate(story, &file, &["--to", story.first()]);
        file.connection(true, |connection| {
            for statement in story.rows() {
                block_on(connection.run(&statement)).unwrap_or_else(|error| panic!("{error}: {statement}"));
            }
        });
        assert!(!file.beside("-wal").exists(), "the last connection has left its log");
        file.bytes = fs_err::read(&file.path).expect("the database is there");
        file
    }

    fn connection<T>(&self, create: bool, work: impl FnOnce(&Connection) -> T) -> T {
        let connection = block_on(Connection::open(&self.path, create)).expect("the database can be opened");
        work(&connection)
    }

    /// The file with something behind its name.
    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    }

    /// How long it is in the beginning, in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The name of another file, which is looked at instead.
    pub(crate) fn at(&self, path: PathBuf) -> Self {
        Self { path, has_wal: self.has_wal, bytes: self.bytes.clone() }
    }

    /// Its statements are on the disk as far as the file system knows.
    pub(crate) fn path(&self) -> &PathBuf {
        &self.path
    }
}

impl Subject for LocalFile {
    fn what(&self) -> String {
        let journal = if self.has_wal { "write-ahead log" } else { "rollback journal" };
        format!("local file with a {journal}")
    }

    fn url(&self) -> String {
        self.path.display().to_string()
    }

    fn restore(&mut self) {
        self.clear();
        fs_err::write(&self.path, &self.bytes).expect("the directory is writable");
    }

    fn clear(&mut self) {
        for path in [self.path.clone(), self.beside("-journal"), self.beside("-wal"), self.beside("-shm")] {
            if path.exists() {
                fs_err::remove_file(path).expect("the directory is writable");
            }
        }
    }

    fn look(&self) -> Picture {
        // no timeout: a lock that was left behind is an error
        let connection = block_on(Connection::open(&self.path, false)).expect("the database can be opened");
        Picture::take(|queries| {
            let rows = |query: &String| match block_on(connection.rows(query)) {
                Ok(rows) => rows.iter().map(|row| row.iter().map(display).collect()).collect(),
                // nobody else is there
                Err(error) => panic!("{error}: {query}"),
            };
            Ok(queries.iter().map(rows).collect())
        })
    }

    /// A journal whose header was written, before the first page in the file was (sqlite.org/fileformat.html#the_rollback_journal);
    /// or a log that nobody has closed.
    fn is_hot(&self) -> Option<bool> {
        const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
        let begins = |suffix, magic: &[u8]| {
            fs_err::read(self.beside(suffix)).is_ok_and(|bytes| !bytes.is_empty() && bytes.starts_with(magic))
        };
        Some(if self.has_wal { begins("-wal", &[]) } else { begins("-journal", &MAGIC) })
    }
}
