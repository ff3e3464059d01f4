//! What stands in the parentheses of `sql!` and `query!`: `database = "tenant", User: "SELECT …", id, name = expression`.

use proc_macro2::{Delimiter, Span, TokenTree};
use syn::parse::{Parse, ParseStream};

use super::text::Text;

/// All of it. `sql!` takes only the text and the database.
pub(super) struct Arguments {
    pub(super) database: Option<syn::LitStr>,
    pub(super) crate_path: Option<syn::Path>,
    pub(super) rows: Rows,
    pub(super) text: Text,
    pub(super) values: Vec<Given>,
}

/// What rows become.
#[expect(clippy::large_enum_variant, reason = "there is one in each call")]
pub(super) enum Rows {
    /// A struct that is made up.
    Anonymous,
    /// A struct with these fields.
    Struct(syn::Type),
    /// `(A, B)`: a tuple; `(A)`: the only value.
    Values(Vec<syn::Type>, bool),
}

/// A value for a parameter.
pub(super) struct Given {
    /// The name, for `:name`.
    pub(super) name: Option<syn::Ident>,
    pub(super) value: syn::Expr,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (mut database, mut crate_path) = (None, None);
        loop {
            if input.peek(syn::Token![crate]) && input.peek2(syn::Token![=]) {
                input.parse::<syn::Token![crate]>()?;
                input.parse::<syn::Token![=]>()?;
                crate_path = Some(input.call(syn::Path::parse_mod_style)?);
            } else if input.peek(syn::Ident) && input.peek2(syn::Token![=]) {
                let word: syn::Ident = input.parse()?;
                if word != "database" {
                    return Err(syn::Error::new(word.span(), "expected `database`, or the statement"));
                }
                input.parse::<syn::Token![=]>()?;
                database = Some(input.parse()?);
            } else {
                break;
            }
            input.parse::<syn::Token![,]>()?;
        }
        let rows = if Text::is_next(input) { Rows::Anonymous } else { rows(input)? };
        let text = input.parse()?;
        let mut values = Vec::new();
        while !input.is_empty() {
            input.parse::<syn::Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let is_named = input.peek(syn::Ident) && input.peek2(syn::Token![=]) && !input.peek2(syn::Token![==]);
            let name = match is_named {
                true => {
                    let name = input.parse()?;
                    input.parse::<syn::Token![=]>()?;
                    Some(name)
                }
                false => None,
            };
            values.push(Given { name, value: input.parse()? });
        }
        Ok(Self { database, crate_path, rows, text, values })
    }
}

fn rows(input: ParseStream<'_>) -> syn::Result<Rows> {
    let is_in_parentheses = input.peek(syn::token::Paren);
    let expected = "expected the statement as a string literal or `concat!` of literals; for `query!`, a type may stand before it: \
                    `User: \"SELECT …\"`";
    let fork = input.fork();
    let begins_as_type = fork.parse::<syn::Type>().is_ok() && fork.peek(syn::Token![:]);
    if !begins_as_type {
        return Err(input.error(expected));
    }
    let rows = if is_in_parentheses {
        let inner;
        syn::parenthesized!(inner in input);
        let types = inner.parse_terminated(syn::Type::parse, syn::Token![,])?;
        let is_tuple = types.len() != 1 || types.trailing_punct();
        Rows::Values(types.into_iter().collect(), is_tuple)
    } else {
        Rows::Struct(input.parse()?)
    };
    input.parse::<syn::Token![:]>()?;
    Ok(rows)
}

impl Arguments {
    /// What `sql!` does not take.
    pub(super) fn surplus(&self) -> Option<syn::Error> {
        if let Rows::Struct(ty) = &self.rows {
            return Some(syn::Error::new_spanned(ty, "`sql!` is only the text: use `query!` for rows"));
        }
        let first = self.values.first()?;
        Some(syn::Error::new_spanned(&first.value, "`sql!` is only the text: use `query!` for values"))
    }
}

/// Where an expression begins, for what is said of it.
pub(super) fn span_of(value: &syn::Expr) -> Span {
    let mut tokens = quote::ToTokens::to_token_stream(value).into_iter();
    match tokens.next() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::None => {
            group.stream().into_iter().next().map_or_else(|| group.span(), |token| token.span())
        }
        Some(token) => token.span(),
        None => Span::call_site(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(text: &str) -> Arguments {
        syn::parse_str(text).expect("they are right")
    }

    #[test]
    fn everything_has_its_place() {
        let all = arguments("database = \"tenant\", User: \"SELECT 1\", a == b, id = 3, &name,");
        assert_eq!(all.database.expect("it is named").value(), "tenant");
        assert!(matches!(all.rows, Rows::Struct(_)));
        let names: Vec<Option<String>> =
            all.values.iter().map(|given| given.name.as_ref().map(ToString::to_string)).collect();
        assert_eq!(names, [None, Some("id".to_owned()), None]);
        assert!(matches!(arguments("concat!(\"a\", 1)").rows, Rows::Anonymous));
        assert!(matches!(arguments("(i64): \"a\"").rows, Rows::Values(types, false) if types.len() == 1));
        assert!(matches!(arguments("(i64,): \"a\"").rows, Rows::Values(types, true) if types.len() == 1));
        assert!(matches!(arguments("a::User<'_, B>: \"a\"").rows, Rows::Struct(_)));
    }

    #[test]
    fn what_is_missing_is_said() {
        let error = |text: &str| syn::parse_str::<Arguments>(text).err().expect("they are wrong").to_string();
        assert!(error("User \"a\"").contains("expected the statement"));
        assert!(error("base = \"a\", \"b\"").contains("expected `database`"));
    }
}
