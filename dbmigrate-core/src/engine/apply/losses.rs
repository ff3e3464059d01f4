//! What a migration is about to lose with permission, and what of that is not lost: values that triggers have carried over
//! to the columns of the release that comes.

use super::{Loss, Target};
use crate::folder::script::{Allow, Script};
use crate::folder::{Folder, Migration};
use crate::plan::phased::carried_over;

/// What a migration of a folder is about to lose with permission: how many rows or values there are now, and which columns
/// have them as well.
pub async fn losses(
    target: &mut impl Target,
    (folder, migration): (&Folder, &Migration),
    script: &Script<'_>,
) -> Vec<Loss> {
    let mut losses = target.losses(script).await;
    // only what waits for a deployment has anything carried over, and a snapshot is read for it
    if script.after_deploy.is_none() || losses.is_empty() {
        return losses;
    }
    let carried = folder.schema_before(migration).map(|before| carried_over(&before)).unwrap_or_default();
    for loss in &mut losses {
        let is_it = |allow: &&Allow| allow.lint == loss.lint && allow.object == loss.object;
        let column = script.allows.iter().find(is_it).and_then(Allow::column);
        let to = column.and_then(|column| carried.get(&column)).into_iter().flatten();
        loss.carried_to = to.map(|(name, _)| name.to_string()).collect();
    }
    losses
}
