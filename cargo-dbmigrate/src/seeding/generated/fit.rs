//! Text that checks allow: what is natural, where that fits, else text of the form that they ask for.

use super::draw::{Key, Stream};
use super::limits::Limits;
use super::maker::Maker;
use super::pattern::{Template, lengths_of_any};
use crate::seeding::rows::Value;

/// How many texts are tried before what makes them is trusted.
const TRIED: u64 = 40;
/// Where nothing is longer, numbers behind a text have no room.
const SHORT: u64 = 12;

/// Kinds that fit many checks, tried after what is natural.
const OTHERS: [&str; 10] =
    ["slug", "word", "username", "email", "url", "e164", "hex", "currency_code", "semver", "ipv4"];

/// What makes texts that fit; `None` if nothing does.
pub(super) fn text(natural: Maker, limits: &Limits, unique: Option<u64>) -> Option<Maker> {
    let is_short = unique.is_some() && limits.length.1.is_some_and(|most| most < SHORT);
    if !limits.restricts_text() {
        return Some(natural);
    }
    let mut candidates = Vec::new();
    if !is_short {
        candidates.push(natural.clone());
        if let Maker::Text(kind, _) = &natural {
            candidates.push(Maker::Text(kind, Some(Box::new(limits.clone()))));
        }
        candidates.extend(OTHERS.iter().map(|name| Maker::text(name)));
        candidates.push(Maker::Uuid { is_blob: false });
    }
    let found = candidates.into_iter().find(|maker| fits(maker, limits, unique));
    found.or_else(|| template(limits, unique))
}

/// A form that the patterns leave open.
fn template(limits: &Limits, unique: Option<u64>) -> Option<Maker> {
    let mut templates: Vec<Template> = Vec::new();
    for any in lengths_of_any() {
        templates.extend(limits.glob.iter().filter_map(|pattern| Template::glob(pattern, any)));
        templates.extend(limits.like.iter().map(|pattern| Template::like(pattern, any)));
    }
    let least = usize::try_from(limits.length.0).unwrap_or(usize::MAX).clamp(1, 4096);
    let most = limits.length.1.and_then(|most| usize::try_from(most).ok()).unwrap_or(least.max(12)).max(least);
    // as long as unique texts need, and not much longer
    templates.push(Template::letters(most.min(least.max(12))));
    templates.push(Template::letters(least));
    let fits_length = |template: &Template| {
        let length = template.length() as u64;
        length >= limits.length.0 && limits.length.1.is_none_or(|most| length <= most)
    };
    let allowed = |character: char| {
        let text = character.to_string();
        // a pattern that forbids a character says so of each one
        !limits.unglob.iter().any(|pattern| pattern.starts_with('*') && super::pattern::glob_fits(pattern, &text))
            && !limits
                .unlike
                .iter()
                .any(|pattern| pattern.starts_with('%') && super::pattern::like_fits(pattern, &text))
    };
    let cased = templates.into_iter().filter(fits_length).filter_map(|template| {
        let template = match limits.case {
            Some(super::limits::Case::Upper) => template.map(|character| character.to_ascii_uppercase()),
            Some(super::limits::Case::Lower) => template.map(|character| character.to_ascii_lowercase()),
            None => template,
        };
        template.keep(allowed)
    });
    let makers: Vec<Maker> = cased.map(Maker::Template).filter(|maker| fits(maker, limits, None)).collect();
    let has_enough = |maker: &&Maker| unique.is_none_or(|rows| maker.count().is_none_or(|count| count >= rows));
    // too few are better than none: what is said then is how many there are
    makers.iter().find(has_enough).or_else(|| makers.first()).cloned()
}

/// Whether what it makes fits, as far as that can be tried.
fn fits(maker: &Maker, limits: &Limits, unique: Option<u64>) -> bool {
    if unique.is_some_and(|rows| maker.count().is_some_and(|count| count < rows)) {
        return false;
    }
    let mut stream = Stream::new(Key::new(0, &"".into(), "", "fit"));
    let allows = |value: Value| match value {
        Value::Text(text) => limits.allows_text(&text),
        _ => false,
    };
    (0..TRIED).all(|row| {
        let value = match unique {
            // the last ones are the longest
            Some(rows) => {
                let number = if row % 2 == 0 { row } else { rows.saturating_sub(row) };
                maker.distinct(number, 0, &mut stream.draw(row))
            }
            None => maker.value(row, &mut stream.draw(row)),
        };
        allows(value)
    })
}
