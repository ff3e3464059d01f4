//! `going-back`: what to do when a migration went wrong, to be read where it went wrong, with or without a network.

use crate::exit;
use crate::messages;
use crate::report::Printer;

/// `docs/going-back.md`, of which the package has a copy: what is published has nothing but the package's folder.
const DOCUMENT: &str = include_str!("../../docs/going-back.md");

/// Prints it and returns the exit code.
pub(crate) fn run(printer: &Printer) -> u8 {
    printer.result(DOCUMENT.trim_end());
    printer.message(|| messages::Help { text: DOCUMENT.to_owned() });
    exit::DONE
}
