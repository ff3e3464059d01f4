//! Patterns of `LIKE` and `GLOB`: whether a text fits, and texts that do.

use super::draw::Draw;

/// A text of which each character is one of some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<Vec<char>>,
}

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const DIGITS: &str = "0123456789";
const ALPHANUMERIC: &str = "0123456789abcdefghijklmnopqrstuvwxyz";

/// How many characters stand for `%` and `*`.
const ANY: usize = 8;

fn chars(of: &str) -> Vec<char> {
    of.chars().collect()
}

impl Template {
    /// Letters and digits.
    pub(super) fn letters(length: usize) -> Self {
        Self { parts: vec![chars(ALPHANUMERIC); length] }
    }

    /// What a pattern of `LIKE` leaves open, in lower case.
    pub(super) fn like(pattern: &str, any: usize) -> Self {
        let mut parts = Vec::new();
        for character in pattern.chars() {
            match character {
                '%' => parts.extend(vec![chars(ALPHANUMERIC); any]),
                '_' => parts.push(chars(LOWER)),
                other => parts.push(vec![other]),
            }
        }
        Self { parts }
    }

    /// What a pattern of `GLOB` leaves open.
    pub(super) fn glob(pattern: &str, any: usize) -> Option<Self> {
        let mut parts = Vec::new();
        let mut last: Vec<char> = chars(ALPHANUMERIC);
        let mut rest = pattern.chars().peekable();
        while let Some(character) = rest.next() {
            match character {
                // what follows a class is likely to be more of it
                '*' => parts.extend(vec![last.clone(); any]),
                '?' => parts.push(chars(LOWER)),
                '[' => {
                    let set = Set::read(&mut rest)?;
                    last = set.some();
                    parts.push(last.clone());
                }
                other => {
                    last = chars(ALPHANUMERIC);
                    parts.push(vec![other]);
                }
            }
        }
        Some(Self { parts })
    }

    /// A pattern in which `#` is a digit, `?` a letter, `@` either, and `\` takes the next character as it is.
    pub(super) fn written(pattern: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = pattern.chars();
        while let Some(character) = rest.next() {
            parts.push(match character {
                '#' => chars(DIGITS),
                '?' => chars(LOWER),
                '@' => chars(ALPHANUMERIC),
                '\\' => vec![rest.next().unwrap_or('\\')],
                other => vec![other],
            });
        }
        Self { parts }
    }

    /// Keeps only the characters for which `test` holds; `None` if a place has none left.
    pub(super) fn keep(mut self, test: impl Fn(char) -> bool) -> Option<Self> {
        for part in &mut self.parts {
            part.retain(|character| test(*character));
        }
        self.parts.iter().all(|part| !part.is_empty()).then_some(self)
    }

    /// With every character changed.
    pub(super) fn map(mut self, change: impl Fn(char) -> char) -> Self {
        for part in &mut self.parts {
            for character in part.iter_mut() {
                *character = change(*character);
            }
            part.sort_unstable();
            part.dedup();
        }
        self
    }

    /// How many texts there are.
    pub(super) fn count(&self) -> Option<u64> {
        self.parts.iter().try_fold(1_u64, |count, part| count.checked_mul(part.len() as u64))
    }

    /// How many characters a text has.
    pub(super) fn length(&self) -> usize {
        self.parts.len()
    }

    /// The text at a place in the order of all of them.
    pub(super) fn nth(&self, place: u64) -> String {
        let mut rest = place;
        let mut text: Vec<char> = Vec::with_capacity(self.parts.len());
        for part in self.parts.iter().rev() {
            let length = part.len() as u64;
            text.push(part[usize::try_from(rest % length).unwrap_or_default()]);
            rest /= length;
        }
        text.iter().rev().collect()
    }

    /// Any of them.
    pub(super) fn any(&self, draw: &mut Draw<'_>) -> String {
        let mut text = String::with_capacity(self.parts.len());
        for part in &self.parts {
            text.push(if part.len() == 1 { part[0] } else { part[draw.index(part.len())] });
        }
        text
    }
}

/// The lengths that `%` and `*` are tried with.
pub(super) fn lengths_of_any() -> impl Iterator<Item = usize> {
    [ANY].into_iter().chain((0..=48).filter(|length| *length != ANY))
}

/// The characters of a class of `GLOB`.
struct Set {
    is_negated: bool,
    ranges: Vec<(char, char)>,
}

impl Set {
    /// Reads what follows the bracket.
    fn read(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Self> {
        let mut set = Self { is_negated: rest.next_if_eq(&'^').is_some(), ranges: Vec::new() };
        let mut is_first = true;
        loop {
            let first = rest.next()?;
            // a bracket that stands first is one of the characters
            if first == ']' && !is_first {
                return Some(set);
            }
            is_first = false;
            let mut ahead = rest.clone();
            if ahead.next() == Some('-')
                && let Some(last) = ahead.next().filter(|last| *last != ']')
            {
                *rest = ahead;
                set.ranges.push((first, last));
            } else {
                set.ranges.push((first, first));
            }
        }
    }

    fn has(&self, character: char) -> bool {
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&character)) != self.is_negated
    }

    /// Its characters, of those that are likely to be meant.
    fn some(&self) -> Vec<char> {
        let usual = chars(ALPHANUMERIC).into_iter().chain(chars("ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
        let found: Vec<char> = usual.filter(|character| self.has(*character)).collect();
        if !found.is_empty() {
            return found;
        }
        (' '..='~').filter(|character| self.has(*character)).collect()
    }
}

/// Whether a text fits a pattern of `LIKE` (sqlite.org/lang_expr.html#like).
pub(super) fn like_fits(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let one = |pattern: &[char], character: char| match pattern.first() {
        Some('_') => Some(1),
        Some(other) if other.eq_ignore_ascii_case(&character) => Some(1),
        _ => None,
    };
    fits(&pattern, &text, '%', &one)
}

/// Whether a text fits a pattern of `GLOB`.
pub(super) fn glob_fits(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let one = |pattern: &[char], character: char| match pattern.first()? {
        '?' => Some(1),
        '[' => {
            let rest: String = pattern[1..].iter().collect();
            let mut rest = rest.chars().peekable();
            let set = Set::read(&mut rest)?;
            set.has(character).then(|| pattern.len() - rest.count())
        }
        other => (*other == character).then_some(1),
    };
    fits(&pattern, &text, '*', &one)
}

/// Whether a text fits a pattern in which `any` stands for any characters, and `one` says how much of the pattern is
/// used up by one of the text.
fn fits(pattern: &[char], text: &[char], any: char, one: &dyn Fn(&[char], char) -> Option<usize>) -> bool {
    let (mut at, mut place) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        if pattern.get(at) == Some(&any) {
            back = Some((at + 1, place));
            at += 1;
        } else if place == text.len() {
            if at == pattern.len() {
                return true;
            }
            return false;
        } else if let Some(used) = one(&pattern[at..], text[place]) {
            at += used;
            place += 1;
        } else if let Some((after, from)) = back {
            back = Some((after, from + 1));
            (at, place) = (after, from + 1);
        } else {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fit_patterns_as_they_do_in_the_engine() {
        for (pattern, text, fits) in [
            ("https://%", "HTTPS://a", true),
            ("_%@_%", "a@b", true),
            ("_%@_%", "@b", false),
            ("%", "", true),
            ("a_c", "abbc", false),
            ("%a%b", "xaxxb", true),
            ("% %", "a b", true),
        ] {
            assert_eq!(like_fits(pattern, text), fits, "{pattern} {text}");
        }
        for (pattern, text, fits) in [
            ("[a-z]*", "abc", true),
            ("[a-z]*", "Abc", false),
            ("*[^a-z0-9_]*", "ab_9", false),
            ("*[^a-z0-9_]*", "ab-9", true),
            ("[]x]", "]", true),
            ("a?c", "abc", true),
            ("[A-Z][A-Z][A-Z]", "EUR", true),
            ("[A-Z][A-Z][A-Z]", "EU", false),
        ] {
            assert_eq!(glob_fits(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn templates_have_as_many_texts_as_they_say() {
        let template = Template::glob("[A-C][0-1]-x", 0).expect("a pattern");
        assert_eq!(template.count(), Some(6));
        let all: Vec<String> = (0..6).map(|place| template.nth(place)).collect();
        assert_eq!(all, ["A0-x", "A1-x", "B0-x", "B1-x", "C0-x", "C1-x"]);
        assert_eq!(Template::written("a#\\#").nth(7), "a7#");
    }
}
