//! The files of a pipeline: printed, compared, or written, but never over what somebody has changed by hand.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use dbmigrate_core::folder::Checksum;
use similar::TextDiff;

use super::arguments::Write;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages::{self, FileAction};
use crate::project::Context;
use crate::project::path;
use crate::project::write::{self, Wanted};
use crate::report::counted;

/// What stands before the checksum of the rest.
const SEAL: &str = "# SHA-256 of what follows: ";

/// A file of a pipeline.
#[derive(Debug, Clone)]
pub(super) struct File {
    /// Its path in the repository.
    pub name: &'static str,
    /// Its text, without the header.
    pub body: String,
}

/// The file that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    /// What would be written.
    Same,
    /// What another version has written, or this one for a project that was another.
    Older,
    /// What was written or edited by hand.
    Edited,
}

impl Found {
    fn word(self) -> &'static str {
        match self {
            Self::Nothing => "missing",
            Self::Same => "same",
            Self::Older => "older",
            Self::Edited => "edited",
        }
    }
}

/// A file, what is to be in it, and what is.
struct Place {
    wanted: Wanted,
    name: &'static str,
    found: Found,
    text: String,
}

impl Place {
    fn of(root: &Path, file: &File, command: &str) -> Result<Self> {
        let wanted = Wanted { path: root.join(file.name), text: sealed(&file.body, command) };
        let shown = path::for_display(&wanted.path);
        let text = match fs::read(&wanted.path) {
            Ok(bytes) => Some(String::from_utf8_lossy(&bytes).replace("\r\n", "\n")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(CommandError::io("read", &shown, &error)),
        };
        let found = match &text {
            None => Found::Nothing,
            Some(text) if *text == wanted.text => Found::Same,
            Some(text) if is_sealed(text) => Found::Older,
            Some(_) => Found::Edited,
        };
        Ok(Self { wanted, name: file.name, found, text: text.unwrap_or_default() })
    }

    /// How to get from what is there to what would be written.
    fn diff(&self) -> String {
        let from = if self.found == Found::Nothing { "/dev/null".to_owned() } else { format!("a/{}", self.name) };
        let diff = TextDiff::from_lines(&self.text, &self.wanted.text);
        diff.unified_diff().header(&from, &format!("b/{}", self.name)).to_string()
    }

    fn shown(&self) -> PathBuf {
        path::for_display(&self.wanted.path)
    }
}

/// What became of the files.
pub(super) struct Done {
    /// The exit code.
    pub code: u8,
    /// Whether a file was not there before.
    pub is_new: bool,
    /// Whether a file was written.
    pub is_written: bool,
}

/// Does with the files what was asked for.
///
/// # Errors
/// If they cannot be read or written, and with exit code 3 if one was edited by hand; then none is written.
pub(super) fn run(context: &Context, arguments: &Write, root: &Path, files: &[File], command: &str) -> Result<Done> {
    let nothing = |code| Done { code, is_new: false, is_written: false };
    let typed = context.printer.typed(&format!("`{command}`"));
    let places = files.iter().map(|file| Place::of(root, file, &typed)).collect::<Result<Vec<Place>>>()?;
    if arguments.dry_run {
        for place in &places {
            context.printer.result(format!("# {}\n{}", place.name, place.wanted.text));
            context
                .printer
                .message(|| messages::WouldWrite { path: place.name.to_string(), text: place.wanted.text.clone() });
        }
        return Ok(nothing(exit::DONE));
    }
    if arguments.check {
        return compare(context, &places, command).map(nothing);
    }
    if !arguments.overwrite {
        refuse_edited(&places, command)?;
    }
    for place in &places {
        let (verb, done) = match place.found {
            Found::Nothing => ("Created", FileAction::Created),
            Found::Same => ("Unchanged", FileAction::Unchanged),
            Found::Older => ("Replaced", FileAction::Replaced),
            Found::Edited => ("Overwrote", FileAction::Overwrote),
        };
        if place.found != Found::Same {
            let folder = place.wanted.path.parent().unwrap_or(root);
            fs::create_dir_all(folder)
                .map_err(|error| CommandError::io("create", &path::for_display(folder), &error))?;
            write::write(&place.wanted)?;
        }
        let shown = place.shown();
        context.printer.status(verb, shown.display());
        context.printer.message(|| messages::File { path: shown.display().to_string(), done });
    }
    let is_any = |is_it: fn(Found) -> bool| places.iter().any(|place| is_it(place.found));
    Ok(Done {
        code: exit::DONE,
        is_new: is_any(|found| found == Found::Nothing),
        is_written: is_any(|found| found != Found::Same),
    })
}

/// Shows what differs.
fn compare(context: &Context, places: &[Place], command: &str) -> Result<u8> {
    let mut differing = Vec::new();
    for place in places {
        let diff = if place.found == Found::Same { String::new() } else { place.diff() };
        if place.found != Found::Same {
            context.printer.result(diff.trim_end());
            differing.push(place);
        }
        context.printer.message(|| messages::Compared {
            path: place.shown().display().to_string(),
            state: place.found.word().to_owned(),
            diff,
        });
    }
    if differing.is_empty() {
        context.printer.status("Checked", format!("{}: as `{command}` writes them", counted(places.len(), "file")));
        return Ok(exit::DONE);
    }
    let names: Vec<String> = differing.iter().map(|place| format!("`{}`", place.shown().display())).collect();
    let is_missing = differing.iter().all(|place| place.found == Found::Nothing);
    let are = if names.len() == 1 { "is" } else { "are" };
    let message = match is_missing {
        true => format!("{} {are} missing", names.join(", ")),
        false => format!("{} {are} not what would be written", names.join(", ")),
    };
    let is_edited = differing.iter().any(|place| place.found == Found::Edited);
    let overwrite = if is_edited { " --overwrite" } else { "" };
    Err(CommandError::new(exit::DIFFERENCE, message)
        .help(format!("{}: `{command}{overwrite}`", if names.len() == 1 { "write it" } else { "write them" })))
}

fn refuse_edited(places: &[Place], command: &str) -> Result<()> {
    let edited: Vec<String> = places
        .iter()
        .filter(|place| place.found == Found::Edited)
        .map(|place| format!("`{}`", place.shown().display()))
        .collect();
    if edited.is_empty() {
        return Ok(());
    }
    let was = if edited.len() == 1 { "was" } else { "were" };
    let message = format!("{} {was} written or edited by hand", edited.join(", "));
    Err(CommandError::new(exit::DECISION, message)
        .note("no file was written")
        .help(format!("see what differs: `{command} --check`"))
        .help(format!("overwrite: `{command} --overwrite`")))
}

/// A text with a header that says where it comes from, and tells whether it was edited.
fn sealed(body: &str, command: &str) -> String {
    let checksum = Checksum::of_text(body.as_bytes()).to_hex();
    format!(
        "# Written by {command}, which also updates it, unless it was edited by hand.\n\
         # With --check, it shows what differs from what it would write.\n{SEAL}{checksum}\n\n{body}"
    )
}

/// Whether a text is as it was written once.
fn is_sealed(text: &str) -> bool {
    let Some((_, rest)) = text.split_once(SEAL) else { return false };
    let Some((checksum, body)) = rest.split_once("\n\n") else { return false };
    Checksum::of_text(body.as_bytes()).to_hex() == checksum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_breaks_the_seal_and_line_ends_do_not() {
        let text = sealed("name: a\n\njobs:\n", "`x`");
        assert!(is_sealed(&text));
        assert!(!is_sealed(&text.replace("jobs", "job")) && !is_sealed(&format!("{text}# mine\n")));
        assert!(!is_sealed("name: a\n") && !is_sealed(&text.replace("\n\n", "\n")));
    }
}
