//! What is laid out: boxes of given sizes, and edges between their sides. Nothing else of a picture matters here.

/// Boxes and edges.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graph {
    /// Width and height of each box.
    pub sizes: Vec<(i32, i32)>,
    /// What leads from box to box.
    pub edges: Vec<Edge>,
}

/// An edge from a child to its parent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    /// The child.
    pub from: usize,
    /// The parent.
    pub to: usize,
    /// Where it leaves the child, from the top of the box.
    pub from_y: i32,
    /// Where it arrives at the parent, from the top of the box.
    pub to_y: i32,
    /// Edges of one bus have one parent, and are drawn as one line that branches.
    pub bus: usize,
    /// How strongly it draws its ends together.
    pub weight: f64,
    /// Whether it is a foreign key.
    pub is_key: bool,
}

impl Graph {
    /// How many buses there are.
    pub(super) fn buses(&self) -> usize {
        self.edges.iter().map(|edge| edge.bus + 1).max().unwrap_or_default()
    }
}
