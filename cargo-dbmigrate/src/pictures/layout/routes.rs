//! The way of every edge: through the corridors beside columns, and those between shelves.
//!
//! A bus has one line in each corridor that its edges come through, so that edges with one parent branch off a common
//! line, and the way of an edge is read off the corridors that it comes through.

use std::collections::BTreeMap;

use super::block::{Block, Slot};
use super::graph::{Edge, Graph};
use super::nets::{END, Net, tracks};

/// A vertical corridor: the one in front of a column of a block, or behind its last one.
pub(super) type Beside = (usize, usize);

/// Where a box stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spot {
    pub(super) block: usize,
    pub(super) column: usize,
    /// Its upper edge, in its block.
    pub(super) top: i32,
}

/// A part of the way of an edge, from the child on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Leg {
    /// Along a corridor beside a column, to where it is left, in its block.
    Beside(Beside, i32),
    /// Along a corridor above a shelf, or below the last one.
    Above(usize),
}

/// The nets of all corridors, and what each edge has of them.
#[derive(Debug, Default)]
pub(super) struct Routes {
    pub(super) beside: BTreeMap<Beside, Vec<Net>>,
    /// The corridors beside columns that a bus comes from, from above and from below.
    pub(super) above: BTreeMap<usize, BTreeMap<usize, Pins>>,
    /// For each edge: whether it leaves the child at its right side, whether it arrives at the parent's, and its legs.
    pub(super) ways: Vec<(bool, bool, Vec<Leg>)>,
}

/// What leads to a line above a shelf.
#[derive(Debug, Default)]
pub(super) struct Pins {
    pub(super) from_above: Vec<Beside>,
    pub(super) from_below: Vec<Beside>,
}

/// Finds the ways of all edges.
pub(super) struct Router<'a> {
    pub(super) graph: &'a Graph,
    pub(super) blocks: &'a [Block],
    pub(super) shelves: &'a [Vec<usize>],
    pub(super) spots: &'a [Spot],
    /// About where the middle of each block is.
    pub(super) middles: &'a [i32],
    pub(super) shelf_of: &'a [usize],
}

impl Router<'_> {
    pub(super) fn routes(&self) -> Routes {
        let mut routes = Routes::default();
        let passes = self.passes();
        let sides = self.sides_of_parents();
        for edge in &self.graph.edges {
            let (child, parent) = (self.spots[edge.from], self.spots[edge.to]);
            let way = if child.block == parent.block {
                Self::within(edge, child, parent, &passes, &mut routes)
            } else {
                self.between(edge, child, parent, sides[edge.bus], &mut routes)
            };
            routes.ways.push(way);
        }
        routes
    }

    /// Where lines pass columns of blocks: by block, bus and column.
    fn passes(&self) -> BTreeMap<(usize, usize, usize), i32> {
        let mut passes = BTreeMap::new();
        for (at, block) in self.blocks.iter().enumerate() {
            for (column, (slots, tops)) in block.columns.iter().zip(&block.tops).enumerate() {
                for (slot, top) in slots.iter().zip(tops) {
                    if let Slot::Pass(bus) = slot {
                        passes.insert((at, *bus, column), *top);
                    }
                }
            }
        }
        passes
    }

    /// At which side of its parent a bus leaves the block: where most of the children are.
    fn sides_of_parents(&self) -> Vec<bool> {
        let mut balance = vec![0_i32; self.graph.buses()];
        for edge in &self.graph.edges {
            let (child, parent) = (self.spots[edge.from].block, self.spots[edge.to].block);
            balance[edge.bus] += (self.middles[child] - self.middles[parent]).signum();
        }
        balance.into_iter().map(|balance| balance >= 0).collect()
    }

    /// An edge of one block: from corridor to corridor, past the columns in between.
    fn within(
        edge: &Edge,
        child: Spot,
        parent: Spot,
        passes: &BTreeMap<(usize, usize, usize), i32>,
        routes: &mut Routes,
    ) -> (bool, bool, Vec<Leg>) {
        let (from_y, to_y) = (child.top + edge.from_y, parent.top + edge.to_y);
        let block = child.block;
        let pass = |column: usize| passes.get(&(block, edge.bus, column)).copied();
        if child.column == parent.column {
            let corridor = (block, child.column + 1);
            routes.net(corridor, edge.bus, &[from_y, to_y], &[]);
            return (true, true, vec![Leg::Beside(corridor, to_y)]);
        }
        let mut legs = Vec::new();
        let mut y = from_y;
        if child.column > parent.column {
            for column in (parent.column + 1..=child.column).rev() {
                let next = if column == parent.column + 1 { to_y } else { pass(column - 1).unwrap_or(y) };
                routes.net((block, column), edge.bus, &[next], &[y]);
                legs.push(Leg::Beside((block, column), next));
                y = next;
            }
            return (false, true, legs);
        }
        for column in child.column + 1..=parent.column {
            let next = if column == parent.column { to_y } else { pass(column).unwrap_or(y) };
            routes.net((block, column), edge.bus, &[y], &[next]);
            legs.push(Leg::Beside((block, column), next));
            y = next;
        }
        (true, false, legs)
    }

    /// An edge between blocks: to the corridor above or below the child's shelf, past the shelves in between, and down
    /// or up to the parent.
    fn between(
        &self,
        edge: &Edge,
        child: Spot,
        parent: Spot,
        parent_right: bool,
        routes: &mut Routes,
    ) -> (bool, bool, Vec<Leg>) {
        let child_right = self.middles[parent.block] > self.middles[child.block];
        let (from_y, to_y) = (child.top + edge.from_y, parent.top + edge.to_y);
        let (here, there) = (self.shelf_of[child.block], self.shelf_of[parent.block]);
        let start = (child.block, child.column + usize::from(child_right));
        let end = (parent.block, parent.column + usize::from(parent_right));
        // the corridors between shelves, each above the shelf of its number
        let above: Vec<usize> = match here.cmp(&there) {
            std::cmp::Ordering::Equal if to_y * 2 <= self.blocks[parent.block].height => vec![here],
            std::cmp::Ordering::Equal => vec![here + 1],
            std::cmp::Ordering::Greater => (there + 1..=here).rev().collect(),
            std::cmp::Ordering::Less => (here + 1..=there).collect(),
        };
        let towards = |corridor: usize, shelf: usize| if corridor <= shelf { -END } else { END };
        let mut legs = Vec::new();
        if let (Some(&first), Some(&last)) = (above.first(), above.last()) {
            routes.end(start, edge.bus, (from_y, child_right), towards(first, here));
            routes.end(end, edge.bus, (to_y, parent_right), towards(last, there));
            legs.push(Leg::Beside(start, towards(first, here)));
            routes.pin(first, edge.bus, start, first <= here);
            let mut at = first;
            for &next in &above[1..] {
                let shelf = at.min(next);
                let trunk = self.trunk(shelf, parent.block);
                routes.through(trunk, edge.bus);
                routes.pin(at, edge.bus, trunk, at <= shelf);
                routes.pin(next, edge.bus, trunk, next <= shelf);
                legs.push(Leg::Above(at));
                legs.push(Leg::Beside(trunk, towards(next, shelf)));
                at = next;
            }
            routes.pin(last, edge.bus, end, last <= there);
            legs.push(Leg::Above(last));
            legs.push(Leg::Beside(end, to_y));
        }
        (child_right, parent_right, legs)
    }

    /// Where lines pass a shelf on their way to a block: beside the block that is closest.
    fn trunk(&self, shelf: usize, to: usize) -> Beside {
        let wanted = self.middles[to];
        let mut best = (i32::MAX, (0, 0));
        for &block in &self.shelves[shelf] {
            let half: i32 = self.blocks[block].widths.iter().sum::<i32>() / 2;
            for (at, column) in [(-half, 0), (half, self.blocks[block].columns.len())] {
                let far = (self.middles[block] + at - wanted).abs();
                if far < best.0 {
                    best = (far, (block, column));
                }
            }
        }
        best.1
    }
}

impl Routes {
    fn of(&mut self, corridor: Beside, bus: usize) -> &mut Net {
        let nets = self.beside.entry(corridor).or_default();
        let at = nets.iter().position(|net| net.bus == bus).unwrap_or_else(|| {
            nets.push(Net { bus, ..Net::default() });
            nets.len() - 1
        });
        &mut nets[at]
    }

    fn net(&mut self, corridor: Beside, bus: usize, low: &[i32], high: &[i32]) {
        let net = self.of(corridor, bus);
        for (pins, more) in [(&mut net.low, low), (&mut net.high, high)] {
            pins.extend(more.iter().filter(|one| !pins.contains(one)).copied().collect::<Vec<_>>());
        }
    }

    /// A line from a box to the end of the corridor. At the right side of a box the corridor has it on its low side.
    fn end(&mut self, corridor: Beside, bus: usize, (y, is_right): (i32, bool), end: i32) {
        let pin = [y];
        let (low, high): (&[i32], &[i32]) = if is_right { (&pin, &[]) } else { (&[], &pin) };
        self.net(corridor, bus, low, high);
        let net = self.of(corridor, bus);
        if !net.ends.contains(&end) {
            net.ends.push(end);
        }
    }

    fn through(&mut self, corridor: Beside, bus: usize) {
        let net = self.of(corridor, bus);
        for end in [-END, END] {
            if !net.ends.contains(&end) {
                net.ends.push(end);
            }
        }
    }

    fn pin(&mut self, above: usize, bus: usize, corridor: Beside, from_below: bool) {
        let pins = self.above.entry(above).or_default().entry(bus).or_default();
        let pins = if from_below { &mut pins.from_below } else { &mut pins.from_above };
        if !pins.contains(&corridor) {
            pins.push(corridor);
        }
    }
}

/// The track of each bus in a corridor, and how many there are.
pub(super) fn by_bus(nets: &[Net]) -> (BTreeMap<usize, usize>, usize) {
    let (track, count) = tracks(nets);
    (nets.iter().zip(track).map(|(net, track)| (net.bus, track)).collect(), count)
}
