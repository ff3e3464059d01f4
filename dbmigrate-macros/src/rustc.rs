//! What a derive can know about other items, which is only how they are spelled. Consts and references in the expansion
//! leave everything else to rustc.

use dbmigrate_core::declare::rust_types::{TypeNames, column_type, spelled_full_path};
use dbmigrate_core::declare::{ColumnType, DeclareError, Resolve};
use dbmigrate_core::sql::Name;

/// Resolves the types of std by their spelling, and leaves the rest to rustc.
pub(crate) struct Rustc;

impl TypeNames for Rustc {
    fn full_path(&self, path: &syn::Path) -> Option<String> {
        spelled_full_path(path)
    }

    fn own_type(&self, _: &syn::Type) -> Result<Option<ColumnType>, DeclareError> {
        Ok(None)
    }
}

impl Resolve for Rustc {
    fn column_type(&self, ty: &syn::Type) -> Result<Option<ColumnType>, DeclareError> {
        column_type(ty, self)
    }

    fn reference(&self, _: &syn::Path) -> Result<Option<(Name, Name)>, DeclareError> {
        Ok(None)
    }

    fn constant(&self, _: &syn::Path) -> Result<Option<syn::Lit>, DeclareError> {
        Ok(None)
    }
}
