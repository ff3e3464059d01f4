//! What the subcommand and a program with steps say to each other, a line of JSON each: the program reads from its
//! standard input and writes to its standard output.
//!
//! The subcommand has the connection and the transaction. It says which step is to run; the step asks it to run
//! statements until it is done. Nothing else may be on these lines, and none is longer than [`LONGEST`].

use std::io::{self, BufRead, Read as _, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::engine::connection::Value as Stored;

/// The version of what is said. A program of another one is compiled with another version of the crate.
pub const PROTOCOL: u32 = 1;

/// The longest line, in bytes.
pub const LONGEST: usize = 64 << 20;

/// What the subcommand says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Said {
    /// Who are you?
    Hello {
        /// [`PROTOCOL`].
        protocol: u32,
    },
    /// Run the step of this migration.
    Run {
        /// The migration.
        migration: String,
    },
    /// A statement has changed so many rows.
    Changed {
        /// How many.
        rows: u64,
    },
    /// A query has returned these rows.
    Rows {
        /// Their values.
        rows: Vec<Vec<Value>>,
    },
    /// A statement was not run, or failed.
    Refused {
        /// Why.
        message: String,
    },
}

/// What the program says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Heard {
    /// It can run steps.
    Ready {
        /// [`PROTOCOL`].
        protocol: u32,
        /// The checksum of the lock that it has embedded.
        lock: String,
        /// The migrations whose steps it has.
        steps: Vec<String>,
    },
    /// A step wants a statement to be run for each row of values.
    Execute {
        /// The statement.
        sql: String,
        /// The values for its parameters.
        rows: Vec<Vec<Value>>,
    },
    /// A step wants the rows of a query.
    Query {
        /// The query.
        sql: String,
        /// The values for its parameters.
        values: Vec<Value>,
    },
    /// The step is done.
    Done {},
    /// The step has failed.
    Failed {
        /// Why.
        message: String,
    },
}

/// A value. Real numbers are their bits, and blobs hexadecimal digits, so that nothing is lost on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// NULL.
    Null,
    /// An integer.
    Integer(i64),
    /// A real number.
    Real(u64),
    /// Text.
    Text(String),
    /// A blob.
    Blob(String),
}

impl From<Stored> for Value {
    fn from(value: Stored) -> Self {
        match value {
            Stored::Null => Self::Null,
            Stored::Integer(number) => Self::Integer(number),
            Stored::Real(number) => Self::Real(number.to_bits()),
            Stored::Text(text) => Self::Text(text),
            Stored::Blob(bytes) => Self::Blob(hexadecimal(&bytes)),
        }
    }
}

impl Value {
    /// The value. `None` if its digits are none.
    pub fn stored(self) -> Option<Stored> {
        Some(match self {
            Self::Null => Stored::Null,
            Self::Integer(number) => Stored::Integer(number),
            Self::Real(bits) => Stored::Real(f64::from_bits(bits)),
            Self::Text(text) => Stored::Text(text),
            Self::Blob(digits) => {
                let pairs = digits.as_bytes().chunks(2).map(|pair| {
                    let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
                    u8::from_str_radix(pair, 16).ok()
                });
                Stored::Blob(pairs.collect::<Option<_>>()?)
            }
        })
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// All values of rows, in the one form or the other.
pub fn to_wire(rows: Vec<Vec<Stored>>) -> Vec<Vec<Value>> {
    rows.into_iter().map(|row| row.into_iter().map(Value::from).collect()).collect()
}

/// As [`to_wire`], the other way round. `None` if a value is none.
pub fn from_wire(rows: Vec<Vec<Value>>) -> Option<Vec<Vec<Stored>>> {
    rows.into_iter().map(|row| row.into_iter().map(Value::stored).collect()).collect()
}

/// Writes a line.
///
/// # Errors
/// If it is too long, or nobody reads it.
pub fn write(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    if line.len() >= LONGEST {
        let megabytes = LONGEST >> 20;
        return Err(io::Error::other(format!("more than {megabytes} MiB at once: read and write rows in parts")));
    }
    line.push(b'\n');
    to.write_all(&line)?;
    to.flush()
}

/// What comes of reading a line.
#[derive(Debug)]
pub enum Line<T> {
    /// A message.
    Message(T),
    /// Something else: its beginning.
    Other(String),
    /// Nothing comes any more.
    End,
}

/// How much is shown of a line that is no message.
const SHOWN: usize = 60;

/// Reads a line.
///
/// # Errors
/// If it cannot be read.
pub fn read<T: DeserializeOwned>(from: &mut impl BufRead) -> io::Result<Line<T>> {
    let mut line = Vec::new();
    from.by_ref().take(LONGEST as u64 + 1).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(Line::End);
    }
    if line.len() <= LONGEST
        && line.ends_with(b"\n")
        && let Ok(message) = serde_json::from_slice(&line)
    {
        return Ok(Line::Message(message));
    }
    let text = String::from_utf8_lossy(&line);
    let shown: String = text.trim_end().chars().take(SHOWN).flat_map(char::escape_default).collect();
    Ok(Line::Other(if text.trim_end().chars().count() > SHOWN { format!("{shown}…") } else { shown }))
}
