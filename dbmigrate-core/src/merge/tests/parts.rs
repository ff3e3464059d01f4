//! What both sides change, add and drop, part by part.

use super::*;

#[test]
fn the_same_change_on_both_sides_is_no_conflict() {
    for same in [
        PEOPLE,
        HANDLE,
        replaces(&[("age INT CHECK (age > 0)", "age INT")]),
        replaces(&[("email TEXT", "email TEXT NOT NULL DEFAULT '' COLLATE NOCASE, bio TEXT")]),
        replaces(&[("CREATE VIEW names AS SELECT id, nick FROM users;", "")]),
        adds(
            "CREATE TABLE tags (id INTEGER PRIMARY KEY); CREATE INDEX users_age ON users (age); CREATE VIEW v AS SELECT 1 AS a;",
        ),
    ] {
        let merged = case(same, same).merged(&[]);
        assert_eq!(merged.schema.canonical(), same.to(BASE).canonical());
        assert!(merged.renames.is_empty() && merged.across.is_empty());
    }
}

#[test]
fn a_change_of_one_side_is_taken_whatever_the_other_does_elsewhere() {
    let ours = Does {
        replaces: &[
            ("email TEXT", "email TEXT NOT NULL"),
            ("title TEXT", "title TEXT, body TEXT"),
            ("users_email ON users (email)", "users_email ON users (email, age)"),
        ],
        adds: "CREATE INDEX posts_title ON posts (title);",
        renames: &[],
    };
    let theirs = Does {
        replaces: &[
            ("email TEXT", "email TEXT DEFAULT 'x' COLLATE NOCASE"),
            ("title TEXT", "title TEXT, stars INT UNIQUE"),
            ("age INT CHECK (age > 0)", "age INT CHECK (age > 0) CHECK (age < 200)"),
            ("SELECT id, nick FROM users", "SELECT id, email FROM users"),
        ],
        adds: "",
        renames: &[],
    };
    leads_to(
        &case(ours, theirs).merged(&[]),
        "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT, email TEXT NOT NULL DEFAULT 'x' COLLATE NOCASE, age INT CHECK (age > 0) CHECK (age < 200));
        CREATE TABLE posts (id INTEGER PRIMARY KEY, author INT REFERENCES users, title TEXT, body TEXT, stars INT UNIQUE);
        CREATE INDEX users_email ON users (email, age);
        CREATE INDEX posts_title ON posts (title);
        CREATE VIEW names AS SELECT id, email FROM users;
        CREATE TRIGGER mark AFTER UPDATE OF nick ON users BEGIN UPDATE posts SET title = NEW.nick WHERE author = NEW.id; END;",
    );
}

#[test]
fn what_is_changed_here_and_dropped_there_is_asked() {
    let dropped = replaces(&[
        ("nick TEXT, ", ""),
        ("CREATE VIEW names AS SELECT id, nick FROM users;", ""),
        (
            "AFTER UPDATE OF nick ON users BEGIN UPDATE posts SET title = NEW.nick",
            "AFTER UPDATE ON users BEGIN UPDATE posts SET title = 'x'",
        ),
    ]);
    let changed = replaces(&[("nick TEXT", "nick TEXT NOT NULL DEFAULT 'x'")]);
    let both = case(changed, dropped);
    insta::assert_snapshot!(both.conflict(), @r"
    column `users.nick` is changed on one side and dropped on the other
      ours changes column `users.nick` from `TEXT` to `TEXT NOT NULL DEFAULT 'x'`
      theirs drops column `users.nick`
      to have it again, without the values that it had: --take ours:users.nick
      to drop it, with what needs it: --take theirs:users.nick
    ");
    assert!(
        both.merged(&["theirs:users.nick"])
            .schema
            .table(&"users".into())
            .is_some_and(|table| table.column(&"nick".into()).is_none())
    );
    assert!(
        both.merged(&["ours:users"])
            .schema
            .table(&"users".into())
            .is_some_and(|table| table.column(&"nick".into()).is_some())
    );
    // a rename is a change
    let renamed = case(HANDLE, dropped);
    assert!(
        renamed.conflicts().iter().any(|one| one.object == "users.nick" && one.kind == ConflictKind::ChangedAndDropped)
    );
    // what nobody has changed goes
    let nothing = case(Does::default(), dropped).merged(&[]);
    assert_eq!(nothing.schema.canonical(), dropped.to(BASE).canonical());
}

#[test]
fn a_table_that_is_changed_here_and_dropped_there_is_asked() {
    let dropped = replaces(&[
        ("CREATE TABLE posts (id INTEGER PRIMARY KEY, author INT REFERENCES users, title TEXT);", ""),
        ("BEGIN UPDATE posts SET title = NEW.nick WHERE author = NEW.id; END;", "BEGIN SELECT 1; END;"),
    ]);
    let changed = replaces(&[("title TEXT", "title TEXT, body TEXT")]);
    insta::assert_snapshot!(case(changed, dropped).conflict(), @r"
    table `posts` is changed on one side and dropped on the other
      ours changes `posts`: `+ column posts.body TEXT`
      theirs drops table `posts`
      to have it again, without the values that it had: --take ours:posts
      to drop it, and what needs it: --take theirs:posts
    ");
    assert!(case(changed, dropped).merged(&["theirs:posts"]).schema.table(&"posts".into()).is_none());
    assert!(case(changed, dropped).merged(&["ours:posts"]).schema.table(&"posts".into()).is_some());
    // nobody has changed it, and somebody needs it now
    let needs = adds("CREATE TABLE likes (post INT REFERENCES posts, who INT);");
    insta::assert_snapshot!(case(needs, dropped).conflict(), @r"
    table `posts` is needed on one side and dropped on the other
      ours creates table `likes` with a foreign key to `posts`
      theirs drops table `posts`
      to have it again, without the values that it had: --take ours:posts
      to drop it, and what needs it: --take theirs:posts
    ");
    let without = case(needs, dropped).merged(&["theirs:posts"]);
    assert!(without.schema.table(&"likes".into()).is_some_and(|table| table.foreign_keys.is_empty()));
    let with = case(needs, dropped).merged(&["ours:posts"]);
    assert!(with.schema.problems().is_empty() && with.schema.table(&"posts".into()).is_some());
}

#[test]
fn what_is_made_over_what_the_other_drops_is_asked() {
    let dropped = replaces(&[("email TEXT, ", ""), ("CREATE INDEX users_email ON users (email);", "")]);
    for (text, object) in [
        ("CREATE INDEX more ON users (email, age);", "index `more`"),
        ("CREATE VIEW mails AS SELECT email FROM users;", "view `mails`"),
        ("CREATE TRIGGER t AFTER INSERT ON users BEGIN DELETE FROM posts WHERE title = NEW.email; END;", "trigger `t`"),
    ] {
        let case = case(adds(text), dropped);
        let conflict = case.conflict();
        assert!(conflict.contains("column `users.email` is needed") && conflict.contains(object), "{conflict}");
        assert_eq!(case.merged(&["theirs:users.email"]).schema.canonical(), dropped.to(BASE).canonical());
        // the index that went with the column comes back with it
        let back = case.merged(&["ours:users.email"]);
        assert_eq!(back.schema.canonical(), adds(text).to(BASE).canonical());
    }
    let unique = replaces(&[("email TEXT", "email TEXT UNIQUE CHECK (email <> '')")]);
    assert!(case(unique, dropped).conflicts()[0].to_string().contains("users.email"));
}

#[test]
fn the_same_column_twice_is_asked_only_where_it_differs() {
    let text = replaces(&[("email TEXT", "email TEXT, bio TEXT")]);
    let number = replaces(&[("email TEXT", "email TEXT, bio INT NOT NULL DEFAULT 0")]);
    insta::assert_snapshot!(case(text, number).conflict(), @r"
    column `users.bio` is added on both sides, differently
      ours adds it as `TEXT`
      theirs adds it as `INT NOT NULL DEFAULT 0`
      to take what this branch has: --take ours:users.bio
      to take what the other has: --take theirs:users.bio
      to give what this branch has another name: --rename users.bio=NAME
    ");
    assert_eq!(case(text, number).merged(&["ours:users.bio"]).schema.canonical(), text.to(BASE).canonical());
    let apart = case(text, number).merged(&["users.bio=about"]);
    assert!(apart.schema.table(&"users".into()).is_some_and(|table| table.columns.len() == 6));
}

#[test]
fn the_same_table_twice_is_asked_only_where_it_differs() {
    let one = adds("CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT);");
    let two = adds("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT); CREATE INDEX tags_label ON tags (label);");
    insta::assert_snapshot!(case(one, two).conflict(), @r"
    table `tags` is added on both sides, differently
      ours creates it: `CREATE TABLE tags ( id INTEGER PRIMARY KEY, name TEXT )`
      theirs creates it: `CREATE TABLE tags ( id INTEGER PRIMARY KEY, label TEXT )`
      to take what this branch has: --take ours:tags
      to take what the other has: --take theirs:tags
      to give what this branch has another name: --rename tags=NAME
    ");
    assert_eq!(case(one, two).merged(&["theirs:tags"]).schema.canonical(), two.to(BASE).canonical());
    let apart = case(one, two).merged(&["tags=labels"]);
    assert!(apart.schema.table(&"labels".into()).is_some() && apart.schema.table(&"tags".into()).is_some());
    // the same with what the other side renames
    let refers = adds("CREATE TABLE tags (id INTEGER PRIMARY KEY, owner INT REFERENCES users);");
    let also = Does { adds: "CREATE TABLE tags (id INTEGER PRIMARY KEY, owner INT REFERENCES people);", ..PEOPLE };
    assert!(case(refers, also).once(false, &[]).is_ok());
}

#[test]
fn the_same_part_changed_differently_is_asked() {
    for (was, one, two, object) in [
        ("email TEXT", "email INT", "email BLOB", "column `users.email`"),
        ("email TEXT", "email TEXT DEFAULT 'a'", "email TEXT DEFAULT 'b'", "column `users.email`"),
        ("email TEXT", "email TEXT COLLATE NOCASE", "email TEXT COLLATE RTRIM", "column `users.email`"),
        ("CHECK (age > 0)", "CHECK (age > 1)", "CHECK (age > 2)", "a check of `users`"),
        ("CHECK (age > 0)", "CHECK (age > 1)", "", "a check of `users`"),
        (
            "REFERENCES users",
            "REFERENCES users ON DELETE CASCADE",
            "REFERENCES users ON DELETE SET NULL",
            "a foreign key of `posts`",
        ),
        (
            "users_email ON users (email)",
            "users_email ON users (email, id)",
            "users_email ON users (age)",
            "index `users_email`",
        ),
        (
            "CREATE INDEX users_email ON users (email);",
            "CREATE INDEX users_email ON users (age);",
            "",
            "index `users_email`",
        ),
        ("SELECT id, nick FROM users", "SELECT id FROM users", "SELECT nick FROM users", "view `names`"),
        (
            "CREATE VIEW names AS SELECT id, nick FROM users;",
            "CREATE VIEW names AS SELECT id FROM users;",
            "",
            "view `names`",
        ),
        ("SET title = NEW.nick", "SET title = 'a'", "SET title = 'b'", "trigger `mark`"),
        (
            "id INTEGER PRIMARY KEY, author INT REFERENCES users, title TEXT",
            "id INTEGER, author INT PRIMARY KEY REFERENCES users, title TEXT",
            "id INTEGER, author INT REFERENCES users, title TEXT, PRIMARY KEY (id, author)",
            "table `posts`",
        ),
    ] {
        let (first, second) = ([(was, one)], [(was, two)]);
        let case = case(replaces(&first), replaces(&second));
        let conflict = case.conflict();
        assert!(conflict.starts_with(object), "{conflict}");
        let flag = conflict.lines().find_map(|line| line.split("--take ").nth(1)).expect("an answer");
        let taken = case.merged(&[flag]);
        assert_eq!(taken.schema.canonical(), replaces(&first).to(BASE).canonical(), "{conflict}");
    }
}

#[test]
fn the_same_index_view_or_trigger_twice_is_asked_only_where_it_differs() {
    for (one, two, noun) in [
        ("CREATE INDEX i ON users (age);", "CREATE INDEX i ON users (nick);", "index"),
        ("CREATE VIEW i AS SELECT 1 AS a;", "CREATE VIEW i AS SELECT 2 AS a;", "view"),
        (
            "CREATE TRIGGER i AFTER DELETE ON posts BEGIN SELECT 1; END;",
            "CREATE TRIGGER i AFTER INSERT ON posts BEGIN SELECT 1; END;",
            "trigger",
        ),
        ("CREATE VIRTUAL TABLE i USING fts5(a);", "CREATE VIRTUAL TABLE i USING fts5(b);", "virtual table"),
    ] {
        let case = case(adds(one), adds(two));
        let conflict = case.conflict();
        assert!(conflict.starts_with(&format!("{noun} `i` is added on both sides, differently")), "{conflict}");
        assert_eq!(case.merged(&["theirs:i"]).schema.canonical(), adds(two).to(BASE).canonical());
        let apart = case.merged(&["i=j"]);
        assert!(apart.schema.object_names().filter(|name| **name == *"i" || **name == *"j").count() == 2, "{apart:?}");
    }
    // of different tables
    let other = case(adds("CREATE INDEX i ON users (age);"), adds("CREATE INDEX i ON posts (title);"));
    assert_eq!(other.conflicts()[0].kind, ConflictKind::SameName);
    assert!(
        other.merged(&["i=j"]).schema.table(&"users".into()).is_some_and(|table| table.indexes.contains(&"j".into()))
    );
}

#[test]
fn a_view_over_a_view_that_the_other_drops_is_asked() {
    let dropped = replaces(&[("CREATE VIEW names AS SELECT id, nick FROM users;", "")]);
    let over = adds("CREATE VIEW upper AS SELECT upper(nick) AS nick FROM names;");
    insta::assert_snapshot!(case(over, dropped).conflict(), @r"
    view `names` is needed on one side and dropped on the other
      ours creates view `upper`
      theirs drops view `names`
      to take what this branch has: --take ours:names
      to take what the other has: --take theirs:names
    ");
    assert!(case(over, dropped).merged(&["theirs:names"]).schema.views.is_empty());
    assert_eq!(case(over, dropped).merged(&["ours:names"]).schema.views.len(), 2);
}

#[test]
fn what_no_database_accepts_of_both_is_asked() {
    let strict = replaces(&[("title TEXT);", "title TEXT) STRICT;"), ("author INT", "author INT")]);
    let odd = replaces(&[("title TEXT", "title TEXT, stars DECIMAL(3,1)")]);
    let conflict = case(strict, odd).conflict();
    assert!(conflict.starts_with("table `posts` cannot have what both sides make of it"), "{conflict}");
    assert_eq!(case(strict, odd).merged(&["ours:posts"]).schema.canonical(), strict.to(BASE).canonical());
}

#[test]
fn generated_columns_that_would_need_each_other_are_a_conflict() {
    let ours = replaces(&[("age INT CHECK (age > 0)", "age INT AS (length(email))")]);
    let theirs = replaces(&[("email TEXT", "email TEXT AS ('x' || age)")]);
    let conflicts = case(ours, theirs).conflicts();
    assert_eq!((conflicts[0].kind, &conflicts[0].object[..]), (ConflictKind::Impossible, "users"), "{conflicts:?}");
    assert!(conflicts[0].ours.contains("need each other: `email`, `age`"), "{conflicts:?}");
    // a function that is called like a column is none
    let theirs = replaces(&[("email TEXT", "length TEXT, email TEXT")]);
    case(ours, theirs).merged(&[]);
}
