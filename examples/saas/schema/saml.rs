//! Single sign-on for customers with an identity provider of their own.

use dbmigrate::{ColumnType, Table};

use super::organizations::{Organization, OrganizationId};
use super::types::UnixTime;
use super::users::{User, UserId};

/// The id of a [`SamlConnection`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
pub struct SamlConnectionId(pub i64);

/// How an organization's identity provider is reached and trusted.
#[derive(Table)]
#[table(name = "saml_connections", strict)]
pub struct SamlConnection {
    #[column(primary_key)]
    pub id: SamlConnectionId,
    #[column(unique, references = Organization::id, on_delete = cascade)]
    pub organization_id: OrganizationId,
    #[column(unique)]
    pub entity_id: String,
    #[column(check = "sign_on_url LIKE 'https://%'")]
    pub sign_on_url: String,
    pub certificate: Vec<u8>,
    #[column(default = false)]
    pub is_enforced: bool,
}

/// A user as the identity provider knows them.
#[derive(Table)]
#[expect(clippy::struct_field_names, reason = "a name ID is what SAML calls it")]
#[table(name = "saml_identities", strict, without_rowid, primary_key(connection_id, name_id))]
pub struct SamlIdentity {
    #[column(references = SamlConnection::id, on_delete = cascade)]
    pub connection_id: SamlConnectionId,
    pub name_id: String,
    #[column(references = User::id, on_delete = cascade, index)]
    pub user_id: UserId,
}

/// A domain that an organization has shown to be its own: who has a mail address there belongs to it.
#[derive(Table)]
#[table(name = "domains", strict)]
pub struct Domain {
    #[column(primary_key, type = "TEXT", collate = nocase)]
    pub name: String,
    #[column(references = Organization::id, on_delete = cascade, index)]
    pub organization_id: OrganizationId,
    /// What is looked for in the domain's TXT records.
    #[column(default_sql = "lower(hex(randomblob(16)))")]
    pub challenge: String,
    #[column(index(where = "verified_at IS NULL"))]
    pub verified_at: Option<UnixTime>,
}
