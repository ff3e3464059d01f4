//! The page of a package: its migrations, its structs, and what databases say of them.

use std::path::PathBuf;

use dbmigrate_core::folder::Verify;

use super::asked::{self, Answered};
use super::declarations;
use super::layout::layout;
use super::model::Picture;
use super::page::data::{Community, Layout, Page};
use super::page::pool::Pool;
use super::timeline::{Timeline, timeline};
use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::project::url::Connect;
use crate::structs;

/// The page, and the files that its structs are in, if they could be read.
pub(crate) struct Whole {
    pub(crate) page: Page,
    pub(crate) sources: Option<Vec<PathBuf>>,
    /// How many tables and views there are at last, and how many links.
    pub(crate) counts: [usize; 2],
}

/// Puts everything together. Databases are only asked if one is named, and if it is not known what they say.
///
/// # Errors
/// What is wrong with the folder, or with a database.
pub(crate) fn page(context: &Context, connect: &Connect, known: &mut Option<Vec<Answered>>) -> Result<Whole> {
    if let Some(fleet) = context.fleet(connect)? {
        let name = fleet.name();
        return Err(CommandError::usage(format!("a picture shows single databases, and `{name}` is a fleet"))
            .help(format!("name one of its members: `-t {name}/NAME`")));
    }
    let folder = context.folder()?;
    folder.verify(Verify::Sql)?;
    let (declared, is_read) = structs::read_or_nothing(context)?;
    let notice = (!is_read).then(|| "the structs cannot be read, so the migrations alone are shown".to_owned());
    let Timeline { mut pool, mut moments, last } = timeline(context, &folder, is_read.then_some(&declared))?;
    let answers = match known {
        Some(answers) => answers,
        None => known.insert(asked::all(context, connect)?),
    };
    let targets = answers.iter().map(|one| asked::noted(one, &folder, &mut moments)).collect();
    let texts = declarations::texts(&declared);
    for (name, text) in &texts {
        pool.rust(name, text);
    }
    let counts = [last.cards.len(), last.links.len()];
    let layout = placed(&last, &mut pool);
    let (lines, columns, pool) = pool.into_parts();
    let title = match context.config.own_table() {
        Some(own) => format!("{} · {}", context.package.name, own.name),
        None => context.package.name.clone(),
    };
    let rust = !texts.is_empty();
    let page = Page { title, live: None, notice, lines, columns, pool, moments, targets, layout: Some(layout), rust };
    Ok(Whole { page, sources: is_read.then_some(declared.files), counts })
}

/// Where everything of the last moment stands.
fn placed(last: &Picture, pool: &mut Pool) -> Layout {
    let layout = layout(last);
    for (link, way) in last.links.iter().zip(&layout.links) {
        if let Some(way) = way {
            pool.route(link, way);
        }
    }
    let name = |card: &usize| last.cards[*card].name.to_string();
    let places = last.cards.iter().zip(&layout.cards);
    let community = |group: &super::layout::Group| Community {
        name: group.name.clone(),
        cards: group.cards.iter().map(name).collect(),
    };
    Layout {
        width: layout.width,
        height: layout.height,
        cards: places.map(|(card, at)| (card.name.to_string(), [at.x, at.y, at.width, at.height])).collect(),
        communities: layout.groups.iter().map(community).collect(),
    }
}
