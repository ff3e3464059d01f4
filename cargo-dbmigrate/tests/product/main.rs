//! Whole-product tests: the real binary on real projects and real databases. Each says what is in the project before,
//! runs commands, and looks at what was printed, at the files and at the database afterwards.

mod adopt;
mod commands;
mod contradicted;
mod conversions;
mod custom;
mod databases;
mod decisions;
mod declarations;
mod diff;
mod documented;
mod drift;
mod drizzle;
mod dry_run;
mod faults;
mod folder;
mod foreign_files;
mod forgotten;
mod hostile_names;
mod ignored;
mod line_ends;
mod never_usable;
mod project;
mod pull;
mod push;
mod push_beside;
mod renames;
mod reset;
mod restored;
mod rows;
mod servers;
mod targets;
mod undone;
mod unusable_keys;
