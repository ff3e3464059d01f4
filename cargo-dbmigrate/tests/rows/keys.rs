//! Writing by keys: what the database assigns, what an upsert changes, and what it leaves alone.

use dbmigrate::{Table, Value};

use crate::database::{all, empty, execute, insert, run, text, value, with};

#[derive(Debug, Clone, PartialEq, Table)]
#[table(name = "users", strict)]
struct User {
    #[column(primary_key)]
    id: i64,
    #[column(unique)]
    email: String,
    name: Option<String>,
    #[column(generated = "lower(email)", stored)]
    email_key: String,
}

fn user(id: i64, email: &str, name: Option<&str>) -> User {
    User { id, email: email.to_owned(), name: name.map(str::to_owned), email_key: email.to_lowercase() }
}

#[test]
fn the_statements_are_plain() {
    assert_eq!(User::PRIMARY_KEY, ["id"]);
    assert_eq!(User::SELECT, "SELECT users.id, users.email, users.name, users.email_key FROM users");
    assert_eq!(User::INSERT, "INSERT INTO users (id, email, name) VALUES (?1, ?2, ?3)");
    assert_eq!(
        User::UPSERT,
        "INSERT INTO users (id, email, name) VALUES (?1, ?2, ?3) \
         ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name"
    );
}

#[test]
fn an_upsert_changes_its_row_and_no_other() {
    let connection = with::<User>();
    for id in 1..=3 {
        insert(&connection, &user(id, &format!("{id}@EXAMPLE.org"), None));
    }
    execute(
        &connection,
        "CREATE TABLE posts (author REFERENCES users (id) ON DELETE CASCADE); INSERT INTO posts VALUES (2)",
    );
    let changed = user(2, "B@example.org", Some("B"));
    assert_eq!(run(&connection, User::UPSERT, changed.params().expect("it can be written")), Ok(1));
    let new = user(4, "d@example.org", None);
    assert_eq!(run(&connection, User::UPSERT, new.params().expect("it can be written")), Ok(1));
    let expected = [user(1, "1@EXAMPLE.org", None), changed, user(3, "3@EXAMPLE.org", None), new];
    assert_eq!(all::<User>(&connection), expected);
    // it is no `REPLACE`, which would delete the row first, and what refers to it
    assert_eq!(value(&connection, "SELECT count(*) FROM posts"), Value::Integer(1));
}

#[test]
fn an_upsert_does_not_take_another_row_for_its_own() {
    let connection = with::<User>();
    insert(&connection, &user(1, "a", None));
    insert(&connection, &user(2, "b", None));
    let same_email = user(3, "a", Some("thief"));
    let refused = run(&connection, User::UPSERT, same_email.params().expect("it can be written"));
    assert!(
        refused.as_ref().is_err_and(|error| error.contains("UNIQUE constraint failed: users.email")),
        "{refused:?}"
    );
    assert_eq!(all::<User>(&connection), [user(1, "a", None), user(2, "b", None)]);
}

#[test]
fn the_database_assigns_the_key_of_a_row_without_one() {
    let connection = with::<User>();
    insert(&connection, &user(41, "a", None));
    let params = user(0, "b", None).params_without_key().expect("the key is the rowid");
    assert_eq!(run(&connection, User::INSERT, params), Ok(1));
    assert_eq!(value(&connection, "SELECT last_insert_rowid()"), Value::Integer(42));
    assert_eq!(all::<User>(&connection)[1], user(42, "b", None));
}

#[test]
fn a_key_that_may_be_null_is_assigned_too_and_never_twice_with_autoincrement() {
    #[derive(Debug, PartialEq, Table)]
    struct Event {
        #[column(primary_key, autoincrement)]
        id: Option<i64>,
    }
    let connection = with::<Event>();
    for _ in 0..2 {
        assert_eq!(run(&connection, Event::UPSERT, Event { id: None }.params().expect("NULL")), Ok(1));
        execute(&connection, "DELETE FROM event WHERE id = 1");
    }
    assert_eq!(all::<Event>(&connection), [Event { id: Some(2) }]);
}

#[test]
fn a_key_that_the_database_does_not_assign_has_to_be_written() {
    #[derive(Debug, PartialEq, Table)]
    struct Text {
        #[column(primary_key)]
        id: String,
    }
    #[derive(Debug, PartialEq, Table)]
    #[table(without_rowid)]
    struct Without {
        #[column(primary_key)]
        id: i64,
    }
    #[derive(Debug, PartialEq, Table)]
    struct Descending {
        #[column(primary_key(desc))]
        id: i64,
    }
    #[derive(Debug, PartialEq, Table)]
    struct Keyless {
        id: i64,
    }
    let message = |table: &str| {
        format!(
            "cannot write `{table}` without a key: its primary key is not a rowid, so the database does not assign \
             one\n\
             help: write the key: `params()`"
        )
    };
    let said = [
        Text { id: String::new() }.params_without_key().map_err(|error| error.to_string()),
        Without { id: 1 }.params_without_key().map_err(|error| error.to_string()),
        Descending { id: 1 }.params_without_key().map_err(|error| error.to_string()),
        Keyless { id: 1 }.params_without_key().map_err(|error| error.to_string()),
    ];
    assert_eq!(said, ["text", "without", "descending", "keyless"].map(|table| Err(message(table))));
}

#[test]
fn keys_of_several_columns_are_in_the_order_of_the_key() {
    #[derive(Debug, PartialEq, Table)]
    #[table(strict, without_rowid, primary_key(tenant collate nocase, number desc))]
    struct Order {
        number: i64,
        total: f64,
        tenant: String,
    }
    assert_eq!(Order::PRIMARY_KEY, ["tenant", "number"]);
    let connection = with::<Order>();
    let order = |tenant: &str, number, total| Order { number, total, tenant: tenant.to_owned() };
    for order in [order("a", 1, 1.0), order("a", 2, 2.0), order("b", 1, 3.0), order("A", 1, 4.0)] {
        assert_eq!(run(&connection, Order::UPSERT, order.params().expect("it can be written")), Ok(1));
    }
    let all = text(
        &connection,
        "SELECT group_concat(tenant || number || ':' || total, ' ') FROM (SELECT * FROM \"order\" ORDER BY 3, 1)",
    );
    assert_eq!(all, "a1:4.0 a2:2.0 b1:3.0");
}

#[test]
fn an_upsert_of_nothing_but_a_key_does_nothing() {
    #[derive(Debug, PartialEq, Table)]
    #[table(primary_key(left, right))]
    struct Pair {
        left: i64,
        right: i64,
        #[column(generated = "\"left\" + \"right\"")]
        sum: i64,
    }
    assert_eq!(
        Pair::UPSERT,
        "INSERT INTO pair (\"left\", \"right\") VALUES (?1, ?2) ON CONFLICT (\"left\", \"right\") DO NOTHING"
    );
    let connection = with::<Pair>();
    let pair = Pair { left: 1, right: 2, sum: 3 };
    for changed in [1, 0] {
        assert_eq!(run(&connection, Pair::UPSERT, pair.params().expect("it can be written")), Ok(changed));
    }
    assert_eq!(all::<Pair>(&connection), [pair]);
}

#[test]
fn a_conflict_clause_of_the_key_does_not_change_what_an_upsert_does() {
    #[derive(Debug, PartialEq, Table)]
    struct Setting {
        #[column(primary_key(on_conflict = replace))]
        name: String,
        value: String,
        #[column(generated = "length(value)")]
        length: i64,
    }
    let connection = with::<Setting>();
    execute(&connection, "CREATE TABLE child (name REFERENCES setting (name) ON DELETE CASCADE)");
    for value in ["a", "bc"] {
        let setting = Setting { name: "n".to_owned(), value: value.to_owned(), length: 0 };
        assert_eq!(run(&connection, Setting::UPSERT, setting.params().expect("it can be written")), Ok(1));
        execute(&connection, "INSERT OR IGNORE INTO child VALUES ('n')");
    }
    assert_eq!(value(&connection, "SELECT count(*) FROM child"), Value::Integer(2));
    assert_eq!(all::<Setting>(&connection), [Setting { name: "n".to_owned(), value: "bc".to_owned(), length: 2 }]);
}

#[test]
fn a_constraint_of_a_type_holds_for_what_is_written() {
    #[derive(Debug, PartialEq, dbmigrate::ColumnType)]
    #[column_type(check = "{} > 0")]
    struct Amount(i64);
    #[derive(Debug, PartialEq, Table)]
    struct Payment {
        amount: Amount,
    }
    let connection = with::<Payment>();
    let refused = run(&connection, Payment::INSERT, Payment { amount: Amount(0) }.params().expect("it is a number"));
    assert!(refused.is_err_and(|error| error.contains("CHECK constraint failed: amount > 0")));
    insert(&connection, &Payment { amount: Amount(1) });
}

#[test]
fn a_table_of_a_module_has_no_upsert_and_all_else() {
    #[derive(Debug, PartialEq, Table)]
    #[table(using = fts5, options("tokenize='porter'"))]
    struct Page {
        title: String,
        #[column(unindexed)]
        r#type: String,
    }
    #[derive(Debug, PartialEq, Table)]
    #[table(using = rtree)]
    struct Area {
        id: i64,
        min_x: f32,
        max_x: f32,
        #[column(auxiliary, type = "TEXT")]
        label: Option<String>,
    }
    let connection = empty();
    execute(&connection, &(Page::CREATE.to_string() + &Area::CREATE.to_string()));
    let page = Page { title: "running".to_owned(), r#type: "a".to_owned() };
    insert(&connection, &page);
    let found = format!("{} WHERE page MATCH 'run' ORDER BY rank", Page::SELECT);
    let found = crate::database::read::<Page>(&connection, &found);
    assert_eq!(found.into_iter().map(|page| page.expect("it can be read")).collect::<Vec<_>>(), [page]);
    let area = Area { id: 3, min_x: -0.5, max_x: 16_777_216.0, label: Some("here".to_owned()) };
    insert(&connection, &area);
    assert_eq!(all::<Area>(&connection), [area]);
    assert_eq!((Page::PRIMARY_KEY.len(), Area::PRIMARY_KEY.len()), (0, 0));
}
