//! A service for notes in which every tenant has a database of its own: a file in a folder, migrated when it is opened.
//!
//! ```text
//! cargo dbmigrate template build --out template.db
//! cargo run -- tenants 127.0.0.1:3000 template.db
//! curl -X PUT http://127.0.0.1:3000/acme
//! curl -X POST -H 'content-type: application/json' -d '{"title": "Milk"}' http://127.0.0.1:3000/acme/notes
//! curl http://127.0.0.1:3000/acme/notes
//! ```
//!
//! After a change in `schema.rs`: `cargo dbmigrate generate`, and start it again. Nobody has to wait for all tenants to be
//! migrated; `cargo dbmigrate migrate` may do so meanwhile.

mod schema;

use std::env;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use dbmigrate::migrate::{MigrateError, MigrateErrorKind};
use dbmigrate::{Migrations, Table as _};
use libsql::{Builder, Connection};
use schema::Note;

/// The migrations of this package. Cargo compiles it again when there is a new one.
const MIGRATIONS: Migrations = dbmigrate::embed_migrations!();

/// How long a request waits for a database that is being migrated before it is answered with 503.
const PATIENCE: Duration = Duration::from_millis(500);

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Where the databases are, and what new ones are copied from.
struct Tenants {
    folder: PathBuf,
    template: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let mut arguments = env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "tenants".to_owned()));
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    std::fs::create_dir_all(&folder)?;
    let tenants = Tenants { folder, template: arguments.next().map(PathBuf::from) };
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, router(Arc::new(tenants))).await?;
    Ok(())
}

fn router(tenants: Arc<Tenants>) -> Router {
    Router::new().route("/{tenant}", put(create)).route("/{tenant}/notes", get(list).post(add)).with_state(tenants)
}

impl Tenants {
    /// The file of a tenant. What names it came with the request.
    fn file(&self, tenant: &str) -> Result<PathBuf, Refused> {
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        match (1..=40).contains(&tenant.len()) && tenant.bytes().all(is_name) {
            true => Ok(self.folder.join(format!("{tenant}.db"))),
            false => Err(Refused::Unknown),
        }
    }

    /// A connection to a tenant's database, which has all migrations.
    async fn open(&self, tenant: &str) -> Result<Connection, Refused> {
        let file = self.file(tenant)?;
        // SQLite would create it
        if !file.exists() {
            return Err(Refused::Unknown);
        }
        let database = Builder::new_local(file).build().await?;
        // costs one small read if there is nothing to do
        MIGRATIONS.runner().patience(PATIENCE).ready(&database).await?;
        let connection = database.connect()?;
        // others that write are waited for
        connection.busy_timeout(Duration::from_secs(10))?;
        Ok(connection)
    }
}

async fn create(State(tenants): State<Arc<Tenants>>, Path(tenant): Path<String>) -> Result<StatusCode, Refused> {
    let file = tenants.file(&tenant)?;
    match &tenants.template {
        Some(template) => MIGRATIONS.create_from(template, file).await?,
        // the migrations do the same, a transaction each
        None if file.exists() => return Err(Refused::Exists),
        None => drop(MIGRATIONS.ready(&Builder::new_local(file).build().await?).await?),
    }
    Ok(StatusCode::CREATED)
}

async fn list(State(tenants): State<Arc<Tenants>>, Path(tenant): Path<String>) -> Result<Json<Vec<Note>>, Refused> {
    let connection = tenants.open(&tenant).await?;
    let mut rows = connection.query(&format!("{} ORDER BY id", Note::SELECT), ()).await?;
    let mut notes = Vec::new();
    while let Some(row) = rows.next().await? {
        notes.push(Note::from_row(&row).map_err(libsql::Error::from)?);
    }
    Ok(Json(notes))
}

/// What somebody wants to write down.
#[derive(serde::Deserialize)]
struct NewNote {
    title: String,
    #[serde(default)]
    priority: i64,
}

async fn add(
    State(tenants): State<Arc<Tenants>>,
    Path(tenant): Path<String>,
    Json(note): Json<NewNote>,
) -> Result<StatusCode, Refused> {
    let connection = tenants.open(&tenant).await?;
    let note = Note { id: 0, title: note.title, done: false, priority: note.priority };
    connection.execute(Note::INSERT, note.params_without_key().map_err(libsql::Error::from)?).await?;
    Ok(StatusCode::CREATED)
}

/// Why a request gets something else than it wanted.
enum Refused {
    Unknown,
    Exists,
    Migrating(MigrateError),
    Database(libsql::Error),
}

impl From<MigrateError> for Refused {
    fn from(error: MigrateError) -> Self {
        match error.kind() {
            MigrateErrorKind::Exists => Self::Exists,
            _ => Self::Migrating(error),
        }
    }
}

impl From<libsql::Error> for Refused {
    fn from(error: libsql::Error) -> Self {
        Self::Database(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        /// `SQLITE_CONSTRAINT`: there is such a note already, or its priority is none.
        const CONSTRAINT: i32 = 19;
        match self {
            Self::Unknown => (StatusCode::NOT_FOUND, "there is no such tenant").into_response(),
            Self::Exists => (StatusCode::CONFLICT, "there is such a tenant already").into_response(),
            Self::Migrating(error) => match error.retry_after() {
                Some(after) => {
                    let after = [(RETRY_AFTER, after.as_secs().to_string())];
                    (StatusCode::SERVICE_UNAVAILABLE, after, "in maintenance").into_response()
                }
                None => {
                    eprintln!("{error}");
                    error.help().iter().for_each(|line| eprintln!("help: {line}"));
                    (StatusCode::INTERNAL_SERVER_ERROR, "the database cannot be used").into_response()
                }
            },
            Self::Database(libsql::Error::SqliteFailure(code, message)) if code & 0xff == CONSTRAINT => {
                (StatusCode::CONFLICT, message).into_response()
            }
            Self::Database(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    }
}
