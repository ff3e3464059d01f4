//! Bookmarks in a file, on the command line. The program brings its migrations along and applies them when it starts,
//! on the rusqlite connection that it works with.
//!
//! ```text
//! cargo run -- bookmarks.db add https://www.rust-lang.org Rust
//! cargo run -- bookmarks.db read 1
//! cargo run -- bookmarks.db list
//! cargo run -- bookmarks.db remove 1
//! ```
//!
//! The structs are in `schema.rs`. After a change there: `cargo dbmigrate generate`, and start it again. A migration has a
//! step in Rust, which is in `hosts.rs`.

use std::env;
use std::time::Duration;

use bookmarks::schema::{Bookmark, State};
use bookmarks::{MIGRATIONS, hosts};
use dbmigrate::{Table as _, column};
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};

const USAGE: &str = "usage: bookmarks FILE add URL [TITLE] | list | read ID | remove ID";

type Error = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [file, command @ ..] = arguments.as_slice() else { return Err(USAGE.into()) };
    let connection = open(file)?;
    match command {
        ["add", url, title @ ..] => {
            println!("{}", line(&add(&connection, url, title.first().copied())?));
        }
        ["list"] => {
            for bookmark in list(&connection)? {
                println!("{}", line(&bookmark));
            }
        }
        ["read", id] => {
            let mut bookmark = find(&connection, id.parse()?)?.ok_or("there is no such bookmark")?;
            bookmark.state = State::Read;
            save(&connection, &bookmark)?;
            println!("{}", line(&bookmark));
        }
        ["remove", id] => remove(&connection, id.parse()?)?,
        _ => return Err(USAGE.into()),
    }
    Ok(())
}

/// Opens the file, and migrates it. The program may be started several times at once: each migration is applied by one
/// of them, and the others wait for it.
fn open(file: &str) -> Result<Connection, Error> {
    let mut connection = Connection::open(file)?;
    match MIGRATIONS.run(&mut connection).wait() {
        Ok(report) => eprintln!("{report}"),
        Err(error) => {
            let help: String = error.help().iter().map(|line| format!("\nhelp: {line}")).collect();
            return Err(format!("{error}{help}").into());
        }
    }
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}

/// The database assigns the key, and returns the row.
fn add(connection: &Connection, url: &str, title: Option<&str>) -> rusqlite::Result<Bookmark> {
    let new = Bookmark {
        id: 0,
        url: url.to_owned(),
        title: title.map(str::to_owned),
        state: State::Unread,
        host: hosts::of(url),
    };
    let sql = format!("{} RETURNING *", Bookmark::INSERT);
    connection.query_row(&sql, params_from_iter(new.params_without_key()?), |row| Ok(Bookmark::from_row(row)?))
}

fn list(connection: &Connection) -> rusqlite::Result<Vec<Bookmark>> {
    let mut statement = connection.prepare(&format!("{} ORDER BY id", Bookmark::SELECT))?;
    let rows = statement.query_map((), |row| Ok(Bookmark::from_row(row)?))?;
    rows.collect()
}

fn find(connection: &Connection, id: i64) -> rusqlite::Result<Option<Bookmark>> {
    let sql = format!("{} WHERE {} = ?1", Bookmark::SELECT, column!(Bookmark::id));
    connection.query_row(&sql, [id], |row| Ok(Bookmark::from_row(row)?)).optional()
}

fn save(connection: &Connection, bookmark: &Bookmark) -> rusqlite::Result<()> {
    connection.execute(Bookmark::UPSERT, params_from_iter(bookmark.params()?))?;
    Ok(())
}

fn remove(connection: &Connection, id: i64) -> Result<(), Error> {
    match connection.execute("DELETE FROM bookmarks WHERE id = ?1", [id])? {
        0 => Err("there is no such bookmark".into()),
        _ => Ok(()),
    }
}

fn line(bookmark: &Bookmark) -> String {
    let state = match bookmark.state {
        State::Unread => "unread",
        State::Read => "read",
    };
    let title = bookmark.title.as_deref().unwrap_or("-");
    format!("{}\t{state}\t{}\t{title}", bookmark.id, bookmark.url)
}
