//! A group of boxes: columns of boxes, and of places where lines pass between boxes.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::Graph;
use super::layers::layers;
use super::order::ordered;
use super::rows::rows;
use super::wire::Wire;

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// A box.
    Box(usize),
    /// The line of a bus, on its way to a column further on.
    Pass(usize),
}

/// A group with everything in its place.
#[derive(Debug, Clone, Default)]
pub(super) struct Block {
    /// The slots, from top to bottom, of each column from left to right.
    pub(super) columns: Vec<Vec<Slot>>,
    /// The upper edge of each slot; the line of one that is passed.
    pub(super) tops: Vec<Vec<i32>>,
    /// The width of each column.
    pub(super) widths: Vec<i32>,
    /// From the upper edge of the first box to the lower one of the last.
    pub(super) height: i32,
}

impl Block {
    /// Boxes that are linked. `edges` are those between two of them.
    pub(super) fn of_linked(boxes: &[usize], graph: &Graph, edges: &[usize]) -> Self {
        let layer = layers(boxes, graph, edges);
        let mut slots: Vec<Slot> = boxes.iter().map(|&box_| Slot::Box(box_)).collect();
        let mut layer_of = layer.clone();
        let place = |box_: usize| boxes.binary_search(&box_).unwrap_or_default();
        let mut passes: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let mut wires: Vec<Wire> = Vec::new();
        let mut known: BTreeSet<(usize, usize, i32, i32)> = BTreeSet::new();
        for &edge in edges {
            let edge = graph.edges[edge];
            let (child, parent) = (place(edge.from), place(edge.to));
            let (to, from) = (layer[child], layer[parent]);
            // from the parent on: the slot that the line is at, and where
            let (mut at, mut at_y) = (parent, edge.to_y);
            let between: Vec<usize> = if to > from { (from + 1..to).collect() } else { (to + 1..from).rev().collect() };
            let steps = between.into_iter().map(Some).chain([None]).filter(|_| to != from);
            for step in steps {
                let (next, next_y) = match step {
                    None => (child, edge.from_y),
                    Some(layer) => {
                        let slot = *passes.entry((edge.bus, layer)).or_insert_with(|| {
                            slots.push(Slot::Pass(edge.bus));
                            layer_of.push(layer);
                            slots.len() - 1
                        });
                        (slot, 0)
                    }
                };
                let (left, right, left_y, right_y) =
                    if to > from { (at, next, at_y, next_y) } else { (next, at, next_y, at_y) };
                if known.insert((left, right, left_y, right_y)) {
                    let part = |slot: usize, y: i32| match slots[slot] {
                        Slot::Box(box_) => f64::from(y) / f64::from(graph.sizes[box_].1.max(1)),
                        Slot::Pass(_) => 0.5,
                    };
                    let (left_at, right_at) = (part(left, left_y), part(right, right_y));
                    wires.push(Wire { left, right, left_at, right_at, left_y, right_y });
                }
                (at, at_y) = (next, next_y);
            }
        }
        let order = ordered(&layer_of, &wires);
        let height = |slot: usize| match slots[slot] {
            Slot::Box(box_) => graph.sizes[box_].1,
            Slot::Pass(_) => 0,
        };
        let tops = rows(&order, &wires, &height);
        Self::placed(order.iter().map(|column| column.iter().map(|&slot| slots[slot]).collect()).collect(), tops, graph)
    }

    /// Boxes without any link, in columns of about the same height.
    pub(super) fn of_unlinked(boxes: &[usize], graph: &Graph) -> Self {
        const GAP: i32 = 24;
        let total: i32 = boxes.iter().map(|&box_| graph.sizes[box_].1 + GAP).sum();
        let widest = boxes.iter().map(|&box_| graph.sizes[box_].0).max().unwrap_or_default() + GAP;
        let mut count = 1;
        // about half as high again as a row is wide
        while count * count * widest * 2 < total * 3 {
            count += 1;
        }
        let (mut columns, mut tops): (Vec<Vec<Slot>>, Vec<Vec<i32>>) = (Vec::new(), Vec::new());
        let mut y = i32::MAX;
        for &box_ in boxes {
            if y > total / count {
                columns.push(Vec::new());
                tops.push(Vec::new());
                y = 0;
            }
            if let (Some(column), Some(tops)) = (columns.last_mut(), tops.last_mut()) {
                column.push(Slot::Box(box_));
                tops.push(y);
            }
            y += graph.sizes[box_].1 + GAP;
        }
        Self::placed(columns, tops, graph)
    }

    fn placed(columns: Vec<Vec<Slot>>, tops: Vec<Vec<i32>>, graph: &Graph) -> Self {
        let size = |slot: &Slot| match slot {
            Slot::Box(box_) => graph.sizes[*box_],
            Slot::Pass(_) => (0, 0),
        };
        let widths = columns.iter().map(|column| column.iter().map(|slot| size(slot).0).max().unwrap_or_default());
        let ends = columns.iter().zip(&tops).flat_map(|(column, tops)| column.iter().zip(tops));
        let height = ends.map(|(slot, top)| top + size(slot).1).max().unwrap_or_default();
        Self { widths: widths.collect(), height, columns, tops }
    }
}
