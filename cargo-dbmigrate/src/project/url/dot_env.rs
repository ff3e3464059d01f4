//! The nearest `.env`, which is only read: the environment of this process stays as it is.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::source::{DEFAULT, ENVIRONMENT_VARIABLE};
use crate::error::{CommandError, Result};

/// A `.env` file.
#[derive(Debug, Clone)]
pub(crate) struct DotEnv {
    /// The file, relative to the working directory if it is inside.
    pub(crate) file: PathBuf,
    /// Whether values of it may have been put together from variables of the environment.
    pub(crate) expands: bool,
    values: BTreeMap<String, String>,
    /// What is wrong with a line behind them.
    broken: Option<CommandError>,
}

/// The text without a byte order mark, in UTF-8 whatever the mark says: editors and shells of Windows write both.
fn utf_8(bytes: Vec<u8>) -> Vec<u8> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = rest.chunks(2).map(|pair| unit([pair[0], pair.get(1).copied().unwrap_or_default()]));
        let chars = char::decode_utf16(units).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER));
        chars.collect::<String>().into_bytes()
    };
    match &bytes[..] {
        [0xef, 0xbb, 0xbf, rest @ ..] => rest.to_owned(),
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        _ => bytes,
    }
}

impl DotEnv {
    /// Reads the nearest `.env` from `root` up to the repository that it is in.
    ///
    /// # Errors
    /// Exit code 2 if it cannot be read.
    pub(crate) fn near(root: &Path) -> Result<Option<Self>> {
        let start = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        let mut directories = start.ancestors();
        let found = loop {
            let Some(directory) = directories.next() else { return Ok(None) };
            let file = directory.join(".env");
            if file.is_file() {
                break file;
            }
            if directory.join(".git").exists() {
                return Ok(None);
            }
        };
        let file = crate::project::path::for_display(&found);
        let unreadable = |why: &dyn fmt::Display| {
            CommandError::usage(format!("cannot read `{}`: {why}", file.display()))
                .help(format!("or name the database: `--url {DEFAULT}`, `{ENVIRONMENT_VARIABLE}`"))
        };
        let mut values = BTreeMap::new();
        let mut broken = None;
        let text = utf_8(std::fs::read(&found).map_err(|error| unreadable(&error))?);
        for line in dotenvy::from_read_iter(&*text) {
            match line {
                // the first one counts, as for everybody who loads the file, also if there is nothing in it
                Ok((name, value)) => drop(values.entry(name).or_insert(value)),
                Err(error) => {
                    broken = Some(match error {
                        // the line itself may hold a secret
                        dotenvy::Error::LineParse(..) => unreadable(&"a line in it is not `NAME=value`"),
                        error => unreadable(&error),
                    });
                    break;
                }
            }
        }
        Ok(Some(Self { file, expands: text.contains(&b'$'), values, broken }))
    }

    /// A value, which may be blank.
    ///
    /// # Errors
    /// If it is not in front of a line that cannot be read.
    pub(crate) fn get(&self, name: &str) -> Result<Option<&str>> {
        match (self.values.get(name), &self.broken) {
            (Some(value), _) => Ok(Some(value)),
            (None, Some(error)) => Err(error.clone()),
            (None, None) => Ok(None),
        }
    }
}
