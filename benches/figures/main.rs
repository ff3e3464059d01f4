//! The figures of `docs/performance.md`: what the tool costs, beside what the same work costs without it.
//!
//! `cargo bench -p cargo-dbmigrate [-- backup binary catalog check compile fleet generate history lints migrate online page pipeline push ready rebuild resolver seed server sql testing]`. Every table comes from one run in
//! which the competitors take turns, so that its ratios hold on a busy machine too. A competitor is a process of its own; those
//! that are written here are this program once more (see [`bare`]).
#![expect(clippy::print_stdout, reason = "its output is the result")]

mod backup;
mod bare;
mod binary;
mod catalog;
mod check;
mod compile;
mod contest;
mod fleet;
mod generate;
mod history;
mod lints;
mod migrate;
mod online;
mod page;
mod pipeline;
mod project;
mod push;
mod ready;
mod rebuild;
mod resolver;
mod seed;
mod server;
mod sql;
mod testing;

/// The sections by name, in the order in which they run.
const SECTIONS: [(&str, fn()); 21] = [
    ("backup", backup::run),
    ("binary", binary::run),
    ("catalog", catalog::run),
    ("check", check::run),
    ("compile", compile::run),
    ("fleet", fleet::run),
    ("generate", generate::run),
    ("history", history::run),
    ("lints", lints::run),
    ("migrate", migrate::run),
    ("online", online::run),
    ("page", page::run),
    ("pipeline", pipeline::run),
    ("push", push::run),
    ("ready", ready::run),
    ("rebuild", rebuild::run),
    ("resolver", resolver::run),
    ("seed", seed::run),
    ("server", server::run),
    ("sql", sql::run),
    ("testing", testing::run),
];

fn main() {
    // cargo adds `--bench`
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let Some((bare::FLAG, arguments)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return bare::run(arguments);
    }
    for (name, run) in SECTIONS {
        if arguments.is_empty() || arguments.iter().any(|wanted| wanted == name) {
            run();
        }
    }
}
