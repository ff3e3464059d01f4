//! The fields of a TOML file with their places, read by the parser that is behind the crate `toml`. That crate has
//! dates and serde on top of it, which `dbmigrate.toml` has no use for, and an application would compile them.

use std::borrow::Cow;
use std::str::FromStr;

use toml_parser::decoder::ScalarKind;
use toml_parser::parser::{Event, EventKind, RecursionGuard, ValidateWhitespace, parse_document};
use toml_parser::{Expected, ParseError, Source};

/// What is wrong, in one line, and at which byte of the file.
pub(super) type Wrong = (String, usize);

/// How deep lists may be in lists.
const MOST_LEVELS: u32 = 80;

/// How many parts a key may have, so that nothing is as deep as a file is long.
const MOST_PARTS: usize = 16;

/// A field of the file.
#[derive(Debug)]
pub(super) struct Field {
    /// Its name.
    pub(super) name: String,
    /// The byte that the name begins at.
    pub(super) at: usize,
    /// Its value.
    pub(super) value: Value,
}

/// A value, and where it begins.
#[derive(Debug)]
pub(super) struct Value {
    kind: Kind,
    at: usize,
}

#[derive(Debug)]
enum Kind {
    String(String),
    /// `None` if no integer is that large.
    Integer(Option<i64>),
    Boolean(bool),
    List(Vec<Value>),
    Table(Table),
    /// What no field is.
    Other(&'static str),
}

/// The fields of a table in their order.
#[derive(Debug)]
struct Table {
    fields: Vec<Field>,
    form: Form,
    /// Of tables with a header in double brackets, those before the last, with the bytes that they begin at.
    earlier: Vec<(usize, Vec<Field>)>,
}

/// How a table is written, which says what can still be added to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Only as a part of the headers of other tables.
    Implied,
    /// With a header of its own.
    Header,
    /// By keys with dots.
    Dotted,
    /// In braces.
    Inline,
    /// With a header in double brackets, of which there may be more.
    Array,
}

impl Value {
    /// The text.
    pub(super) fn string(self) -> Result<String, Wrong> {
        match self.kind {
            Kind::String(text) => Ok(text),
            _ => Err(self.wrong("a string")),
        }
    }

    /// The number.
    pub(super) fn integer<T: TryFrom<i64>>(self) -> Result<T, Wrong> {
        match self.kind {
            Kind::Integer(number) => number
                .and_then(|number| T::try_from(number).ok())
                .ok_or_else(|| ("the number is too large or negative".to_owned(), self.at)),
            _ => Err(self.wrong("an integer")),
        }
    }

    /// Yes or no.
    pub(super) fn boolean(self) -> Result<bool, Wrong> {
        match self.kind {
            Kind::Boolean(yes) => Ok(yes),
            _ => Err(self.wrong("a boolean")),
        }
    }

    /// What the text stands for.
    pub(super) fn parsed<T: FromStr<Err: ToString>>(self) -> Result<T, Wrong> {
        let at = self.at;
        self.string()?.parse().map_err(|error: T::Err| (error.to_string(), at))
    }

    /// What the texts of a list stand for.
    pub(super) fn list<T: FromStr<Err: ToString>>(self) -> Result<Vec<T>, Wrong> {
        match self.kind {
            Kind::List(values) => values.into_iter().map(Value::parsed).collect(),
            _ => Err(self.wrong("a list of strings")),
        }
    }

    /// The fields of the table; `expected` says what it is.
    pub(super) fn fields(self, expected: &str) -> Result<Vec<Field>, Wrong> {
        match self.kind {
            Kind::Table(Table { fields, form, .. }) if form != Form::Array => Ok(fields),
            _ => Err(self.wrong(expected)),
        }
    }

    /// The fields of each table of a list of tables, with the byte that it begins at.
    pub(super) fn tables(self, expected: &str) -> Result<Vec<(usize, Vec<Field>)>, Wrong> {
        match self.kind {
            Kind::Table(Table { fields, form: Form::Array, mut earlier }) => {
                earlier.push((self.at, fields));
                Ok(earlier)
            }
            Kind::List(values) => values.into_iter().map(|value| Ok((value.at, value.fields(expected)?))).collect(),
            _ => Err(self.wrong(expected)),
        }
    }

    /// The values of the list.
    pub(super) fn values(self, expected: &str) -> Result<Vec<Value>, Wrong> {
        match self.kind {
            Kind::List(values) => Ok(values),
            _ => Err(self.wrong(expected)),
        }
    }

    /// The byte that it begins at.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether it is a table.
    pub(super) fn is_table(&self) -> bool {
        matches!(&self.kind, Kind::Table(table) if table.form != Form::Array)
    }

    /// Whether it is text.
    pub(super) fn is_string(&self) -> bool {
        matches!(self.kind, Kind::String(_))
    }

    /// Whether it is a list.
    pub(super) fn is_list(&self) -> bool {
        matches!(self.kind, Kind::List(_))
    }

    /// Whether it is a whole number.
    pub(super) fn is_integer(&self) -> bool {
        matches!(self.kind, Kind::Integer(_))
    }

    /// That it is something else than what is expected.
    pub(super) fn wrong(&self, expected: &str) -> Wrong {
        let given = match &self.kind {
            Kind::String(_) => "string",
            Kind::Integer(_) => "integer",
            Kind::Boolean(_) => "boolean",
            Kind::List(_) | Kind::Table(Table { form: Form::Array, .. }) => "list",
            Kind::Table(_) => "table",
            Kind::Other(name) => name,
        };
        // without the value, which may be a token
        (format!("invalid type: {given}, expected {expected}"), self.at)
    }
}

/// The fields of a file in their order.
///
/// # Errors
/// At the first place that is no TOML, or a field that is there twice.
pub(super) fn read(text: &str) -> Result<Vec<Field>, Wrong> {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut error: Option<ParseError> = None;
    let mut events: Vec<Event> = Vec::with_capacity(tokens.len());
    let mut receiver = ValidateWhitespace::new(&mut events, source);
    parse_document(&tokens, &mut RecursionGuard::new(&mut receiver, MOST_LEVELS), &mut error);
    if let Some(error) = error {
        return Err(wrong(&error));
    }
    events.retain(|event| !matches!(event.kind(), EventKind::Whitespace | EventKind::Comment | EventKind::Newline));
    Reader { source, events: events.into_iter() }.document()
}

/// A part of a key, and the byte that it begins at.
type Part = (String, usize);

fn duplicate(at: usize) -> Wrong {
    ("duplicate key".to_owned(), at)
}

/// The table of that name, which is made if there is none. `way` is how it is named, and says into which of those that
/// are there it may lead: into one that is written in braces only what is in the same braces, which never is complete.
fn within<'t>(fields: &'t mut Vec<Field>, (name, at): &Part, way: Way) -> Result<&'t mut Table, Wrong> {
    let index = fields.iter().position(|field| field.name == *name).unwrap_or_else(|| {
        let form = if way == Way::Header { Form::Implied } else { Form::Dotted };
        let table = Table { fields: Vec::new(), form, earlier: Vec::new() };
        fields.push(Field { name: name.clone(), at: *at, value: Value { kind: Kind::Table(table), at: *at } });
        fields.len() - 1
    });
    let extending = |what: &str| (format!("cannot extend value of type {what} with a dotted key"), *at);
    match &mut fields[index].value.kind {
        Kind::Table(table) => match (way, table.form) {
            (Way::Header | Way::Key, Form::Inline) => Err(extending("inline table")),
            (Way::Header, _) | (_, Form::Dotted) => Ok(table),
            (_, Form::Implied) => {
                table.form = Form::Dotted;
                Ok(table)
            }
            _ => Err(duplicate(*at)),
        },
        Kind::String(_) => Err(extending("string")),
        Kind::Integer(_) => Err(extending("integer")),
        Kind::Boolean(_) => Err(extending("boolean")),
        Kind::List(_) => Err(extending("array")),
        Kind::Other(name) => Err(extending(name)),
    }
}

/// How a part of a key that is not the last one names a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// In a header.
    Header,
    /// In a key with dots.
    Key,
    /// In such a key in braces.
    KeyInBraces,
}

/// The table that a header begins.
fn opened<'t>(root: &'t mut Vec<Field>, path: &[Part], form: Form) -> Result<&'t mut Vec<Field>, Wrong> {
    let Some((last, before)) = path.split_last() else { return Ok(root) };
    let mut fields = root;
    for part in before {
        fields = &mut within(fields, part, Way::Header)?.fields;
    }
    let Some(at) = fields.iter().position(|field| field.name == last.0) else {
        let table = within(fields, last, Way::Header)?;
        table.form = form;
        return Ok(&mut table.fields);
    };
    let Value { kind: Kind::Table(table), at: begin } = &mut fields[at].value else { return Err(duplicate(last.1)) };
    match (table.form, form) {
        (Form::Implied, Form::Header) => table.form = Form::Header,
        (Form::Array, Form::Array) => {
            table.earlier.push((*begin, std::mem::take(&mut table.fields)));
            *begin = last.1;
        }
        _ => return Err(duplicate(last.1)),
    }
    Ok(&mut table.fields)
}

/// Adds a value under a key, which may have dots.
fn add(fields: &mut Vec<Field>, path: &[Part], value: Value, way: Way) -> Result<(), Wrong> {
    let Some(((name, at), before)) = path.split_last() else { return Ok(()) };
    let mut fields = fields;
    for part in before {
        fields = &mut within(fields, part, way)?.fields;
    }
    if fields.iter().any(|field| field.name == *name) {
        return Err(duplicate(*at));
    }
    fields.push(Field { name: name.clone(), at: *at, value });
    Ok(())
}

struct Reader<'a> {
    source: Source<'a>,
    events: std::vec::IntoIter<Event>,
}

impl Reader<'_> {
    fn document(mut self) -> Result<Vec<Field>, Wrong> {
        let mut root: Vec<Field> = Vec::new();
        let mut header: Vec<Part> = Vec::new();
        while let Some(event) = self.events.next() {
            match event.kind() {
                EventKind::StdTableOpen => {
                    header = self.path(None)?;
                    opened(&mut root, &header, Form::Header)?;
                }
                EventKind::ArrayTableOpen => {
                    header = self.path(None)?;
                    opened(&mut root, &header, Form::Array)?;
                }
                EventKind::SimpleKey => {
                    let path = self.path(Some(&event))?;
                    let value = self.value()?;
                    let mut fields = &mut root;
                    for part in &header {
                        fields = &mut within(fields, part, Way::Header)?.fields;
                    }
                    add(fields, &path, value, Way::Key)?;
                }
                _ => {}
            }
        }
        Ok(root)
    }

    /// The parts of a key up to its end, with the first one if that was read already.
    fn path(&mut self, first: Option<&Event>) -> Result<Vec<Part>, Wrong> {
        let mut path = Vec::new();
        if let Some(first) = first {
            path.push((self.key(first)?, first.span().start()));
        }
        while let Some(event) = self.events.next() {
            match event.kind() {
                EventKind::SimpleKey => path.push((self.key(&event)?, event.span().start())),
                EventKind::KeyValSep | EventKind::StdTableClose | EventKind::ArrayTableClose => break,
                _ => {}
            }
            if path.len() > MOST_PARTS {
                return Err((format!("a key of more than {MOST_PARTS} parts"), event.span().start()));
            }
        }
        Ok(path)
    }

    fn key(&self, event: &Event) -> Result<String, Wrong> {
        let (mut name, mut error) = (Cow::Borrowed(""), None);
        if let Some(raw) = self.source.get(event) {
            raw.decode_key(&mut name, &mut error);
        }
        error.map_or_else(|| Ok(name.into_owned()), |error| Err(wrong(&error)))
    }

    /// The value that the next events are.
    fn value(&mut self) -> Result<Value, Wrong> {
        let Some(event) = self.events.next() else { return Ok(Value { kind: Kind::Other("nothing"), at: 0 }) };
        self.value_of(&event)
    }

    fn value_of(&mut self, event: &Event) -> Result<Value, Wrong> {
        let at = event.span().start();
        let kind = match event.kind() {
            EventKind::ArrayOpen => {
                let mut values = Vec::new();
                while let Some(event) = self.events.next() {
                    match event.kind() {
                        EventKind::ArrayClose => break,
                        EventKind::ValueSep => {}
                        _ => values.push(self.value_of(&event)?),
                    }
                }
                Kind::List(values)
            }
            EventKind::InlineTableOpen => {
                let mut fields = Vec::new();
                while let Some(event) = self.events.next() {
                    match event.kind() {
                        EventKind::InlineTableClose => break,
                        EventKind::SimpleKey => {
                            let path = self.path(Some(&event))?;
                            let value = self.value()?;
                            add(&mut fields, &path, value, Way::KeyInBraces)?;
                        }
                        _ => {}
                    }
                }
                Kind::Table(Table { fields, form: Form::Inline, earlier: Vec::new() })
            }
            _ => self.scalar(event)?,
        };
        Ok(Value { kind, at })
    }

    fn scalar(&self, event: &Event) -> Result<Kind, Wrong> {
        let Some(raw) = self.source.get(event) else { return Ok(Kind::Other("nothing")) };
        let (mut decoded, mut error) = (Cow::Borrowed(""), None);
        let kind = raw.decode_scalar(&mut decoded, &mut error);
        if let Some(error) = error {
            return Err(wrong(&error));
        }
        Ok(match kind {
            ScalarKind::String => Kind::String(decoded.into_owned()),
            ScalarKind::Integer(radix) => Kind::Integer(i64::from_str_radix(&decoded, radix.value()).ok()),
            ScalarKind::Boolean(yes) => Kind::Boolean(yes),
            other => Kind::Other(other.description()),
        })
    }
}

/// A parser's error in one line.
fn wrong(error: &ParseError) -> Wrong {
    let words = |expected: &Expected| match expected {
        Expected::Literal("\n") => "newline".to_owned(),
        Expected::Literal(literal) => format!("`{literal}`"),
        Expected::Description(description) => (*description).to_owned(),
        _ => "something else".to_owned(),
    };
    let message = match error.expected() {
        None => error.description().to_owned(),
        Some([]) => format!("{}, expected nothing", error.description()),
        Some(expected) => {
            let expected = expected.iter().map(words).collect::<Vec<_>>();
            format!("{}, expected {}", error.description(), expected.join(", "))
        }
    };
    (message, error.unexpected().or(error.context()).map_or(0, |span| span.start()))
}
