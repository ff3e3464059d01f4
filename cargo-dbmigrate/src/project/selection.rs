//! The flags that say which package, and what of it is compiled.

use std::path::PathBuf;

use clap::Args;

/// The package and what of it is compiled.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Selection {
    /// Package with the structs and migrations
    #[arg(short, long, global = true, value_name = "SPEC", help_heading = "Package Selection")]
    pub package: Option<String>,

    /// Database of the package, [databases.NAME] in dbmigrate.toml, or default
    #[arg(long, global = true, value_name = "NAME", help_heading = "Package Selection")]
    pub database: Option<String>,

    /// Path to Cargo.toml
    #[arg(long, global = true, value_name = "PATH", help_heading = "Manifest Options")]
    pub manifest_path: Option<PathBuf>,

    /// Space or comma separated list of features to activate
    #[arg(short = 'F', long, global = true, value_name = "FEATURES", help_heading = "Feature Selection")]
    pub features: Vec<String>,

    /// Activate all available features
    #[arg(long, global = true, help_heading = "Feature Selection")]
    pub all_features: bool,

    /// Do not activate the `default` feature
    #[arg(long, global = true, help_heading = "Feature Selection")]
    pub no_default_features: bool,
}

impl Selection {
    /// The chosen features one by one.
    pub(crate) fn feature_names(&self) -> impl Iterator<Item = &str> {
        self.features.iter().flat_map(|list| list.split([',', ' ', '\t', '\n'])).filter(|feature| !feature.is_empty())
    }
}
