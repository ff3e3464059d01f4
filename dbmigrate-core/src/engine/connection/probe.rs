//! Which engine runs on a server, and which database it is: asked in the request that comes first anyway.

use super::server::ServerConnection;
use crate::engine::engines::{Engine, TURSO_VERSION};
use crate::engine::error::EngineError;
use crate::engine::remote::{Batch, Outcome, error, ok, or};

/// What tells a server's database from others.
const DATABASE_NAME: &str = "SELECT libsql_server_database_name()";

/// What libSQL compiles and Turso Database does not know.
const CHECK: &str = "SELECT 1 FROM pragma_foreign_key_check LIMIT 0";

/// The steps of a batch that ask.
pub(super) struct Probe {
    name: u32,
    /// The check and the version, as long as the engine is not known.
    engine: Option<[u32; 2]>,
}

impl Probe {
    /// Adds what has to be asked to a batch in which a transaction was begun. None of it fails the batch.
    pub(super) fn add(batch: &mut Batch, begun: u32, known: Option<Engine>) -> Self {
        let name = batch.step(Some(ok(begun)), DATABASE_NAME, Vec::new(), true);
        let engine = known.is_none().then(|| {
            let check = batch.step(Some(ok(begun)), CHECK, Vec::new(), false);
            let lacks = or(vec![error(name), error(check)]);
            [check, batch.step(Some(lacks), TURSO_VERSION, Vec::new(), true)]
        });
        Self { name, engine }
    }

    /// Whether this step is one of those.
    pub(super) fn has(&self, step: u32) -> bool {
        self.name == step || self.engine.is_some_and(|steps| steps.contains(&step))
    }

    /// What the answers say: refuses another database than the one that was asked for.
    pub(super) fn answered(&self, outcome: &Outcome, server: &ServerConnection) -> Result<(), EngineError> {
        if let Some([check, version]) = self.engine {
            let lacks_check = outcome.error(check).is_some_and(|error| error.message.contains("no such table"));
            if outcome.is_ok(version) || lacks_check {
                server.learn(Engine::Turso);
            } else if outcome.is_ok(check) {
                server.learn(Engine::LibSql);
            }
        }
        server.is_expected(outcome.rows(self.name).and_then(|rows| rows.first()?.first()))
    }
}
