//! The state of a line of text that is typed.

use console::{Key, measure_text_width};

/// The text, and where the cursor stands in it.
#[derive(Debug, Default)]
pub(super) struct Line {
    text: Vec<char>,
    at: usize,
}

impl Line {
    pub(super) fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// Whether the key was that of the end.
    pub(super) fn take(&mut self, key: &Key) -> bool {
        match key {
            Key::Enter => return true,
            Key::ArrowLeft => self.at = self.at.saturating_sub(1),
            Key::ArrowRight => self.at = self.text.len().min(self.at + 1),
            Key::Home => self.at = 0,
            Key::End => self.at = self.text.len(),
            Key::Backspace if self.at > 0 => {
                self.at -= 1;
                self.text.remove(self.at);
            }
            Key::Del if self.at < self.text.len() => {
                self.text.remove(self.at);
            }
            // Ctrl-U, and Ctrl-W
            Key::Char('\u{15}') => drop(self.text.drain(..std::mem::take(&mut self.at))),
            Key::Char('\u{17}') => {
                let before = &self.text[..self.at];
                let end = before.iter().rposition(|letter| *letter != ' ').map_or(0, |last| last + 1);
                let start = before[..end].iter().rposition(|letter| *letter == ' ').map_or(0, |space| space + 1);
                self.text.drain(start..self.at);
                self.at = start;
            }
            Key::Char(letter) if !letter.is_control() => {
                self.text.insert(self.at, *letter);
                self.at += 1;
            }
            _ => {}
        }
        false
    }

    /// What is seen of it in so many columns, and in which of them the cursor stands.
    pub(super) fn seen(&self, width: usize) -> (String, usize) {
        let wide = |letters: &[char]| measure_text_width(&letters.iter().collect::<String>());
        let mut start = 0;
        // the cursor needs a column as well
        while start < self.at && wide(&self.text[start..self.at]) + 1 > width {
            start += 1;
        }
        let mut end = self.at;
        while end < self.text.len() && wide(&self.text[start..=end]) < width {
            end += 1;
        }
        (self.text[start..end].iter().collect(), wide(&self.text[start..self.at]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Line {
        let mut line = Line::default();
        text.chars().for_each(|letter| assert!(!line.take(&Key::Char(letter))));
        line
    }

    #[test]
    fn a_line_can_be_edited() {
        let mut line = typed("a bc d");
        line.take(&Key::Backspace);
        line.take(&Key::Char('\u{17}'));
        assert_eq!(line.text(), "a ");
        line.take(&Key::Home);
        line.take(&Key::Del);
        line.take(&Key::Char('é'));
        assert_eq!(line.text(), "é ");
        line.take(&Key::End);
        line.take(&Key::Char('\u{15}'));
        assert_eq!(line.text(), "");
        assert!(line.take(&Key::Enter));
    }

    #[test]
    fn a_line_that_is_wider_than_the_terminal_is_scrolled() {
        let mut line = typed("0123456789");
        assert_eq!(line.seen(20), ("0123456789".to_owned(), 10));
        assert_eq!(line.seen(5), ("6789".to_owned(), 4));
        line.take(&Key::Home);
        assert_eq!(line.seen(5), ("0123".to_owned(), 0));
    }
}
