//! The flags that say how to speak.

use clap::{Args, ValueEnum};

/// How to speak.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Output {
    /// Coloring
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub color: Color,

    /// Print only results, warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Use verbose output
    #[arg(short, long, global = true)]
    pub verbose: bool,

    /// Output format
    #[arg(long, global = true, value_enum, value_name = "FMT", default_value_t)]
    pub message_format: MessageFormat,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless the environment says otherwise (`NO_COLOR`, `CLICOLOR_FORCE`).
    #[default]
    #[value(help = None)]
    Auto,
    /// Always.
    #[value(help = None)]
    Always,
    /// Never.
    #[value(help = None)]
    Never,
}

/// The format of what is said on the standard output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum MessageFormat {
    /// Text.
    #[default]
    #[value(help = None)]
    Human,
    /// One JSON object per line, with a `reason`.
    #[value(help = None)]
    Json,
    /// Text, with annotations and a job summary for a workflow of GitHub.
    #[value(help = None)]
    Github,
}
