//! A queue of jobs in a file, for several workers at once. The program brings its migrations along and applies them when
//! it starts, through the pool of sqlx that it works with.
//!
//! ```text
//! cargo run -- jobs.db add 'water the plants'
//! cargo run -- jobs.db take Ada
//! cargo run -- jobs.db finish 1
//! cargo run -- jobs.db list
//! cargo run -- jobs.db clean
//! ```
//!
//! The structs are in `schema.rs`. After a change there: `cargo dbmigrate generate`, and start it again.

mod schema;

use std::env;
use std::time::Duration;

use dbmigrate::rows::arguments;
use dbmigrate::{Migrations, Table as _, column};
use schema::{Job, State};
use sqlx::AssertSqlSafe;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqliteRow};

/// The migrations of this package. Cargo compiles it again when there is a new one.
const MIGRATIONS: Migrations = dbmigrate::embed_migrations!();

const USAGE: &str = "usage: jobs FILE add TASK | take WORKER | finish ID | list | clean";

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [file, command @ ..] = arguments.as_slice() else { return Err(USAGE.into()) };
    let pool = open(file).await?;
    match command {
        ["add", task] => println!("{}", line(&add(&pool, task).await?)),
        ["take", worker] => {
            println!("{}", take(&pool, worker).await?.as_ref().map_or("nothing to do".to_owned(), line))
        }
        ["finish", id] => {
            let mut job = find(&pool, id.parse()?).await?.ok_or("there is no such job")?;
            job.state = State::Done;
            save(&pool, &job).await?;
            println!("{}", line(&job));
        }
        ["list"] => {
            for job in list(&pool).await? {
                println!("{}", line(&job));
            }
        }
        ["clean"] => println!("{} jobs removed", clean(&pool).await?),
        _ => return Err(USAGE.into()),
    }
    pool.close().await;
    Ok(())
}

/// Opens the file, and migrates it. The program may be started several times at once: each migration is applied by one
/// of them, and the others wait for it.
async fn open(file: &str) -> Result<SqlitePool, Error> {
    let options =
        SqliteConnectOptions::new().filename(file).create_if_missing(true).busy_timeout(Duration::from_secs(5));
    let pool = SqlitePool::connect_with(options).await?;
    match MIGRATIONS.run(&pool).await {
        Ok(report) => eprintln!("{report}"),
        Err(error) => {
            let help: String = error.help().iter().map(|line| format!("\nhelp: {line}")).collect();
            return Err(format!("{error}{help}").into());
        }
    }
    Ok(pool)
}

/// The database assigns the key, and returns the row.
async fn add(pool: &SqlitePool, task: &str) -> sqlx::Result<Job> {
    let new = Job { id: 0, task: task.to_owned(), state: State::Waiting, worker: None };
    let sql = AssertSqlSafe(format!("{} RETURNING *", Job::INSERT));
    let row = sqlx::query_with(sql, arguments(&new.params_without_key()?)?).fetch_one(pool).await?;
    Ok(Job::from_row(&row)?)
}

/// One statement, so that no two workers get the same job.
async fn take(pool: &SqlitePool, worker: &str) -> sqlx::Result<Option<Job>> {
    let sql = "UPDATE jobs SET state = 'running', worker = ?1
               WHERE id = (SELECT min(id) FROM jobs WHERE state = 'waiting') RETURNING *";
    let row = sqlx::query(sql).bind(worker).fetch_optional(pool).await?;
    Ok(row.map(|row| Job::from_row(&row)).transpose()?)
}

async fn find(pool: &SqlitePool, id: i64) -> sqlx::Result<Option<Job>> {
    let sql = AssertSqlSafe(format!("{} WHERE {} = ?1", Job::SELECT, column!(Job::id)));
    sqlx::query(sql).bind(id).try_map(|row: SqliteRow| Ok(Job::from_row(&row)?)).fetch_optional(pool).await
}

async fn save(pool: &SqlitePool, job: &Job) -> sqlx::Result<()> {
    sqlx::query_with(Job::UPSERT, arguments(&job.params()?)?).execute(pool).await?;
    Ok(())
}

async fn list(pool: &SqlitePool) -> sqlx::Result<Vec<Job>> {
    let sql = AssertSqlSafe(format!("{} ORDER BY id", Job::SELECT));
    let rows = sqlx::query(sql).fetch_all(pool).await?;
    Ok(rows.iter().map(Job::from_row).collect::<Result<_, _>>()?)
}

/// Removes what is done.
async fn clean(pool: &SqlitePool) -> sqlx::Result<u64> {
    let done = column!(Job::state).value(&State::Done)?;
    let sql = "DELETE FROM jobs WHERE state = ?1";
    Ok(sqlx::query_with(sql, arguments(&[done])?).execute(pool).await?.rows_affected())
}

fn line(job: &Job) -> String {
    let state = match job.state {
        State::Waiting => "waiting",
        State::Running => "running",
        State::Done => "done",
    };
    format!("{}\t{state}\t{}\t{}", job.id, job.worker.as_deref().unwrap_or("-"), job.task)
}
