//! How far down boxes and lines stand in their columns: so that lines are straight where they can be.
//!
//! Each column in turn takes the places that its neighbours draw it to, in its order and with the gaps between boxes
//! kept: the places with the least squares of distances, which the pooling of neighbours that violate the order finds.

use super::wire::Wire;

/// The gap between two boxes.
const GAP: f64 = 28.0;
/// The gap between a box and a line.
const BESIDE: f64 = 16.0;
/// The gap between two lines.
const LINES: f64 = 12.0;
/// How often all columns are gone through.
const SWEEPS: usize = 10;

/// The upper edge of each slot of each column.
pub(super) fn rows(order: &[Vec<usize>], wires: &[Wire], height: &impl Fn(usize) -> i32) -> Vec<Vec<i32>> {
    let slots = order.iter().flatten().max().map_or(0, |last| last + 1);
    let mut tops = vec![0.0; slots];
    let gap = |upper: usize, lower: usize| match (height(upper), height(lower)) {
        (0, 0) => LINES,
        (0, _) | (_, 0) => BESIDE,
        _ => GAP,
    };
    let distance = |upper: usize, lower: usize| f64::from(height(upper)) + gap(upper, lower);
    for column in order {
        let mut y = 0.0;
        for (at, &slot) in column.iter().enumerate() {
            if at > 0 {
                y += distance(column[at - 1], slot);
            }
            tops[slot] = y;
        }
        // around a common middle
        let end = column.last().map_or(0.0, |&last| tops[last] + f64::from(height(last)));
        for &slot in column {
            tops[slot] -= end / 2.0;
        }
    }
    let (mut left_of, mut right_of) = (vec![Vec::new(); slots], vec![Vec::new(); slots]);
    for wire in wires {
        let shift = f64::from(wire.left_y) - f64::from(wire.right_y);
        // lines that pass are straight before anything else is
        let both = height(wire.left) == 0 && height(wire.right) == 0;
        let weight = if both { 8.0 } else { 1.0 };
        left_of[wire.right].push((wire.left, shift, weight));
        right_of[wire.left].push((wire.right, -shift, weight));
    }
    for sweep in 0..SWEEPS {
        let to_right = sweep % 2 == 0;
        let is_last = sweep + 2 >= SWEEPS;
        for step in 0..order.len() {
            let column = &order[if to_right { step } else { order.len() - 1 - step }];
            let wanted: Vec<(f64, f64)> = column
                .iter()
                .map(|&slot| {
                    let near = if to_right { &left_of[slot] } else { &right_of[slot] };
                    let other = if to_right { &right_of[slot] } else { &left_of[slot] };
                    let far = other.iter().filter(|_| is_last || near.is_empty());
                    let (mut sum, mut total) = (0.0, 0.0);
                    for (other, shift, weight) in near.iter().chain(far) {
                        sum += (tops[*other] + shift) * weight;
                        total += weight;
                    }
                    if total > 0.0 { (sum / total, total) } else { (tops[slot], 0.05) }
                })
                .collect();
            let mut offset = 0.0;
            let mut offsets = Vec::with_capacity(column.len());
            for (at, &slot) in column.iter().enumerate() {
                if at > 0 {
                    offset += distance(column[at - 1], slot);
                }
                offsets.push(offset);
            }
            let wanted: Vec<(f64, f64)> =
                wanted.iter().zip(&offsets).map(|((place, weight), offset)| (place - offset, *weight)).collect();
            for ((&slot, place), offset) in column.iter().zip(ascending(&wanted)).zip(&offsets) {
                tops[slot] = place + offset;
            }
        }
    }
    let first = tops.iter().copied().fold(f64::INFINITY, f64::min);
    let first = if first.is_finite() { first } else { 0.0 };
    order.iter().map(|column| column.iter().map(|&slot| rounded(tops[slot] - first)).collect()).collect()
}

/// The ascending places that are closest to those that are wanted, each with its weight.
fn ascending(wanted: &[(f64, f64)]) -> Vec<f64> {
    // pools of neighbours with one place: the sum, the weight, how many
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for (place, weight) in wanted {
        pools.push((place * weight, *weight, 1));
        while let [.., (sum, weight, count), (next, more, further)] = &pools[..] {
            if sum / weight <= next / more {
                break;
            }
            let pool = (sum + next, weight + more, count + further);
            pools.truncate(pools.len() - 2);
            pools.push(pool);
        }
    }
    pools.into_iter().flat_map(|(sum, weight, count)| std::iter::repeat_n(sum / weight, count)).collect()
}

/// The closest whole pixel.
#[expect(clippy::cast_possible_truncation, reason = "a number of pixels")]
pub(super) fn rounded(place: f64) -> i32 {
    place.round() as i32
}
