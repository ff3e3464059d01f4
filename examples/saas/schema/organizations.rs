//! Organizations and who is in them.

use dbmigrate::{ColumnType, Table};

use super::types::{Email, UnixTime};
use super::users::{User, UserId};

/// The id of a [`Organization`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
pub struct OrganizationId(pub i64);

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
#[column_type(check)]
pub enum Role {
    Owner,
    Admin,
    Member,
    /// Sees bills and nothing else.
    Accountant,
}

/// The customer: what is paid for and what owns all content.
#[derive(Table)]
#[table(name = "organizations")]
pub struct Organization {
    #[column(primary_key)]
    pub id: OrganizationId,
    #[column(unique, collate = nocase)]
    pub slug: String,
    pub name: String,
    pub billing_email: Option<Email>,
    #[column(default_sql = "unixepoch()")]
    pub created_at: UnixTime,
}

/// A user in an organization.
#[derive(Table)]
#[table(
    name = "memberships",
    without_rowid,
    primary_key(organization_id, user_id),
    trigger(
        memberships_log_role,
        after = update,
        update_of(role),
        when = "OLD.role <> NEW.role",
        body = "INSERT INTO audit_log (organization_id, user_id, action, detail)
                VALUES (NEW.organization_id, NEW.user_id, 'membership.role',
                        json_object('subject', NEW.user_id, 'from', OLD.role, 'to', NEW.role));"
    )
)]
pub struct Membership {
    #[column(references = Organization::id, on_delete = cascade)]
    pub organization_id: OrganizationId,
    #[column(references = User::id, on_delete = cascade, index)]
    pub user_id: UserId,
    #[column(default = "member")]
    pub role: Role,
    #[column(default_sql = "unixepoch()")]
    pub joined_at: UnixTime,
}

/// A letter that asks somebody to join.
#[derive(Table)]
#[table(
    name = "invitations",
    index(organization_id),
    unique_index(organization_id, "lower(email)", where = "accepted_at IS NULL")
)]
pub struct Invitation {
    #[column(primary_key)]
    pub id: i64,
    #[column(references = Organization::id, on_delete = cascade)]
    pub organization_id: OrganizationId,
    #[column(references = User::id, on_delete = cascade, index)]
    pub invited_by: UserId,
    #[column(collate = nocase)]
    pub email: Email,
    #[column(default = "member")]
    pub role: Role,
    #[column(unique)]
    pub token_hash: Vec<u8>,
    pub accepted_at: Option<UnixTime>,
    #[column(default_sql = "unixepoch() + 604800")]
    pub expires_at: UnixTime,
}
