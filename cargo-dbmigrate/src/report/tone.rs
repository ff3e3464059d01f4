//! How a line of a comparison looks.

use anstyle::Style;

/// What a line of a comparison is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Something new.
    Added,
    /// Something that is gone, or that cannot be compared.
    Gone,
    /// Something in both that differs.
    Changed,
}

impl Tone {
    /// Its colour.
    pub(super) fn style(self) -> Style {
        use anstyle::AnsiColor::{Green, Red, Yellow};
        let color = match self {
            Self::Added => Green,
            Self::Gone => Red,
            Self::Changed => Yellow,
        };
        Style::new().fg_color(Some(color.into()))
    }
}
