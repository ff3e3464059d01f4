//! Schemas as pictures: what is drawn of a schema, where it stands, and how it is written in each format.
//!
//! [`model`] is what there is to see, as plain data that can be serialised; [`read`] makes it from a schema, [`changes`]
//! marks in it how two schemas differ, [`selection`] leaves out what nobody asked for, and [`layout`] says where everything
//! stands. Then a file for each format.

pub(crate) mod beside;
pub(crate) mod changes;
pub(crate) mod dot;
pub(crate) mod layout;
pub(crate) mod markdown;
pub(crate) mod mermaid;
pub(crate) mod metrics;
pub(crate) mod model;
pub(crate) mod read;
pub(crate) mod selection;
mod statements;
pub(crate) mod svg;
#[cfg(test)]
mod tests;

pub(crate) use changes::compared;
pub(crate) use model::Picture;
pub(crate) use read::picture;
