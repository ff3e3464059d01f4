//! Whether the order of two branches matters: both orders executed on the same rows.

use dbmigrate_core::engine::commute::{Commuting, commute};
use dbmigrate_core::folder::heads::shared;
use dbmigrate_core::merge::Edit;
use pollster::block_on;

use super::moved::{snapshot_before, traced};
use super::placed::{Chain, Rebased};
use super::side::{Ours, Side};
use crate::error::Result;

/// What comes of both orders, if there is another one: it is planned, too, and nothing is asked for it.
pub(crate) fn commutes(chain: &Chain<'_>, rebased: &Rebased) -> Option<Commuting> {
    let [ours] = &chain.sides.ours[..] else { return None };
    let (mine, theirs) = shared(&ours.side.migrations, &chain.sides.onto.migrations);
    // otherwise the other order is none that anybody could have
    let is_plain = mine == ours.base && mine == theirs && theirs < chain.sides.onto.migrations.len();
    if !is_plain {
        return None;
    }
    tried(chain, rebased, ours).ok().flatten()
}

fn tried(chain: &Chain<'_>, rebased: &Rebased, ours: &Ours) -> Result<Option<Commuting>> {
    let silent = chain.deciding.silent();
    let other = Chain { sides: chain.sides, deciding: &silent };
    let theirs = Ours { side: chain.sides.onto.clone(), base: ours.base };
    let swapped = other.behind(&ours.side, &[theirs])?;
    let scripts = |rebased: &Rebased| -> Result<Vec<String>> {
        let added = rebased.folder.migrations()[ours.base..].iter();
        added.map(|migration| Ok(rebased.folder.sql(migration)?)).collect()
    };
    let orders = [scripts(rebased)?, scripts(&swapped)?];
    let orders = orders.each_ref().map(|scripts| scripts.iter().map(String::as_str).collect::<Vec<_>>());
    let mut sources = chain.sides.sources.clone();
    sources.beside(rebased.folder.path());
    let merged = Side::new("", rebased.folder.migrations().to_vec());
    let common = snapshot_before(&sources, &merged, ours.base)?.schema;
    let renames = traced(&sources, &merged, ours.base, merged.migrations.len())?.renames();
    let head = rebased.folder.head_schema()?;
    let edit = Edit { from: &common, to: &head, renames: &renames };
    Ok(block_on(commute(&edit, [&orders[0], &orders[1]])).ok())
}
