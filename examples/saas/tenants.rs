//! The databases of the organizations: a file each, which is made from a template and migrated when it is opened.
//!
//! `cargo run --example saas --features libsql,migrate tasks ada@example.com` asks both kinds of databases.

use std::path::{Path, PathBuf};

use dbmigrate::{Migrations, Table as _, column};
use libsql::{Builder, Connection};

use crate::schema::users::{User, UserId};
use crate::tenant::tasks::Task;

/// The migrations of the default database.
const CONTROL: Migrations = dbmigrate::embed_migrations!();

/// Those of the database that each organization has.
const TENANT: Migrations = dbmigrate::embed_migrations!("tenant");

/// What can go wrong.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Where the databases of organizations are.
#[derive(Debug, Clone)]
pub struct Tenants {
    /// The folder, which `fleet` of `[targets.tenants]` in `dbmigrate.toml` names as well.
    folder: PathBuf,
    /// What `cargo dbmigrate template build --database tenant` makes, if somebody has.
    template: PathBuf,
}

/// What somebody has to do, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    pub organization: String,
    pub task: String,
}

impl Tenants {
    /// Those of a package.
    pub fn of(package: &Path) -> Self {
        Self { folder: package.join("tenants"), template: package.join("template-tenant.db") }
    }

    /// Makes an organization in the default database, and the database that it has to itself.
    ///
    /// # Errors
    /// If there is one of that name, or a database cannot be written.
    pub async fn create(&self, control: &Connection, slug: &str, name: &str) -> Result<Connection, Error> {
        let file = self.file(slug)?;
        control.execute("INSERT INTO organizations (slug, name) VALUES (?1, ?2)", [slug, name]).await?;
        if self.template.exists() {
            std::fs::create_dir_all(&self.folder)?;
            TENANT.create_from(&self.template, &file).await?;
        }
        self.open(slug).await
    }

    /// The database of an organization, with all migrations. One that was not made, because the process died in between,
    /// is made now.
    ///
    /// # Errors
    /// If it cannot be opened or migrated.
    pub async fn open(&self, slug: &str) -> Result<Connection, Error> {
        let file = self.file(slug)?;
        std::fs::create_dir_all(&self.folder)?;
        let database = Builder::new_local(file).build().await?;
        TENANT.ready(&database).await?;
        let connection = database.connect()?;
        connection.execute("PRAGMA foreign_keys = ON", ()).await?;
        Ok(connection)
    }

    /// What a user has to do, in all organizations that the user is in.
    ///
    /// # Errors
    /// If there is no such user, or a database cannot be read.
    pub async fn assigned_to(&self, control: &Connection, email: &str) -> Result<Vec<Assigned>, Error> {
        let user = format!("SELECT {} FROM {} WHERE {} = ?1", column!(User::id), User::NAME, column!(User::email));
        let row = control.query(&user, [email]).await?.next().await?;
        let user = UserId(row.ok_or_else(|| format!("there is no user `{email}`"))?.get(0)?);
        let organizations = "SELECT slug FROM organizations JOIN memberships ON organization_id = organizations.id
                             WHERE user_id = ?1 ORDER BY slug";
        let mut organizations = control.query(organizations, [user.0]).await?;
        let open =
            format!("{} WHERE {} = ?1 AND state <> 'done' ORDER BY id", Task::SELECT, column!(Task::assignee_id));
        let mut all = Vec::new();
        while let Some(row) = organizations.next().await? {
            let organization: String = row.get(0)?;
            let mut tasks = self.open(&organization).await?.query(&open, [user.0]).await?;
            while let Some(row) = tasks.next().await? {
                let task = Task::from_row(&row).map_err(libsql::Error::from)?;
                all.push(Assigned { organization: organization.clone(), task: task.title });
            }
        }
        Ok(all)
    }

    /// The file of an organization. The name of one can be anything, also what leads out of the folder.
    fn file(&self, slug: &str) -> Result<PathBuf, Error> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        match (1..=40).contains(&slug.len()) && slug.bytes().all(is_plain) {
            true => Ok(self.folder.join(format!("{slug}.db"))),
            false => Err(format!("`{slug}` cannot be the name of a database").into()),
        }
    }
}

/// The default database, with all migrations.
///
/// # Errors
/// If it cannot be opened or migrated.
pub async fn control(file: &Path) -> Result<Connection, Error> {
    let database = Builder::new_local(file).build().await?;
    CONTROL.ready(&database).await?;
    Ok(database.connect()?)
}

#[cfg(all(test, feature = "test"))]
mod tests {
    use super::*;

    async fn texts(connection: &Connection, query: &str) -> Vec<String> {
        let mut rows = connection.query(query, ()).await.expect("it is a query");
        let mut all = Vec::new();
        while let Some(row) = rows.next().await.expect("it answers") {
            all.push(row.get::<String>(0).expect("it is a text"));
        }
        all
    }

    #[dbmigrate::test(database = "tenant", seed = "full")]
    async fn the_progress_of_projects_is_counted(connection: Connection) {
        let progress = "SELECT name || ' ' || done || '/' || tasks FROM project_progress ORDER BY name";
        assert_eq!(texts(&connection, progress).await, ["A new office 0/1", "Analytical engine 1/2"]);
        connection.execute("DELETE FROM projects WHERE name LIKE 'Analytical%'", ()).await.expect("it can be deleted");
        assert_eq!(texts(&connection, "SELECT title FROM tasks").await, ["Find a room"]);
    }

    #[dbmigrate::test(seed = "full")]
    async fn tasks_of_all_organizations_are_found(control: Connection) {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let tenants = Tenants::of(folder.path());
        let new = tenants.create(&control, "globex", "Globex").await.expect("there is none of that name");
        assert_eq!(texts(&new, "SELECT title FROM tasks").await, [""; 0]);
        assert!(tenants.create(&control, "globex", "Globex").await.is_err());
        assert!(tenants.create(&control, "../globex", "Globex").await.is_err());
        let is_of = "INSERT INTO memberships (organization_id, user_id)
                     SELECT organizations.id, users.id FROM organizations, users
                     WHERE slug = 'globex' AND email = 'ada@example.com'";
        control.execute(is_of, ()).await.expect("both are there");
        let ada = control.query("SELECT id FROM users WHERE email = 'ada@example.com'", ()).await.expect("a query");
        let ada: i64 = { ada }.next().await.expect("it answers").expect("she is there").get(0).expect("a number");
        // that of `acme` is made when it is opened
        for (organization, title) in [("acme", "Draw the mill"), ("globex", "Write a program")] {
            let tenant = tenants.open(organization).await.expect("it can be opened");
            let rows = format!(
                "INSERT INTO projects (id, name) VALUES (1, 'Engine');
                 INSERT INTO tasks (project_id, title, assignee_id) VALUES (1, '{title}', {ada});
                 INSERT INTO tasks (project_id, title, assignee_id, state) VALUES (1, 'Think', {ada}, 'done');"
            );
            tenant.execute_batch(&rows).await.expect("the tables are there");
        }
        let found = tenants.assigned_to(&control, "ada@example.com").await.expect("she is there");
        let found: Vec<(&str, &str)> = found.iter().map(|one| (&*one.organization, &*one.task)).collect();
        assert_eq!(found, [("acme", "Draw the mill"), ("globex", "Write a program")]);
        assert!(tenants.assigned_to(&control, "nobody@example.com").await.is_err());
    }

    dbmigrate::migration_test! {
        fn a_task_that_was_due_never_is_due_never;
        database "tenant";
        rows "INSERT INTO projects (id, name) VALUES (1, 'Engine');
              INSERT INTO tasks (project_id, title) VALUES (1, 'Draw the mill')";
        apply "0002_task_comments";
        expect "SELECT title, due_at FROM tasks" => "Draw the mill|NULL";
    }
}
