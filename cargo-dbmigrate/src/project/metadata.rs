//! `cargo metadata`, asked for what is in the manifests alone.

use cargo_metadata::{Error, Metadata, MetadataCommand};

/// Where there is nothing. Only OpenSSL looks there, and on Windows nobody does.
const NO_CERTIFICATES: &str = "/dev/null";

/// What cargo says of the workspace of `command`, without its dependencies.
///
/// Three quarters of the time of such a run are what libgit2 takes to read all certificates of the system when it is
/// initialized, which is done although nothing of this is asked of a network. So cargo is told that there are none. If
/// it fails, be it that a proxy of cargo has to fetch a toolchain first, it is run again as it is.
///
/// # Errors
/// If cargo cannot be run, or says so.
pub(crate) fn metadata(command: &mut MetadataCommand) -> Result<Metadata, Error> {
    command.no_deps();
    let plain = command.clone();
    command.env("SSL_CERT_FILE", NO_CERTIFICATES).exec().or_else(|_| plain.exec())
}
