//! What `query!` is: a statement with its values, and how a row of it is read.
//!
//! The names and types are known here, the fields only to rustc: it reads each column into the field of that name, and
//! evaluates a constant that holds the type of the field against that of the column.

use dbmigrate_core::query::{Mistake, Output, Parameter, Query};
use dbmigrate_core::sql::Token;
use dbmigrate_core::sql::expr::Affinity;
use dbmigrate_core::sql::token::{TokenKind, significant};
use proc_macro2::{Literal, TokenStream};
use quote::{quote, quote_spanned};

use super::arguments::{Arguments, Rows};
use super::mistakes::mistake;
use super::parameters::{self, class, identifier};
use super::text::Text;

/// The value of a query with mistakes: of the type that it would have, as far as that is known.
pub(super) fn refused(arguments: &Arguments) -> TokenStream {
    let facade = crate::facade(arguments.crate_path.as_ref());
    let row = match &arguments.rows {
        // one that only writes has no rows, so that rustc does not ask for their type
        Rows::Anonymous if only_writes(&arguments.text.sql) => None,
        Rows::Anonymous => Some(quote!(_)),
        Rows::Struct(ty) => Some(quote!(#ty)),
        Rows::Values(types, is_tuple) => Some(values_type(types, *is_tuple)),
    };
    // what it would have used is not unused
    let values = parameters::mentioned(arguments);
    let ty = row.map_or_else(|| quote!(Statement), |row| quote!(Query::<#row>));
    let refused = quote!(#facade::rows::#ty::__refused());
    quote!({ #(let _ = &#values;)* #refused })
}

/// Whether a statement, which may be none, changes rows and returns none.
fn only_writes(sql: &str) -> bool {
    let mut tokens = significant(sql).into_iter();
    let is = |token: &Token<'_>, words: &[&str]| words.iter().any(|word| token.text.eq_ignore_ascii_case(word));
    tokens.next().is_some_and(|first| is(&first, &["insert", "replace", "update", "delete"]))
        && !tokens.any(|token| is(&token, &["returning"]))
}

fn values_type(types: &[syn::Type], is_tuple: bool) -> TokenStream {
    if is_tuple { quote!((#(#types,)*)) } else { quote!(#(#types)*) }
}

/// The statement with its values.
pub(super) fn expand(arguments: &Arguments, query: &Query) -> Result<TokenStream, Vec<Mistake>> {
    let facade = crate::facade(arguments.crate_path.as_ref());
    let values = parameters::values(arguments, &query.parameters)?;
    let text = &numbered(&arguments.text, &query.parameters);
    let (expressions, surplus) = (&values.expressions, &values.surplus);
    let checks = parameters::checks(&values, &facade);
    let given = (0..expressions.len()).map(syn::Index::from);
    let written = if expressions.is_empty() {
        quote!(#facade::rows::__values(&[]))
    } else {
        quote! {
            match (#(&(#expressions),)*) {
                given => {
                    #checks
                    #facade::rows::__values(&[#(given.#given),*])
                }
            }
        }
    };
    if query.columns.is_empty() {
        if let Rows::Struct(_) | Rows::Values(..) = arguments.rows {
            return Err(vec![mistake(
                &(0..arguments.text.sql.len().min(6)),
                "the statement returns no rows".to_owned(),
                Some("leave the type out, or add `RETURNING`".to_owned()),
            )]);
        }
        return Ok(quote!(#surplus #facade::rows::Statement::__new(#text, #written)));
    }
    let read = match &arguments.rows {
        Rows::Struct(ty) => in_struct(arguments, ty, &query.columns, &facade)?,
        Rows::Values(types, is_tuple) => in_values(types, *is_tuple, &query.columns, &facade)?,
        Rows::Anonymous => in_anonymous(arguments, &query.columns, &facade)?,
    };
    let Read { items, row } = read;
    Ok(quote! {
        #surplus
        #items
        #facade::rows::Query::__new(#text, #written, |row| ::core::result::Result::Ok(#row))
    })
}

/// The text with numbers for parameters that have names: values are given in their order, and sqlx knows no names.
fn numbered(text: &Text, parameters: &[Parameter]) -> TokenStream {
    let tokens = text.tokens();
    let is_named = |parameter: &Parameter| parameter.name.as_ref().is_some_and(|name| !name.starts_with('?'));
    if !parameters.iter().any(is_named) {
        return tokens.clone();
    }
    let (mut sql, mut end) = (String::new(), 0);
    for token in significant(&text.sql).iter().filter(|token| token.kind == TokenKind::Variable) {
        let is_it = |parameter: &&Parameter| match &parameter.name {
            Some(name) => name == token.text,
            None => parameter.span.start == token.start,
        };
        let Some(parameter) = parameters.iter().find(is_it) else { continue };
        sql.push_str(&text.sql[end..token.start]);
        sql.push('?');
        sql.push_str(&parameter.index.to_string());
        end = token.end();
    }
    sql.push_str(&text.sql[end..]);
    // a file stays one that the compiler looks at again
    quote!({
        const _: &str = #tokens;
        #sql
    })
}

/// How rows are read: items before, and the expression with the row in `row`.
struct Read {
    items: TokenStream,
    row: TokenStream,
}

/// The columns as fields: their identifiers.
fn fields(arguments: &Arguments, columns: &[Output]) -> Result<Vec<proc_macro2::Ident>, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut fields: Vec<proc_macro2::Ident> = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let name = &column.name;
        match identifier(name, arguments.text.span_of(&column.span)) {
            Some(ident) => {
                if columns[..at].iter().any(|before| before.name == *name) {
                    mistakes.push(mistake(
                        &column.span,
                        format!("two columns are called `{name}`"),
                        Some(format!("give one of them another name: `AS other_{name}`")),
                    ));
                }
                fields.push(ident);
            }
            None => mistakes.push(mistake(
                &column.span,
                format!("no field can be called `{name}`"),
                Some("give the column a name: `AS name`".to_owned()),
            )),
        }
    }
    if mistakes.is_empty() { Ok(fields) } else { Err(mistakes) }
}

/// What is stated of a column in `AS "name: Type"`.
fn stated(column: &Output) -> Result<Option<syn::Type>, Mistake> {
    let Some(stated) = &column.stated else { return Ok(None) };
    syn::parse_str(stated).map(Some).map_err(|_| {
        mistake(
            &column.span,
            format!("`{stated}` is no type"),
            Some(format!("write a type of Rust behind the colon: `AS \"{}: Option<String>\"`", column.name)),
        )
    })
}

/// `row.get(0, "id")`.
fn get(at: usize, column: &Output) -> TokenStream {
    let name = &column.name;
    let place = Literal::usize_unsuffixed(at);
    // the engine's name of an expression is its text, and of what is stated all of it
    if column.stated.is_none() && identifier(name, proc_macro2::Span::call_site()).is_some() {
        quote!(row.get(#place, #name)?)
    } else {
        quote!(row.get_unnamed(#place, #name)?)
    }
}

/// What the constant that checks a type is told of a column: its class and nullability.
fn expected(column: &Output) -> (String, u8) {
    let ty = column.ty.as_ref();
    let class = ty.and_then(class).unwrap_or_default();
    let nullable = match ty.and_then(|ty| ty.nullable) {
        Some(true) => 1,
        Some(false) => 0,
        None => 2,
    };
    (class.to_owned(), nullable)
}

fn in_struct(
    arguments: &Arguments,
    ty: &syn::Type,
    columns: &[Output],
    facade: &syn::Path,
) -> Result<Read, Vec<Mistake>> {
    let fields = fields(arguments, columns)?;
    let (mut checks, mut reads) = (TokenStream::new(), TokenStream::new());
    for (at, (column, field)) in columns.iter().zip(&fields).enumerate() {
        let read = get(at, column);
        if let Some(stated) = stated(column).map_err(|mistake| vec![mistake])? {
            // the statement is taken at its word
            reads.extend(quote!(#field: { let value: #stated = #read; value },));
        } else {
            let (class, nullable) = expected(column);
            let name = &column.name;
            let span = field.span();
            checks.extend(quote_spanned!(span=> p::field(|row: &#ty| &row.#field, #name, #class, #nullable);));
            reads.extend(quote!(#field: #read,));
        }
    }
    let items = constant(&checks, facade);
    Ok(Read { items, row: quote!(#ty { #reads }) })
}

fn in_values(
    types: &[syn::Type],
    is_tuple: bool,
    columns: &[Output],
    facade: &syn::Path,
) -> Result<Read, Vec<Mistake>> {
    if types.len() != columns.len() {
        let of_columns = if columns.len() == 1 { "column" } else { "columns" };
        let of_types = if types.len() == 1 { "type" } else { "types" };
        return Err(vec![mistake(
            &columns[types.len().min(columns.len() - 1)].span,
            format!("the statement returns {} {of_columns}, for {} {of_types}", columns.len(), types.len()),
            None,
        )]);
    }
    let (mut checks, mut reads) = (TokenStream::new(), Vec::new());
    for (at, (column, ty)) in columns.iter().zip(types).enumerate() {
        if column.stated.is_none() {
            let (class, nullable) = expected(column);
            let (name, span) = (&column.name, dbmigrate_core::declare::rust_types::first_span(ty));
            checks.extend(quote_spanned!(span=> p::value::<#ty>(#name, #class, #nullable);));
        }
        let read = get(at, column);
        reads.push(quote!({ let value: #ty = #read; value }));
    }
    let row = if is_tuple { quote!((#(#reads,)*)) } else { quote!(#(#reads)*) };
    Ok(Read { items: constant(&checks, facade), row })
}

/// Evaluated by rustc, also where only a check is asked for.
fn constant(checks: &TokenStream, facade: &syn::Path) -> TokenStream {
    if checks.is_empty() {
        return TokenStream::new();
    }
    quote! {
        const _: () = {
            use #facade::__private::output as p;
            #checks
        };
    }
}

fn in_anonymous(arguments: &Arguments, columns: &[Output], facade: &syn::Path) -> Result<Read, Vec<Mistake>> {
    let fields = fields(arguments, columns)?;
    let (mut mistakes, mut declared, mut reads) = (Vec::new(), TokenStream::new(), TokenStream::new());
    for (at, (column, field)) in columns.iter().zip(&fields).enumerate() {
        let ty = match stated(column) {
            Ok(Some(stated)) => quote!(#stated),
            Ok(None) => match rust_type(column, facade) {
                Ok(ty) => ty,
                Err(mistake) => {
                    mistakes.push(mistake);
                    continue;
                }
            },
            Err(mistake) => {
                mistakes.push(mistake);
                continue;
            }
        };
        let read = get(at, column);
        declared.extend(quote!(#field: #ty,));
        reads.extend(quote!(#field: #read,));
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    // its fields are used or not, as whoever reads the rows likes
    let items = quote! {
        #[derive(Debug, Clone, PartialEq)]
        #[allow(dead_code)]
        struct Row { #declared }
    };
    Ok(Read { items, row: quote!(Row { #reads }) })
}

/// The type of a field that nobody has given one.
fn rust_type(column: &Output, facade: &syn::Path) -> Result<TokenStream, Mistake> {
    let name = &column.name;
    let unknown = |what: &str, example: &str| {
        mistake(
            &column.span,
            format!("{what} of `{name}` cannot be known"),
            Some(format!("say it: `AS \"{name}: {example}\"`")),
        )
    };
    let ty = column.ty.as_ref().ok_or_else(|| unknown("the type", "Option<i64>"))?;
    let declared = ty.declared.as_ref().map(|declared| declared.as_str().to_ascii_uppercase()).unwrap_or_default();
    let (rust, word) = match ty.affinity {
        _ if ["BOOL", "BOOLEAN"].contains(&declared.as_str()) => (quote!(bool), "bool"),
        Some(Affinity::Integer) => (quote!(i64), "i64"),
        Some(Affinity::Real) => (quote!(f64), "f64"),
        Some(Affinity::Text) => (quote!(::std::string::String), "String"),
        Some(Affinity::Blob) if !declared.is_empty() => (quote!(::std::vec::Vec<u8>), "Vec<u8>"),
        Some(Affinity::Blob | Affinity::Numeric) => return Ok(quote!(#facade::Value)),
        None => return Err(unknown("the type", "i64")),
    };
    match ty.nullable {
        Some(true) => Ok(quote!(::core::option::Option<#rust>)),
        Some(false) => Ok(rust),
        None => Err(unknown("whether NULL can be a value", &format!("Option<{word}>"))),
    }
}
