//! Rows that are made of a description: `[users]` with `rows = 1000`.
//!
//! A value depends on the seed, its table, its column and the number of its row, and can be computed without any other
//! row. [`settings`] reads what a set says, [`build`] makes a [`plan`] of it and of the schema, [`trial`] tries that
//! before anything is written, and [`rows`] computes the rows.

mod build;
mod checks;
mod choose;
mod column_settings;
mod draw;
mod fit;
mod json;
mod judge;
mod limits;
mod maker;
mod moment;
mod names;
mod numbers;
mod parents;
mod pattern;
mod plan;
mod problem;
mod rows;
mod setting_reader;
mod settings;
mod source;
mod terms;
#[cfg(test)]
mod tests;
mod text_names;
mod texts;
mod trial;
mod unique;

pub(super) use plan::{GivenRows, InputTable};
pub(super) use settings::{Settings, seed, seed_error};
pub(super) use source::generators;
pub(super) use terms::literal;
