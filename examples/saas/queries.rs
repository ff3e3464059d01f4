//! What the application asks its database, held against the migrations while it is compiled.

use dbmigrate::sql;

/// Who signs in with an address.
pub const USER_BY_EMAIL: &str = sql!("SELECT id, email, given_name, family_name, locale FROM users WHERE email = ?1");

/// The organizations of a user, with what the user may do there.
pub const ORGANIZATIONS_OF: &str = sql!(
    "SELECT organizations.id, organizations.name, memberships.role
     FROM memberships
     JOIN organizations ON organizations.id = memberships.organization_id
     WHERE memberships.user_id = :user
     ORDER BY organizations.name"
);

/// Invites somebody again, for as long as the first time.
pub const INVITE: &str = sql!(
    "INSERT INTO invitations (organization_id, invited_by, email, role, token_hash)
     VALUES (?1, ?2, ?3, ?4, ?5)
     RETURNING id, expires_at"
);

/// Joins, or changes what somebody who has joined may do.
pub const JOIN: &str = sql!(
    "INSERT INTO memberships (organization_id, user_id, role) VALUES (?1, ?2, ?3)
     ON CONFLICT (organization_id, user_id) DO UPDATE SET role = excluded.role"
);

/// Posts that somebody looks for.
pub const SEARCH: &str = sql!(
    r#"WITH found (id, place) AS (SELECT rowid, rank FROM posts_search WHERE posts_search MATCH ?1)
       SELECT posts.title, "posts"."slug", found.place
       FROM found JOIN posts ON posts.id = found.id
       ORDER BY found.place LIMIT ?2"#
);

/// How active each member has been.
pub const ACTIVITY: &str = sql!(
    "SELECT users.given_name, count(audit_log.id) AS actions, max(audit_log.at) AS latest,
            row_number() OVER (ORDER BY count(audit_log.id) DESC) AS place
     FROM users LEFT JOIN audit_log ON audit_log.user_id = users.id
     GROUP BY users.id HAVING users.last_seen_at IS NOT NULL"
);

/// Signs out everywhere.
pub const SIGN_OUT: &str = sql!("DELETE FROM sessions WHERE user_id = ?1");

/// The start of the list of organizations, a page at a time.
pub const PAGE: &str =
    sql!(concat!("SELECT id, slug, name FROM organizations ", "WHERE slug > ? ORDER BY slug LIMIT ", 50));

/// All of it.
pub const ALL: [&str; 8] = [USER_BY_EMAIL, ORGANIZATIONS_OF, INVITE, JOIN, SEARCH, ACTIVITY, SIGN_OUT, PAGE];
