//! Texts as numbers of lines: of schemas and migrations most lines are there several times.

use std::collections::HashMap;

use serde::{Serialize, Serializer};

/// A text, as the numbers of its lines.
pub(crate) type Text = Vec<usize>;

/// Lines, each once.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    known: HashMap<String, usize>,
    all: Vec<String>,
}

impl Lines {
    /// The numbers of the lines of a text.
    pub(crate) fn text(&mut self, text: &str) -> Text {
        text.trim_end().split('\n').map(|line| self.line(line.trim_end_matches('\r'))).collect()
    }

    fn line(&mut self, line: &str) -> usize {
        if let Some(number) = self.known.get(line) {
            return *number;
        }
        self.all.push(line.to_owned());
        self.known.insert(line.to_owned(), self.all.len() - 1);
        self.all.len() - 1
    }
}

impl Serialize for Lines {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.all.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_there_twice_is_kept_once() {
        let mut lines = Lines::default();
        assert_eq!(lines.text("a\nb\r\na\n"), [0, 1, 0]);
        assert_eq!(lines.text("b\n\nc"), [1, 2, 3]);
        assert_eq!(serde_json::to_value(&lines).expect("it is plain"), serde_json::json!(["a", "b", "", "c"]));
    }
}
