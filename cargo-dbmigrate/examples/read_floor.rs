//! Time of reading a package's structs against parsing its files only: `read_floor <directory> [read|floor]`.
#![expect(clippy::print_stdout, reason = "its output is the result")]

use std::path::{Path, PathBuf};
use std::time::Instant;

use cargo_dbmigrate::source::{Package, Request, read_package};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().map_or_else(|| ".".into(), PathBuf::from);
    let mode = arguments.next().unwrap_or_default();
    let request = Request { current_dir: directory.canonicalize().expect("a directory"), ..Request::default() };
    let package = Package::find(&request).expect("a package");
    if mode != "floor" {
        let start = Instant::now();
        let declared = read_package(package.clone()).expect("no errors");
        println!("read  {:>8.2} ms, {} tables", start.elapsed().as_secs_f64() * 1e3, declared.schema.tables.len());
    }
    if mode != "read" {
        let start = Instant::now();
        let items: usize = sources(&package.directory().join("src"))
            .iter()
            .map(|path| std::fs::read_to_string(path).expect("a file"))
            .map(|text| syn::parse_file(&text).expect("Rust").items.len())
            .sum();
        println!("parse {:>8.2} ms, {items} items", start.elapsed().as_secs_f64() * 1e3);
    }
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a directory").flatten();
    entries
        .flat_map(|entry| match entry.path() {
            path if path.is_dir() => sources(&path),
            path => vec![path],
        })
        .collect()
}
