//! The flags that say which package, and what of it is compiled.

use std::path::PathBuf;

use clap::Args;

/// The package and what of it is compiled.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Package")]
pub(crate) struct Selection {
    /// Package of the workspace
    #[arg(short, long, global = true, value_name = "NAME")]
    pub package: Option<String>,

    /// Path to Cargo.toml
    #[arg(long, global = true, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,

    /// Features to read the structs with, separated by commas or spaces
    #[arg(short = 'F', long, global = true, value_name = "FEATURES")]
    pub features: Vec<String>,

    /// Read the structs with all features
    #[arg(long, global = true)]
    pub all_features: bool,

    /// Read the structs without the feature `default`
    #[arg(long, global = true)]
    pub no_default_features: bool,
}

impl Selection {
    /// The chosen features one by one.
    pub(crate) fn feature_names(&self) -> impl Iterator<Item = &str> {
        self.features.iter().flat_map(|list| list.split([',', ' ', '\t', '\n'])).filter(|feature| !feature.is_empty())
    }
}
