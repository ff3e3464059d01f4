//! The fields of a flat TOML file with their places, read by the parser that is behind the crate `toml`. That crate has
//! tables, dates and serde on top of it, which `dbmigrate.toml` has no use for, and an application would compile them.

use std::borrow::Cow;
use std::str::FromStr;

use toml_parser::decoder::ScalarKind;
use toml_parser::parser::{Event, EventKind, RecursionGuard, ValidateWhitespace, parse_document};
use toml_parser::{Expected, ParseError, Source};

/// What is wrong, in one line, and at which byte of the file.
pub(super) type Wrong = (String, usize);

/// How deep lists may be in lists.
const MOST_LEVELS: u32 = 80;

/// What is said of a table.
const TABLE: &str = "table";

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
    List(Vec<Value>),
    /// What no field is.
    Other(&'static str),
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

    fn is_table(&self) -> bool {
        matches!(self.kind, Kind::Other(TABLE))
    }

    fn wrong(&self, expected: &str) -> Wrong {
        let given = match &self.kind {
            Kind::String(_) => "string",
            Kind::Integer(_) => "integer",
            Kind::List(_) => "list",
            Kind::Other(name) => name,
        };
        // without the value, which may be a token
        (format!("invalid type: {given}, expected {expected}"), self.at)
    }
}

/// The fields of a file in their order. A table, whether it has a header or dotted keys, is one that has nothing in it:
/// it is none of ours.
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
    Reader { source, events: events.into_iter() }.fields()
}

struct Reader<'a> {
    source: Source<'a>,
    events: std::vec::IntoIter<Event>,
}

impl Reader<'_> {
    fn fields(mut self) -> Result<Vec<Field>, Wrong> {
        let mut fields: Vec<Field> = Vec::new();
        let mut is_table = false;
        while let Some(mut event) = self.events.next() {
            let is_header = matches!(event.kind(), EventKind::StdTableOpen | EventKind::ArrayTableOpen);
            if is_header {
                is_table = true;
                let Some(key) = self.events.next() else { break };
                event = key;
            } else if event.kind() != EventKind::SimpleKey {
                continue;
            }
            let (name, at) = (self.key(&event)?, event.span().start());
            let mut is_dotted = false;
            let mut value = Value { kind: Kind::Other(TABLE), at };
            for event in self.events.by_ref() {
                match event.kind() {
                    EventKind::KeySep => is_dotted = true,
                    EventKind::KeyValSep | EventKind::StdTableClose | EventKind::ArrayTableClose => break,
                    _ => {}
                }
            }
            if !is_header {
                let own = self.value()?;
                if is_table {
                    // a field of the table, and not of the file
                    continue;
                }
                if !is_dotted {
                    value = own;
                }
            }
            match fields.iter().find(|field| field.name == name) {
                None => fields.push(Field { name, at, value }),
                // one more part of the table
                Some(field) if field.value.is_table() && value.is_table() => {}
                Some(_) => return Err(("duplicate key".to_owned(), at)),
            }
        }
        Ok(fields)
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
                let mut open = 1;
                while open > 0 {
                    match self.events.next().map(|event| event.kind()) {
                        Some(EventKind::InlineTableOpen) => open += 1,
                        Some(EventKind::InlineTableClose) => open -= 1,
                        Some(_) => {}
                        None => break,
                    }
                }
                Kind::Other(TABLE)
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
