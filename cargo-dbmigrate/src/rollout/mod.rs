//! Fleets migrated: every member is asked where it stands before the first is written to, then they are migrated wave by
//! wave. One that fails keeps none of the others from being migrated, until there are too many of them.

pub(crate) mod drift;
mod host;
mod interrupt;
mod journal;
mod look;
mod pool;
mod preflight;
mod queue;
mod rehearse;
mod run;
mod said;
mod shard;
mod silence;
pub(crate) mod survey;
mod totals;
mod trouble;
mod wanted;
mod wave;
mod waves;

pub(crate) use rehearse::sample_of;
pub(crate) use run::run;
pub(crate) use said::{concluded, reason};
pub(crate) use shard::Shard;
pub(crate) use totals::merged;
pub(crate) use wanted::Wanted;
