//! Errors of a declaration: collected, so that all of a struct are reported at once, each on its token and naming
//! what would be accepted.

use proc_macro2::Span;

use super::error::DeclareError;

/// The errors found so far.
#[derive(Debug, Default)]
pub struct Errors(Vec<DeclareError>);

impl Errors {
    /// Adds an error without help.
    pub fn add(&mut self, span: Span, message: impl Into<String>) {
        self.0.push(DeclareError::new(span, message));
    }

    /// Adds an error with help.
    pub fn add_with_help(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.0.push(DeclareError::new(span, message).help(help));
    }

    /// Adds an error.
    pub fn push(&mut self, error: DeclareError) {
        self.0.push(error);
    }

    /// Adds an error for an attribute that is nearly `word`: the reader sees what rustc has not expanded yet, and would
    /// pass over it.
    pub fn add_misspelt(&mut self, attribute: &syn::Attribute, word: &str) {
        let Some(ident) = attribute.path().get_ident() else { return };
        let given = ident.to_string();
        if given != word && strsim::damerau_levenshtein(&given, word) == 1 {
            let help = format!("did you mean `#[{word}(…)]`?");
            self.add_with_help(ident.span(), format!("unknown attribute `{given}`"), help);
        }
    }

    /// The value of a result, whose error is kept here.
    pub fn take<T>(&mut self, result: Result<T, DeclareError>) -> Option<T> {
        result.map_err(|error| self.0.push(error)).ok()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Adds those of somebody else.
    pub fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `value`, unless there are errors.
    ///
    /// # Errors
    /// All errors that were added, if there are any.
    pub fn finish<T>(mut self, value: T) -> Result<T, Vec<DeclareError>> {
        // in the order of the source, whichever step found them
        self.0.sort_by_key(|error| (error.span.start().line, error.span.start().column));
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }
}

/// The one of `accepted` that was probably meant by `given`.
pub fn closest<'a>(given: &str, accepted: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    accepted
        .into_iter()
        .map(|candidate| {
            (strsim::jaro_winkler(&given.to_ascii_lowercase(), &candidate.to_ascii_lowercase()), candidate)
        })
        .filter(|(similarity, _)| *similarity > 0.78)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

/// A help line: what was probably meant, and what is accepted.
pub fn suggest(given: &str, accepted: &[&str]) -> String {
    let list = list(accepted);
    match closest(given, accepted.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`? accepted: {list}"),
        None => format!("accepted: {list}"),
    }
}

/// The words in backticks, separated by commas.
pub fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
