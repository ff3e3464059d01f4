//! Where everything of a picture stands: groups of cards on shelves, cards in columns, links in corridors between them.
//!
//! Cards that are linked with each other more than with others are a group ([`communities`]). Within one, what is
//! referred to stands left of what refers to it ([`layers`], [`order`], [`rows`]). Groups stand on shelves
//! ([`shelves`]), and links run through corridors beside columns and between shelves ([`routes`], [`nets`]). So no card
//! covers another one or a link, whatever the schema is, and where a card stands depends on names and links; what
//! columns it has moves others up and down only.

mod block;
mod communities;
mod graph;
mod layers;
#[cfg(test)]
mod measured;
mod nets;
mod order;
mod placing;
mod routes;
mod rows;
mod shelves;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeMap;

use serde::Serialize;

use self::graph::{Edge, Graph};
use super::metrics;
use super::model::{LinkKind, Picture};

pub(crate) use self::placing::{Group, Placed};
#[cfg(test)]
pub(crate) use self::tests::Numbers;

/// Where everything stands, in pixels.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Layout {
    /// The width of the whole.
    pub width: i32,
    /// The height of the whole.
    pub height: i32,
    /// Where each card stands, in the order of the picture.
    pub cards: Vec<Placed>,
    /// The corners of each link, from the card that it comes from, in the order of the picture; nothing where one of the
    /// cards is not there.
    pub links: Vec<Option<Vec<(i32, i32)>>>,
    /// The groups; none where there is only one.
    pub groups: Vec<Group>,
}

/// Lays a picture out. The same picture is always laid out in the same way.
pub(crate) fn layout(picture: &Picture) -> Layout {
    let (graph, of_link) = graph(picture);
    let placed = placing::placed(&graph);
    let mut links = vec![None; picture.links.len()];
    for (link, way) in of_link.into_iter().zip(placed.ways) {
        links[link] = Some(way);
    }
    let groups = placed.groups.into_iter().map(|group| Group { name: name_of(picture, &graph, &group), ..group });
    let groups = groups.collect();
    Layout { width: placed.width, height: placed.height, cards: placed.boxes, links, groups }
}

/// The name of that card of a group which most of the others refer to, else of that which most links lead to or from.
fn name_of(picture: &Picture, graph: &Graph, group: &Group) -> String {
    let place = |card: usize| group.cards.binary_search(&card).ok();
    let mut counts = vec![(0_usize, 0_usize); group.cards.len()];
    for edge in graph.edges.iter().filter(|edge| edge.from != edge.to) {
        let (Some(from), Some(to)) = (place(edge.from), place(edge.to)) else { continue };
        counts[to].0 += usize::from(edge.is_key);
        counts[to].1 += 1;
        counts[from].1 += 1;
    }
    let best = counts.into_iter().zip(&group.cards).reduce(|best, next| if next.0 > best.0 { next } else { best });
    match best {
        Some(((_, 1..), card)) => picture.cards[*card].name.to_string(),
        _ => "without links".to_owned(),
    }
}

/// The boxes and edges of a picture, and the link of each edge.
fn graph(picture: &Picture) -> (Graph, Vec<usize>) {
    let sizes = picture.cards.iter().map(|card| metrics::size(picture, card)).collect();
    let mut graph = Graph { sizes, edges: Vec::new() };
    let mut of_link = Vec::new();
    let places: BTreeMap<_, _> = picture.cards.iter().enumerate().map(|(at, card)| (&card.name, at)).collect();
    let mut buses = BTreeMap::new();
    // lines that meet a card at one point would look like one line
    let mut ports: BTreeMap<(usize, i32), Vec<usize>> = BTreeMap::new();
    for (at, link) in picture.links.iter().enumerate() {
        let (Some(&from), Some(&to)) = (places.get(&link.from), places.get(&link.to)) else { continue };
        let from_y = metrics::middle_of(&picture.cards[from], link.columns.first());
        let to_y = metrics::middle_of(&picture.cards[to], link.parent_columns.first());
        let next = buses.len();
        let bus = *buses.entry((to, link.kind, to_y)).or_insert(next);
        let mut port = |card: usize, y: i32| {
            let here = ports.entry((card, y)).or_default();
            let place = here.iter().position(|one| *one == bus).unwrap_or_else(|| {
                here.push(bus);
                here.len() - 1
            });
            y + [0, -6, 6, -3, 3, -9, 9][place % 7]
        };
        let (from_y, to_y) = (port(from, from_y), port(to, to_y));
        let weight = match link.kind {
            LinkKind::ForeignKey => 1.0,
            LinkKind::Reads => 0.5,
            LinkKind::Writes => 0.3,
        };
        let is_key = link.kind == LinkKind::ForeignKey;
        graph.edges.push(Edge { from, to, from_y, to_y, bus, weight, is_key });
        of_link.push(at);
    }
    (graph, of_link)
}
