//! Statements against a catalog of 100 tables, as the macros resolve them: microseconds, CPU of one thread.

use std::time::{Duration, Instant};

use dbmigrate_core::config::Engine;
use dbmigrate_core::ddl::{Object, read};
use dbmigrate_core::query::{Catalog, resolve};
use dbmigrate_core::schema::Schema;

const TABLES: u32 = 100;
const ROUNDS: u32 = 200;

/// Statements as applications have them, from small to large; `#` is the number of a table.
const STATEMENTS: [(&str, &str); 4] = [
    ("one table", "SELECT id, name FROM table_# WHERE id = ?"),
    (
        "insert",
        "INSERT INTO table_# (name, note, score) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET note = excluded.note RETURNING *",
    ),
    (
        "join",
        "SELECT a.id, b.name, count(*) AS n, max(b.score) FROM table_# AS a LEFT JOIN table_1 AS b ON b.parent = a.id \
         WHERE a.name LIKE ?1 AND (b.score > :least OR b.note IS NOT NULL) GROUP BY a.id, b.name HAVING n > 1 ORDER BY n LIMIT 10",
    ),
    (
        "recursive",
        "WITH RECURSIVE up (id, depth) AS (SELECT id, 0 FROM table_# WHERE id = ? UNION ALL SELECT t.parent, depth + 1 FROM \
         table_# AS t JOIN up ON t.id = up.id WHERE t.parent IS NOT NULL) SELECT t.*, up.depth, CASE WHEN t.score > 1 THEN \
         'high' ELSE coalesce(t.note, 'none') END AS kind FROM up JOIN table_# AS t USING (id) WHERE EXISTS (SELECT 1 FROM \
         table_2 AS x WHERE x.parent = t.id AND x.name IN ('a', 'b', ?2)) ORDER BY up.depth DESC, t.name COLLATE NOCASE",
    ),
];

pub(crate) fn run() {
    println!("query, a catalog of {TABLES} tables, microseconds for each statement");
    let mut schema = Schema::default();
    for table in 0..TABLES {
        let sql = format!(
            "CREATE TABLE table_{table} (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES table_{table}, name TEXT NOT NULL, \
             note TEXT, score REAL, amount INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)"
        );
        let Ok(Object::Table(table)) = read(&sql) else { panic!("{sql}") };
        schema.tables.insert(table);
    }
    let start = Instant::now();
    let catalog = Catalog::new(&schema, &Engine::default());
    println!("  {:<12} {:>8.2}", "the catalog", microseconds(start.elapsed()));
    for (name, statement) in STATEMENTS {
        let all: Vec<String> = (0..TABLES).map(|table| statement.replace('#', &table.to_string())).collect();
        let first = time(&catalog, &all[..], 1);
        let again = time(&catalog, &all[..], ROUNDS);
        println!("  {name:<12} {again:>8.2}   (for the first time on a table {first:.2})");
    }
}

fn time(catalog: &Catalog, statements: &[String], rounds: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..rounds {
        for statement in statements {
            assert!(resolve(catalog, statement).is_ok(), "{statement}: {:?}", resolve(catalog, statement));
        }
    }
    microseconds(start.elapsed()) / f64::from(rounds) / f64::from(TABLES)
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
