//! Ways to prove who one is.

use dbmigrate::{ColumnType, Table};

use super::types::UnixTime;
use super::users::{User, UserId};

/// The password of a user who has one: others sign in through somebody else.
#[derive(Table)]
#[table(name = "passwords", strict)]
pub struct Password {
    #[column(primary_key, references = User::id, on_delete = cascade)]
    pub user_id: UserId,
    pub hash: String,
    #[column(default_sql = "unixepoch()")]
    pub changed_at: UnixTime,
}

/// Who signs users in for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
#[column_type(check)]
pub enum OauthProvider {
    Github,
    Google,
}

/// A user's account with an [`OauthProvider`].
#[derive(Table)]
#[table(name = "oauth_accounts", primary_key(provider, subject), without_rowid)]
pub struct OauthAccount {
    pub provider: OauthProvider,
    /// What the provider calls the user.
    pub subject: String,
    #[column(references = User::id, on_delete = cascade, index)]
    pub user_id: UserId,
    #[column(default_sql = "unixepoch()")]
    pub linked_at: UnixTime,
}

/// What kind of second step a [`SecondFactor`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
#[column_type(check, rename_all = "kebab-case")]
pub enum FactorKind {
    Totp,
    SmsCode,
}

/// A second step of signing in.
#[derive(Table)]
#[table(name = "second_factors", strict, unique(user_id, kind))]
pub struct SecondFactor {
    #[column(primary_key)]
    pub id: i64,
    #[column(references = User::id, on_delete = cascade)]
    pub user_id: UserId,
    pub kind: FactorKind,
    /// Encrypted with a key that the database does not know.
    pub secret: Vec<u8>,
    /// Not asked for until it was used once.
    pub confirmed_at: Option<UnixTime>,
}

/// A code on paper, for whoever lost the second factor. Each works once.
#[derive(Table)]
#[table(name = "recovery_codes", strict, without_rowid, primary_key(user_id, code_hash))]
pub struct RecoveryCode {
    #[column(references = User::id, on_delete = cascade)]
    pub user_id: UserId,
    pub code_hash: Vec<u8>,
    pub used_at: Option<UnixTime>,
}

/// A WebAuthn credential.
#[derive(Table)]
#[table(name = "passkeys", strict)]
pub struct Passkey {
    #[column(primary_key)]
    pub id: i64,
    #[column(references = User::id, on_delete = cascade, index)]
    pub user_id: UserId,
    #[column(unique)]
    pub credential_id: Vec<u8>,
    pub public_key: Vec<u8>,
    /// Never goes back: one that does is a copy.
    #[column(default = 0)]
    pub sign_count: i64,
    #[column(default = "Passkey")]
    pub label: String,
    #[column(default_sql = "unixepoch()")]
    pub created_at: UnixTime,
    pub last_used_at: Option<UnixTime>,
}
