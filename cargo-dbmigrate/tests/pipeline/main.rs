//! Pipelines: the workflows, actions and reports that are written, and those of this repository. They are linted, and every
//! step of them runs in a clean shell as a runner runs it.

mod expression;
mod fake_gh;
mod gitlab;
mod lint;
mod phased;
#[path = "../product/project.rs"]
#[allow(dead_code, reason = "a part of it is used here")]
mod project;
mod release;
mod report;
mod repository;
mod runner;
mod served;
mod setup;
mod several;
mod steps;
mod story;
mod written;
