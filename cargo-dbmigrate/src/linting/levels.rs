//! The levels of lints: what `[lints]` and the flags `-A`, `-W` and `-D` say.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use dbmigrate_core::config::Rules;
use dbmigrate_core::lint::{Group, Level, Levels, RULES, RuleRef};
use dbmigrate_core::shell::shell_flag;

use crate::error::Result;
use crate::project::Context;
use crate::project::config::{FILE_NAME, unknown_lint};

/// The flags, in the order in which they were typed: of two about one lint, the later one counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct LintLevels {
    typed: Vec<(Level, String)>,
}

/// The flags and what their help says.
const FLAGS: [(Level, char, &str); 3] = [
    (Level::Allow, 'A', "Say nothing of a lint, by its name or its group"),
    (Level::Warn, 'W', "Warn of what a lint finds"),
    (Level::Deny, 'D', "Fail if a lint finds something"),
];

impl Args for LintLevels {
    fn augment_args(command: Command) -> Command {
        FLAGS.into_iter().fold(command, |command, (level, short, help)| {
            let flag = Arg::new(level.word()).short(short).long(level.word()).value_name("LINT").help(help);
            command.arg(flag.action(ArgAction::Append).help_heading("Lints"))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for LintLevels {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        let mut typed: Vec<(usize, Level, String)> = Vec::new();
        for (level, ..) in FLAGS {
            let names = matches.get_many::<String>(level.word()).into_iter().flatten().cloned();
            let places = matches.indices_of(level.word()).into_iter().flatten();
            typed.extend(places.zip(names).map(|(at, name)| (at, level, name)));
        }
        typed.sort_by_key(|(at, ..)| *at);
        Ok(Self { typed: typed.into_iter().map(|(_, level, name)| (level, name)).collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl LintLevels {
    /// The first of the flags, as it is typed.
    pub(crate) fn first(&self) -> Option<String> {
        self.typed.first().map(|(level, _)| format!("--{level}"))
    }

    /// Adds the flags to a command line.
    pub(crate) fn push_to(&self, line: &mut String) {
        for (level, name) in &self.typed {
            // writing to a string cannot fail
            let _ = write!(line, " {}", shell_flag(&format!("--{level}"), name));
        }
    }
}

/// The levels of a run, and who has set them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Set {
    pub(crate) levels: Levels,
    /// What the project wants of its schema.
    pub(crate) rules: Rules,
    /// The folder of the configuration.
    pub(crate) root: PathBuf,
    /// How each of them is written where it was set.
    said: Vec<String>,
}

impl Set {
    /// What `[lints]` says, and then the flags.
    ///
    /// # Errors
    /// Exit code 2 for a flag that names no lint.
    pub(crate) fn of(context: &Context, flags: &LintLevels) -> Result<Self> {
        let rules = &context.config.rules;
        let levels = Levels::of_project(rules);
        let root = context.package.root.clone();
        let mut all = Self { levels, rules: rules.clone(), root, said: Vec::new() };
        // in a table there is no order: what is said of one lint is meant for it, whatever is said of its group
        let (configured, own) = (&context.config.lints, context.config.own_table());
        let groups = configured.iter().filter(|set| Levels::is_group(&set.name));
        let rules = configured.iter().filter(|set| !Levels::is_group(&set.name));
        for set in groups.chain(rules) {
            let of_own = own.filter(|own| own.lints.iter().any(|one| one == set));
            let table = of_own.map(|own| format!("of `[databases.{}]` ", own.name)).unwrap_or_default();
            all.set(&set.name, set.level, format!("{} = \"{}\"` {table}in `{FILE_NAME}", set.name, set.level))?;
        }
        for (level, name) in &flags.typed {
            all.set(&name.replace('-', "_"), *level, format!("--{level} {name}"))?;
        }
        Ok(all)
    }

    fn set(&mut self, name: &str, level: Level, said: String) -> Result<()> {
        if !self.levels.set(name, level) {
            return Err(unknown_lint(name, &self.rules));
        }
        self.said.push(said);
        Ok(())
    }

    /// The same without the rules of a group whose levels nobody has set.
    pub(crate) fn without(&self, group: Group) -> Self {
        let mut fewer = self.clone();
        for rule in RULES.iter().filter(|rule| rule.group == group && !self.levels.is_set(**rule)) {
            // each rule has its name
            let _ = fewer.levels.set(rule.name, Level::Allow);
        }
        fewer
    }

    /// Who has set the level of a rule, as it is written there; `None` for the level that it has anyway.
    pub(crate) fn reason(&self, rule: impl Into<RuleRef>) -> Option<&str> {
        let (_, at) = self.levels.decided(rule);
        self.said.get(at?).map(String::as_str)
    }
}
