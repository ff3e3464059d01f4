//! A guest book in a database on a server. The program brings its migrations along and applies them when it starts, over
//! HTTP, and no SQLite is linked into it.
//!
//! ```text
//! export TURSO_DATABASE_URL=libsql://… TURSO_AUTH_TOKEN=…
//! cargo run -- write Ada 'It was nice here'
//! cargo run -- like 1
//! cargo run -- list
//! cargo run -- remove 1
//! ```
//!
//! The structs are in `schema.rs`. After a change there: `cargo dbmigrate generate`, and start it again.

mod schema;

use std::env;

use dbmigrate::migrate::Server;
use dbmigrate::{Migrations, Table as _, column};
use libsql::{Builder, Connection};
use schema::Entry;

/// The migrations of this package. Cargo compiles it again when there is a new one.
const MIGRATIONS: Migrations = dbmigrate::embed_migrations!();

const USAGE: &str = "usage: guest-book write AUTHOR TEXT | like ID | list | remove ID";

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let url = env::var("TURSO_DATABASE_URL").map_err(|_| "set TURSO_DATABASE_URL to the URL of a database")?;
    let connection = open(url, env::var("TURSO_AUTH_TOKEN").unwrap_or_default()).await?;
    match arguments.as_slice() {
        ["write", author, text] => println!("{}", line(&write(&connection, author, text).await?)),
        ["like", id] => {
            let mut entry = find(&connection, id.parse()?).await?.ok_or("there is no such entry")?;
            entry.likes += 1;
            save(&connection, &entry).await?;
            println!("{}", line(&entry));
        }
        ["list"] => {
            for entry in list(&connection).await? {
                println!("{}", line(&entry));
            }
        }
        ["remove", id] => remove(&connection, id.parse()?).await?,
        _ => return Err(USAGE.into()),
    }
    Ok(())
}

/// Migrates the database, and connects to it. The program may be started several times at once: each migration is
/// applied by one of them, and the others wait for it.
async fn open(url: String, token: String) -> Result<Connection, Error> {
    let server = Server::new(&url);
    let server = if token.is_empty() { server } else { server.token(&token) };
    match MIGRATIONS.run(server).await {
        Ok(report) => eprintln!("{report}"),
        Err(error) => {
            let help: String = error.help().iter().map(|line| format!("\nhelp: {line}")).collect();
            return Err(format!("{error}{help}").into());
        }
    }
    Ok(Builder::new_remote(url, token).build().await?.connect()?)
}

/// The database assigns the key, and returns the row.
async fn write(connection: &Connection, author: &str, text: &str) -> Result<Entry, Error> {
    let new = Entry { id: 0, author: author.to_owned(), text: text.to_owned(), likes: 0 };
    let sql = format!("{} RETURNING *", Entry::INSERT);
    let mut rows = connection.query(&sql, new.params_without_key()?).await?;
    let row = rows.next().await?.ok_or("no row came back")?;
    Ok(Entry::from_row(&row)?)
}

async fn find(connection: &Connection, id: i64) -> libsql::Result<Option<Entry>> {
    let sql = format!("{} WHERE {} = ?1", Entry::SELECT, column!(Entry::id));
    let mut rows = connection.query(&sql, [id]).await?;
    Ok(rows.next().await?.map(|row| Entry::from_row(&row)).transpose()?)
}

async fn save(connection: &Connection, entry: &Entry) -> libsql::Result<()> {
    connection.execute(Entry::UPSERT, entry.params()?).await?;
    Ok(())
}

async fn list(connection: &Connection) -> libsql::Result<Vec<Entry>> {
    let mut rows = connection.query(&format!("{} ORDER BY id", Entry::SELECT), ()).await?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next().await? {
        entries.push(Entry::from_row(&row)?);
    }
    Ok(entries)
}

async fn remove(connection: &Connection, id: i64) -> Result<(), Error> {
    match connection.execute("DELETE FROM entries WHERE id = ?1", [id]).await? {
        0 => Err("there is no such entry".into()),
        _ => Ok(()),
    }
}

fn line(entry: &Entry) -> String {
    format!("{}\t{}\t{}\t{}", entry.id, entry.likes, entry.author, entry.text)
}
