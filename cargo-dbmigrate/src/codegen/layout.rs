//! Structs and enums as text. prettyplease writes each item by itself: documentation, derives, fields and their types,
//! and every attribute that is one line. Attributes of several lines are put into its text as [`super::arguments`] lays
//! them out.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::arguments::{Argument, INDENT, attribute};
use super::docs::doc;

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
    /// What is said in a comment that is no documentation.
    pub(super) note: Option<&'static str>,
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

impl Struct {
    pub(super) fn write(&self) -> String {
        let mut item = Source::default();
        item.doc(self.doc.as_deref());
        let _ = writeln!(item.text, "#[derive(Debug, Clone, {})]", self.derive);
        item.attribute(self.attribute, &self.arguments, 0);
        let _ = writeln!(item.text, "pub struct {} {{", self.name);
        for field in &self.fields {
            item.doc(field.doc.as_deref());
            if let Some(note) = field.note {
                let _ = writeln!(item.text, "#[comment = {:?}]", format!(" {note}"));
            }
            item.attribute("column", &field.arguments, INDENT.len());
            let _ = writeln!(item.text, "pub {}: {},", field.name, field.ty);
        }
        item.text.push('}');
        item.write()
    }
}

impl Enum {
    pub(super) fn write(&self) -> String {
        let mut item = Source::default();
        item.doc(Some(&self.doc));
        item.text.push_str("#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]\n");
        item.attribute("column_type", &self.arguments, 0);
        let _ = writeln!(item.text, "pub enum {} {{", self.name);
        for variant in &self.variants {
            item.attribute("column_type", &variant.arguments, INDENT.len());
            let _ = writeln!(item.text, "{},", variant.name);
        }
        item.text.push('}');
        item.write()
    }
}

/// An item as it is given to the printer.
#[derive(Default)]
struct Source {
    text: String,
    /// The attributes of several lines, each of which is a word in the text.
    long: Vec<String>,
}

impl Source {
    fn doc(&mut self, text: Option<&str>) {
        self.text.extend(text.map(|text| doc(text, "")));
    }

    fn attribute(&mut self, word: &str, arguments: &[Argument], indent: usize) {
        if arguments.is_empty() {
            return;
        }
        let laid_out = attribute(word, arguments, indent);
        if laid_out.contains('\n') || indent + laid_out.len() > PRINTED {
            let _ = writeln!(self.text, "{}", place(self.long.len()));
            self.long.push(laid_out);
        } else {
            let _ = writeln!(self.text, "{laid_out}");
        }
    }

    /// The item as rustfmt leaves it. What is no Rust stays as it is, for whoever reads it back to say so.
    fn write(self) -> String {
        let Ok(item) = syn::parse_str(&self.text) else { return self.text + "\n" };
        let printed = prettyplease::unparse(&syn::File {
            shebang: None,
            frontmatter: None,
            attrs: Vec::new(),
            items: vec![item],
        });
        let mut long = self.long.iter().enumerate().peekable();
        let mut text = String::with_capacity(printed.len());
        for line in printed.lines() {
            let bare = line.trim_start();
            match long.next_if(|(at, _)| bare == place(*at)) {
                Some((_, laid_out)) => {
                    text.push_str(&line[..line.len() - bare.len()]);
                    text.push_str(laid_out);
                }
                None => text.push_str(line),
            }
            text.push('\n');
        }
        text
    }
}

/// prettyplease breaks lines of more bytes.
const PRINTED: usize = 89;

/// What stands for an attribute of several lines.
fn place(at: usize) -> String {
    format!("#[long{at}]")
}
