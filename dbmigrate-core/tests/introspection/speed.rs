//! How long it takes to read large schemas: a measurement, run with `--ignored --nocapture` on an optimized build.

use std::time::{Duration, Instant};

use dbmigrate_core::ddl;
use dbmigrate_core::engine::{Connection, introspect};
use dbmigrate_core::schema::canonical::SchemaHash;
use pollster::block_on;

use crate::twin::made_by;

/// Tables as applications have them: eight columns, a key to another table, an index.
fn database(tables: usize) -> Connection {
    let table = |at: usize| {
        format!(
            "CREATE TABLE table_{at} (\n  id INTEGER PRIMARY KEY,\n  parent_id INTEGER NOT NULL REFERENCES table_{} (id) ON DELETE CASCADE,\n  \
             name TEXT NOT NULL DEFAULT 'untitled' COLLATE NOCASE,\n  email VARCHAR(255) UNIQUE,\n  state TEXT NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'live', 'gone')),\n  \
             price REAL,\n  data BLOB,\n  created_at INTEGER NOT NULL DEFAULT (unixepoch())\n);\nCREATE INDEX table_{at}_name_idx ON table_{at} (name, created_at DESC);\n",
            at.saturating_sub(1)
        )
    };
    made_by(&(0..tables).map(table).collect::<String>()).expect("libSQL takes it")
}

fn best(mut run: impl FnMut()) -> Duration {
    let once = |run: &mut dyn FnMut()| {
        let started = Instant::now();
        run();
        started.elapsed()
    };
    (0..7).map(|_| once(&mut run)).min().unwrap_or_default()
}

#[test]
#[ignore = "a measurement"]
fn large_schemas_are_read_quickly() {
    for tables in [500, 2000] {
        let connection = database(tables);
        let found = block_on(introspect(&connection)).expect("it is readable");
        assert!(found.unreadable.is_empty() && found.schema.tables.len() == tables);
        let all = best(|| drop(block_on(introspect(&connection))));
        let read = best(|| found.statements.iter().for_each(|object| drop(ddl::read(&object.sql))));
        let comments = best(|| drop(found.comments()));
        let hash = best(|| drop(SchemaHash::of(&found.schema).to_hex()));
        let rows =
            best(|| drop(block_on(connection.rows("SELECT type, name, tbl_name, sql, rowid FROM sqlite_schema"))));
        let columns = best(|| {
            drop(block_on(connection.rows("SELECT m.name, x.name, x.type, x.\"notnull\", x.pk, x.hidden FROM sqlite_schema AS m, pragma_table_xinfo(m.name) AS x WHERE m.type = 'table' AND m.rootpage > 0")));
        });
        println!(
            "{tables} tables: introspect {all:?}; of it statements {rows:?}, columns {columns:?}, reading {read:?}; comments {comments:?}, hash {hash:?}"
        );
    }
}
