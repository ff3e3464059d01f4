//! Puts the parts together: groups, shelves, corridors, and with them the place of every box and the way of every edge.

use std::collections::BTreeMap;

use serde::Serialize;

use super::block::{Block, Slot};
use super::communities::groups;
use super::graph::Graph;
use super::nets::{END, Net};
use super::routes::{Beside, Leg, Router, Routes, Spot, by_bus};
use super::shelves::{Size, shelves};

/// What is free around everything.
const MARGIN: i32 = 24;
/// Between two tracks of a corridor.
const TRACK: i32 = 9;
/// Between a box and the first track beside it: room for the marks at the end of a line.
const BESIDE: i32 = 20;
/// The width of a corridor without tracks, within a group and at its edges.
const EMPTY: (i32, i32) = (36, 8);
/// Between a shelf and the first track above it.
const ABOVE: i32 = 14;
/// Around the boxes of a group, and for its name.
const AROUND: i32 = 14;
const TITLE: i32 = 24;
/// Between two groups.
const APART: i32 = 16;

/// A card's place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Placed {
    /// Its left edge.
    pub x: i32,
    /// Its upper edge.
    pub y: i32,
    /// Its width.
    pub width: i32,
    /// Its height.
    pub height: i32,
}

/// Cards that are linked with each other more than with others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Group {
    /// The card that most of the others are linked with.
    pub name: String,
    /// Its cards, by their places in the picture.
    pub cards: Vec<usize>,
    /// The area that has them and nothing else.
    pub area: Placed,
}

/// Everything in its place.
#[derive(Debug, Default)]
pub(super) struct Everything {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) boxes: Vec<Placed>,
    pub(super) ways: Vec<Vec<(i32, i32)>>,
    pub(super) groups: Vec<Group>,
}

/// Puts everything in its place.
pub(super) fn placed(graph: &Graph) -> Everything {
    let (groups, has_alone) = groups(graph);
    if groups.is_empty() {
        return Everything { width: 2 * MARGIN, height: 2 * MARGIN, ..Everything::default() };
    }
    let mut group_of = vec![0; graph.sizes.len()];
    for (at, group) in groups.iter().enumerate() {
        for &box_ in group {
            group_of[box_] = at;
        }
    }
    let mut inner = vec![Vec::new(); groups.len()];
    let mut between: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for (at, edge) in graph.edges.iter().enumerate() {
        let (one, other) = (group_of[edge.from], group_of[edge.to]);
        if one == other {
            inner[one].push(at);
        } else {
            *between.entry((one.min(other), one.max(other))).or_insert(0.0) += edge.weight;
        }
    }
    let blocks: Vec<Block> = groups
        .iter()
        .enumerate()
        .map(|(at, group)| match has_alone && at + 1 == groups.len() {
            true => Block::of_unlinked(group, graph),
            false => Block::of_linked(group, graph, &inner[at]),
        })
        .collect();
    let sizes: Vec<Size> = blocks.iter().map(about).collect();
    let links: Vec<(usize, usize, f64)> =
        between.into_iter().map(|((one, other), weight)| (one, other, weight)).collect();
    let shelves = shelves(&sizes, &links);
    Placing::new(graph, &groups, &blocks, &shelves, &sizes).everything()
}

/// About how much room a block takes: how many tracks its corridors have is not known yet.
fn about(block: &Block) -> Size {
    let columns = i32::try_from(block.columns.len()).unwrap_or(i32::MAX / 1024);
    let width = block.widths.iter().sum::<i32>() + (columns - 1) * (2 * BESIDE + TRACK) + 2 * AROUND + APART;
    Size { width, height: block.height + 2 * AROUND + TITLE + APART }
}

struct Placing<'a> {
    graph: &'a Graph,
    groups: &'a [Vec<usize>],
    blocks: &'a [Block],
    shelves: &'a [Vec<usize>],
    spots: Vec<Spot>,
    routes: Routes,
    /// The track of each bus in each corridor beside a column, and how many tracks that has.
    beside: BTreeMap<Beside, (BTreeMap<usize, usize>, usize)>,
    /// The left edge of each of those corridors.
    lefts: BTreeMap<Beside, i32>,
    /// The left edge of each column.
    columns: BTreeMap<Beside, i32>,
    /// The left and right edge of each block, with its corridors.
    edges: Vec<(i32, i32)>,
    shelf_of: Vec<usize>,
    width: i32,
}

impl<'a> Placing<'a> {
    fn new(
        graph: &'a Graph,
        groups: &'a [Vec<usize>],
        blocks: &'a [Block],
        shelves: &'a [Vec<usize>],
        sizes: &[Size],
    ) -> Self {
        let mut spots = vec![Spot::default(); graph.sizes.len()];
        for (at, block) in blocks.iter().enumerate() {
            for (column, (slots, tops)) in block.columns.iter().zip(&block.tops).enumerate() {
                for (slot, &top) in slots.iter().zip(tops) {
                    if let Slot::Box(box_) = slot {
                        spots[*box_] = Spot { block: at, column, top };
                    }
                }
            }
        }
        let (mut middles, mut shelf_of) = (vec![0; blocks.len()], vec![0; blocks.len()]);
        for (at, shelf) in shelves.iter().enumerate() {
            let mut x = 0;
            for &block in shelf {
                middles[block] = x + sizes[block].width / 2;
                x += sizes[block].width;
                shelf_of[block] = at;
            }
        }
        let router = Router { graph, blocks, shelves, spots: &spots, middles: &middles, shelf_of: &shelf_of };
        let routes = router.routes();
        let beside = routes.beside.iter().map(|(corridor, nets)| (*corridor, by_bus(nets))).collect();
        let mut placing = Self {
            graph,
            groups,
            blocks,
            shelves,
            spots,
            routes,
            beside,
            lefts: BTreeMap::new(),
            columns: BTreeMap::new(),
            edges: vec![(0, 0); blocks.len()],
            shelf_of,
            width: 0,
        };
        placing.place_columns();
        placing
    }

    fn place_columns(&mut self) {
        for shelf in self.shelves {
            let mut x = MARGIN;
            for &block in shelf {
                let left = x;
                let columns = self.blocks[block].columns.len();
                x += AROUND;
                for at in 0..=columns {
                    self.lefts.insert((block, at), x);
                    let tracks = self.beside.get(&(block, at)).map_or(0, |(_, tracks)| *tracks);
                    let is_edge = at == 0 || at == columns;
                    x += match tracks {
                        0 if self.is_used(block, at) => 2 * BESIDE,
                        0 => {
                            if is_edge {
                                EMPTY.1
                            } else {
                                EMPTY.0
                            }
                        }
                        tracks => 2 * BESIDE + TRACK * (i32::try_from(tracks).unwrap_or(i32::MAX / 1024) - 1),
                    };
                    if at < columns {
                        self.columns.insert((block, at), x);
                        x += self.blocks[block].widths[at];
                    }
                }
                x += AROUND;
                self.edges[block] = (left, x);
                self.width = self.width.max(x + MARGIN);
                x += APART;
            }
        }
    }

    fn is_used(&self, block: usize, corridor: usize) -> bool {
        self.beside.contains_key(&(block, corridor))
    }

    /// Where the line of a bus is in a corridor beside a column.
    fn x(&self, corridor: Beside, bus: usize) -> i32 {
        let track = self.beside.get(&corridor).and_then(|(tracks, _)| tracks.get(&bus)).copied().unwrap_or_default();
        let left = self.lefts.get(&corridor).copied().unwrap_or_default();
        left + BESIDE + TRACK * i32::try_from(track).unwrap_or_default()
    }

    fn everything(&self) -> Everything {
        // the corridors above each shelf, and below the last one
        let mut above = Vec::new();
        let (mut y, mut tops) = (MARGIN, Vec::new());
        for at in 0..=self.shelves.len() {
            let buses = self.routes.above.get(&at);
            let nets: Vec<Net> = buses
                .into_iter()
                .flatten()
                .map(|(&bus, pins)| {
                    let places = |pins: &[Beside]| pins.iter().map(|&corridor| self.x(corridor, bus)).collect();
                    Net { bus, low: places(&pins.from_above), high: places(&pins.from_below), ends: Vec::new() }
                })
                .collect();
            let (tracks, count) = by_bus(&nets);
            above.push((y, tracks));
            let is_edge = at == 0 || at == self.shelves.len();
            y += match i32::try_from(count.max(usize::from(!nets.is_empty()))).unwrap_or_default() {
                0 => {
                    if is_edge {
                        0
                    } else {
                        APART
                    }
                }
                count => 2 * ABOVE + TRACK * (count - 1),
            };
            if let Some(shelf) = self.shelves.get(at) {
                tops.push(y + TITLE + AROUND);
                let height = shelf.iter().map(|&block| self.blocks[block].height).max().unwrap_or_default();
                y += height + TITLE + 2 * AROUND;
            }
        }
        let line = |at: usize, bus: usize| {
            let (top, tracks) = &above[at];
            top + ABOVE + TRACK * i32::try_from(tracks.get(&bus).copied().unwrap_or_default()).unwrap_or_default()
        };
        let boxes: Vec<Placed> = self
            .spots
            .iter()
            .zip(&self.graph.sizes)
            .map(|(spot, &(width, height))| {
                let x = self.columns.get(&(spot.block, spot.column)).copied().unwrap_or_default();
                Placed { x, y: tops[self.shelf_of[spot.block]] + spot.top, width, height }
            })
            .collect();
        let ways = self.graph.edges.iter().zip(&self.routes.ways).map(|(edge, (from_right, to_right, legs))| {
            let end = |box_: usize, is_right: bool| boxes[box_].x + if is_right { boxes[box_].width } else { 0 };
            let (from_y, to_y) = (boxes[edge.from].y + edge.from_y, boxes[edge.to].y + edge.to_y);
            let mut way = vec![(end(edge.from, *from_right), from_y)];
            let mut y = from_y;
            for (at, leg) in legs.iter().enumerate() {
                match *leg {
                    Leg::Beside(corridor, to) => {
                        let x = self.x(corridor, edge.bus);
                        way.push((x, y));
                        y = match legs.get(at + 1) {
                            Some(Leg::Above(corridor)) => line(*corridor, edge.bus),
                            _ => tops[self.shelf_of[corridor.0]] + to.clamp(-END, END),
                        };
                        way.push((x, y));
                    }
                    // its ends are those of the corridors before and behind it
                    Leg::Above(_) => {}
                }
            }
            way.push((end(edge.to, *to_right), to_y));
            simplified(way)
        });
        let ways = ways.collect();
        let groups = self.groups_at(&tops);
        Everything { width: self.width, height: y + MARGIN, boxes, ways, groups }
    }

    fn groups_at(&self, tops: &[i32]) -> Vec<Group> {
        if self.groups.len() < 2 {
            return Vec::new();
        }
        let group = |(at, cards): (usize, &Vec<usize>)| {
            let (left, right) = self.edges[at];
            let y = tops[self.shelf_of[at]] - TITLE;
            let height = self.blocks[at].height + TITLE + AROUND;
            Group { cards: cards.clone(), area: Placed { x: left, y, width: right - left, height }, ..Group::default() }
        };
        self.groups.iter().enumerate().map(group).collect()
    }
}

/// The same way without corners that are none.
fn simplified(way: Vec<(i32, i32)>) -> Vec<(i32, i32)> {
    let mut out: Vec<(i32, i32)> = Vec::with_capacity(way.len());
    for point in way {
        if out.last() == Some(&point) {
            continue;
        }
        if let [.., before, last] = out[..] {
            let is_straight = (before.0 == last.0 && last.0 == point.0) || (before.1 == last.1 && last.1 == point.1);
            if is_straight {
                out.pop();
            }
        }
        out.push(point);
    }
    out
}
