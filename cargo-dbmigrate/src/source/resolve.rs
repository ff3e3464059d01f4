//! Answers what lowering asks about types, references and consts, by looking them up in the source.

use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use dbmigrate_core::config::DEFAULT_DATABASE;
use dbmigrate_core::declare::ast;
use dbmigrate_core::declare::errors::closest;
use dbmigrate_core::declare::rust_types::{self, TypeNames};
use dbmigrate_core::declare::{ColumnType, DeclareError, Resolve, lower_column_type};
use dbmigrate_core::schema::Reads;
use dbmigrate_core::sql::Name;
use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::{Expr, GenericParam, Lit, PathArguments, Type, UnOp};

use super::databases::{ACROSS, ACROSS_HELP};
use super::scope::{Ours, Space, Target};
use super::tree::{Alias, Body, Const, Impl, Item, Parsed, Route, ScopeId, Shape, Tree, unraw};

type Result<T> = std::result::Result<T, DeclareError>;

/// How many aliases and consts may refer to each other in a row: more is a circle.
const DEPTH: usize = 32;

/// What all lookups share.
pub(super) struct Known<'t> {
    pub(super) tree: &'t Tree,
    /// The structs that are tables and views.
    pub(super) declared: HashMap<*const Shape, Rc<Parsed>>,
    /// The structs and enums with `#[derive(ColumnType)]`.
    pub(super) column_types: HashSet<*const Shape>,
    /// Column types of names by the scope in which they were asked for.
    named: RefCell<HashMap<ScopeId, HashMap<String, Option<ColumnType>>>>,
    /// Column types of structs and enums.
    shapes: RefCell<HashMap<*const Shape, Option<ColumnType>>>,
    impls: OnceCell<HashMap<*const Shape, Vec<Rc<Impl>>>>,
}

impl<'t> Known<'t> {
    pub(super) fn new(tree: &'t Tree) -> Self {
        Self {
            tree,
            declared: HashMap::new(),
            column_types: HashSet::new(),
            named: RefCell::default(),
            shapes: RefCell::default(),
            impls: OnceCell::new(),
        }
    }

    /// The `impl`s of a struct or enum that have consts.
    fn impls_of(&self, shape: &Rc<Shape>) -> &[Rc<Impl>] {
        let all = self.impls.get_or_init(|| {
            // an `impl` may stand anywhere in the package
            self.tree.read_rest();
            let mut all: HashMap<*const Shape, Vec<Rc<Impl>>> = HashMap::new();
            for found in self.tree.impls.borrow().iter() {
                if let Some(Target::Item(Item::Shape(shape))) = self.tree.find(found.scope, &found.on, Space::Types) {
                    all.entry(Rc::as_ptr(&shape)).or_default().push(Rc::clone(found));
                }
            }
            all
        });
        all.get(&Rc::as_ptr(shape)).map_or(&[], Vec::as_slice)
    }

    /// Looks up names as seen from a struct or enum, which is `Self`.
    pub(super) fn within(&self, shape: &Rc<Shape>) -> View<'_> {
        View { own: Some(Rc::clone(shape)), ..self.within_scope(shape.scope) }
    }

    fn within_scope(&self, scope: ScopeId) -> View<'_> {
        View { known: self, scope, own: None, arguments: Vec::new(), depth: 0 }
    }
}

/// The names as seen from a scope.
pub(super) struct View<'a> {
    known: &'a Known<'a>,
    scope: ScopeId,
    /// What `Self` is.
    own: Option<Rc<Shape>>,
    /// Generic parameters of the alias that is being looked into, with what they stand for and where that was written.
    arguments: Vec<(String, &'a Type, &'a View<'a>)>,
    depth: usize,
}

impl View<'_> {
    fn find(&self, path: &syn::Path, space: Space) -> Option<Target> {
        self.known.tree.find(self.scope, &Route::from(path), space)
    }

    fn argument(&self, path: &syn::Path) -> Option<&(String, &Type, &View<'_>)> {
        let name = path.get_ident().filter(|_| !self.arguments.is_empty()).map(unraw)?;
        self.arguments.iter().find(|(parameter, ..)| *parameter == name)
    }

    /// The struct or enum that a path leads to, through aliases.
    fn shape(&self, route: &Route) -> Option<Rc<Shape>> {
        if route.segments == ["Self"] {
            return self.own.clone();
        }
        let mut scope = self.scope;
        let mut route = route.clone();
        for _ in 0..DEPTH {
            match self.known.tree.find(scope, &route, Space::Types)? {
                Target::Item(Item::Shape(shape)) => return Some(shape),
                Target::Item(Item::Alias(alias)) => {
                    let Type::Path(path) = &*alias.item.ty else { return None };
                    (scope, route) = (alias.scope, Route::from(&path.path));
                }
                _ => return None,
            }
        }
        None
    }

    fn through_alias(&self, ty: &Type, path: &syn::Path, alias: &Alias) -> Result<Option<ColumnType>> {
        if self.depth >= DEPTH {
            return Err(DeclareError::new(
                ty.span(),
                format!("the type alias `{}` refers to itself", alias.item.ident),
            )
            .help("name the type: `#[column(type = \"TEXT\")]`"));
        }
        let given: Vec<&Type> = match path.segments.last().map(|last| &last.arguments) {
            Some(PathArguments::AngleBracketed(given)) => given
                .args
                .iter()
                .filter_map(|argument| match argument {
                    syn::GenericArgument::Type(ty) => Some(ty),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        let parameters = alias.item.generics.params.iter().filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(unraw(&parameter.ident)),
            _ => None,
        });
        let arguments = parameters.zip(given).map(|(name, given)| (name, given, self)).collect();
        let inside = View { arguments, depth: self.depth + 1, ..self.known.within_scope(alias.scope) };
        // what is wrong with the alias is shown where it is used: that file is the declaration's
        rust_types::column_type(&alias.item.ty, &inside).map_err(|error| DeclareError { span: ty.span(), ..error })
    }

    fn of_shape(&self, ty: &Type, shape: &Rc<Shape>) -> Result<Option<ColumnType>> {
        let key = Rc::as_ptr(shape);
        if let Some(known) = self.known.shapes.borrow().get(&key) {
            return Ok(known.clone());
        }
        if self.depth >= DEPTH {
            return Err(rust_types::unresolved(ty));
        }
        let tree = self.known.tree;
        let derived = match &shape.body {
            Body::Input(input) if self.known.column_types.contains(&key) => Some(input),
            _ => None,
        };
        let found = if let Some(input) = derived {
            let inside = View { depth: self.depth + 1, ..self.known.within(shape) };
            match lower_column_type(input, &inside) {
                Ok(found) => found,
                Err(errors) => {
                    // shown in its own place, once; the fields that use it are silent about it
                    for error in errors {
                        tree.report(tree.declare_error(shape.file, error));
                    }
                    None
                }
            }
        } else {
            let Some(found) = self.by_hand(shape) else {
                let name = &shape.ident;
                let message = format!("`{name}` has no known SQL type");
                let derive = format!("add `#[derive(ColumnType)]` to `{name}`");
                return Err(DeclareError::new(ty.span(), message)
                    .help(format!("{derive}, or name the type: `#[column(type = \"TEXT\")]`")));
            };
            Some(found)
        };
        self.known.shapes.borrow_mut().insert(key, found.clone());
        Ok(found)
    }

    /// `impl ColumnType for X { const SQL_TYPE: &str = "…"; }`.
    fn by_hand(&self, shape: &Rc<Shape>) -> Option<ColumnType> {
        let tree = self.known.tree;
        let ours = |found: &&Rc<Impl>| {
            let of = found.of.as_ref();
            of.is_some_and(|of| tree.ours(found.scope, of, Space::Types) == Some(Ours::ColumnType))
        };
        let found = self.known.impls_of(shape).iter().find(ours)?;
        let (_, value) = found.consts.iter().find(|(name, _)| name == "SQL_TYPE")?;
        if let Ok(Lit::Str(text)) = self.evaluate(value, Some(shape), shape.ident.span(), "SQL_TYPE", 0) {
            return Some(ColumnType::new(text.value(), None));
        }
        let message = "`SQL_TYPE` is not a string that can be read from the source";
        let error = tree.error_at(found.file, value.value.span(), message);
        tree.report(error.help("write it as a literal: `const SQL_TYPE: &str = \"TEXT\";`"));
        Some(ColumnType::new("", None))
    }

    /// The literal that a const is; `own` is `Self` where the const stands.
    fn evaluate(&self, found: &Const, own: Option<&Rc<Shape>>, span: Span, name: &str, depth: usize) -> Result<Lit> {
        let error = || {
            DeclareError::new(span, format!("`{name}` is not a literal or a constant with a literal value"))
                .help("write the value itself, or an expression with `default_sql`")
        };
        if depth >= DEPTH {
            return Err(error());
        }
        let mut value = &found.value;
        loop {
            value = match value {
                Expr::Group(group) => &group.expr,
                Expr::Paren(paren) => &paren.expr,
                Expr::Reference(reference) => &reference.expr,
                _ => break,
            };
        }
        match value {
            Expr::Lit(literal) => Ok(respan(literal.lit.clone(), span)),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => match &*unary.expr {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Int(int) => Ok(Lit::Int(syn::LitInt::new(&format!("-{int}"), span))),
                    Lit::Float(float) => Ok(Lit::Float(syn::LitFloat::new(&format!("-{float}"), span))),
                    _ => Err(error()),
                },
                _ => Err(error()),
            },
            Expr::Path(path) => {
                let inside = View { own: own.cloned(), ..self.known.within_scope(found.scope) };
                let (next, own) = inside.constant_at(&Route::from(&path.path)).ok_or_else(error)?;
                self.evaluate(&next, own.as_ref(), span, name, depth + 1)
            }
            _ => Err(error()),
        }
    }

    /// A const of a module, or one in an `impl` together with what that is for.
    fn constant_at(&self, route: &Route) -> Option<(Rc<Const>, Option<Rc<Shape>>)> {
        if let Some(Target::Const(found)) = self.known.tree.find(self.scope, route, Space::Values) {
            return Some((found, None));
        }
        let (name, owner) = route.segments.split_last()?;
        let shape = self.shape(&Route { absolute: route.absolute, segments: owner.to_vec() })?;
        let mut consts = self.known.impls_of(&shape).iter().flat_map(|found| &found.consts);
        let found = consts.find(|(known, _)| known == name).map(|(_, found)| Rc::clone(found))?;
        Some((found, Some(shape)))
    }
}

/// The literal at another place: its own is in another file than the declaration's errors.
fn respan(mut literal: Lit, span: Span) -> Lit {
    literal.set_span(span);
    literal
}

impl TypeNames for View<'_> {
    fn full_path(&self, path: &syn::Path) -> Option<String> {
        if let Some((_, ty, view)) = self.argument(path) {
            let Type::Path(path) = ty else { return None };
            return path.path.segments.last()?.arguments.is_empty().then(|| view.full_path(&path.path))?;
        }
        match self.find(path, Space::Types)? {
            Target::Outside(full) => Some(full.join("::")),
            // the one of the crates imported by `*` that is known to have such a type
            Target::Globbed(modules) => {
                let name = unraw(&path.segments.last()?.ident);
                modules
                    .into_iter()
                    .map(|module| format!("{}::{name}", module.join("::")))
                    .find(|full| rust_types::is_listed(full))
            }
            // an alias without arguments is as good as what it stands for: `type Text = String`
            Target::Item(Item::Alias(alias)) if self.depth < DEPTH => {
                let Type::Path(path) = &*alias.item.ty else { return None };
                let plain = path.qself.is_none()
                    && alias.item.generics.params.is_empty()
                    && path.path.segments.iter().all(|segment| segment.arguments.is_empty());
                let inside = View { depth: self.depth + 1, ..self.known.within_scope(alias.scope) };
                plain.then(|| inside.full_path(&path.path))?
            }
            _ => None,
        }
    }

    fn own_type(&self, ty: &Type) -> Result<Option<ColumnType>> {
        let Type::Path(path) = ty else { return Err(rust_types::unresolved(ty)) };
        if let Some((_, ty, view)) = self.argument(&path.path) {
            return rust_types::column_type(ty, *view);
        }
        match self.find(&path.path, Space::Types) {
            Some(Target::Item(Item::Alias(alias))) => self.through_alias(ty, &path.path, &alias),
            Some(Target::Item(Item::Shape(shape))) => self.of_shape(ty, &shape),
            _ => Err(rust_types::unresolved(ty)),
        }
    }

    fn length(&self, length: &Expr) -> Result<Option<u64>> {
        if let Some(literal) = rust_types::literal_length(length) {
            return Ok(Some(literal));
        }
        let unknown = || {
            DeclareError::new(
                length.span(),
                "the length of this array is not a literal or a constant with a literal value",
            )
            .help("name the type: `#[column(type = \"F32_BLOB(768)\")]`")
        };
        let Expr::Path(path) = length else { return Err(unknown()) };
        match Resolve::constant(self, &path.path) {
            Ok(Some(Lit::Int(int))) => int.base10_parse().map(Some).map_err(|_| unknown()),
            _ => Err(unknown()),
        }
    }
}

impl Resolve for View<'_> {
    fn column_type(&self, ty: &Type) -> Result<Option<ColumnType>> {
        // most fields are plain names, and most of those have been asked for before
        let name = match ty {
            Type::Path(path) if self.arguments.is_empty() && path.qself.is_none() => path.path.get_ident(),
            _ => None,
        };
        let Some(name) = name.map(ToString::to_string) else { return rust_types::column_type(ty, self) };
        let known = self.known.named.borrow().get(&self.scope).and_then(|names| names.get(&name).cloned());
        if let Some(known) = known {
            return Ok(known);
        }
        let found = rust_types::column_type(ty, self)?;
        self.known.named.borrow_mut().entry(self.scope).or_default().insert(name, found.clone());
        Ok(found)
    }

    fn is_option(&self, ty: &Type) -> bool {
        match ty {
            Type::Group(group) => self.is_option(&group.elem),
            Type::Paren(paren) => self.is_option(&paren.elem),
            Type::Path(path) if path.qself.is_none() => match self.find(&path.path, Space::Types) {
                Some(Target::Outside(full)) => full.join("::") == "std::option::Option",
                Some(Target::Item(Item::Alias(alias))) if self.depth < DEPTH => {
                    let inside = View { depth: self.depth + 1, ..self.known.within_scope(alias.scope) };
                    inside.is_option(&alias.item.ty)
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn reads(&self, ty: &Type) -> Option<Reads> {
        rust_types::reads(ty, self)
    }

    fn reference(&self, path: &syn::Path) -> Result<Option<(Name, Name)>> {
        let route = Route::from(path);
        let Some((field, owner)) = route.segments.split_last().filter(|(_, owner)| !owner.is_empty()) else {
            return Err(DeclareError::new(path.span(), "a reference needs a struct and a field")
                .help("write it as `references = User::id`"));
        };
        let owner = Route { absolute: route.absolute, segments: owner.to_vec() };
        let spelled = owner.segments.join("::");
        let Some(shape) = self.shape(&owner) else {
            let error = DeclareError::new(path.span(), format!("cannot find struct `{spelled}`"));
            return Err(error.help(self.help_for_struct(&owner)));
        };
        let Some(parsed) = self.known.declared.get(&Rc::as_ptr(&shape)) else {
            return Err(DeclareError::new(path.span(), format!("`{spelled}` is not a table"))
                .help(format!("add `#[derive(Table)]` to `{}`", shape.ident)));
        };
        let item = &parsed.item;
        if self.known.tree.has_several_databases()
            && let Some(other) = self.of_another_database(&shape, item)
        {
            let message = format!("`{spelled}` is in the database `{other}`: {ACROSS}");
            return Err(DeclareError::new(path.span(), message).help(ACROSS_HELP));
        }
        if let Some(known) = item.fields.iter().find(|known| known.ident == field || unraw(&known.ident) == *field) {
            return Ok(Some((item.name().value, known.name().value)));
        }
        if parsed.broken {
            // its own errors say what is wrong with it
            return Ok(None);
        }
        let fields: Vec<String> = item.fields.iter().map(|field| unraw(&field.ident)).collect();
        let error = DeclareError::new(path.span(), format!("`{spelled}` has no field `{field}`"));
        Err(match closest(field, fields.iter().map(String::as_str)) {
            Some(near) => error.help(format!("did you mean `{spelled}::{near}`?")),
            None => error.help(format!("its fields: {}", fields.join(", "))),
        })
    }

    fn constant(&self, path: &syn::Path) -> Result<Option<Lit>> {
        let route = Route::from(path);
        let spelled = route.segments.join("::");
        match self.constant_at(&route) {
            Some((found, own)) => self.evaluate(&found, own.as_ref(), path.span(), &spelled, 0).map(Some),
            None => Err(DeclareError::new(path.span(), format!("cannot find const `{spelled}` in this package"))
                .help("write the value itself, or an expression with `default_sql`")),
        }
    }
}

impl View<'_> {
    /// The name of the database of a table, if that is another one than that of the struct at hand.
    fn of_another_database(&self, shape: &Rc<Shape>, item: &ast::Item) -> Option<&str> {
        let tree = self.known.tree;
        let own = self.own.as_ref()?;
        let own_item = &self.known.declared.get(&Rc::as_ptr(own))?.item;
        let own = tree.database_of(own, own_item).ok()?;
        let other = tree.database_of(shape, item).ok()?;
        (own != other).then(|| other.unwrap_or(DEFAULT_DATABASE))
    }

    /// Where a struct of that name is, if it is out of sight.
    fn help_for_struct(&self, owner: &Route) -> String {
        let name = owner.segments.last().map(String::as_str).unwrap_or_default();
        let tables = || self.known.declared.values().map(|parsed| &parsed.item);
        if tables().any(|item| item.ident == name) {
            return format!("import the table `{name}` from its module with `use`");
        }
        let mut names: Vec<String> = tables().map(|item| unraw(&item.ident)).collect();
        names.sort_unstable();
        match closest(name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "for a table without a struct, write its name: `references = \"users(id)\"`".to_owned(),
        }
    }
}
