//! The arguments of attributes, laid out as rustfmt would: on one line where they fit, else an argument per line.
//!
//! prettyplease writes everything else of an item (see [`super::layout`]); a test of this file says what it does
//! otherwise than rustfmt.

use std::fmt::Write as _;

use super::literal::string;

/// How far a level is indented.
pub(super) const INDENT: &str = "    ";
/// The width of a line.
pub(super) const WIDTH: usize = 100;
/// rustfmt's `attr_fn_like_width`: what the arguments of an attribute may take on one line.
const ARGUMENTS_WIDTH: usize = 70;
/// rustfmt's `short_array_element_width_threshold`.
const SHORT_ARGUMENT_WIDTH: usize = 10;

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

/// `#[word(arguments)]` as the line of an item that is indented by so much.
pub(super) fn attribute(word: &str, arguments: &[Argument], indent: usize) -> String {
    let mut text = String::new();
    list(&format!("#[{word}"), arguments, indent, ")]", &mut text);
    text
}

fn on_one_line(arguments: &[Argument]) -> String {
    arguments.iter().map(Argument::on_one_line).collect::<Vec<_>>().join(", ")
}

/// `head(arguments` and `end`: on one line, on as few as possible, or on one for each argument.
fn list(head: &str, arguments: &[Argument], indent: usize, end: &str, text: &mut String) {
    let line = on_one_line(arguments);
    let taken = width(&line);
    let only = match arguments {
        [Argument::Plain(only)] => Some(only),
        _ => None,
    };
    let fits = (only.is_some() || taken <= ARGUMENTS_WIDTH) && indent + width(head) + 1 + taken + end.len() <= WIDTH;
    // a text of several lines begins where it is if it is the value of the only argument
    let first_line = line.lines().next().map_or(0, width);
    let stays = || first_line <= ARGUMENTS_WIDTH && only.is_some_and(|only| !is_literal(only));
    if if line.contains('\n') { stays() } else { fits } {
        let _ = write!(text, "{head}({line}{end}");
        return;
    }
    if let [Argument::List(inner, arguments)] = arguments {
        // rustfmt lets a single list begin on the line of what it is in
        list(&format!("{head}({inner}"), arguments, indent, &format!("){end}"), text);
        return;
    }
    let space = " ".repeat(indent + INDENT.len());
    let _ = write!(text, "{head}(\n{space}");
    let are_short = arguments.iter().all(|argument| matches!(argument, Argument::Plain(plain) if is_short(plain)));
    let mut column = space.len();
    for (at, argument) in arguments.iter().enumerate() {
        let comma = usize::from(at + 1 < arguments.len());
        if at > 0 && are_short && column + 2 + width(&argument.on_one_line()) + comma <= WIDTH {
            text.push_str(", ");
            column += 2;
        } else if at > 0 {
            let _ = write!(text, ",\n{space}");
            column = space.len();
        }
        column += width(&argument.on_one_line());
        argument.write(indent + INDENT.len(), text);
    }
    let _ = write!(text, "\n{}{end}", " ".repeat(indent));
}

/// Whether an argument is a literal, as opposed to a word, or a word with a value.
fn is_literal(argument: &str) -> bool {
    argument.starts_with(['"', '#']) || argument.starts_with("r\"") || argument.starts_with("r#\"")
}

/// Whether an argument is one of which rustfmt puts many on a line.
fn is_short(argument: &str) -> bool {
    let is_simple = is_literal(argument) || !argument.contains(['=', ' ', '(']);
    is_simple && width(argument) <= SHORT_ARGUMENT_WIDTH
}

/// How wide a text is shown: characters of East Asian scripts and pictures take two columns.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|char| if char < '\u{1100}' { 1 } else { 2 }).sum()
}
