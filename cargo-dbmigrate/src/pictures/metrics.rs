//! How much room the parts of a card take, in pixels: for everybody who draws one.

use super::model::{Card, Column, LinkKind, Picture};

/// The height of a card's head, with its name.
pub(crate) const HEAD: i32 = 30;
/// The height of a column's row.
pub(crate) const ROW: i32 = 20;
/// What is free below the last row.
pub(crate) const FOOT: i32 = 6;
/// How narrow a card can be.
const NARROWEST: i32 = 160;
/// How wide a card can be: what is longer is cut.
const WIDEST: i32 = 420;
/// What is free to the left and right of texts, and the marks of keys.
const ASIDE: i32 = 46;

/// How many cells of a terminal a text takes, and so of any font in which all characters have one width.
pub(crate) fn cells(text: &str) -> usize {
    console::measure_text_width(text)
}

/// The width of a text of so many cells, with 12 pixels to the line: 7.25 each.
pub(crate) fn width_of(cells: usize) -> i32 {
    i32::try_from(cells).unwrap_or(i32::MAX / 64).saturating_mul(29) / 4
}

/// What stands to the right in a column's row: its type, and what becomes of its rows with those they refer to.
pub(crate) fn right_of(picture: &Picture, card: &Card, column: &Column) -> String {
    let ty = column.ty.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut links = picture.links_from(&card.name).iter().filter(|link| link.kind == LinkKind::ForeignKey);
    let action = links.find(|link| link.columns.contains(&column.name)).and_then(|link| link.on_delete.clone());
    match action {
        Some(action) => format!("{ty} · {action}"),
        None => ty,
    }
}

/// What stands below the columns: how many there are of what has no row.
pub(crate) fn foot_of(card: &Card) -> Option<String> {
    let counts = [
        (card.uniques.len(), "unique"),
        (card.indexes.len(), "index"),
        (card.checks.len(), "check"),
        (card.triggers.len(), "trigger"),
    ];
    let counted = |(count, noun): (usize, &str)| {
        let plural = if noun == "index" { "indexes".to_owned() } else { format!("{noun}s") };
        format!("{count} {}", if count == 1 { noun } else { &plural })
    };
    let said: Vec<String> = counts.into_iter().filter(|(count, _)| *count > 0).map(counted).collect();
    (!said.is_empty()).then(|| said.join(" · "))
}

/// How wide and how high a card is.
pub(crate) fn size(picture: &Picture, card: &Card) -> (i32, i32) {
    let rows = card.columns.iter().map(|column| {
        let right = cells(&right_of(picture, card, column));
        cells(column.name.as_str()) + if right == 0 { 0 } else { right + 2 }
    });
    let foot = foot_of(card);
    let kind = if card.mark.word().is_empty() { 14 } else { 24 };
    let longest = rows.chain([cells(card.name.as_str()) + kind, foot.as_deref().map_or(0, cells)]).max();
    let width = (ASIDE + width_of(longest.unwrap_or_default())).clamp(NARROWEST, WIDEST);
    let rows = card.columns.len() + usize::from(foot.is_some());
    (width, HEAD + ROW * i32::try_from(rows).unwrap_or(i32::MAX / 64) + FOOT)
}

/// Where the middle of a column's row is, from the top of its card; that of its head if there is no such column.
pub(crate) fn middle_of(card: &Card, column: Option<&dbmigrate_core::sql::Name>) -> i32 {
    let at = column.and_then(|name| card.columns.iter().position(|column| column.name == *name));
    match at {
        Some(at) => HEAD + ROW * i32::try_from(at).unwrap_or(i32::MAX / 64) + ROW / 2,
        None => HEAD / 2,
    }
}
