//! Writes structs with attributes as rustfmt would: on one line where they fit, else an argument per line.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The width of a line.
const WIDTH: usize = 100;
/// rustfmt's `attr_fn_like_width`: what the arguments of an attribute may take on one line.
const ARGUMENTS_WIDTH: usize = 70;

/// A struct to be written.
pub(super) struct Struct {
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
    pub(super) name: String,
    pub(super) ty: String,
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
        let mut text = format!("#[derive({})]\n", self.derive);
        if !self.arguments.is_empty() {
            list(&format!("#[{}", self.attribute), &self.arguments, 0, ")]", &mut text);
            text.push('\n');
        }
        let _ = write!(text, "pub struct {} {{", self.name);
        for field in &self.fields {
            if !field.arguments.is_empty() {
                text.push_str("\n    ");
                list("#[column", &field.arguments, 4, ")]", &mut text);
            }
            let _ = write!(text, "\n    pub {}: {},", field.name, field.ty);
        }
        text.push_str(if self.fields.is_empty() { "}\n" } else { "\n}\n" });
        text
    }
}

fn on_one_line(arguments: &[Argument]) -> String {
    arguments.iter().map(Argument::on_one_line).collect::<Vec<_>>().join(", ")
}

/// `head(arguments` and `end`, on one line or on one for each argument.
fn list(head: &str, arguments: &[Argument], indent: usize, end: &str, text: &mut String) {
    let line = on_one_line(arguments);
    let width = line.chars().count();
    let is_single = matches!(arguments, [Argument::Plain(_)]);
    let fits = (is_single || width <= ARGUMENTS_WIDTH) && indent + head.len() + 1 + width + end.len() <= WIDTH;
    // a text of several lines begins where it is if it is alone
    let on_one_line = if line.contains('\n') { is_single } else { fits };
    if on_one_line {
        let _ = write!(text, "{head}({line}{end}");
        return;
    }
    if let [Argument::List(inner, arguments)] = arguments {
        // rustfmt lets a single list begin on the line of what it is in
        list(&format!("{head}({inner}"), arguments, indent, &format!("){end}"), text);
        return;
    }
    text.push_str(head);
    text.push('(');
    for (at, argument) in arguments.iter().enumerate() {
        text.push_str(if at == 0 { "\n" } else { ",\n" });
        text.push_str(&" ".repeat(indent + 4));
        argument.write(indent + 4, text);
    }
    text.push('\n');
    text.push_str(&" ".repeat(indent));
    text.push_str(end);
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
            derive: "Table",
            attribute: "table",
            name: "T".to_owned(),
            arguments: vec![Argument::Plain("strict".to_owned()), long],
            fields: Vec::new(),
            refers_to: BTreeSet::new(),
        };
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let wanted = format!(
            "#[derive(Table)]\n#[table(\n    strict,\n    index(\n        {a},\n        {b}\n    )\n)]\npub struct T {{}}\n"
        );
        assert_eq!(one.write(), wanted);
    }
}
