//! Who did what.

use dbmigrate::{Json, Table};

use super::operations::{ApiKey, ApiKeyId};
use super::organizations::OrganizationId;
use super::types::UnixTime;
use super::users::UserId;

/// A thing that somebody did. Written once, never changed: two triggers see to it.
#[derive(Table)]
#[table(
    name = "audit_log",
    strict,
    index(organization_id, at desc),
    index("json_extract(detail, '$.subject')", name = "audit_log_subject_idx"),
    check(somebody, "user_id IS NULL OR api_key_id IS NULL"),
    trigger(
        audit_log_is_not_changed,
        before = update,
        body = "SELECT RAISE(ABORT, 'the audit log is not changed');"
    ),
    trigger(
        audit_log_is_kept_for_a_year,
        before = delete,
        when = "OLD.at > unixepoch() - 31536000",
        body = "SELECT RAISE(ABORT, 'the audit log is kept for a year');"
    )
)]
pub struct AuditEntry {
    #[column(primary_key, autoincrement)]
    pub id: i64,
    /// No foreign key: entries outlive what they are about.
    pub organization_id: OrganizationId,
    pub user_id: Option<UserId>,
    #[column(references = ApiKey::id, on_delete = no_action, deferrable = initially_deferred)]
    pub api_key_id: Option<ApiKeyId>,
    pub action: String,
    #[column(default = "{}", check = "json_valid(detail)")]
    pub detail: Json<()>,
    #[column(default_sql = "unixepoch()")]
    pub at: UnixTime,
}
