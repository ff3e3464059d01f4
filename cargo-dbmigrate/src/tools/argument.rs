//! `--from TOOL`, `--from TOOL=DIR`, `--from DIR`, or nothing behind it: what is not said is found out.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::about::About;
use super::by_name;
use super::tool::Tool;

/// What stands behind `--from`.
#[derive(Debug, Clone, Default)]
pub(crate) struct From {
    /// The tool.
    pub tool: Option<&'static dyn Tool>,
    /// Its folder.
    pub folder: Option<PathBuf>,
}

impl FromStr for From {
    type Err = Infallible;

    /// The name of a tool is that, also where there is a folder of that name: `./drizzle` is the folder.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        if let Some((name, folder)) = text.split_once('=')
            && let Some(tool) = by_name(name)
        {
            let folder = Some(PathBuf::from(folder)).filter(|folder| !folder.as_os_str().is_empty());
            return Ok(Self { tool: Some(tool), folder });
        }
        let tool = by_name(text);
        let folder = Some(PathBuf::from(text)).filter(|_| tool.is_none() && !text.is_empty());
        Ok(Self { tool, folder })
    }
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = self.folder.as_ref().map(|folder| folder.display().to_string());
        match self.tool {
            Some(tool) => f.write_str(&typed(tool.about(), folder.as_deref())),
            None => f.write_str(&folder.unwrap_or_default()),
        }
    }
}

/// What would be typed for a tool and its folder.
pub(crate) fn typed(about: &About, folder: Option<&str>) -> String {
    match folder {
        Some(folder) if about.folders.first() != Some(&folder) => format!("{}={folder}", about.name),
        _ => about.name.to_owned(),
    }
}
