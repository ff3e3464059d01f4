//! How text fits into the columns of a terminal.

use console::{Term, measure_text_width};

/// Stands for what was left out.
const MORE: char = '…';

/// How wide the terminal is that results go to, if they go to one.
pub(crate) fn result_columns() -> Option<usize> {
    let terminal = Term::stdout();
    terminal.is_term().then(|| usize::from(terminal.size().1))
}

/// The lines of a text that is broken between words, and inside of those that are wider than a line.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let wide = measure_text_width(word);
        if used > 0 && used + 1 + wide > width {
            lines.push(String::new());
            used = 0;
        }
        if used > 0 {
            push(&mut lines, " ");
            used += 1;
        }
        for letter in word.chars() {
            let wide = measure_text_width(letter.encode_utf8(&mut [0; 4]));
            if used + wide > width {
                lines.push(String::new());
                used = 0;
            }
            push(&mut lines, letter.encode_utf8(&mut [0; 4]));
            used += wide;
        }
    }
    lines
}

fn push(lines: &mut [String], text: &str) {
    if let Some(last) = lines.last_mut() {
        last.push_str(text);
    }
}

/// The text on one line of at most so many columns.
pub(super) fn truncated(text: &str, width: usize) -> String {
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if measure_text_width(&text) <= width {
        return text;
    }
    let mut kept = String::new();
    let mut used = 1;
    for letter in text.chars() {
        used += measure_text_width(letter.encode_utf8(&mut [0; 4]));
        if used > width {
            break;
        }
        kept.push(letter);
    }
    kept.push(MORE);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words_and_inside_of_long_ones() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("a abcdefghij b", 4), ["a", "abcd", "efgh", "ij b"]);
        assert_eq!(wrapped("名前 名前", 5), ["名前", "名前"]);
        assert_eq!(wrapped("", 5), [""]);
    }

    #[test]
    fn what_is_too_wide_ends_in_an_ellipsis() {
        assert_eq!(truncated("renamed", 7), "renamed");
        assert_eq!(truncated("renamed", 6), "renam…");
        assert_eq!(truncated("名前名前", 6), "名前…");
        assert_eq!(truncated("a\nb", 6), "a b");
    }
}
