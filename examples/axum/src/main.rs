//! A service for notes that brings its migrations along: it migrates its database when it starts, and serves after that.
//!
//! ```text
//! cargo run -- notes.db 127.0.0.1:3000
//! curl -X POST -H 'content-type: application/json' -d '{"title": "Milk"}' http://127.0.0.1:3000/notes
//! curl http://127.0.0.1:3000/notes
//! curl -X PUT -H 'content-type: application/json' -d '{"title": "Oat milk", "done": true}' http://127.0.0.1:3000/notes/1
//! curl -X DELETE http://127.0.0.1:3000/notes/1
//! ```
//!
//! The structs are in `schema.rs`. After a change there: `cargo dbmigrate generate`, and start it again.

mod schema;

use std::env;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, put};
use axum::{Json, Router};
use dbmigrate::{Migrations, Table as _, column};
use libsql::{Connection, Database};
use schema::Note;

/// The migrations of this package. Cargo compiles it again when there is a new one.
const MIGRATIONS: Migrations = dbmigrate::embed_migrations!();

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let file = env::args().nth(1).unwrap_or_else(|| "notes.db".to_owned());
    let address = env::args().nth(2).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let database = libsql::Builder::new_local(file).build().await?;
    // several instances may start at once: each migration is applied by one of them, and the others wait for it
    match MIGRATIONS.run(&database).await {
        Ok(report) => println!("{report}"),
        Err(error) => {
            let help: String = error.help().iter().map(|line| format!("\nhelp: {line}")).collect();
            return Err(format!("{error}{help}").into());
        }
    }
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, router(Arc::new(database))).await?;
    Ok(())
}

fn router(database: Arc<Database>) -> Router {
    let one = put(change).delete(remove);
    Router::new().route("/notes", get(list).post(add)).route("/notes/{id}", one).with_state(database)
}

/// What somebody wants to write down.
#[derive(serde::Deserialize)]
struct NewNote {
    title: String,
    #[serde(default)]
    done: bool,
}

async fn list(State(database): State<Arc<Database>>) -> Result<Json<Vec<Note>>, (StatusCode, String)> {
    let connection = database.connect().map_err(failed)?;
    let mut rows = connection.query(&format!("{} ORDER BY id", Note::SELECT), ()).await.map_err(failed)?;
    let mut notes = Vec::new();
    while let Some(row) = rows.next().await.map_err(failed)? {
        notes.push(Note::from_row(&row).map_err(failed)?);
    }
    Ok(Json(notes))
}

async fn add(
    State(database): State<Arc<Database>>,
    Json(note): Json<NewNote>,
) -> Result<StatusCode, (StatusCode, String)> {
    let connection = writing(&database).map_err(failed)?;
    // the database assigns the key
    let note = Note { id: 0, title: note.title, done: note.done };
    let params = note.params_without_key().map_err(failed)?;
    connection.execute(Note::INSERT, params).await.map_err(failed)?;
    Ok(StatusCode::CREATED)
}

async fn change(
    State(database): State<Arc<Database>>,
    Path(id): Path<i64>,
    Json(note): Json<NewNote>,
) -> Result<Json<Note>, (StatusCode, String)> {
    let connection = writing(&database).map_err(failed)?;
    let sql = "UPDATE notes SET title = ?2, done = ?3 WHERE id = ?1 RETURNING *";
    let params = Note { id, title: note.title, done: note.done }.params().map_err(failed)?;
    let mut rows = connection.query(sql, params).await.map_err(failed)?;
    let row = rows.next().await.map_err(failed)?.ok_or_else(missing)?;
    Ok(Json(Note::from_row(&row).map_err(failed)?))
}

async fn remove(
    State(database): State<Arc<Database>>,
    Path(id): Path<i64>,
) -> Result<StatusCode, (StatusCode, String)> {
    let connection = writing(&database).map_err(failed)?;
    let sql = format!("DELETE FROM notes WHERE {} = ?1", column!(Note::id));
    let removed = connection.execute(&sql, [id]).await.map_err(failed)?;
    if removed == 0 { Err(missing()) } else { Ok(StatusCode::NO_CONTENT) }
}

/// A connection that waits for others that write.
fn writing(database: &Database) -> libsql::Result<Connection> {
    let connection = database.connect()?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(connection)
}

fn missing() -> (StatusCode, String) {
    (StatusCode::NOT_FOUND, "there is no such note".to_owned())
}

fn failed(error: impl Into<libsql::Error>) -> (StatusCode, String) {
    /// `SQLITE_CONSTRAINT`: there is such a note already.
    const CONSTRAINT: i32 = 19;
    let error = error.into();
    let status = match error {
        libsql::Error::SqliteFailure(code, _) if code & 0xff == CONSTRAINT => StatusCode::CONFLICT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, error.to_string())
}
