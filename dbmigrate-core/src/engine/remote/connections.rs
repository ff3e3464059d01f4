//! Connections that the clients of several databases share: one server has many of them, and a connection that was used
//! for one is good for the next.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ureq::Agent;

use crate::engine::error::EngineError;

/// So many connections are kept open at most while nothing is asked over them.
pub(super) const MOST_IDLE: usize = 64;

/// What connections have in common: whether a proxy is asked, whether they are encrypted, how long they may take.
type Kind = (bool, bool, Duration);

/// Connections for several clients. Clones are the same.
#[derive(Clone, Default)]
pub struct Connections(Arc<Mutex<Vec<(Kind, Agent)>>>);

impl Connections {
    /// What has those of a kind.
    pub(super) fn agent(
        &self,
        kind: Kind,
        make: impl FnOnce() -> Result<Agent, EngineError>,
    ) -> Result<Agent, EngineError> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, agent)) = all.iter().find(|(known, _)| *known == kind) {
            return Ok(agent.clone());
        }
        let agent = make()?;
        all.push((kind, agent.clone()));
        Ok(agent)
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connections").finish_non_exhaustive()
    }
}
