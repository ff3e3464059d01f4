//! What makes the numbers of a column.

use dbmigrate_core::schema::Reads;

use super::limits::Limits;
use super::maker::Maker;
use super::names;
use crate::seeding::rows::Value;

/// Integers that a column is likely to hold, within what its checks allow.
pub(super) fn integer(words: &str, limits: &Limits, reads: Option<&Reads>, unique: Option<u64>) -> Option<Maker> {
    let (least, most) = limits.integers();
    let type_range = match reads {
        Some(Reads::Integer(_, least, most)) => (*least, *most),
        _ => (i64::MIN, i64::MAX),
    };
    let (usual_min, usual_max) = if names::ends(words, "id") {
        (1, 1000)
    } else {
        let (min, max, _) = names::range(words);
        (min, max)
    };
    let step = limits.multiple_of.unwrap_or(1);
    let (mut min, mut max) = within(
        (usual_min, usual_max),
        least.map(|least| least.max(type_range.0)),
        most.map(|most| most.min(type_range.1)),
    );
    if let Some(rows) = unique {
        // as many as are needed, from the least one on, behind those that are forbidden
        let forbidden = limits.none_of.iter().filter_map(|value| match value {
            Value::Integer(value) => Some(*value),
            _ => None,
        });
        let least = least.max(forbidden.max().map(|last| last.saturating_add(1)));
        let wanted = i64::try_from(rows).unwrap_or(i64::MAX).saturating_mul(step);
        min = least.unwrap_or(usual_min.max(1).min(most.unwrap_or(i64::MAX)));
        max = most.unwrap_or(i64::MAX).min(type_range.1).max(min);
        if max.saturating_sub(min) < wanted && least.is_none() {
            min = max.saturating_sub(wanted);
        }
    }
    if step > 1 {
        min = min.div_euclid(step).saturating_add(i64::from(min.rem_euclid(step) != 0)).saturating_mul(step);
    }
    (min <= max).then_some(Maker::Int { min, max, step })
}

/// The same for numbers that need not be whole.
pub(super) fn real(words: &str, limits: &Limits, unique: Option<u64>) -> Option<Maker> {
    let (min, max, parts) = names::range(words);
    let mut parts = if parts == 1 { 10 } else { parts };
    // as fine as it takes
    if let Some(((least, _), (most, _))) = limits.min.zip(limits.max) {
        #[expect(clippy::cast_precision_loss, reason = "only how many there are about")]
        while parts < 1_000_000_000 && (most - least) * (parts as f64) < 10.0 + unique.unwrap_or(0) as f64 {
            parts *= 10;
        }
    }
    // cents are whole, what is written with a point is money
    let (min, max) = if parts == 100 && max > 1000 { (min / 100, max / 100) } else { (min, max) };
    let bound = |number: f64, is_excluded: bool, up: bool| {
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "the parts of one are few")]
        let scaled = if up { (number * parts as f64).ceil() } else { (number * parts as f64).floor() } as i64;
        #[expect(clippy::cast_precision_loss, clippy::float_cmp, reason = "whether the bound itself is met")]
        let is_met = scaled as f64 / parts as f64 == number;
        match (is_excluded && is_met, up) {
            (false, _) => scaled,
            (true, true) => scaled.saturating_add(1),
            (true, false) => scaled.saturating_sub(1),
        }
    };
    let least = limits.min.map(|(least, excluded)| bound(least, excluded, true));
    let most = limits.max.map(|(most, excluded)| bound(most, excluded, false));
    let (mut min, mut max) = within((min.saturating_mul(parts), max.saturating_mul(parts)), least, most);
    if let Some(rows) = unique {
        min = least.unwrap_or(0).min(most.unwrap_or(i64::MAX));
        max = most.unwrap_or_else(|| min.saturating_add(i64::try_from(rows).unwrap_or(i64::MAX)).max(max));
    }
    (min <= max).then_some(Maker::Real { min, max, parts })
}

/// The usual range, as far as it lies within bounds; else one at the bounds.
fn within((min, max): (i64, i64), least: Option<i64>, most: Option<i64>) -> (i64, i64) {
    let low = min.max(least.unwrap_or(i64::MIN));
    let high = max.min(most.unwrap_or(i64::MAX));
    if low <= high {
        return (low, high);
    }
    let span = max.saturating_sub(min);
    match (least, most) {
        (Some(least), Some(most)) => (least, most.min(least.saturating_add(span).max(least))),
        (Some(least), None) => (least, least.saturating_add(span)),
        (None, Some(most)) => (most.saturating_sub(span), most),
        (None, None) => (min, max),
    }
}
