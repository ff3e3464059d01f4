//! `diagram`: the schema as a picture, or how two schemas differ.

mod page;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use dbmigrate_core::diff::diff;
use dbmigrate_core::sql::Name;

use crate::error::{CommandError, Result, did_you_mean};
use crate::exit;
use crate::messages;
use crate::pictures::{self, Picture};
use crate::project::Context;
use crate::project::path;
use crate::project::url::Connect;
use crate::project::write::{self, Wanted};
use crate::report::counted;
use crate::sides::{self, Loaded, Side};

/// What is drawn unless something else is said.
const OF: &str = "structs";

/// The arguments.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate diagram --format svg --out schema.svg
  cargo dbmigrate diagram --format svg --around users
  cargo dbmigrate diagram --format mermaid --from head
  cargo dbmigrate diagram --format html --out schema.html
  cargo dbmigrate diagram --format html -o schema.html -t production

An html page has the whole history; with --target also the rows of databases,
and when migrations were applied there.


SIDE is what it is for `diff`: structs, head, a migration, a database.
Nothing is written but the files of --out.")]
pub(crate) struct Diagram {
    /// What to draw
    #[arg(long, value_name = "SIDE", default_value = OF)]
    pub of: String,

    /// Mark how it differs from another side, and draw only that and what is
    /// next to it
    #[arg(long, value_name = "SIDE")]
    pub from: Option<String>,

    /// As what to draw it
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Svg)]
    pub format: Format,

    /// File to write; without it the picture is printed
    #[arg(long, short, value_name = "PATH")]
    pub out: Option<PathBuf>,

    /// Draw only this table, and what is next to it
    #[arg(long, value_name = "TABLE")]
    pub around: Vec<String>,

    /// How many links away from them something may be
    #[arg(long, value_name = "N", default_value_t = 1, requires = "around")]
    pub distance: usize,

    /// With --from, draw everything
    #[arg(long, requires = "from")]
    pub all: bool,

    /// Which database `database` is.
    #[command(flatten)]
    pub connect: Connect,
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
    /// A page with the history, for a browser
    Html,
}

impl Format {
    /// What is typed for it.
    fn word(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Mermaid => "mermaid",
            Self::Dot => "dot",
            Self::Html => "html",
        }
    }

    fn text(self, picture: &Picture, title: &str) -> String {
        match self {
            Self::Svg => pictures::svg::svg(picture, title),
            Self::Mermaid => pictures::mermaid::mermaid(picture),
            Self::Dot => pictures::dot::dot(picture),
            Self::Html => unreachable!("it has the whole history: see `page`"),
        }
    }
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Diagram) -> Result<u8> {
    if arguments.format == Format::Html {
        let (text, message) = page::page(context, arguments)?;
        return put(context, arguments, text, message);
    }
    let side = |text: &str, flag| sides::load(context, &Side::parse(text), flag, &arguments.connect);
    let of = side(&arguments.of, "--of")?;
    let from = arguments.from.as_deref().map(|text| side(text, "--from")).transpose()?;
    let picture = selected(&whole(context, &of, from.as_ref())?, arguments)?;
    let title = format!("The schema of {}", context.package.name);
    let text = arguments.format.text(&picture, &title);
    let (tables, links) = (picture.cards.len(), picture.links.len());
    let message = messages::Diagram {
        of: of.label,
        from: from.map(|from| from.label),
        format: arguments.format.word().to_owned(),
        tables,
        links,
        files: Vec::new(),
        stale: Vec::new(),
        text: None,
    };
    put(context, arguments, text, message)
}

/// Writes or prints what was drawn, and says it.
fn put(context: &Context, arguments: &Diagram, text: String, mut message: messages::Diagram) -> Result<u8> {
    let (tables, links) = (message.tables, message.links);
    let printer = &context.printer;
    match &arguments.out {
        None => {
            printer.result(text.trim_end());
            message.text = Some(text);
        }
        Some(file) => {
            let wanted = Wanted { path: file.clone(), text };
            let before = write::look(&wanted)?;
            write::write(&wanted)?;
            let shown = path::for_display(file);
            printer.wrote(&shown, before.action());
            let tables = counted(tables, "table");
            printer.status(before.verb(), format!("{} ({tables}, {})", shown.display(), counted(links, "link")));
            message.files.push(shown.display().to_string());
        }
    }
    printer.message(|| message);
    Ok(exit::DONE)
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
            let error = CommandError::usage(format!("`--around {typed}`: there is no such table or view"));
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
