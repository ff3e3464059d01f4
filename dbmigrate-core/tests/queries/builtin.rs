//! What the engine has of itself, beside what the resolver knows of it.

use dbmigrate_core::config::Engine;
use dbmigrate_core::engine::Connection;
use dbmigrate_core::query::{Catalog, resolve};
use dbmigrate_core::schema::Schema;

use crate::oracle::{Oracle, Verdict};

async fn texts(connection: &Connection, sql: &str) -> Vec<String> {
    let rows = connection.rows(sql).await.expect("a list");
    rows.iter()
        .filter_map(|row| row.first().map(|value| dbmigrate_core::engine::value::text(value).to_owned()))
        .collect()
}

/// Every function of the engine is called with up to six arguments, with `OVER`, and without arguments that it needs.
#[test]
fn functions_and_their_numbers_of_arguments_are_those_of_the_engine() {
    pollster::block_on(async {
        let (oracle, connection) = (Oracle::new().await, Connection::in_memory().await.expect("an engine"));
        let names = texts(&connection, "SELECT DISTINCT name FROM pragma_function_list ORDER BY 1").await;
        assert!(names.len() > 100);
        let mut wrong = Vec::new();
        // the second argument of this one has to be a certain constant
        for name in names.iter().filter(|name| *name != "likelihood") {
            for count in 0..=6 {
                let arguments = vec!["NULL"; count].join(", ");
                for sql in
                    [format!("SELECT \"{name}\"({arguments})"), format!("SELECT \"{name}\"({arguments}) OVER ()")]
                {
                    match oracle.judge(&sql).await {
                        Verdict::Accepted | Verdict::Refused | Verdict::OtherColumns(..) => {}
                        verdict => wrong.push(format!("{sql}: {verdict:?}")),
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

/// The columns of pragmas and of the tables that are always there.
#[test]
fn tables_that_are_built_in_have_the_columns_of_the_engine() {
    pollster::block_on(async {
        let connection = Connection::in_memory().await.expect("an engine");
        let pragmas = texts(&connection, "SELECT 'pragma_' || name FROM pragma_pragma_list ORDER BY 1").await;
        let others = ["sqlite_schema", "sqlite_master", "json_each", "json_tree", "dbstat", "sqlite_dbpage"];
        let catalog = Catalog::new(&Schema::default(), &Engine::default());
        let mut wrong = Vec::new();
        for table in pragmas.iter().map(String::as_str).chain(others) {
            let columns = texts(&connection, &format!("SELECT name FROM pragma_table_xinfo('{table}')")).await;
            for column in columns {
                let sql = format!("SELECT \"{column}\" FROM {table}");
                if let Err(mistakes) = resolve(&catalog, &sql) {
                    wrong.push(format!("{sql}: {mistakes:?}"));
                }
            }
            let Ok(names) = connection.column_names(&format!("SELECT * FROM {table}")).await else { continue };
            let ours = resolve(&catalog, &format!("SELECT * FROM {table}")).expect("columns").columns;
            let ours: Vec<_> = ours.into_iter().map(|column| column.name).collect();
            if !ours.is_empty() && ours != names {
                wrong.push(format!("{table}: {ours:?} for {names:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}
