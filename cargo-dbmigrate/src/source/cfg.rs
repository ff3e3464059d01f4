//! Evaluates `cfg` and expands `cfg_attr`, with the chosen features and the host as target.

use std::cell::{Cell, OnceCell};
use std::collections::HashSet;
use std::env::consts;

use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Token};

/// What conditions are judged by.
#[derive(Debug, Default)]
pub(super) struct Cfg {
    features: HashSet<String>,
    /// What `rustc --print cfg` says: asked only for a condition that cannot be answered without.
    rustc: OnceCell<HashSet<String>>,
    /// Whether rustc must not be asked, because that takes longer than all the rest.
    alone: bool,
    /// Whether it would have been.
    doubtful: Cell<bool>,
}

impl Cfg {
    /// With these features enabled.
    pub(super) fn new(features: HashSet<String>) -> Self {
        Self { features, ..Self::default() }
    }

    /// The same without ever asking rustc. What only rustc knows makes it doubtful.
    pub(super) fn alone(features: HashSet<String>) -> Self {
        Self { features, alone: true, ..Self::default() }
    }

    /// Whether a condition could not be judged without rustc.
    pub(super) fn is_doubtful(&self) -> bool {
        self.doubtful.get()
    }

    /// The features that are off and without which these attributes take an item away; empty if there are none that
    /// would bring it back.
    pub(super) fn missing_features(&self, attributes: &[Attribute]) -> Vec<String> {
        let conditions: Vec<Meta> = attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("cfg"))
            .filter_map(|attribute| attribute.parse_args().ok())
            .collect();
        self.missing_for(&conditions)
    }

    /// The same for an attribute that a `cfg_attr` takes away.
    pub(super) fn missing_for_attribute(&self, attribute: &Attribute) -> Vec<String> {
        let parts = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        self.missing_for(&parts.ok().and_then(|parts| parts.into_iter().next()).into_iter().collect::<Vec<_>>())
    }

    fn missing_for(&self, conditions: &[Meta]) -> Vec<String> {
        let mut missing = Vec::new();
        for condition in conditions {
            features_in(condition, &mut missing);
        }
        missing.retain(|feature| !self.features.contains(feature));
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return missing;
        }
        let with = Self::alone(self.features.iter().chain(&missing).cloned().collect());
        let is_back = conditions.iter().all(|condition| with.holds(condition).unwrap_or(false));
        if is_back && !with.is_doubtful() { missing } else { Vec::new() }
    }

    /// Whether every `cfg` among the attributes holds. `cfg_attr`s are looked into.
    pub(super) fn allows(&self, attributes: &[Attribute]) -> syn::Result<bool> {
        for attribute in attributes {
            let allowed = if attribute.path().is_ident("cfg") {
                self.holds(&attribute.parse_args()?)?
            } else if attribute.path().is_ident("cfg_attr") {
                self.allows(&self.expand(attribute)?)?
            } else {
                true
            };
            if !allowed {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The attributes as the compiler would see them: those of `cfg_attr`s whose condition holds, in their place.
    pub(super) fn expand_all(&self, attributes: &mut Vec<Attribute>) -> syn::Result<()> {
        while let Some(at) = attributes.iter().position(|attribute| attribute.path().is_ident("cfg_attr")) {
            let expanded = self.expand(&attributes[at])?;
            attributes.splice(at..=at, expanded);
        }
        Ok(())
    }

    fn expand(&self, attribute: &Attribute) -> syn::Result<Vec<Attribute>> {
        let parts = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)?;
        let mut parts = parts.into_iter();
        let Some(condition) = parts.next() else {
            return Err(syn::Error::new(attribute.span(), "`cfg_attr` without a condition"));
        };
        if !self.holds(&condition)? {
            return Ok(Vec::new());
        }
        Ok(parts.map(|meta| Attribute { meta, ..attribute.clone() }).collect())
    }

    /// Whether a condition holds.
    fn holds(&self, condition: &Meta) -> syn::Result<bool> {
        let name = condition.path().get_ident().map(ToString::to_string).unwrap_or_default();
        match condition {
            Meta::Path(_) => Ok(self.flag(&name)),
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(ExprLit { lit: Lit::Str(value), .. }) => Ok(self.value(&name, &value.value())),
                other => Err(syn::Error::new(other.span(), "the value of a `cfg` must be a string")),
            },
            Meta::List(list) => {
                let unknown = || syn::Error::new(condition.span(), format!("`cfg({name}(…))` cannot be evaluated"));
                if !["all", "any", "not"].contains(&name.as_str()) {
                    return Err(unknown());
                }
                let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)?;
                match name.as_str() {
                    "all" => parts.iter().try_fold(true, |all, part| Ok(all && self.holds(part)?)),
                    "any" => parts.iter().try_fold(false, |any, part| Ok(any || self.holds(part)?)),
                    "not" if parts.len() == 1 => Ok(!self.holds(&parts[0])?),
                    _ => Err(unknown()),
                }
            }
        }
    }

    fn flag(&self, name: &str) -> bool {
        match name {
            "true" | "debug_assertions" => true,
            "unix" | "windows" => consts::FAMILY == name,
            "false" | "test" | "doc" | "doctest" | "miri" | "proc_macro" | "clippy" | "rustfmt" => false,
            _ => self.rustc().contains(name),
        }
    }

    fn value(&self, name: &str, value: &str) -> bool {
        match name {
            "feature" => self.features.contains(value),
            "target_os" => consts::OS == value,
            "target_arch" => consts::ARCH == value,
            "target_family" => consts::FAMILY == value,
            _ => self.rustc().contains(&format!("{name}=\"{value}\"")),
        }
    }

    fn rustc(&self) -> &HashSet<String> {
        self.rustc.get_or_init(|| {
            if self.alone {
                self.doubtful.set(true);
                return HashSet::new();
            }
            let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
            let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
            let output =
                std::process::Command::new(rustc).args(["--print", "cfg"]).args(flags.split_whitespace()).output();
            let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
            text.lines().map(str::to_owned).collect()
        })
    }
}

/// The features that a condition names.
fn features_in(condition: &Meta, found: &mut Vec<String>) {
    match condition {
        Meta::NameValue(pair) if pair.path.is_ident("feature") => {
            if let Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) = &pair.value {
                found.push(name.value());
            }
        }
        Meta::List(list) => {
            let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            parts.into_iter().flatten().for_each(|part| features_in(&part, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(condition: &str) -> bool {
        let cfg = Cfg::new(["audit".to_owned()].into());
        cfg.holds(&syn::parse_str(condition).unwrap()).unwrap()
    }

    #[test]
    fn conditions_are_judged_by_features_and_host() {
        assert!(holds(r#"feature = "audit""#));
        assert!(!holds(r#"feature = "other""#));
        assert!(holds(r#"all(not(test), any(unix, windows), feature = "audit")"#));
        assert!(!holds("all(unix, windows)"));
        assert!(holds("all()") && !holds("any()"));
        assert!(holds(&format!("target_os = {:?}", consts::OS)));
        assert!(holds("debug_assertions") && !holds("test"));
    }

    #[test]
    fn rustc_is_asked_for_what_the_host_does_not_know() {
        let cfg = Cfg::new(HashSet::new());
        assert!(cfg.holds(&syn::parse_str("unix").unwrap()).unwrap() || consts::FAMILY != "unix");
        assert!(cfg.rustc.get().is_none());
        let pointer = format!("target_pointer_width = \"{}\"", usize::BITS);
        assert!(cfg.holds(&syn::parse_str(&pointer).unwrap()).unwrap());
        assert!(cfg.rustc.get().is_some());
    }

    #[test]
    fn cfg_attr_is_expanded_in_its_place_also_nested() {
        let mut item: syn::ItemStruct = syn::parse_str(
            r#"#[a] #[cfg_attr(feature = "audit", b, cfg_attr(not(test), c), cfg_attr(test, d))] #[e] struct X;"#,
        )
        .unwrap();
        Cfg::new(["audit".to_owned()].into()).expand_all(&mut item.attrs).unwrap();
        let names: Vec<String> =
            item.attrs.iter().map(|attribute| attribute.path().get_ident().unwrap().to_string()).collect();
        assert_eq!(names, ["a", "b", "c", "e"]);
    }

    #[test]
    fn the_features_that_would_bring_an_item_back_are_named() {
        let missing = |text: &str| {
            let item: syn::ItemStruct = syn::parse_str(&format!("{text} struct X;")).unwrap();
            Cfg::new(["on".to_owned()].into()).missing_features(&item.attrs).join(",")
        };
        assert_eq!(missing(r#"#[cfg(feature = "a")]"#), "a");
        assert_eq!(missing(r#"#[cfg(all(feature = "b", any(feature = "a", unix)))] #[cfg(feature = "on")]"#), "a,b");
        assert_eq!(missing("#[cfg(test)]"), "");
        assert_eq!(missing(r#"#[cfg(all(test, feature = "a"))]"#), "");
        assert_eq!(missing(r#"#[cfg(not(feature = "a"))]"#), "");
    }

    #[test]
    fn an_unknown_predicate_is_an_error() {
        let cfg = Cfg::default();
        assert!(cfg.holds(&syn::parse_str("version(\"1.80\")").unwrap()).is_err());
    }
}
