//! Whole-product tests on databases on a server: the real binary, real projects, and the server itself, which is asked by
//! hand what has become of it.

#[path = "../product/app_library.rs"]
mod app_library;
mod backups;
mod commands;
mod extended;
mod faults;
mod hosts;
#[path = "../product/kept_writes.rs"]
mod kept_writes;
mod namespaces;
mod online;
mod online_deaths;
mod phased;
#[path = "../product/project.rs"]
#[allow(dead_code, reason = "a part of it is used here")]
mod project;
mod rehearsed;
mod replica;
mod requests;
mod sample;
mod seeds;
mod served;
mod steps;
#[path = "../product/steps_program.rs"]
mod steps_program;
mod survived;
mod templates;
mod tokens;
mod turso;
