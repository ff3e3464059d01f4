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

    /// The same once more.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Plain(text) => Self::Plain(text.clone()),
            Self::List(head, arguments) => Self::List(head, arguments.iter().map(Self::again).collect()),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What prettyplease makes of an attribute.
    fn printed(attribute: &str) -> String {
        let file = syn::parse_file(&format!("{attribute}\nstruct T;")).expect("it is Rust");
        let text = prettyplease::unparse(&file);
        text.trim_end().trim_end_matches("struct T;").trim_end().to_owned()
    }

    fn plain(text: &str) -> Argument {
        Argument::Plain(text.to_owned())
    }

    #[test]
    fn what_is_on_one_line_prettyplease_writes_as_well() {
        for arguments in [
            vec![plain("strict")],
            vec![plain("name = \"a\""), Argument::List("index", vec![plain("a desc"), plain("b collate nocase")])],
            vec![Argument::List("unique", vec![plain("a"), plain("name = \"b\"")])],
            vec![plain("references = User(org_id, id)"), plain("on_delete = cascade")],
        ] {
            let ours = attribute("table", &arguments, 0);
            assert_eq!(printed(&ours), ours);
        }
    }

    /// The day that prettyplease can do one of these, the layout here can do without it.
    #[test]
    fn what_prettyplease_writes_otherwise_than_rustfmt_is_laid_out_here() {
        let many = |text: &str, count: usize| (0..count).map(|_| plain(text)).collect::<Vec<_>>();
        for (what, arguments, ours) in [
            (
                "arguments of more than 70 columns are broken, whatever the width of the line",
                many("name = \"aaaaaaaaaaaaaaa\"", 3),
                "#[t(\n    name = \"aaaaaaaaaaaaaaa\",\n    name = \"aaaaaaaaaaaaaaa\",\n    name = \"aaaaaaaaaaaaaaa\"\n)]",
            ),
            (
                "many short arguments are on a line",
                many("\"aaaaaaa\"", 12),
                "#[t(\n    \"aaaaaaa\", \"aaaaaaa\", \"aaaaaaa\", \"aaaaaaa\", \"aaaaaaa\", \"aaaaaaa\", \"aaaaaaa\", \"aaaaaaa\",\n    \"aaaaaaa\", \"aaaaaaa\", \"aaaaaaa\", \"aaaaaaa\"\n)]",
            ),
            (
                "a list that is alone begins on the line of what it is in",
                vec![Argument::List("index", many("name = \"aaaaaaaaaaaaaaaaaaaaa\"", 3))],
                "#[t(index(\n    name = \"aaaaaaaaaaaaaaaaaaaaa\",\n    name = \"aaaaaaaaaaaaaaaaaaaaa\",\n    name = \"aaaaaaaaaaaaaaaaaaaaa\"\n))]",
            ),
            (
                "a text of several lines that is alone begins on the line",
                vec![Argument::text("check", &format!("a >\n{}", "b".repeat(80)))],
                &format!("#[t(check = \"a >\n{}\")]", "b".repeat(80)),
            ),
            (
                "wide characters count by their width, not by their bytes",
                vec![Argument::text("name", &"日".repeat(30))],
                &format!("#[t(name = \"{}\")]", "日".repeat(30)),
            ),
            (
                "one argument may fill the line",
                vec![Argument::text("name", &"a".repeat(84))],
                &format!("#[t(name = \"{}\")]", "a".repeat(84)),
            ),
        ] {
            assert_eq!(attribute("t", &arguments, 0), ours, "{what}");
            assert_ne!(printed(ours), ours, "{what}: prettyplease does it too");
        }
    }
}
