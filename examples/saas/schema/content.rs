//! What organizations publish.

use dbmigrate::{ColumnType, Table, View};

use super::organizations::{Organization, OrganizationId};
use super::types::UnixTime;
use super::users::{User, UserId};

/// The id of a [`Post`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
pub struct PostId(pub i64);

/// The id of a [`Tag`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
pub struct TagId(pub i64);

/// Where a post is on its way to its readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
#[column_type(check)]
pub enum PostState {
    Draft,
    Published,
    Archived,
}

/// An article.
#[derive(Table)]
#[table(
    name = "posts",
    index(organization_id, created_at desc),
    unique_index(organization_id, slug),
    trigger(
        posts_search_insert,
        after = insert,
        body = "INSERT INTO posts_search (rowid, title, body) VALUES (NEW.id, NEW.title, NEW.body);"
    ),
    trigger(
        posts_search_delete,
        after = delete,
        body = "INSERT INTO posts_search (posts_search, rowid, title, body)
                VALUES ('delete', OLD.id, OLD.title, OLD.body);"
    ),
    trigger(
        posts_search_update,
        after = update,
        update_of(id, title, body),
        body = "INSERT INTO posts_search (posts_search, rowid, title, body)
                VALUES ('delete', OLD.id, OLD.title, OLD.body);
                INSERT INTO posts_search (rowid, title, body) VALUES (NEW.id, NEW.title, NEW.body);"
    )
)]
pub struct Post {
    #[column(primary_key)]
    pub id: PostId,
    #[column(references = Organization::id, on_delete = cascade)]
    pub organization_id: OrganizationId,
    #[column(references = User::id, index)]
    pub author_id: UserId,
    /// Its address below the organization's.
    pub slug: String,
    pub title: String,
    #[column(default = "")]
    pub body: String,
    #[column(default = "draft")]
    pub state: PostState,
    #[column(default_sql = "unixepoch()")]
    pub created_at: UnixTime,
    #[column(check(published_has_a_time, "state <> 'published' OR published_at IS NOT NULL"))]
    pub published_at: Option<UnixTime>,
}

/// The words of all posts, kept in step by the triggers of [`Post`].
#[derive(Table)]
#[table(
    name = "posts_search",
    using = fts5,
    options("content='posts'", "content_rowid='id'", "tokenize='porter unicode61'")
)]
pub struct PostSearch {
    pub title: String,
    pub body: String,
}

/// A word that posts are found by.
#[derive(Table)]
#[table(name = "tags", unique(organization_id, name))]
pub struct Tag {
    #[column(primary_key)]
    pub id: TagId,
    #[column(references = Organization::id, on_delete = cascade)]
    pub organization_id: OrganizationId,
    #[column(collate = nocase)]
    pub name: String,
}

/// A tag on a post.
#[derive(Table)]
#[table(name = "post_tags", primary_key(post_id, tag_id), without_rowid)]
pub struct PostTag {
    #[column(references = Post::id, on_delete = cascade)]
    pub post_id: PostId,
    #[column(references = Tag::id, on_delete = cascade, index)]
    pub tag_id: TagId,
}

/// What a reader says to a post.
#[derive(Table)]
#[table(name = "comments")]
pub struct Comment {
    #[column(primary_key)]
    pub id: i64,
    #[column(references = Post::id, on_delete = cascade, index)]
    pub post_id: PostId,
    /// Nobody, once the account is deleted.
    #[column(references = User::id, on_delete = set_null, index)]
    pub author_id: Option<UserId>,
    pub body: String,
    #[column(default_sql = "unixepoch()")]
    pub created_at: UnixTime,
}

/// What the public site shows.
#[derive(View)]
#[view(
    name = "published_posts",
    query = "SELECT posts.id, posts.organization_id, posts.slug, posts.title, posts.body, posts.published_at,
                    trim(users.given_name || ' ' || coalesce(users.family_name, '')) AS author
             FROM posts JOIN users ON users.id = posts.author_id
             WHERE posts.state = 'published'"
)]
pub struct PublishedPost {
    pub id: PostId,
    pub organization_id: OrganizationId,
    pub slug: String,
    pub title: String,
    pub body: String,
    pub published_at: Option<UnixTime>,
    pub author: String,
}
