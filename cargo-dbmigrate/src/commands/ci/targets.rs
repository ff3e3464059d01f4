//! The databases of a pipeline: which secrets each takes, and what the shell does with those that are not set.

use std::fmt::Write as _;

use dbmigrate_core::engine::remote::RemoteUrl;
use dbmigrate_core::shell::shell_quoted;

use crate::project::Context;
use crate::project::picked::known;

/// A database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// Its name.
    pub name: String,
    /// The variable with its URL, if no file has that.
    pub url: Option<String>,
    /// The variables with its token, and the key that it is encrypted with.
    pub secrets: Vec<String>,
    /// Whether it is left out if its variables are not set.
    pub is_optional: bool,
    /// The folder of its migrations, as a word of a shell, if the package has several.
    pub migrations: Option<String>,
}

/// What stands behind the name of a secret with a token that can only read.
const READ_ONLY: &str = "_READ_ONLY";

/// The targets of a database of the package that a pipeline can get at: files are on somebody's disk. `migrations` is the
/// folder, if the package has several.
pub(super) fn of(context: &Context, migrations: Option<&str>) -> Vec<Target> {
    let known = known(&context.config).into_iter();
    let elsewhere = known.filter(|target| target.fleet.is_none() && target.url.as_deref().is_none_or(is_server));
    let text = |name: Option<&str>| name.map(str::to_owned);
    let target = |target: dbmigrate_core::config::Target| Target {
        url: text(target.url_variable()),
        secrets: text(target.token_variable()).into_iter().chain(text(target.encryption_key_env.as_deref())).collect(),
        is_optional: target.is_optional(),
        name: target.name,
        migrations: text(migrations),
    };
    elsewhere.map(target).collect()
}

/// A further database of the package that no target is of: by its own variables, and left out where they are not set.
pub(super) fn untargeted(context: &Context) -> Option<Target> {
    let config = &context.config;
    let name = config.database_name().filter(|_| config.targets.is_empty())?;
    let url = match config.url.as_deref() {
        Some(url) if !is_server(url) => return None,
        Some(_) => None,
        None => Some(config.url_variable().to_owned()),
    };
    let token = if url.is_some() { Some(config.token_variable()) } else { config.token_env.as_deref() };
    Some(Target {
        name: name.to_owned(),
        url,
        secrets: token.map(str::to_owned).into_iter().collect(),
        is_optional: true,
        migrations: None,
    })
}

fn is_server(url: &str) -> bool {
    RemoteUrl::is_remote(url.trim())
}

impl Target {
    /// The variables that it needs.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.url.iter().chain(&self.secrets).map(String::as_str)
    }

    /// As an argument, behind a space.
    pub(super) fn argument(&self) -> String {
        format!(" -t {}", shell_quoted(&self.name))
    }
}

/// The shell that migrates the databases without a target whose secrets are set, and says which are left out. `command` is
/// what does it, `notice` how something is said.
pub(super) fn migrate_untargeted(untargeted: &[Target], command: &str, notice: &str) -> String {
    let mut lines = String::new();
    for target in untargeted {
        let set: Vec<String> = target.variables().map(|name| format!("[ -n \"${{{name}:-}}\" ]")).collect();
        let run = format!("{command} --database {}", shell_quoted(&target.name));
        if set.is_empty() {
            let _ = writeln!(lines, "{run}");
            continue;
        }
        let names = target.variables().collect::<Vec<_>>().join(" and ");
        let text = format!("the database {} is skipped: {names} must be set for it", target.name);
        let _ = writeln!(lines, "if {}; then\n  {run}\nelse\n  echo \"{notice}{text}\"\nfi", set.join(" && "));
    }
    lines
}

/// The variables of databases, each once.
fn variables<'t>(targets: impl IntoIterator<Item = &'t Target>) -> Vec<&'t str> {
    let mut all: Vec<&str> = Vec::new();
    for name in targets.into_iter().flat_map(Target::variables) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// The secrets of GitHub as `env:`; with `read_only`, the tokens are those that can only read.
pub(super) fn github_env(targets: &[Target], read_only: bool) -> String {
    let is_token = |name: &str| targets.iter().any(|target| target.secrets.first().is_some_and(|token| token == name));
    let mut lines = String::new();
    for name in variables(targets) {
        let end = if read_only && is_token(name) { READ_ONLY } else { "" };
        // writing to a string cannot fail
        let _ = writeln!(lines, "{name}: ${{{{ secrets.{name}{end} }}}}");
    }
    lines
}

/// The shell that names those databases as arguments whose secrets are set.
pub(super) fn readable(targets: &[Target]) -> String {
    let mut lines = unset_blank(&variables(targets));
    for target in targets {
        let set: Vec<String> = target.variables().map(|name| format!("[ -n \"${{{name}:-}}\" ]")).collect();
        let name = shell_quoted(&target.name);
        if set.is_empty() {
            let _ = writeln!(lines, "set -- \"$@\" -t {name}");
        } else {
            let _ = writeln!(lines, "if {}; then set -- \"$@\" -t {name}; fi", set.join(" && "));
        }
    }
    lines
}

/// The shell that unsets what is blank: a secret that is not set is an empty variable.
fn unset_blank(names: &[&str]) -> String {
    if names.is_empty() {
        return String::new();
    }
    format!(
        "# a secret that is not set is an empty variable\nfor name in {}; do\n  [ -n \"$(printenv \"$name\")\" ] || unset \
         \"$name\"\ndone\n",
        names.join(" ")
    )
}

/// The shell that complains of the secret `$name` if it is not set.
pub(super) const MISSING: &str = "\
if [ -z \"$(printenv \"$name\")\" ]; then
  echo \"::error title=DB Migrate::the secret $name is not set: add it under Settings > Secrets and variables > Actions > Secrets\"
  missing=1
fi
";

/// The shell that complains of every secret that must be set, and is not.
pub(super) fn required(targets: &[Target]) -> String {
    let names = variables(targets.iter().filter(|target| !target.is_optional));
    if names.is_empty() {
        return String::new();
    }
    let body: Vec<String> = MISSING.lines().map(|line| format!("  {line}")).collect();
    format!("for name in {}; do\n{}\ndone\n", names.join(" "), body.join("\n"))
}

/// The branches of a `case` that set the arguments to the names of the secrets of a database.
pub(super) fn cases(targets: &[Target]) -> String {
    let mut lines = String::new();
    for target in targets {
        let names: Vec<&str> = std::iter::once("--").chain(target.variables()).collect();
        let folder = target.migrations.as_ref().map(|folder| format!(" migrations={folder}")).unwrap_or_default();
        let end = if folder.is_empty() { "" } else { ";" };
        let _ = writeln!(lines, "{}) set {}{end}{folder} ;;", shell_quoted(&target.name), names.join(" "));
    }
    lines
}

/// The same for a shell that needs the folder of the migrations only; nothing where the package has one.
pub(super) fn folders(targets: &[Target]) -> String {
    let mut lines = String::new();
    for target in targets {
        if let Some(folder) = &target.migrations {
            let _ = writeln!(lines, "  {}) migrations={folder} ;;", shell_quoted(&target.name));
        }
    }
    if lines.is_empty() {
        return lines;
    }
    format!("case \"$TARGET\" in\n{lines}  *) echo \"no such target\" >&2; exit 2 ;;\nesac\n")
}
