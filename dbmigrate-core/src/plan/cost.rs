//! What the steps of a plan cost.

/// What a step costs on a table with many rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cost {
    /// The catalog only, however many rows there are.
    Instant,
    /// Reads the rows of a table once.
    Scan,
    /// Writes the rows of a table anew.
    Rewrite,
}

impl Cost {
    /// All of them, the cheapest first.
    pub const ALL: [Self; 3] = [Self::Instant, Self::Scan, Self::Rewrite];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Instant => "instant",
            Self::Scan => "scan",
            Self::Rewrite => "rewrite",
        }
    }
}
