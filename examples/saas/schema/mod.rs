//! The tables, a module for each part of the product.

pub mod audit;
pub mod auth;
pub mod billing;
pub mod content;
pub mod flags;
pub mod operations;
pub mod organizations;
pub mod reports;
pub mod saml;
pub mod types;
pub mod users;
