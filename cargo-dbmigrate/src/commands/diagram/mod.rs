//! `diagram`: the schema as a picture, or how two schemas differ.

mod files;
mod page;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use dbmigrate_core::diff::diff;
use dbmigrate_core::engine::introspect::Unreadable;
use dbmigrate_core::shell::shell_flag;
use dbmigrate_core::sql::Name;

use crate::error::{CommandError, Result, did_you_mean};
use crate::exit;
use crate::messages;
use crate::pictures::{self, Picture};
use crate::project::Context;
use crate::project::path;
use crate::project::url::Connect;
use crate::report::counted;
use crate::sides::{self, Loaded, Side};
use files::Files;

/// What is drawn unless something else is said.
const OF: &str = "structs";

/// The arguments.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate diagram --out schema.svg
  cargo dbmigrate diagram --around users --distance 2 --out users.svg
  cargo dbmigrate diagram --format mermaid --from head
  cargo dbmigrate diagram --format markdown --out docs/schema
  cargo dbmigrate diagram --format markdown --out docs/schema --check
  cargo dbmigrate diagram --out schema.html
  cargo dbmigrate diagram --out schema.html -t production

SIDE is what it is for `diff`: structs, head, a migration, a database.
With --check, exits with 4 if files are missing or show another schema.

An html page has the whole history. With --target or --url it says as well when
migrations were applied there, and how many rows tables have.")]
pub(crate) struct Diagram {
    /// What to draw
    #[arg(long, value_name = "SIDE", default_value = OF)]
    pub of: String,

    /// Mark what differs from another side; draw that and what is near
    #[arg(long, value_name = "SIDE")]
    pub from: Option<String>,

    /// How to draw it [default: by the end of --out, else svg]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub format: Option<Format>,

    /// File to write, or folder for Markdown [default: print it]
    #[arg(long, short, value_name = "PATH")]
    pub out: Option<PathBuf>,

    /// Compare the files of --out with what would be written
    #[arg(long, requires = "out")]
    pub check: bool,

    /// Draw only this table, and what is next to it
    #[arg(long, value_name = "TABLE")]
    pub around: Vec<String>,

    /// How many links away from it something may be
    #[arg(long, value_name = "N", default_value_t = 1, requires = "around")]
    pub distance: usize,

    /// With --from, draw everything
    #[arg(long, requires = "from")]
    pub all: bool,

    /// Which database `database` is.
    #[command(flatten)]
    pub connect: Connect,
}

impl Diagram {
    /// The format that was typed, or else the one of the file.
    fn format(&self) -> Format {
        let end = self.out.as_ref().and_then(|out| out.extension()?.to_str());
        self.format.unwrap_or(match end {
            Some("html" | "htm") => Format::Html,
            Some("mmd" | "mermaid") => Format::Mermaid,
            Some("dot" | "gv") => Format::Dot,
            _ => Format::Svg,
        })
    }

    /// What is drawn of a page is chosen in it.
    fn refuse_choices(&self) -> Result<()> {
        let flags = [("--of", self.of != OF), ("--from", self.from.is_some()), ("--around", !self.around.is_empty())];
        match flags.iter().find(|(_, is_given)| *is_given) {
            Some((flag, _)) => {
                Err(CommandError::usage(format!("`{flag}` is not for a page, which has the whole history"))
                    .help("leave it out: what is shown is chosen in the page"))
            }
            None => Ok(()),
        }
    }

    /// The command that writes the same files.
    fn command_line(&self) -> String {
        let mut text = "cargo dbmigrate diagram".to_owned();
        let mut push = |flag: &str, value: &str| {
            text.push(' ');
            text.push_str(&shell_flag(flag, value));
        };
        if self.of != OF {
            push("--of", &self.of);
        }
        if let Some(from) = &self.from {
            push("--from", from);
        }
        if let Some(format) = self.format {
            push("--format", format.word());
        }
        for table in &self.around {
            push("--around", table);
        }
        if self.distance != 1 {
            push("--distance", &self.distance.to_string());
        }
        if let Some(out) = &self.out {
            push("--out", &out.display().to_string());
        }
        if self.all { text + " --all" } else { text }
    }
}

/// What a picture can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A drawing for Markdown and browsers
    Svg,
    /// Text that GitHub and GitLab draw
    Mermaid,
    /// Text for Graphviz
    Dot,
    /// A page for each table, in a folder
    Markdown,
    /// A page with the history, for browsers
    Html,
}

impl Format {
    /// What is typed for it.
    fn word(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Mermaid => "mermaid",
            Self::Dot => "dot",
            Self::Markdown => "markdown",
            Self::Html => "html",
        }
    }
}

/// What was drawn.
enum Drawn {
    /// One file.
    One(String),
    /// Files of a folder.
    Pages(Vec<(String, String)>),
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Diagram) -> Result<u8> {
    if arguments.format() == Format::Markdown && arguments.out.is_none() {
        return Err(CommandError::usage("Markdown is a page for each table, and needs a folder")
            .help("name it: `cargo dbmigrate diagram --format markdown --out docs/schema`"));
    }
    let (drawn, mut message) = match arguments.format() {
        Format::Html => {
            arguments.refuse_choices()?;
            let (text, message) = page::page(context, &arguments.connect)?;
            (Drawn::One(text), message)
        }
        _ => drawn(context, arguments)?,
    };
    let (tables, links) = (message.tables, message.links);
    let printer = &context.printer;
    let Some(out) = &arguments.out else {
        if let Drawn::One(text) = drawn {
            printer.result(text.trim_end());
            message.text = Some(text);
        }
        printer.message(|| message);
        return Ok(exit::DONE);
    };
    let files = match drawn {
        Drawn::Pages(pages) => Files::pages(out, pages)?,
        Drawn::One(text) => Files::one(out, text)?,
    };
    let shows = format!("{}, {}", counted(tables, "table"), counted(links, "link"));
    if arguments.check {
        let stale = files.stale()?;
        message.files = files.wanted.iter().map(|one| path::for_display(&one.path).display().to_string()).collect();
        message.stale = stale.iter().map(|(path, _)| path.display().to_string()).collect();
        printer.message(|| message);
        let Some((first, why)) = stale.first() else {
            printer.status("Checked", format!("{} ({shows})", path::for_display(out).display()));
            return Ok(exit::DONE);
        };
        let more = match stale.len() - 1 {
            0 => String::new(),
            more => format!(", and {} more", counted(more, "file")),
        };
        return Err(CommandError::new(exit::DIFFERENCE, format!("`{}` {why}{more}", first.display()))
            .help(format!("write it again: `{}`", arguments.command_line())));
    }
    let written = files.write(context)?;
    printer.status(written.verb, format!("{} ({shows})", path::for_display(out).display()));
    message.files = written.paths.iter().map(|path| path.display().to_string()).collect();
    printer.message(|| message);
    Ok(exit::DONE)
}

/// A drawing of a schema, or of how two differ.
fn drawn(context: &Context, arguments: &Diagram) -> Result<(Drawn, messages::Diagram)> {
    let side = |text: &str, flag| sides::load(context, &Side::parse(text), flag, &arguments.connect);
    let of = side(&arguments.of, "--of")?;
    let from = arguments.from.as_deref().map(|text| side(text, "--from")).transpose()?;
    say_unreadable(context, &of, from.as_ref());
    let picture = selected(&whole(context, &of, from.as_ref())?, arguments)?;
    let title = title(context, &of, from.as_ref());
    let drawn = match arguments.format() {
        Format::Mermaid => Drawn::One(pictures::mermaid::mermaid(&picture)),
        Format::Dot => Drawn::One(pictures::dot::dot(&picture)),
        Format::Markdown => Drawn::Pages(pictures::markdown::pages(&picture, &title)),
        Format::Svg | Format::Html => Drawn::One(pictures::svg::svg(&picture, &title)),
    };
    let message = messages::Diagram {
        of: of.label,
        from: from.map(|from| from.label),
        format: arguments.format().word().to_owned(),
        tables: picture.cards.len(),
        links: picture.links.len(),
        files: Vec::new(),
        stale: Vec::new(),
        text: None,
    };
    Ok((drawn, message))
}

/// What the picture shows, in words.
fn title(context: &Context, of: &Loaded, from: Option<&Loaded>) -> String {
    match (from, of.declared.is_some()) {
        (Some(from), _) => format!("From {} to {}", from.shown, of.shown),
        (None, true) => format!("The schema of {}", context.package.name),
        (None, false) => format!("The schema of {}", of.shown),
    }
}

/// Says what a database has and no picture shows.
fn say_unreadable(context: &Context, of: &Loaded, from: Option<&Loaded>) {
    for side in std::iter::once(of).chain(from) {
        for Unreadable { object, reason } in &side.unreadable {
            let message = format!("the {} `{}` of {} is not drawn: {reason}", object.kind, object.name, side.shown);
            context.printer.warning(&message, &[]);
        }
    }
}

/// Everything that there is to see.
fn whole(context: &Context, of: &Loaded, from: Option<&Loaded>) -> Result<Picture> {
    let engine = &context.config.engine;
    let Some(from) = from else { return Ok(pictures::picture(&of.schema, &of.schema.docs, engine)) };
    let difference = diff(&from.schema, &of.schema, &sides::renames(from, of))
        .map_err(|error| CommandError::usage(error.to_string()))?;
    Ok(pictures::compared(&from.schema, &of.schema, &difference, engine))
}

/// What was asked for of it.
fn selected(picture: &Picture, arguments: &Diagram) -> Result<Picture> {
    let mut names = Vec::new();
    for typed in &arguments.around {
        let Some(card) = picture.card(&Name::from(typed.as_str())) else {
            let error = CommandError::usage(format!("`--around {typed}`: no such table or view"));
            let close = did_you_mean(typed, picture.cards.iter().map(|card| card.name.as_str()));
            return Err(match close {
                Some(close) => error.help(format!("did you mean `{close}`?")),
                None => error,
            });
        };
        names.push(card.name.clone());
    }
    let picture = if arguments.from.is_some() && !arguments.all { picture.touched() } else { picture.clone() };
    Ok(if names.is_empty() { picture } else { picture.around(&names, arguments.distance) })
}
