//! Where the files of modules are looked for.

use std::path::{Path, PathBuf};

/// Where the modules declared in a file or an inline module are looked for.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    pub(super) path: PathBuf,
    /// The name of a `foo.rs`, whose modules lie in `foo/`, while its `#[path]`s start beside it.
    pub(super) stem: Option<String>,
}

impl Directory {
    /// That of a file whose modules lie beside it: a crate root, a `mod.rs`, a file that `#[path]` names.
    pub(super) fn beside(file: &Path) -> Self {
        Self { path: file.parent().unwrap_or(Path::new("")).to_owned(), stem: None }
    }

    pub(super) fn for_modules(&self) -> PathBuf {
        self.stem.as_ref().map_or_else(|| self.path.clone(), |stem| self.path.join(stem))
    }

    /// That of an inline module.
    pub(super) fn inline(&self, name: &str, attributed: Option<&str>) -> Self {
        let path = match attributed {
            Some(attributed) => self.path.join(attributed),
            None => self.for_modules().join(name),
        };
        Self { path, stem: None }
    }
}
