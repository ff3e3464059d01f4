//! The suites of the embedded runner, over rusqlite.

mod custom;
mod driver;
mod functions;
mod lent;

#[path = "../../../../../dbmigrate-embed/tests/embed/cancelled.rs"]
mod cancelled;
#[path = "../../../../../dbmigrate-embed/tests/embed/created.rs"]
mod created;
#[path = "../../../../../dbmigrate-embed/tests/embed/database.rs"]
mod database;
#[path = "../../../../../dbmigrate-embed/tests/embed/history.rs"]
mod history;
#[path = "../../../../../dbmigrate-embed/tests/embed/ready.rs"]
mod ready;
#[path = "../../../../../dbmigrate-embed/tests/embed/refused.rs"]
mod refused;
#[path = "../../../../../dbmigrate-embed/tests/embed/run.rs"]
mod run;
// on a server, where no crate of libSQL is in the tree
#[path = "../../../../../dbmigrate-embed/tests/embed/server.rs"]
mod server;
#[path = "../../../../../dbmigrate-embed/tests/embed/steps.rs"]
mod steps;
#[path = "../../../../../dbmigrate-embed/tests/embed/steps_server.rs"]
mod steps_server;
#[path = "../../../../../dbmigrate-embed/tests/embed/together.rs"]
mod together;
