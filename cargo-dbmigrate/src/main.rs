//! The binary: arguments in, exit code out. Everything else is in the library.

use std::process::ExitCode;
use std::thread;

fn main() -> ExitCode {
    // the stack of the first thread is what the system gives it, one megabyte on some
    let run = || cargo_dbmigrate::run(std::env::args_os());
    let code = match thread::Builder::new().stack_size(cargo_dbmigrate::source::STACK).spawn(run) {
        // it has said why it panicked, and 101 is what a panic ends with
        Ok(thread) => thread.join().unwrap_or(101),
        Err(_) => run(),
    };
    ExitCode::from(code)
}
