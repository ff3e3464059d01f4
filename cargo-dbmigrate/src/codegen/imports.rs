//! Lists of imports as rustfmt writes them: in its order, as many on a line as fit.

use std::fmt::Write as _;

use super::arguments::{INDENT, WIDTH, width};
use super::order::version_order;

/// `use path::{a, b};` with what may stand before the `use`; nothing if there are no names.
pub(super) fn use_names<'a>(before: &str, path: &str, names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.sort_by(|one, two| version_order(one, two));
    let line = match &names[..] {
        [] => return String::new(),
        [only] => return format!("{before}use {path}::{only};\n"),
        several => format!("{before}use {path}::{{{}}};\n", several.join(", ")),
    };
    if width(line.trim_end()) <= WIDTH {
        return line;
    }
    let mut text = format!("{before}use {path}::{{\n{INDENT}");
    let mut column = INDENT.len();
    for (at, name) in names.iter().enumerate() {
        if at > 0 && column + 1 + width(name) + 1 > WIDTH {
            let _ = write!(text, "\n{INDENT}");
            column = INDENT.len();
        } else if at > 0 {
            text.push(' ');
            column += 1;
        }
        let _ = write!(text, "{name},");
        column += width(name) + 1;
    }
    text + "\n};\n"
}
