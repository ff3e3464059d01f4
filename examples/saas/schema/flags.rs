//! What is switched on for whom, and what people want to hear of.

use dbmigrate::{ColumnType, Table};

use super::organizations::{Organization, OrganizationId};
use super::types::UnixTime;
use super::users::{User, UserId};

/// The name of a [`FeatureFlag`].
#[derive(Debug, Clone, PartialEq, Eq, ColumnType)]
#[column_type(check = "{} GLOB '[a-z]*' AND {} NOT GLOB '*[^a-z0-9_]*'")]
pub struct FlagName(pub String);

/// A switch.
#[derive(Table)]
#[table(name = "feature_flags", strict, without_rowid)]
pub struct FeatureFlag {
    #[column(primary_key)]
    pub name: FlagName,
    pub description: String,
    #[column(default = false)]
    pub is_on: bool,
    /// On for this share of all organizations.
    #[column(default = 0.0, check = "share BETWEEN 0 AND 1")]
    pub share: f64,
    #[column(default_sql = "unixepoch()")]
    pub created_at: UnixTime,
}

/// A switch in another position for one organization.
#[derive(Table)]
#[table(name = "feature_overrides", strict, without_rowid, primary_key(flag, organization_id))]
pub struct FeatureOverride {
    #[column(references = FeatureFlag::name, on_delete = cascade, on_update = cascade)]
    pub flag: FlagName,
    #[column(references = Organization::id, on_delete = cascade, index)]
    pub organization_id: OrganizationId,
    pub is_on: bool,
}

/// How a user hears of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
#[column_type(check)]
pub enum Channel {
    Email,
    Push,
    None,
}

/// What a user wants to hear of. No row: the default of the product.
#[derive(Table)]
#[table(name = "notification_settings", strict, without_rowid, primary_key(user_id, topic))]
pub struct NotificationSetting {
    #[column(references = User::id, on_delete = cascade)]
    pub user_id: UserId,
    pub topic: String,
    #[column(default = "email")]
    pub channel: Channel,
}
