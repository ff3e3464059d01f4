//! What each organization has to itself: the tables of the database `tenant`, of which every organization has its own.
//! What belongs to several of them is in `schema`, the tables of the default database.

pub mod projects;
pub mod tasks;
