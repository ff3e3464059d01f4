//! `completions`: what a shell reads to complete the arguments, for `cargo dbmigrate` and `cargo-dbmigrate`. The scripts
//! only ask this program, so that they know what is in the package.

use clap::{Args, ValueEnum};

use crate::exit;
use crate::messages;
use crate::report::Printer;

/// The arguments.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
To install them:
  bash        Add to ~/.bashrc:
              source <(cargo-dbmigrate completions bash)
  zsh         Add to ~/.zshrc, below compinit:
              source <(cargo-dbmigrate completions zsh)
  fish        cargo-dbmigrate completions fish \\
                > ~/.config/fish/completions/cargo-dbmigrate.fish
  powershell  Add to $PROFILE:
              cargo-dbmigrate completions powershell | Out-String |
                Invoke-Expression
  elvish      Add to ~/.config/elvish/rc.elv:
              eval (cargo-dbmigrate completions elvish | slurp)")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// A shell that can be told how arguments are completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    #[value(help = None)]
    Bash,
    #[value(help = None)]
    Zsh,
    #[value(help = None)]
    Fish,
    #[value(help = None, alias = "pwsh")]
    Powershell,
    #[value(help = None)]
    Elvish,
}

impl Shell {
    /// What it reads.
    fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("bash.sh"),
            Self::Zsh => include_str!("zsh.zsh"),
            Self::Fish => include_str!("fish.fish"),
            Self::Powershell => include_str!("powershell.ps1"),
            Self::Elvish => include_str!("elvish.elv"),
        }
    }
}

/// Prints the script and returns the exit code.
pub(crate) fn run(printer: &Printer, arguments: &Completions) -> u8 {
    let script = arguments.shell.script();
    printer.result(script.trim_end());
    printer.message(|| messages::Completions { script: script.to_owned() });
    exit::DONE
}
