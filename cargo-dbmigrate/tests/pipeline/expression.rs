//! Expressions of GitHub Actions, evaluated: as much of the language as workflows here use. Anything else panics.
//! (docs.github.com/en/actions/reference/workflows-and-actions/expressions)

use serde_json::{Value, json};

/// What a condition may ask about the steps before.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Status {
    pub(crate) failed: bool,
    pub(crate) cancelled: bool,
}

/// The value of an expression, without `${{ }}` around it.
pub(crate) fn evaluate(text: &str, contexts: &Value, status: Status) -> Value {
    let mut parser = Parser { text, rest: text, contexts, status };
    let value = parser.or();
    parser.space();
    assert!(parser.rest.is_empty(), "`{}` is left of the expression `{text}`", parser.rest);
    value
}

/// A text with every `${{ }}` in it replaced.
pub(crate) fn interpolate(text: &str, contexts: &Value) -> String {
    let mut parts = text.split("${{");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (expression, after) = part.split_once("}}").expect("an expression ends");
        filled.push_str(&shown(&evaluate(expression.trim(), contexts, Status::default())));
        filled.push_str(after);
    }
    filled
}

/// Whether a step or job with that condition runs. One that says nothing of the status runs only after success.
pub(crate) fn holds(condition: Option<&str>, contexts: &Value, status: Status) -> bool {
    let condition = condition.unwrap_or("success()").trim();
    let bare = condition.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(condition).trim();
    let says = ["success()", "failure()", "always()", "cancelled()"].iter().any(|one| bare.contains(one));
    let ok = says || !(status.failed || status.cancelled);
    ok && is_true(&evaluate(bare, contexts, status))
}

/// A value as it is put into a text.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Null => 0.0,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        Value::String(text) if text.is_empty() => 0.0,
        Value::String(text) => text.parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    }
}

/// Texts are equal in any case; values of two kinds are compared as numbers.
#[allow(clippy::float_cmp, reason = "as GitHub compares them")]
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.eq_ignore_ascii_case(other),
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::Null, Value::Null) => true,
        _ => number(one) == number(other),
    }
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    contexts: &'a Value,
    status: Status,
}

impl Parser<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn takes(&mut self, sign: &str) -> bool {
        self.space();
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Both sides are evaluated, which has no effects; the value is that of one of them.
    fn or(&mut self) -> Value {
        let mut value = self.and();
        while self.takes("||") {
            let other = self.and();
            value = if is_true(&value) { value } else { other };
        }
        value
    }

    fn and(&mut self) -> Value {
        let mut value = self.compared();
        while self.takes("&&") {
            let other = self.compared();
            value = if is_true(&value) { other } else { value };
        }
        value
    }

    fn compared(&mut self) -> Value {
        let value = self.unary();
        if self.takes("==") {
            json!(equal(&value, &self.unary()))
        } else if self.takes("!=") {
            json!(!equal(&value, &self.unary()))
        } else {
            value
        }
    }

    fn unary(&mut self) -> Value {
        if self.takes("!") { json!(!is_true(&self.unary())) } else { self.primary() }
    }

    fn primary(&mut self) -> Value {
        if self.takes("(") {
            let value = self.or();
            assert!(self.takes(")"), "no `)` in `{}`", self.text);
            return value;
        }
        if self.takes("'") {
            let (literal, rest) = self.rest.split_once('\'').expect("a literal ends");
            assert!(!rest.starts_with('\''), "quotes in literals are not known here: `{}`", self.text);
            self.rest = rest;
            return json!(literal);
        }
        let is_part = |char: char| char.is_ascii_alphanumeric() || "_-.".contains(char);
        let end = self.rest.find(|char| !is_part(char)).unwrap_or(self.rest.len());
        let (path, rest) = self.rest.split_at(end);
        self.rest = rest;
        if path == "toJSON" && self.takes("(") {
            let value = self.or();
            assert!(self.takes(")"), "no `)` in `{}`", self.text);
            return json!(serde_json::to_string_pretty(&value).expect("JSON"));
        }
        if self.takes("(") {
            assert!(self.takes(")"), "functions with arguments are not known here: `{}`", self.text);
            let Status { failed, cancelled } = self.status;
            return match path {
                "success" => json!(!failed && !cancelled),
                "failure" => json!(failed),
                "cancelled" => json!(cancelled),
                "always" => json!(true),
                _ => panic!("the function `{path}` is not known here"),
            };
        }
        match path {
            "true" => return json!(true),
            "false" => return json!(false),
            "null" => return Value::Null,
            _ => {}
        }
        let mut parts = path.split('.');
        let first = parts.next().unwrap_or_default();
        let context = self.contexts.get(first);
        let mut value = context.unwrap_or_else(|| panic!("no context `{first}` for `{}`", self.text));
        for part in parts {
            value = value.get(part).unwrap_or(&Value::Null);
        }
        value.clone()
    }
}

#[test]
fn expressions_are_evaluated_as_github_does() {
    let contexts = json!({
        "github": { "event_name": "push", "event": { "number": 7 } }, "vars": { "ON": "True" }, "secrets": {},
    });
    let status = Status { failed: true, cancelled: false };
    for (text, wanted) in [
        ("github.event_name == 'push' && vars.ON == 'true'", json!(true)),
        ("github.event.number", json!(7)),
        ("secrets.MISSING", Value::Null),
        ("secrets.MISSING == ''", json!(true)),
        ("secrets.MISSING || 'x'", json!("x")),
        ("failure() && !cancelled()", json!(true)),
        ("toJSON(github.event)", json!("{\n  \"number\": 7\n}")),
    ] {
        assert_eq!(evaluate(text, &contexts, status), wanted, "{text}");
    }
    assert_eq!(interpolate("a ${{ github.event.number }}${{ secrets.X }} b", &contexts), "a 7 b");
    assert!(!holds(None, &contexts, status) && holds(Some("${{ !cancelled() }}"), &contexts, status));
    assert!(!holds(Some("vars.ON == 'true'"), &contexts, status), "success() goes without saying");
}
