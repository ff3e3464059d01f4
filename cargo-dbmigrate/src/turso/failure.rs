//! What can be done about what the platform API says.

use dbmigrate_core::engine::remote::platform::{PlatformError, PlatformErrorKind};

use crate::error::CommandError;
use crate::project::url::{PlatformAccess, new_platform_token};

/// The error with what leads out of it.
pub(crate) fn platform_error(error: &PlatformError, access: &PlatformAccess) -> CommandError {
    let shown = CommandError::failed(error.message.clone());
    let with_token = || shown.clone().note(format!("the platform token comes from {}", access.token_source));
    match error.kind {
        PlatformErrorKind::Unauthorized => with_token().help(new_platform_token()),
        PlatformErrorKind::Forbidden => {
            with_token().help("it needs the rights `read`, `db:create`, `db:delete` and `db:mint-token`")
        }
        PlatformErrorKind::NotFound => with_token().help(match &access.organization {
            Some((_, variable)) => format!("check the organization, which comes from `{variable}`"),
            None => "name the organization: `TURSO_ORG=…`".to_owned(),
        }),
        PlatformErrorKind::Limited => shown.help("wait a while, then run again"),
        PlatformErrorKind::Unavailable => shown.help("check the network, then run again"),
        PlatformErrorKind::Protocol => {
            shown.help("check for a proxy in between; if the API has changed, update cargo-dbmigrate")
        }
        _ => shown,
    }
}
