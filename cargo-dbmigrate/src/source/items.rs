//! Fills a scope with the items of a module, a block or an included file: what a schema can need is kept, the rest of
//! the syntax tree is dropped.

use std::path::PathBuf;
use std::rc::Rc;

use dbmigrate_core::declare::Derive;
use proc_macro2::{Span, TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, DeriveInput, ImplItem, ItemImpl, ItemMod, Meta, Stmt, Type, UseTree};

use super::directory::Directory;
use super::tree::{Alias, Body, Const, FileId, Impl, Item, Parsed, Route, Scope, ScopeId, Shape, Slot, Tree, unraw};
use crate::diagnostic::Diagnostic;

/// The derives and the trait that are ours, by their own names.
pub(super) const OURS: [&str; 3] = ["Table", "View", "ColumnType"];

/// Derives of the standard library, which need no lookup.
const STANDARD: [&str; 9] = ["Debug", "Clone", "Copy", "PartialEq", "Eq", "PartialOrd", "Ord", "Hash", "Default"];

/// A scope that is being filled.
pub(super) struct Filler<'t> {
    pub(super) tree: &'t Tree,
    id: ScopeId,
    pub(super) scope: Scope,
    /// The file that items come from: the module's, or an included one.
    pub(super) file: FileId,
    pub(super) directory: Directory,
    /// Whether function bodies can hold something of ours.
    pub(super) look_into_bodies: bool,
    /// The included files around the current one.
    pub(super) including: Vec<PathBuf>,
}

impl<'t> Filler<'t> {
    pub(super) fn new(
        tree: &'t Tree,
        id: ScopeId,
        parent: Option<ScopeId>,
        file: FileId,
        directory: Directory,
    ) -> Self {
        let scope = Scope { parent, ..Scope::default() };
        Self { tree, id, scope, file, directory, look_into_bodies: true, including: Vec::new() }
    }

    /// The scope is complete.
    pub(super) fn close(self) {
        let mut bound = self.tree.bound.borrow_mut();
        for name in self.scope.types.keys().chain(self.scope.values.keys()).chain(self.scope.uses.keys()) {
            match bound.get_mut(name) {
                Some(scopes) => scopes.push(self.id),
                None => drop(bound.insert(name.clone(), vec![self.id])),
            }
        }
        self.tree.scopes.borrow_mut()[self.id] = Slot::Ready(Rc::new(self.scope));
    }

    /// Whether the attributes let an item exist. A condition that cannot be judged is reported.
    pub(super) fn allows(&self, attributes: &[Attribute]) -> bool {
        self.tree.cfg.allows(attributes).unwrap_or_else(|error| {
            self.report(&error);
            false
        })
    }

    fn report(&self, error: &syn::Error) {
        self.tree.report(self.tree.error_at(self.file, error.span(), error.to_string()));
    }

    /// Adds items, those that `cfg` takes away left out.
    pub(super) fn add_all(&mut self, items: Vec<syn::Item>) {
        for item in items {
            if self.allows(attributes(&item)) {
                self.add(item);
            } else {
                self.hide(&item);
            }
        }
    }

    fn add(&mut self, item: syn::Item) {
        if self.look_into_bodies {
            match &item {
                // a module's items are added with the module, and macros are warned of below; a `use` has no body,
                // nor has a struct: at most a block as the length of an array
                syn::Item::Mod(_)
                | syn::Item::Macro(_)
                | syn::Item::Use(_)
                | syn::Item::Struct(_)
                | syn::Item::Type(_) => {}
                other => Bodies { filler: self, scope: self.id }.visit_item(other),
            }
        }
        match item {
            syn::Item::Struct(item) => self.add_shape(item.into()),
            syn::Item::Enum(item) => self.add_shape(item.into()),
            syn::Item::Type(item) => {
                let alias = Alias { scope: self.id, item };
                self.scope.types.insert(unraw(&alias.item.ident), Item::Alias(Rc::new(alias)));
            }
            syn::Item::Union(item) => self.take_name(&item.ident),
            syn::Item::Trait(item) => self.take_name(&item.ident),
            syn::Item::TraitAlias(item) => self.take_name(&item.ident),
            syn::Item::Const(item) => {
                self.scope.values.insert(unraw(&item.ident), self.constant(*item.expr));
            }
            syn::Item::Impl(item) => self.add_impl(item),
            syn::Item::Mod(item) => self.add_module(item),
            syn::Item::Use(item) => self.add_use(&item.tree, item.leading_colon.is_some(), &mut Vec::new()),
            syn::Item::ExternCrate(item) => {
                let name = unraw(&item.ident);
                let visible = item.rename.as_ref().map_or_else(|| name.clone(), |(_, ident)| unraw(ident));
                // `extern crate self as name` makes the crate visible to itself
                let route = if name == "self" {
                    Route { absolute: false, segments: vec!["crate".to_owned()] }
                } else {
                    Route { absolute: true, segments: vec![name] }
                };
                self.scope.uses.entry(visible).or_default().push(route);
            }
            syn::Item::Macro(item) if item.ident.is_none() && item.mac.path.is_ident("include") => {
                let span = item.mac.path.span();
                self.include(item.mac.tokens, span);
            }
            syn::Item::Macro(item) => {
                let place = item.ident.as_ref().map_or_else(|| item.mac.path.span(), proc_macro2::Ident::span);
                self.warn_of_macro(&item.mac.tokens, place, item.ident.is_some());
            }
            _ => {}
        }
    }

    fn take_name(&mut self, ident: &proc_macro2::Ident) {
        self.scope.types.insert(unraw(ident), Item::Other);
    }

    fn constant(&self, value: syn::Expr) -> Rc<Const> {
        Rc::new(Const { scope: self.id, value })
    }

    fn add_shape(&mut self, mut input: DeriveInput) {
        let is_conditional = |attribute: &&Attribute| attribute.path().is_ident("cfg_attr");
        let conditional: Vec<Attribute> = input.attrs.iter().filter(is_conditional).cloned().collect();
        if let Err(error) = self.settle(&mut input) {
            self.report(&error);
            return;
        }
        let derives = derives(&input.attrs);
        if !conditional.is_empty() {
            self.hide_derives(&input.ident, &conditional, &derives);
        }
        let name = unraw(&input.ident);
        let ident = input.ident.clone();
        let body = match self.plainly_ours(&derives) {
            Some(derive) => Body::Declaration(Parsed::new(&input, derive)),
            None => Body::Input(Box::new(input)),
        };
        let shape = Rc::new(Shape { file: self.file, scope: self.id, ident, body, derives });
        if !shape.derives.is_empty() {
            self.tree.candidates.borrow_mut().push(Rc::clone(&shape));
        }
        self.scope.types.insert(name, Item::Shape(shape));
    }

    /// The one derive of ours, where the scope itself says so by importing it from our crate: true for nearly all
    /// tables, and known without looking any further.
    fn plainly_ours(&self, derives: &[(Route, Span)]) -> Option<Derive> {
        let uses = &self.scope.uses;
        let mut found = None;
        for (route, _) in derives {
            let [name] = &route.segments[..] else { return None };
            let imported = match uses.get(name).map(Vec::as_slice) {
                Some([imported]) => &imported.segments[..],
                Some(_) => return None,
                // some other derive; one of ours through a `*` is judged later
                None if OURS.contains(&name.as_str()) || !self.scope.globs.is_empty() => return None,
                None => continue,
            };
            let [first, last] = imported else { return None };
            if uses.contains_key(first) || self.tree.package.externs.get(first).is_none_or(|known| known != "dbmigrate")
            {
                return None;
            }
            match (last.as_str(), found) {
                ("Table", None) => found = Some(Derive::Table),
                ("View", None) => found = Some(Derive::View),
                _ => return None,
            }
        }
        found
    }

    /// Makes the item what a derive would be given: `cfg_attr` expanded, fields and variants without their `cfg` gone.
    fn settle(&self, input: &mut DeriveInput) -> syn::Result<()> {
        let cfg = &self.tree.cfg;
        cfg.expand_all(&mut input.attrs)?;
        let settle_fields = |fields: &mut syn::Fields| -> syn::Result<()> {
            let fields = match fields {
                syn::Fields::Named(fields) => &mut fields.named,
                syn::Fields::Unnamed(fields) => &mut fields.unnamed,
                syn::Fields::Unit => return Ok(()),
            };
            let mut all = true;
            for field in fields.iter_mut() {
                cfg.expand_all(&mut field.attrs)?;
                all &= cfg.allows(&field.attrs)?;
            }
            if !all {
                let kept = std::mem::take(fields).into_iter();
                *fields = kept.filter(|field| cfg.allows(&field.attrs).unwrap_or_default()).collect();
            }
            Ok(())
        };
        match &mut input.data {
            syn::Data::Struct(data) => settle_fields(&mut data.fields),
            syn::Data::Enum(data) => {
                let mut all = true;
                for variant in &mut data.variants {
                    cfg.expand_all(&mut variant.attrs)?;
                    all &= cfg.allows(&variant.attrs)?;
                    settle_fields(&mut variant.fields)?;
                }
                if !all {
                    let kept = std::mem::take(&mut data.variants).into_iter();
                    data.variants = kept.filter(|variant| cfg.allows(&variant.attrs).unwrap_or_default()).collect();
                }
                Ok(())
            }
            syn::Data::Union(_) => Ok(()),
        }
    }

    fn add_impl(&mut self, item: ItemImpl) {
        let Type::Path(on) = &*item.self_ty else { return };
        let on = Route::from(&on.path);
        let of = item.trait_.as_ref().map(|(path, _)| Route::from(path));
        let mut consts = Vec::new();
        for member in item.items {
            if let ImplItem::Const(member) = member
                && self.allows(&member.attrs)
            {
                consts.push((unraw(&member.ident), self.constant(member.expr)));
            }
        }
        if !consts.is_empty() {
            let found = Impl { scope: self.id, file: self.file, of, on, consts };
            self.tree.impls.borrow_mut().push(Rc::new(found));
        }
    }

    fn add_module(&mut self, mut item: ItemMod) {
        if let Err(error) = self.tree.cfg.expand_all(&mut item.attrs) {
            self.report(&error);
            return;
        }
        let name = unraw(&item.ident);
        let id = match item.content.take() {
            Some((_, items)) => {
                let id = self.tree.reserve(Slot::Open, Some(self.id));
                let directory = self.inline_directory(&item);
                let mut inner = Filler::new(self.tree, id, Some(self.id), self.file, directory);
                inner.look_into_bodies = self.look_into_bodies;
                inner.including.clone_from(&self.including);
                inner.add_all(items);
                inner.close();
                Some(id)
            }
            None => self.tree.follow(&item, self.file, self.id, &self.directory),
        };
        if let Some(id) = id {
            self.scope.types.insert(name, Item::Module(id));
        }
    }

    fn add_use(&mut self, tree: &UseTree, absolute: bool, prefix: &mut Vec<String>) {
        let mut bind = |name: String, last: Option<&str>, prefix: &[String]| {
            let segments = prefix.iter().cloned().chain(last.map(str::to_owned)).collect();
            self.scope.uses.entry(name).or_default().push(Route { absolute, segments });
        };
        match tree {
            UseTree::Path(path) => {
                prefix.push(unraw(&path.ident));
                self.add_use(&path.tree, absolute, prefix);
                prefix.pop();
            }
            UseTree::Name(name) => {
                let name = unraw(&name.ident);
                match (name.as_str(), prefix.last().cloned()) {
                    ("self", Some(module)) => bind(module, None, prefix),
                    _ => bind(name.clone(), Some(&name), prefix),
                }
            }
            UseTree::Rename(rename) => {
                let (name, new) = (unraw(&rename.ident), unraw(&rename.rename));
                if OURS.contains(&name.as_str()) {
                    self.tree.renames.borrow_mut().insert(new.clone());
                }
                bind(new, (name != "self").then_some(&name), prefix);
            }
            UseTree::Glob(_) => self.scope.globs.push(Route { absolute, segments: prefix.clone() }),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_use(tree, absolute, prefix);
                }
            }
        }
    }

    /// A table that a macro writes cannot be seen: say so, as the compiler will be the one to find it.
    fn warn_of_macro(&self, tokens: &TokenStream, place: Span, defined: bool) {
        let Some(name) = derived_in(tokens.clone(), false) else { return };
        let file = self.tree.file(self.file);
        let what = if defined { "generated by this macro" } else { "inside a macro call" };
        let warning = Diagnostic::warning(format!("`#[derive({name})]` {what} is ignored: macros are not expanded"));
        let help = "write the struct without the macro, or write its migrations by hand: the compiler checks them \
                    after expansion";
        self.tree.report(warning.at(&file.path, file.range(place), "").help(help));
    }
}

/// Looks into the bodies of functions and consts for blocks with items.
struct Bodies<'f, 't> {
    filler: &'f Filler<'t>,
    scope: ScopeId,
}

impl Visit<'_> for Bodies<'_, '_> {
    fn visit_block(&mut self, block: &Block) {
        let items: Vec<syn::Item> = block
            .stmts
            .iter()
            .filter_map(|statement| match statement {
                Stmt::Item(item) => Some(item.clone()),
                _ => None,
            })
            .collect();
        if items.is_empty() {
            visit::visit_block(self, block);
            return;
        }
        let outer = self.filler;
        let id = outer.tree.reserve(Slot::Open, Some(self.scope));
        let mut inner = Filler::new(outer.tree, id, Some(self.scope), outer.file, outer.directory.clone());
        inner.scope.block = true;
        inner.including.clone_from(&outer.including);
        inner.add_all(items);
        inner.close();
        let around = std::mem::replace(&mut self.scope, id);
        for statement in block.stmts.iter().filter(|statement| !matches!(statement, Stmt::Item(_))) {
            self.visit_stmt(statement);
        }
        self.scope = around;
    }

    fn visit_macro(&mut self, called: &syn::Macro) {
        self.filler.warn_of_macro(&called.tokens, called.path.span(), false);
    }

    // nothing that can hold a block, and much of it
    fn visit_attribute(&mut self, _: &Attribute) {}
    fn visit_type(&mut self, _: &Type) {}
    fn visit_pat(&mut self, _: &syn::Pat) {}
    fn visit_path(&mut self, _: &syn::Path) {}
}

/// The name of one of our table derives, if something in the tokens derives it.
pub(super) fn derived_in(tokens: TokenStream, in_derive: bool) -> Option<&'static str> {
    let mut after_derive = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                if in_derive && let Some(name) = OURS[..2].iter().find(|name| ident == **name) {
                    return Some(name);
                }
                after_derive = ident == "derive";
            }
            TokenTree::Group(group) => {
                if let Some(name) = derived_in(group.stream(), in_derive || after_derive) {
                    return Some(name);
                }
                after_derive = false;
            }
            _ => after_derive = false,
        }
    }
    None
}

/// The derived paths, those of the standard library left out. Read off the tokens: parsing them again costs more than
/// all else that is done with a struct here.
pub(super) fn derives(attributes: &[Attribute]) -> Vec<(Route, Span)> {
    let mut found = Vec::new();
    for attribute in attributes {
        let Meta::List(list) = &attribute.meta else { continue };
        if !list.path.is_ident("derive") {
            continue;
        }
        let mut route = Route { absolute: false, segments: Vec::new() };
        let mut span = Span::call_site();
        for token in list.tokens.clone() {
            match token {
                TokenTree::Ident(ident) => {
                    span = ident.span();
                    if !STANDARD.iter().any(|standard| ident == standard) || !route.segments.is_empty() {
                        route.segments.push(unraw(&ident));
                    }
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => route.absolute |= route.segments.is_empty(),
                TokenTree::Punct(punct) if punct.as_char() == ',' => {
                    let ended = std::mem::replace(&mut route, Route { absolute: false, segments: Vec::new() });
                    found.extend((!ended.segments.is_empty()).then_some((ended, span)));
                }
                _ => {}
            }
        }
        found.extend((!route.segments.is_empty()).then_some((route, span)));
    }
    found
}

pub(super) fn attributes(item: &syn::Item) -> &[Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::ExternCrate(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::ForeignMod(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::TraitAlias(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Union(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
