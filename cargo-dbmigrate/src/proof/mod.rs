//! Proofs as commands need them: the declaration checked, migrations replayed, and what came out in words.

mod agreement;
mod assumed;
mod declaration;
mod replay;

pub(crate) use agreement::agree;
pub(crate) use assumed::{say_assumed, say_assumed_of};
pub(crate) use declaration::{check, check_changes, unproven, warn_of_empty, wrong_backfill};
pub(crate) use replay::{replay_to, replay_with_steps};
