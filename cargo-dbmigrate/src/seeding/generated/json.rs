//! Documents of JSON.

use super::draw::Draw;
use super::texts::word;

/// What stands for the number of a row in [`Shape::Numbered`].
pub(super) const NUMBER: &str = "987654321";

/// What a document looks like.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// An object with a few members.
    Object,
    /// A list of words.
    Words,
    /// Text with [`NUMBER`] where a number is put.
    Numbered(String),
}

impl Shape {
    /// A document, told apart from others by a number if there is one.
    pub(super) fn document(&self, number: Option<u64>, draw: &mut Draw<'_>) -> String {
        match self {
            Self::Object => {
                let (first, second, amount) = (word(draw), word(draw), draw.below(100));
                match number {
                    Some(number) => format!("{{\"n\":{number},\"label\":\"{first}\"}}"),
                    // members of one name would be one member
                    None if first == second => format!("{{\"{first}\":{amount}}}"),
                    None => format!("{{\"{first}\":\"{second}\",\"count\":{amount}}}"),
                }
            }
            Self::Words => {
                let mut words = vec![word(draw)];
                for _ in 0..draw.below(3) {
                    let other = word(draw);
                    if !words.contains(&other) {
                        words.push(other);
                    }
                }
                let list: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                match number {
                    Some(number) => format!("[{number},{}]", list.join(",")),
                    None => format!("[{}]", list.join(",")),
                }
            }
            Self::Numbered(text) => {
                let number = number.map_or_else(|| draw.below(1000), |number| number + 1);
                text.replace(NUMBER, &number.to_string())
            }
        }
    }
}
