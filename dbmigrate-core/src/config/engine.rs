//! `[engine]` of `dbmigrate.toml`: what the application adds to libSQL, which a tool beside it does not have.

use std::str::FromStr;

/// The fields of the table.
pub const ENGINE_FIELDS: [&str; 2] = ["extensions", "functions"];

/// The fields of a function that is written as a table.
pub const FUNCTION_FIELDS: [&str; 2] = ["arguments", "returns"];

/// How many arguments a function of SQLite can have (sqlite.org/limits.html#max_function_arg).
pub const MOST_ARGUMENTS: i32 = 127;

/// The number of arguments of a function that takes any.
pub const ANY_NUMBER: i32 = -1;

/// What the application adds to libSQL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Engine {
    /// The libraries that it loads, as they are written: names to look for, or paths relative to the package.
    pub extensions: Vec<String>,
    /// The functions that it registers.
    pub functions: Vec<Function>,
}

impl Engine {
    /// Whether the application adds nothing.
    pub fn is_empty(&self) -> bool {
        self.extensions.is_empty() && self.functions.is_empty()
    }

    /// The function of that name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name.eq_ignore_ascii_case(name))
    }

    /// The line of `[engine]` that declares the functions that are there and another one, or one of them with more
    /// numbers of arguments.
    pub fn with_function(&self, name: &str, arguments: &[i32]) -> String {
        let known = self.function(name);
        let mut counts = known.map(|function| function.arguments.clone()).unwrap_or_default();
        counts.extend(arguments);
        counts.sort_unstable();
        counts.dedup();
        if counts.contains(&ANY_NUMBER) {
            counts = vec![ANY_NUMBER];
        }
        let returns = known.and_then(|function| function.returns);
        let name = known.map_or(name, |function| &function.name).to_owned();
        let one_more = Function { name, arguments: counts, returns, at: (0, 0) };
        let others = self.functions.iter().filter(|function| known.is_none_or(|known| known != *function));
        let all = others.chain([&one_more]).map(|function| format!("{} = {}", key(&function.name), function.written()));
        format!("functions = {{ {} }}", all.collect::<Vec<_>>().join(", "))
    }
}

/// A function that the application registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// With how many arguments it can be called: [`ANY_NUMBER`], or any of these.
    pub arguments: Vec<i32>,
    /// What a stand-in for it returns.
    pub returns: Option<Returns>,
    /// Line and column, both counted from 1.
    pub at: (usize, usize),
}

impl Function {
    /// What a stand-in returns: what is declared; otherwise yes for what is called like a question, and a number of its
    /// own for each value, which is true as well, and which every type takes.
    pub fn result(&self) -> Returns {
        self.returns.unwrap_or_else(|| {
            let name = self.name.to_ascii_lowercase();
            let asks = ["is_", "has_", "valid"].iter().any(|start| name.starts_with(start)) || name == "regexp";
            if asks { Returns::True } else { Returns::Integer }
        })
    }

    /// Whether it can be called with each of these numbers of arguments.
    pub fn takes(&self, counts: &[i32]) -> bool {
        self.arguments.contains(&ANY_NUMBER) || counts.iter().all(|count| self.arguments.contains(count))
    }

    /// The value as it stands in the file.
    fn written(&self) -> String {
        let numbers: Vec<String> = self.arguments.iter().map(ToString::to_string).collect();
        let arguments = match numbers.as_slice() {
            [only] => only.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        match self.returns {
            None => arguments,
            Some(returns) => format!("{{ arguments = {arguments}, returns = \"{}\" }}", returns.word()),
        }
    }
}

/// What a stand-in returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returns {
    /// 1.
    True,
    /// 0.
    False,
    /// A number of its own for each value.
    Integer,
    /// A number with a fraction.
    Real,
    /// Text.
    Text,
    /// Bytes.
    Blob,
}

impl Returns {
    /// All of them.
    const ALL: [Self; 6] = [Self::True, Self::False, Self::Integer, Self::Real, Self::Text, Self::Blob];

    /// The word for it.
    fn word(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Integer => "integer",
            Self::Real => "real",
            Self::Text => "text",
            Self::Blob => "blob",
        }
    }
}

impl FromStr for Returns {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|returns| returns.word() == word).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|returns| returns.word()).collect();
            format!("unknown variant `{word}`, expected one of `{}`", known.join("`, `"))
        })
    }
}

/// A name as a key of TOML.
fn key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if is_bare { name.to_owned() } else { format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str, arguments: &[i32], returns: Option<Returns>) -> Function {
        Function { name: name.to_owned(), arguments: arguments.to_vec(), returns, at: (1, 1) }
    }

    #[test]
    fn the_line_for_one_more_function_keeps_the_others() {
        let mut engine = Engine::default();
        assert_eq!(engine.with_function("is_uuid", &[1]), "functions = { is_uuid = 1 }");
        engine.functions = vec![function("slug", &[1, 2], None), function("my fn", &[ANY_NUMBER], Some(Returns::Text))];
        let wanted = "functions = { slug = [1, 2], \"my fn\" = { arguments = -1, returns = \"text\" }, is_uuid = 1 }";
        assert_eq!(engine.with_function("is_uuid", &[1]), wanted);
        // one that is declared with other numbers of arguments is not there twice
        assert!(engine.with_function("SLUG", &[3]).ends_with("slug = [1, 2, 3] }"));
    }

    #[test]
    fn what_is_called_like_a_question_is_answered_with_yes() {
        assert_eq!(function("is_uuid", &[1], None).result(), Returns::True);
        assert_eq!(function("Valid_email", &[1], None).result(), Returns::True);
        assert_eq!(function("slugify", &[1], None).result(), Returns::Integer);
        assert_eq!(function("is_blank", &[1], Some(Returns::False)).result(), Returns::False);
    }
}
