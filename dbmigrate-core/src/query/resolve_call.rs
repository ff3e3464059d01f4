//! Calls of functions: whether they are there, with so many arguments, and may stand where they do.

use super::Mistake;
use super::ast::{Call, Expr, Over, Window};
use super::functions::{self, Function, Kind, Nulls, Returns};
use super::mistake::{count, did_you_mean, quoted};
use super::resolver::Resolver;
use super::scope::Scope;
use super::types::{Ty, Value, any_null};
use crate::config::ANY_NUMBER;
use crate::sql::expr::Affinity;

impl<'a> Resolver<'a> {
    /// Whether the engine or the application has a function of that name.
    pub(super) fn knows_function(&self, name: &str) -> bool {
        let engine = &self.catalog.engine;
        functions::find(name).is_some() || engine.function(name).is_some() || !engine.extensions.is_empty()
    }

    /// Whether a function can be called with so many arguments. One that an extension may bring can.
    pub(super) fn takes(&self, name: &str, arguments: usize) -> bool {
        let engine = &self.catalog.engine;
        let of_engine = functions::find(name).is_some_and(|function| function.takes(arguments));
        let of_application = engine.function(name).is_some_and(|function| {
            let is_it = |count: &i32| *count == ANY_NUMBER || usize::try_from(*count) == Ok(arguments);
            function.arguments.iter().any(is_it)
        });
        of_engine || of_application || !engine.extensions.is_empty()
    }

    pub(super) fn call(&mut self, call: &'a Call<'a>, scope: &Scope<'_>) -> Value {
        let name = &*call.name.text;
        let known = functions::find(name);
        self.is_callable(call, known);
        let kind = known.map_or(Kind::Unknown, |function| function.kind_of(call.arguments.len()));
        let is_aggregate = matches!(kind, Kind::Aggregate | Kind::Window);
        self.stands_where_it_may(call, kind, scope);
        // an aggregate of aggregates is none
        let before = (scope.allows_aggregates.get(), scope.allows_windows.get());
        let references = std::mem::take(&mut self.references);
        if is_aggregate || call.over.is_some() {
            scope.allows_windows.set(false);
            scope.allows_aggregates.set(before.0 && call.over.is_some());
        }
        let arguments: Vec<Value> = call.arguments.iter().map(|argument| self.scalar(argument, scope)).collect();
        for term in &call.order {
            self.scalar(&term.expr, scope);
        }
        if let Some(filter) = &call.filter {
            self.scalar(filter, scope);
        }
        match &call.over {
            Some(Over::Window(window)) => self.window_definition(window, scope),
            Some(Over::Name(window)) if !scope.uses_window(window) => {
                let help = did_you_mean(&window.text, scope.windows.iter().copied());
                self.report(Mistake::new(window.span.clone(), format!("no window {}", quoted(window))).with_help(help));
            }
            _ => {}
        }
        scope.allows_aggregates.set(before.0);
        scope.allows_windows.set(before.1);
        self.expect_alike(call, &arguments);
        if is_aggregate && call.over.is_none() && before.0 {
            computed_at(self.references, scope);
        }
        self.references |= references;
        let mut value = Value::made_of(Ty::default(), &arguments);
        value.ty = match known {
            Some(function) => Self::type_of(function, call, &arguments, scope),
            None => self.declared_type(name),
        };
        value.aggregate |= is_aggregate && call.over.is_none();
        value.window |= call.over.is_some();
        value
    }

    fn is_callable(&mut self, call: &Call<'_>, known: Option<&Function>) {
        let name = &*call.name.text;
        let arguments = if call.star { 0 } else { call.arguments.len() };
        if !self.knows_function(name) {
            let catalog = self.catalog;
            let own = catalog.engine.functions.iter().map(|function| function.name.as_str());
            let meant = did_you_mean(name, functions::names().chain(own));
            let help = meant.unwrap_or_else(|| {
                format!("if the application registers it: `[engine] functions = {{ {name} = {arguments} }}` in `dbmigrate.toml`")
            });
            let message = format!("no function {}", quoted(&call.name));
            self.report(Mistake::new(call.name.span.clone(), message).with_help(help));
        } else if !self.takes(name, arguments) {
            let takes = known.map_or_else(String::new, |function| format!(", and takes {}", function.said()));
            let message = format!("{} gets {} here{takes}", quoted(&call.name), count(arguments, "argument"));
            self.say(call.name.span.clone(), message);
        }
    }

    fn stands_where_it_may(&mut self, call: &Call<'_>, kind: Kind, scope: &Scope<'_>) {
        let name = quoted(&call.name);
        let at = call.name.span.clone();
        let over = call.over.is_some();
        let message = match kind {
            Kind::Scalar if over => format!("{name} is no window function: it has no `OVER`"),
            Kind::Scalar if call.filter.is_some() => format!("{name} is no aggregate: it has no `FILTER`"),
            Kind::Scalar if !call.order.is_empty() => format!("{name} is no aggregate: it has no `ORDER BY`"),
            Kind::Window if !over => format!("{name} is a window function: it needs `OVER`"),
            Kind::Aggregate | Kind::Window if over && !scope.allows_windows.get() => {
                format!("the window function {name} can only be in the result and in `ORDER BY`")
            }
            Kind::Aggregate if !scope.allows_aggregates.get() => format!("the aggregate {name} cannot be used here"),
            Kind::Aggregate if call.distinct && call.arguments.len() != 1 => {
                format!("{name} with `DISTINCT` has one argument")
            }
            _ => return,
        };
        self.say(at, message);
    }

    pub(super) fn window_definition(&mut self, window: &'a Window<'a>, scope: &Scope<'_>) {
        if let Some(base) = &window.base
            && !scope.uses_window(base)
        {
            let help = did_you_mean(&base.text, scope.windows.iter().copied());
            self.report(Mistake::new(base.span.clone(), format!("no window {}", quoted(base))).with_help(help));
        }
        let order = window.order.iter().map(|term| &term.expr);
        for expr in window.partition.iter().chain(order) {
            self.scalar(expr, scope);
        }
        // how far a frame reaches is a number, and the engine looks up no names there
        for expr in &window.frame {
            self.expect(expr, &Ty::new(Affinity::Integer, Some(false)));
        }
    }

    /// The arguments of some functions are alike: what one is says what a parameter among them is.
    fn expect_alike(&mut self, call: &'a Call<'a>, arguments: &[Value]) {
        let alike = ["coalesce", "ifnull", "nullif", "max", "min"].iter().any(|name| call.name.is(name));
        if !alike {
            return;
        }
        let known =
            arguments.iter().find(|argument| argument.ty.affinity.is_some()).map(|argument| argument.ty.clone());
        if let Some(ty) = known {
            let argument = |argument: &'a Expr<'a>| (argument, ty.clone().or_null());
            for (argument, ty) in call.arguments.iter().map(argument) {
                self.expect(argument, &ty);
            }
        }
    }

    fn type_of(function: &Function, call: &Call<'_>, arguments: &[Value], scope: &Scope<'_>) -> Ty {
        let nullable = match function.nulls {
            Nulls::Never => Some(false),
            Nulls::May => Some(true),
            Nulls::OfArguments => any_null(arguments),
            // NULL if all are
            Nulls::OfAll => {
                let sure = arguments.iter().any(|argument| argument.ty.nullable == Some(false));
                let all = arguments.iter().all(|argument| argument.ty.nullable == Some(true));
                if sure {
                    Some(false)
                } else if all {
                    Some(true)
                } else {
                    None
                }
            }
            // of no rows it is NULL; a group has rows
            Nulls::OfRows => match any_null(arguments) {
                Some(false) if scope.is_grouped && call.filter.is_none() && call.over.is_none() => Some(false),
                _ => Some(true),
            },
        };
        let first = || arguments.first().map(|argument| argument.ty.clone()).unwrap_or_default();
        let ty = match function.returns {
            Returns::Integer => Ty::new(Affinity::Integer, nullable),
            Returns::Real => Ty::new(Affinity::Real, nullable),
            Returns::Text => Ty::new(Affinity::Text, nullable),
            Returns::Blob => Ty::new(Affinity::Blob, nullable),
            Returns::Number => Ty {
                affinity: first().affinity.filter(|kind| *kind == Affinity::Integer || *kind == Affinity::Real),
                nullable,
                origin: None,
            },
            Returns::Argument if arguments.len() == 1 || function.takes_first => {
                // the value of a column, but not in every row
                Ty { nullable, ..first() }
            }
            Returns::Argument => {
                let alike = arguments.iter().map(|argument| argument.ty.clone()).reduce(Ty::either);
                Ty { nullable, ..alike.unwrap_or_default() }
            }
            Returns::Unknown => Ty { affinity: None, nullable, origin: None },
        };
        // a column's own type, but a value of no column
        Ty { origin: ty.origin.map(|origin| super::types::without_column(&origin)), ..ty }
    }

    fn declared_type(&self, name: &str) -> Ty {
        use crate::config::Returns as Declared;
        let returns = self.catalog.engine.function(name).and_then(|function| function.returns);
        let affinity = match returns {
            Some(Declared::Integer | Declared::True) => Affinity::Integer,
            Some(Declared::Real) => Affinity::Real,
            Some(Declared::Text) => Affinity::Text,
            Some(Declared::Blob) => Affinity::Blob,
            _ => return Ty::default(),
        };
        Ty::new(affinity, None)
    }
}

/// Notes that an aggregate is computed where the innermost column is of that it names; of none, where it stands.
fn computed_at(references: u64, scope: &Scope<'_>) {
    let here = scope.level.min(63);
    let visible = references & (u64::MAX >> (63 - here));
    let level = if visible == 0 { here } else { visible.ilog2() };
    let mut scopes = std::iter::successors(Some(scope), |scope| scope.parent);
    if let Some(owner) = scopes.find(|scope| scope.level.min(63) == level) {
        owner.has_aggregate.set(true);
    }
}
