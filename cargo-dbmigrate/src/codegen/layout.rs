//! Writes structs with attributes as rustfmt would: on one line where they fit, else an argument per line.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::docs::doc;
use super::order::version_order;

const INDENT: &str = "    ";
/// The width of a line.
const WIDTH: usize = 100;
/// rustfmt's `attr_fn_like_width`: what the arguments of an attribute may take on one line.
const ARGUMENTS_WIDTH: usize = 70;
/// rustfmt's `short_array_element_width_threshold`.
const SHORT_ARGUMENT_WIDTH: usize = 10;

/// A struct to be written.
pub(super) struct Struct {
    /// What is said of it.
    pub(super) doc: Option<String>,
    pub(super) derive: &'static str,
    /// The word of its attribute.
    pub(super) attribute: &'static str,
    pub(super) name: String,
    pub(super) arguments: Vec<Argument>,
    pub(super) fields: Vec<Field>,
    /// The other structs that its attributes name.
    pub(super) refers_to: BTreeSet<String>,
}

/// A field to be written.
pub(super) struct Field {
    /// What is said of it.
    pub(super) doc: Option<String>,
    pub(super) name: String,
    pub(super) ty: String,
    pub(super) arguments: Vec<Argument>,
}

/// An enum with `#[derive(ColumnType)]` to be written.
pub(super) struct Enum {
    /// What is said of it.
    pub(super) doc: String,
    pub(super) name: String,
    pub(super) arguments: Vec<Argument>,
    pub(super) variants: Vec<Variant>,
}

/// A variant to be written.
pub(super) struct Variant {
    pub(super) name: String,
    pub(super) arguments: Vec<Argument>,
}

/// An argument of an attribute.
pub(super) enum Argument {
    /// `strict`, `name = "posts"`.
    Plain(String),
    /// `index(a, b)`.
    List(&'static str, Vec<Argument>),
}

impl Argument {
    /// `key = "text"`.
    pub(super) fn text(key: &str, text: &str) -> Self {
        Self::Plain(format!("{key} = {}", string(text)))
    }

    /// `word`, or `word(…)` if there are arguments.
    pub(super) fn flag(word: &'static str, arguments: Vec<Self>) -> Self {
        if arguments.is_empty() { Self::Plain(word.to_owned()) } else { Self::List(word, arguments) }
    }

    fn on_one_line(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::List(head, arguments) => format!("{head}({})", on_one_line(arguments)),
        }
    }

    fn write(&self, indent: usize, text: &mut String) {
        match self {
            Self::Plain(plain) => text.push_str(plain),
            Self::List(head, arguments) => list(head, arguments, indent, ")", text),
        }
    }
}

impl Struct {
    pub(super) fn write(&self) -> String {
        let mut text = self.doc.as_deref().map(|text| doc(text, "")).unwrap_or_default();
        let _ = writeln!(text, "#[derive(Debug, Clone, {})]", self.derive);
        if !self.arguments.is_empty() {
            list(&format!("#[{}", self.attribute), &self.arguments, 0, ")]", &mut text);
            text.push('\n');
        }
        let _ = write!(text, "pub struct {} {{", self.name);
        text.push_str(if self.fields.is_empty() { "" } else { "\n" });
        for field in &self.fields {
            text.push_str(&field.doc.as_deref().map(|text| doc(text, INDENT)).unwrap_or_default());
            if !field.arguments.is_empty() {
                text.push_str(INDENT);
                list("#[column", &field.arguments, INDENT.len(), ")]", &mut text);
                text.push('\n');
            }
            let _ = writeln!(text, "{INDENT}pub {}: {},", field.name, field.ty);
        }
        text.push_str("}\n");
        text
    }
}

impl Enum {
    pub(super) fn write(&self) -> String {
        let mut text = doc(&self.doc, "");
        text.push_str("#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]\n");
        if !self.arguments.is_empty() {
            list("#[column_type", &self.arguments, 0, ")]", &mut text);
            text.push('\n');
        }
        let _ = writeln!(text, "pub enum {} {{", self.name);
        for variant in &self.variants {
            if !variant.arguments.is_empty() {
                text.push_str(INDENT);
                list("#[column_type", &variant.arguments, INDENT.len(), ")]", &mut text);
                text.push('\n');
            }
            let _ = writeln!(text, "{INDENT}{},", variant.name);
        }
        text.push_str("}\n");
        text
    }
}

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

fn on_one_line(arguments: &[Argument]) -> String {
    arguments.iter().map(Argument::on_one_line).collect::<Vec<_>>().join(", ")
}

/// `head(arguments` and `end`: on one line, on as few as possible, or on one for each argument.
fn list(head: &str, arguments: &[Argument], indent: usize, end: &str, text: &mut String) {
    let line = on_one_line(arguments);
    let taken = width(&line);
    let only = match arguments {
        [Argument::Plain(only)] => Some(only),
        _ => None,
    };
    let fits = (only.is_some() || taken <= ARGUMENTS_WIDTH) && indent + width(head) + 1 + taken + end.len() <= WIDTH;
    // a text of several lines begins where it is if it is the value of the only argument
    let first_line = line.lines().next().map_or(0, width);
    let stays = || first_line <= ARGUMENTS_WIDTH && only.is_some_and(|only| !is_literal(only));
    if if line.contains('\n') { stays() } else { fits } {
        let _ = write!(text, "{head}({line}{end}");
        return;
    }
    if let [Argument::List(inner, arguments)] = arguments {
        // rustfmt lets a single list begin on the line of what it is in
        list(&format!("{head}({inner}"), arguments, indent, &format!("){end}"), text);
        return;
    }
    let space = " ".repeat(indent + INDENT.len());
    let _ = write!(text, "{head}(\n{space}");
    let are_short = arguments.iter().all(|argument| matches!(argument, Argument::Plain(plain) if is_short(plain)));
    let mut column = space.len();
    for (at, argument) in arguments.iter().enumerate() {
        let comma = usize::from(at + 1 < arguments.len());
        if at > 0 && are_short && column + 2 + width(&argument.on_one_line()) + comma <= WIDTH {
            text.push_str(", ");
            column += 2;
        } else if at > 0 {
            let _ = write!(text, ",\n{space}");
            column = space.len();
        }
        column += width(&argument.on_one_line());
        argument.write(indent + INDENT.len(), text);
    }
    let _ = write!(text, "\n{}{end}", " ".repeat(indent));
}

/// Whether an argument is a literal, as opposed to a word, or a word with a value.
fn is_literal(argument: &str) -> bool {
    argument.starts_with(['"', '#']) || argument.starts_with("r\"") || argument.starts_with("r#\"")
}

/// Whether an argument is one of which rustfmt puts many on a line.
fn is_short(argument: &str) -> bool {
    let is_simple = is_literal(argument) || !argument.contains(['=', ' ', '(']);
    is_simple && width(argument) <= SHORT_ARGUMENT_WIDTH
}

/// How wide a text is shown: characters of East Asian scripts and pictures take two columns.
fn width(text: &str) -> usize {
    text.chars().map(|char| if char < '\u{1100}' { 1 } else { 2 }).sum()
}

/// A text as a Rust literal: raw where that is easier to read, escaped where the compiler would refuse or warn.
pub(super) fn string(text: &str) -> String {
    let unreadable = |char: char| {
        let overrides_direction = matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        (char.is_control() && char != '\n' && char != '\t') || overrides_direction
    };
    if text.chars().any(unreadable) {
        return format!("\"{}\"", text.escape_default());
    }
    if !text.contains(['"', '\\']) {
        return format!("\"{text}\"");
    }
    let mut hashes = "#".to_owned();
    while text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    // no quote inside: `r"…"` would do, and clippy asks for it
    let hashes = if text.contains('"') { hashes } else { String::new() };
    format!("r{hashes}\"{text}\"{hashes}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_so_that_they_come_back_as_they_were() {
        for (text, written) in [
            ("a", "\"a\""),
            ("length(\"a\") > 0", "r#\"length(\"a\") > 0\"#"),
            ("a\\b", "r\"a\\b\""),
            ("\"#", "r##\"\"#\"##"),
            ("a\r\nb", "\"a\\r\\nb\""),
            ("two\nlines", "\"two\nlines\""),
        ] {
            assert_eq!(string(text), written);
            let literal: syn::LitStr = syn::parse_str(&string(text)).expect("a literal");
            assert_eq!(literal.value(), text);
        }
    }

    #[test]
    fn arguments_that_do_not_fit_a_line_get_one_each() {
        let long = Argument::List("index", vec![Argument::Plain("a".repeat(40)), Argument::Plain("b".repeat(40))]);
        let one = Struct {
            doc: None,
            derive: "Table",
            attribute: "table",
            name: "T".to_owned(),
            arguments: vec![Argument::Plain("strict".to_owned()), long],
            fields: Vec::new(),
            refers_to: BTreeSet::new(),
        };
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let wanted = format!(
            "#[derive(Debug, Clone, Table)]\n#[table(\n    strict,\n    index(\n        {a},\n        {b}\n    )\n)]\npub struct T {{}}\n"
        );
        assert_eq!(one.write(), wanted);
    }
}
