//! Questions at a terminal.
//!
//! A question is written once, broken at the width of the terminal; what is drawn anew with each key stands below it, on
//! lines that are never wider than the terminal. The cursor is never hidden, so that nothing has to be restored but how
//! the terminal takes keys, which happens whenever a question ends.

pub(crate) mod layout;
mod line;
mod list;
mod raw;

use std::io::{self, Write as _};

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use clap_cargo::style;
use console::{Key, Term, measure_text_width};

use super::Printer;
use layout::{truncated, wrapped};
use line::Line;
use list::{List, Next};
use raw::Raw;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// Ctrl-C or Esc.
    Cancelled,
    /// The terminal is gone.
    Failed(io::Error),
}

impl From<io::Error> for NoAnswer {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// What stands before the marked item, and before what is typed.
const MARK: &str = "> ";
/// The least columns that are written for.
const NARROWEST: usize = 10;

impl Printer {
    /// The item that is chosen of a list, by its place. The first one is marked.
    ///
    /// # Errors
    /// If there is no answer.
    pub(crate) fn choose(&self, question: &str, items: &[String]) -> Result<usize, NoAnswer> {
        self.release();
        let mut drawn = Drawn::new(self.is_colored(), question)?;
        let mut list = List::new(items.len());
        loop {
            let (columns, rows) = drawn.size();
            let lines: Vec<String> = list
                .seen(rows.saturating_sub(2))
                .map(|at| {
                    let text = truncated(&items[at], columns.saturating_sub(MARK.len()));
                    let is_marked = at == list.marked;
                    let (mark, style) = if is_marked { (MARK, style::TRANSIENT) } else { ("  ", Style::new()) };
                    format!("{style}{mark}{text}{style:#}")
                })
                .collect();
            drawn.draw(&lines, None)?;
            if list.take(&drawn.key()?) == Next::Chosen {
                drawn.end(&items[list.marked])?;
                return Ok(list.marked);
            }
        }
    }

    /// A line that is typed, until `check` has nothing against it.
    ///
    /// # Errors
    /// If there is no answer.
    pub(crate) fn enter(&self, question: &str, check: impl Fn(&str) -> Result<(), String>) -> Result<String, NoAnswer> {
        self.release();
        let mut drawn = Drawn::new(self.is_colored(), question)?;
        let mut line = Line::default();
        loop {
            let columns = drawn.size().0.saturating_sub(MARK.len());
            let (seen, at) = line.seen(columns);
            let (mark, end) = (style::TRANSIENT, style::TRANSIENT.render_reset());
            drawn.draw(&[format!("{mark}{MARK}{end}{seen}")], Some(MARK.len() + at))?;
            if !line.take(&drawn.key()?) {
                continue;
            }
            let text = line.text().trim().to_owned();
            match check(&text) {
                Ok(()) => {
                    drawn.end(&text)?;
                    return Ok(text);
                }
                Err(wrong) => drawn.say("error", style::ERROR, &wrong)?,
            }
        }
    }

    /// Whether the answer is yes, which has to be typed.
    ///
    /// # Errors
    /// If there is no answer.
    pub(crate) fn confirm(&self, question: &str) -> Result<bool, NoAnswer> {
        self.confirm_or(question, "").map(|answer| answer == Some(true))
    }

    /// The same with a letter for something else, which is `None`.
    ///
    /// # Errors
    /// If there is no answer.
    pub(crate) fn confirm_or(&self, question: &str, other: &str) -> Result<Option<bool>, NoAnswer> {
        let is_other = |text: &str| !other.is_empty() && text.eq_ignore_ascii_case(other);
        let is_yes = |text: &str| matches!(text.to_ascii_lowercase().as_str(), "y" | "yes");
        let is_no = |text: &str| matches!(text.to_ascii_lowercase().as_str(), "" | "n" | "no");
        let answer = self.enter(&format!("{question} [y/N]"), |text| {
            if is_yes(text) || is_no(text) || is_other(text) {
                return Ok(());
            }
            Err(if other.is_empty() { "type `y` or `n`".to_owned() } else { format!("type `y` or `n`, or `{other}`") })
        })?;
        Ok(if is_other(&answer) { None } else { Some(is_yes(&answer)) })
    }
}

/// What is drawn below a question.
struct Drawn {
    terminal: Term,
    _raw: Raw,
    is_colored: bool,
    /// The widths of the lines that are there now, and the line that the cursor stands on.
    widths: Vec<usize>,
    cursor: usize,
}

impl Drawn {
    fn new(is_colored: bool, question: &str) -> Result<Self, NoAnswer> {
        let (terminal, raw) = (Term::stderr(), Raw::enter()?);
        let mut drawn = Self { terminal, _raw: raw, is_colored, widths: Vec::new(), cursor: 0 };
        drawn.say("?", style::TRANSIENT, question)?;
        Ok(drawn)
    }

    /// Columns that can be written without a line being broken, and rows.
    fn size(&self) -> (usize, usize) {
        let (rows, columns) = self.terminal.size();
        (usize::from(columns).saturating_sub(1).max(NARROWEST), usize::from(rows))
    }

    /// Takes back what is drawn, and leaves the cursor where it began. Lines that a terminal has broken because it has
    /// become narrower are counted as it shows them.
    fn clear(&mut self) -> String {
        let columns = self.size().0 + 1;
        let rows = |width: &usize| width.div_ceil(columns).max(1);
        let up: usize = self.widths.iter().take(self.cursor).map(rows).sum();
        self.widths.clear();
        self.cursor = 0;
        if up == 0 { "\r\x1b[J".to_owned() } else { format!("\r\x1b[{up}A\x1b[J") }
    }

    /// Draws lines in place of those before. The cursor goes to a column of the last one, or behind it.
    fn draw(&mut self, lines: &[String], column: Option<usize>) -> io::Result<()> {
        let mut text = self.clear();
        text.push_str(&self.styled(&lines.join("\r\n")));
        self.widths = lines.iter().map(|line| measure_text_width(line)).collect();
        self.cursor = lines.len().saturating_sub(1);
        match column {
            None | Some(0) => {}
            Some(column) => text.extend(["\r\x1b[", &column.to_string(), "C"]),
        }
        write(&text)
    }

    /// Writes something above, which stays.
    fn say(&mut self, word: &str, style: Style, text: &str) -> io::Result<()> {
        let (columns, bold) = (self.size().0, Style::new().bold());
        let mut said = self.clear();
        let word = if word == "?" { word.to_owned() } else { format!("{word}:") };
        let indent = word.len() + 1;
        for (at, line) in wrapped(text, columns.saturating_sub(indent)).iter().enumerate() {
            let start = if at == 0 { format!("{style}{word}{style:#} ") } else { " ".repeat(indent) };
            said.push_str(&self.styled(&format!("{start}{bold}{line}{bold:#}")));
            said.push_str("\r\n");
        }
        write(&said)
    }

    /// Leaves the answer below the question.
    fn end(&mut self, answer: &str) -> io::Result<()> {
        let text = truncated(answer, self.size().0.saturating_sub(MARK.len()));
        let line = self.styled(&format!("{}{MARK}{text}{}", style::TRANSIENT, style::TRANSIENT.render_reset()));
        let text = format!("{}{line}\r\n", self.clear());
        write(&text)
    }

    /// The next key.
    fn key(&mut self) -> Result<Key, NoAnswer> {
        let key = self.terminal.read_key_raw();
        match key {
            // the last one is what a terminal ends its input with
            Ok(Key::CtrlC | Key::Escape | Key::Char('\u{3}' | '\u{4}')) => {
                let text = self.clear();
                write(&text)?;
                Err(NoAnswer::Cancelled)
            }
            Ok(key) => Ok(key),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(NoAnswer::Cancelled),
            Err(error) => Err(error.into()),
        }
    }

    fn styled(&self, text: &str) -> String {
        if self.is_colored { text.to_owned() } else { anstream::adapter::strip_str(text).to_string() }
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut stream = io::stderr().lock();
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

impl Printer {
    /// Whether what is written to the terminal has colours.
    pub(super) fn is_colored(&self) -> bool {
        match self.color {
            ColorChoice::Auto => AutoStream::choice(&io::stderr()) != ColorChoice::Never,
            chosen => chosen != ColorChoice::Never,
        }
    }
}
