//! Reads `[engine]`.

use super::fields::{Field, Value};
use super::parse::{Misread, unknown};
use super::{ANY_NUMBER, ENGINE_FIELDS, Engine, FUNCTION_FIELDS, Function, MOST_ARGUMENTS, is_blank, position};

/// How a function is declared.
const ARGUMENTS: &str = "the number of its arguments, such as `is_uuid = 1`";

/// Reads the table; `text` is all of the file.
pub(super) fn engine(value: Value, text: &str) -> Result<Engine, Misread> {
    let mut engine = Engine::default();
    for Field { name, at, value } in value.fields("a table, such as `[engine]`")? {
        match name.as_str() {
            "extensions" => {
                for value in value.values("a list of names or paths, such as `[\"vec0\"]`")? {
                    engine.extensions.push(extension(value)?);
                }
            }
            "functions" => {
                for field in value.fields("functions, such as `functions = { is_uuid = 1 }`")? {
                    let at = field.at;
                    let function = function(field, text)?;
                    if engine.functions.iter().any(|other| other.name.eq_ignore_ascii_case(&function.name)) {
                        let misread = Misread::from((format!("there are two functions `{}`", function.name), at));
                        return Err(misread.help("declare it once: `f = [1, 2]` for different numbers of arguments"));
                    }
                    engine.functions.push(function);
                }
            }
            _ => return Err(unknown(&name, at, &ENGINE_FIELDS)),
        }
    }
    Ok(engine)
}

fn extension(value: Value) -> Result<String, Misread> {
    let at = value.at();
    let name = value.string()?;
    if is_blank(&name) || name.contains('\0') {
        let misread = Misread::from(("the name of the extension is blank".to_owned(), at));
        return Err(misread.help("name a library, `extensions = [\"vec0\"]`, or remove it"));
    }
    Ok(name)
}

fn function(Field { name, at, value }: Field, text: &str) -> Result<Function, Misread> {
    if is_blank(&name) || name.contains('\0') {
        return Err(Misread::from(("the name of the function is blank".to_owned(), at)).help("such as `is_uuid = 1`"));
    }
    let (mut arguments, mut returns) = (None, None);
    if value.is_table() {
        for Field { name, at, value } in value.fields(ARGUMENTS)? {
            match name.as_str() {
                "arguments" => arguments = Some(numbers(value)?),
                "returns" => returns = Some(value.parsed()?),
                _ => return Err(unknown(&name, at, &FUNCTION_FIELDS)),
            }
        }
    } else {
        arguments = Some(numbers(value)?);
    }
    let Some(arguments) = arguments else {
        let misread = Misread::from((format!("the function `{name}` has no `arguments`"), at));
        return Err(misread.help("say how many it takes: `arguments = 1`"));
    };
    Ok(Function { name, arguments, returns, at: position(text, at) })
}

/// A number of arguments, or several.
fn numbers(value: Value) -> Result<Vec<i32>, Misread> {
    let at = value.at();
    if !value.is_list() {
        return Ok(vec![number(value)?]);
    }
    let mut numbers = Vec::new();
    for value in value.values(ARGUMENTS)? {
        numbers.push(number(value)?);
    }
    numbers.sort_unstable();
    numbers.dedup();
    match numbers.first() {
        None => Err(Misread::from(("no number of arguments".to_owned(), at)).help("such as `is_uuid = 1`")),
        // what takes any number takes all others
        Some(&ANY_NUMBER) => Ok(vec![ANY_NUMBER]),
        Some(_) => Ok(numbers),
    }
}

fn number(value: Value) -> Result<i32, Misread> {
    let at = value.at();
    if !value.is_integer() {
        return Err(value.wrong(ARGUMENTS).into());
    }
    let number = value.integer::<i64>()?;
    i32::try_from(number).ok().filter(|number| (ANY_NUMBER..=MOST_ARGUMENTS).contains(number)).ok_or_else(|| {
        Misread::from((format!("a function has no {number} arguments"), at))
            .help(format!("0 to {MOST_ARGUMENTS}, or {ANY_NUMBER} for any number"))
    })
}
