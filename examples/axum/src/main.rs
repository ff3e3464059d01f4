//! A service for notes that brings its migrations along: it migrates its database when it starts, and serves after that.
//!
//! ```text
//! cargo run -- notes.db 127.0.0.1:3000
//! curl -X POST -H 'content-type: application/json' -d '{"title": "Milk"}' http://127.0.0.1:3000/notes
//! curl http://127.0.0.1:3000/notes
//! ```
//!
//! The structs are in `schema.rs`. After a change there: `cargo dbmigrate generate`, and start it again.

mod schema;

use std::env;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use dbmigrate::{Migrations, Table as _};
use libsql::Database;
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
    Router::new().route("/notes", get(list).post(add)).with_state(database)
}

/// What somebody wants to write down.
#[derive(serde::Deserialize)]
struct NewNote {
    title: String,
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
    let connection = database.connect().map_err(failed)?;
    connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(failed)?;
    connection.execute("INSERT INTO notes (title) VALUES (?1)", [note.title]).await.map_err(failed)?;
    Ok(StatusCode::CREATED)
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
