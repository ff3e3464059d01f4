//! Schemas as pictures: what is drawn of a schema, where it stands, and how it is written in each format.
//!
//! [`model`] is what there is to see, as plain data that can be serialised; [`read`] makes it from a schema, [`changes`]
//! marks in it how two schemas differ, [`selection`] leaves out what nobody asked for, and [`layout`] says where everything
//! stands. Then a file for each format. The page has the whole history: [`timeline`] reads it, [`asked`] asks databases,
//! [`whole`] puts it together.

mod again;
pub(crate) mod asked;
pub(crate) mod beside;
pub(crate) mod changes;
mod declarations;
pub(crate) mod dot;
pub(crate) mod layout;
pub(crate) mod markdown;
pub(crate) mod mermaid;
pub(crate) mod metrics;
pub(crate) mod model;
pub(crate) mod page;
pub(crate) mod read;
pub(crate) mod selection;
mod statements;
pub(crate) mod svg;
#[cfg(test)]
mod tests;
mod timeline;
pub(crate) mod whole;

pub(crate) use changes::compared;
pub(crate) use model::Picture;
pub(crate) use read::picture;
