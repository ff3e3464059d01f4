//! What runs behind the product: keys of machines, files, jobs, mail.

use dbmigrate::{ColumnType, Json, Table};

use super::organizations::{Organization, OrganizationId};
use super::types::{Email, UnixTime};
use super::users::{User, UserId};

/// The id of an [`ApiKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
pub struct ApiKeyId(pub i64);

/// The state of a [`Job`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
#[column_type(check)]
pub enum JobState {
    Queued,
    Running,
    Done,
    Failed,
}

/// How often a job is tried.
pub const MAX_ATTEMPTS: i64 = 5;

/// What a customer's programs sign in with.
#[derive(Table)]
#[table(name = "api_keys", strict)]
pub struct ApiKey {
    #[column(primary_key)]
    pub id: ApiKeyId,
    #[column(references = Organization::id, on_delete = cascade, index)]
    pub organization_id: OrganizationId,
    #[column(references = User::id, on_delete = set_null, index)]
    pub created_by: Option<UserId>,
    pub label: String,
    /// The first characters, to tell keys apart by.
    #[column(check = "length(prefix) = 8")]
    pub prefix: String,
    #[column(unique)]
    pub secret_hash: Vec<u8>,
    #[column(default = "[]", check(scopes_is_array, "json_type(scopes) = 'array'"))]
    pub scopes: Json<Vec<String>>,
    #[column(default_sql = "unixepoch()")]
    pub created_at: UnixTime,
    pub revoked_at: Option<UnixTime>,
}

/// Something in the object storage.
#[derive(Table)]
#[table(name = "files", strict, unique(organization_id, path), check(size_or_link, "(size IS NULL) <> (link IS NULL)"))]
pub struct File {
    #[column(primary_key)]
    pub id: i64,
    #[column(references = Organization::id, on_delete = cascade)]
    pub organization_id: OrganizationId,
    #[column(references = User::id, on_delete = set_null, index)]
    pub uploaded_by: Option<UserId>,
    #[column(collate = nocase)]
    pub path: String,
    #[column(generated = "lower(substr(path, length(rtrim(path, replace(path, '.', ''))) + 1))", index)]
    pub extension: String,
    #[column(check = "size >= 0")]
    pub size: Option<i64>,
    /// Where it is, if not here.
    pub link: Option<String>,
    #[column(check = "length(sha256) = 32")]
    pub sha256: Option<Vec<u8>>,
    #[column(default_sql = "unixepoch()")]
    pub created_at: UnixTime,
}

/// Work for later.
#[derive(Table)]
#[table(
    name = "jobs",
    strict,
    index(queue, priority desc, run_at, name = "jobs_next_idx", where = "state = 'queued'"),
    trigger(
        jobs_give_up,
        after = update,
        update_of(attempts),
        when = "NEW.attempts >= NEW.max_attempts AND NEW.state = 'queued'",
        body = "UPDATE jobs SET state = 'failed' WHERE id = NEW.id;"
    )
)]
pub struct Job {
    #[column(primary_key, autoincrement)]
    pub id: i64,
    #[column(default = "default")]
    pub queue: String,
    pub kind: String,
    #[column(default = "{}", check = "json_valid(payload)")]
    pub payload: Json<()>,
    #[column(default = 0)]
    pub priority: i64,
    #[column(default = "queued")]
    pub state: JobState,
    #[column(default = 0)]
    pub attempts: i64,
    #[column(default = MAX_ATTEMPTS)]
    pub max_attempts: i64,
    #[column(default_sql = "unixepoch()")]
    pub run_at: UnixTime,
    pub last_error: Option<String>,
    /// Jobs with the same key are done once.
    #[column(unique_index(where = "state IN ('queued', 'running')"))]
    pub unique_key: Option<String>,
}

/// A letter that was or will be sent.
#[derive(Table)]
#[table(name = "emails", strict)]
pub struct OutgoingEmail {
    #[column(primary_key)]
    pub id: i64,
    #[column(references = User::id, on_delete = cascade, index)]
    pub user_id: Option<UserId>,
    #[column(name = "to", collate = nocase)]
    pub recipient: Email,
    pub template_name: String,
    /// The language of the letter, if the template has more than one.
    pub locale: Option<String>,
    #[column(default = "{}", check = "json_valid(variables)")]
    pub variables: Json<()>,
    #[column(index(where = "sent_at IS NULL"))]
    pub sent_at: Option<UnixTime>,
}
