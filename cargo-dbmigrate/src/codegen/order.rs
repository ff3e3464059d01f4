//! The order in which rustfmt puts imports (doc.rust-lang.org/style-guide/#sorting).

use std::cmp::Ordering;

/// Compares two identifiers: numbers in them by their value, everything else by characters, underscores first.
pub(super) fn version_order(one: &str, two: &str) -> Ordering {
    let (mut rest_one, mut rest_two) = (one, two);
    while !rest_one.is_empty() && !rest_two.is_empty() {
        let (chunk_one, after_one) = chunk(rest_one);
        let (chunk_two, after_two) = chunk(rest_two);
        let by_chunk = match (number(chunk_one), number(chunk_two)) {
            (Some(one), Some(two)) => one.len().cmp(&two.len()).then(one.cmp(two)),
            _ => chunk_one.chars().map(rank).cmp(chunk_two.chars().map(rank)),
        };
        if by_chunk != Ordering::Equal {
            return by_chunk;
        }
        (rest_one, rest_two) = (after_one, after_two);
    }
    // what differs in nothing but the zeros before a number
    rest_one.len().cmp(&rest_two.len()).then_with(|| one.cmp(two))
}

/// The digits, or the other characters, that a text begins with, and the rest.
fn chunk(text: &str) -> (&str, &str) {
    let is_number = text.starts_with(|first: char| first.is_ascii_digit());
    text.split_at(text.find(|char: char| char.is_ascii_digit() != is_number).unwrap_or(text.len()))
}

/// The digits of a number without zeros before them.
fn number(chunk: &str) -> Option<&str> {
    chunk.starts_with(|first: char| first.is_ascii_digit()).then(|| chunk.trim_start_matches('0'))
}

fn rank(char: char) -> (u8, char) {
    (if char == '_' { 0 } else { u8::from(char.is_lowercase()) + 1 }, char)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_value() {
        let mut names = ["t10", "t_2", "t2", "t", "tb", "t_10", "ta1", "B", "t02", "a"];
        names.sort_by(|one, two| version_order(one, two));
        assert_eq!(names, ["B", "a", "t", "t02", "t2", "t10", "t_2", "t_10", "ta1", "tb"]);
    }
}
