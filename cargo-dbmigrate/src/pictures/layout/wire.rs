//! The lines of a group before anything has a place: what is ordered and moved so that they are short and cross little.

/// A line between slots of neighbouring columns, by their numbers, with where it meets them: from 0 at the top to 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wire {
    pub(super) left: usize,
    pub(super) right: usize,
    pub(super) left_at: f64,
    pub(super) right_at: f64,
    /// The same as distances from the top.
    pub(super) left_y: i32,
    pub(super) right_y: i32,
}
