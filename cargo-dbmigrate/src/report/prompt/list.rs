//! The state of a list of which one item is chosen.

use console::Key;

/// What a key leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The list is shown anew.
    Goes,
    /// The item was chosen.
    Chosen,
}

/// Which item is marked, and which are seen.
#[derive(Debug)]
pub(super) struct List {
    count: usize,
    pub(super) marked: usize,
    first: usize,
}

impl List {
    pub(super) fn new(count: usize) -> Self {
        Self { count, marked: 0, first: 0 }
    }

    /// Both ends are ends: who wants the last item, goes there.
    pub(super) fn take(&mut self, key: &Key) -> Next {
        let last = self.count.saturating_sub(1);
        match key {
            Key::ArrowUp | Key::Char('k') => self.marked = self.marked.saturating_sub(1),
            Key::ArrowDown | Key::Char('j') => self.marked = last.min(self.marked + 1),
            Key::Home | Key::PageUp => self.marked = 0,
            Key::End | Key::PageDown => self.marked = last,
            Key::Enter => return Next::Chosen,
            _ => {}
        }
        Next::Goes
    }

    /// The items that are seen if there is room for so many.
    pub(super) fn seen(&mut self, rows: usize) -> std::ops::Range<usize> {
        let rows = rows.clamp(1, self.count.max(1));
        self.first = self.first.min(self.marked).max((self.marked + 1).saturating_sub(rows)).min(self.count - rows);
        self.first..self.first + rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_does_not_wrap_around() {
        let mut list = List::new(3);
        let mut after = |keys: &[Key]| {
            for key in keys {
                assert_eq!(list.take(key), Next::Goes);
            }
            list.marked
        };
        assert_eq!(after(&[Key::ArrowUp]), 0);
        assert_eq!(after(&[Key::ArrowDown, Key::ArrowUp, Key::ArrowUp]), 0);
        assert_eq!(after(&[Key::ArrowDown, Key::ArrowDown, Key::ArrowDown, Key::ArrowDown]), 2);
        assert_eq!(after(&[Key::Home]), 0);
        assert_eq!(after(&[Key::End]), 2);
    }

    #[test]
    fn a_long_list_is_scrolled() {
        let mut list = List::new(5);
        assert_eq!(list.seen(2), 0..2);
        list.marked = 3;
        assert_eq!(list.seen(2), 2..4);
        list.marked = 0;
        assert_eq!(list.seen(2), 0..2);
        assert_eq!(list.seen(9), 0..5);
    }
}
