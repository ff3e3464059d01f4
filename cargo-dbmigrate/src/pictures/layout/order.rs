//! In which order boxes and lines stand in their columns, so that few lines cross.
//!
//! The usual sweeps: every column is sorted by where its lines lead in the one before it, back and forth, then
//! neighbours are exchanged as long as that takes a crossing away. The best order that was seen is taken.

use super::wire::Wire;

/// How often all columns are gone through, at most.
const SWEEPS: usize = 16;
/// From how many orders it is tried.
const STARTS: usize = 12;

/// The slots of each column from top to bottom. Where nothing else tells, they stay in the order of their numbers.
pub(super) fn ordered(layer_of: &[usize], wires: &[Wire]) -> Vec<Vec<usize>> {
    let count = layer_of.iter().max().map_or(0, |last| last + 1);
    let mut columns = vec![Vec::new(); count];
    for (slot, &layer) in layer_of.iter().enumerate() {
        columns[layer].push(slot);
    }
    let (mut right_of, mut left_of) = (vec![Vec::new(); layer_of.len()], vec![Vec::new(); layer_of.len()]);
    for wire in wires {
        right_of[wire.left].push((wire.right, wire.right_at, wire.left_at));
        left_of[wire.right].push((wire.left, wire.left_at, wire.right_at));
    }
    let sides = Sides { right_of, left_of };
    let mut best: Option<(usize, Vec<Vec<usize>>)> = None;
    for start in 0..STARTS {
        let mut now = columns.clone();
        shuffle(&mut now, start);
        for sweep in 0..SWEEPS {
            let to_right = (sweep + start) % 2 == 0;
            sides.sweep(&mut now, to_right);
            sides.exchange(&mut now);
            let crossings = sides.crossings(&now);
            if best.as_ref().is_none_or(|(least, _)| crossings < *least) {
                best = Some((crossings, now.clone()));
            }
            if crossings == 0 {
                break;
            }
        }
        if best.as_ref().is_some_and(|(least, _)| *least == 0) {
            break;
        }
    }
    best.map_or(columns, |(_, order)| order)
}

/// Other orders to start with: the first two are those of the numbers, and the others the same ones each time.
fn shuffle(columns: &mut [Vec<usize>], start: usize) {
    let mut number = start;
    for column in columns.iter_mut().filter(|_| start >= 2) {
        for at in (1..column.len()).rev() {
            number = number.wrapping_mul(1_103_515_245).wrapping_add(12_345) % 2_147_483_648;
            column.swap(at, (number >> 8) % (at + 1));
        }
    }
}

/// What each slot is linked with: the other slot, where it is met there, and where here.
struct Sides {
    right_of: Vec<Vec<(usize, f64, f64)>>,
    left_of: Vec<Vec<(usize, f64, f64)>>,
}

impl Sides {
    /// The place of each slot in its column.
    fn places(&self, columns: &[Vec<usize>]) -> Vec<f64> {
        let mut places = vec![0.0; self.right_of.len()];
        for column in columns {
            let mut place = 0.0;
            for &slot in column {
                places[slot] = place;
                place += 1.0;
            }
        }
        places
    }

    fn sweep(&self, columns: &mut [Vec<usize>], to_right: bool) {
        let count = columns.len();
        for step in 1..count {
            let at = if to_right { step } else { count - 1 - step };
            let places = self.places(columns);
            let sides = if to_right { &self.left_of } else { &self.right_of };
            let wanted = |slot: usize| {
                let links = &sides[slot];
                if links.is_empty() {
                    return None;
                }
                let mut all: Vec<f64> = links.iter().map(|(other, there, _)| places[*other] + there).collect();
                all.sort_by(f64::total_cmp);
                let middle = all.len() / 2;
                let median = if all.len() % 2 == 1 { all[middle] } else { f64::midpoint(all[middle - 1], all[middle]) };
                // the mean decides between those with one median
                let mean = all.iter().sum::<f64>() / count_of(all.len());
                Some(median + mean / 1000.0)
            };
            let column = &mut columns[at];
            // what leads nowhere stays where it is, and the others are sorted around it
            let mut linked: Vec<(f64, usize)> =
                column.iter().filter_map(|&slot| wanted(slot).map(|place| (place, slot))).collect();
            linked.sort_by(|one, other| one.0.total_cmp(&other.0));
            let mut linked = linked.into_iter().map(|(_, slot)| slot);
            for place in column.iter_mut() {
                if !sides[*place].is_empty() {
                    *place = linked.next().unwrap_or(*place);
                }
            }
        }
    }

    /// Exchanges neighbours as long as that takes crossings away.
    fn exchange(&self, columns: &mut [Vec<usize>]) {
        for _ in 0..8 {
            let mut places = self.places(columns);
            let mut is_better = false;
            for column in columns.iter_mut() {
                for at in 1..column.len() {
                    let (upper, lower) = (column[at - 1], column[at]);
                    let now = self.crossings_of(upper, lower, &places);
                    if now > 0 && self.crossings_of(lower, upper, &places) < now {
                        column.swap(at - 1, at);
                        places.swap(upper, lower);
                        is_better = true;
                    }
                }
            }
            if !is_better {
                return;
            }
        }
    }

    /// How many lines of the two slots cross, with one above the other.
    fn crossings_of(&self, upper: usize, lower: usize, places: &[f64]) -> usize {
        let mut count = 0;
        for sides in [&self.left_of, &self.right_of] {
            for (one, one_at, _) in &sides[upper] {
                for (other, other_at, _) in &sides[lower] {
                    count += usize::from(places[*one] + one_at > places[*other] + other_at);
                }
            }
        }
        count
    }

    /// How many lines cross.
    fn crossings(&self, columns: &[Vec<usize>]) -> usize {
        let places = self.places(columns);
        columns.iter().map(|column| self.crossings_behind(column, &places)).sum()
    }

    /// How many lines cross between a column and the next one.
    fn crossings_behind(&self, column: &[usize], places: &[f64]) -> usize {
        let mut lines: Vec<(f64, f64)> = Vec::new();
        for &slot in column {
            let here = |at: &f64| places[slot] + at;
            lines.extend(self.right_of[slot].iter().map(|(other, there, at)| (here(at), places[*other] + there)));
        }
        lines.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
        let mut ends: Vec<f64> = lines.iter().map(|(_, end)| *end).collect();
        ends.sort_by(f64::total_cmp);
        // how many of the lines before it end further down
        let mut seen = vec![0_usize; ends.len() + 1];
        let mut crossings = 0;
        for (before, (_, end)) in lines.iter().enumerate() {
            let rank = ends.partition_point(|other| other <= end);
            let mut not_below = 0;
            let mut at = rank;
            while at > 0 {
                not_below += seen[at];
                at &= at - 1;
            }
            crossings += before - not_below;
            let mut at = ends.partition_point(|other| other < end) + 1;
            while at < seen.len() {
                seen[at] += 1;
                at += at & at.wrapping_neg();
            }
        }
        crossings
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of lines")]
fn count_of(count: usize) -> f64 {
    count as f64
}
