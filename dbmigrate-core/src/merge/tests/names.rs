//! Renames of one side and of both, and what they meet on the other.

use super::*;

#[test]
fn a_rename_here_and_a_change_there_are_both_done() {
    let adds = Does {
        replaces: &[("email TEXT", "email TEXT NOT NULL DEFAULT '', bio TEXT")],
        adds: "CREATE TABLE tags (id INTEGER PRIMARY KEY, owner INT REFERENCES users (id));
            CREATE VIEW authors AS SELECT u.nick, p.title FROM users u JOIN posts p ON p.author = u.id;
            CREATE INDEX users_lower ON users (lower(nick)) WHERE users.nick <> '';
            CREATE TRIGGER gone AFTER DELETE ON posts BEGIN DELETE FROM users WHERE nick = OLD.title; END;",
        renames: &[],
    };
    let both = Does {
        replaces: &[("users", "people"), ("nick", "handle")],
        adds: "",
        renames: &["users=people", "people.nick=handle"],
    };
    let merged = case(adds, both).merged(&[]);
    leads_to(
        &merged,
        "CREATE TABLE people (id INTEGER PRIMARY KEY, handle TEXT, email TEXT NOT NULL DEFAULT '', bio TEXT, age INT CHECK (age > 0));
        CREATE TABLE posts (id INTEGER PRIMARY KEY, author INT REFERENCES people, title TEXT);
        CREATE INDEX people_email ON people (email);
        CREATE VIEW names AS SELECT id, handle FROM people;
        CREATE TRIGGER mark AFTER UPDATE OF handle ON people BEGIN UPDATE posts SET title = NEW.handle WHERE author = NEW.id; END;
        CREATE TABLE tags (id INTEGER PRIMARY KEY, owner INT REFERENCES people (id));
        CREATE VIEW authors AS SELECT u.handle AS nick, p.title FROM people u JOIN posts p ON p.author = u.id;
        CREATE INDEX users_lower ON people (lower(handle)) WHERE people.handle <> '';
        CREATE TRIGGER gone AFTER DELETE ON posts BEGIN DELETE FROM people WHERE handle = OLD.title; END;",
    );
    assert!(merged.renames.is_empty(), "theirs has them already: {:?}", merged.renames);
    assert_eq!(merged.across, both.renames());
}

#[test]
fn new_columns_stand_behind_the_ones_that_they_stood_behind() {
    let ours = replaces(&[("nick TEXT, email TEXT", "nick TEXT, one TEXT, email TEXT")]);
    let theirs = replaces(&[("nick TEXT, email TEXT", "email TEXT, nick TEXT, two TEXT")]);
    let order = |merged: &Merged| {
        let columns = merged.schema.table(&"users".into()).map(|table| table.columns.clone()).unwrap_or_default();
        columns.iter().map(|column| column.name.to_string()).collect::<Vec<_>>().join(" ")
    };
    let case = case(ours, theirs);
    assert_eq!(order(&case.merged(&[])), "id email nick two one age");
    assert_eq!(order(&case.once(true, &[]).expect("it merges")), "id email nick two one age");
}

#[test]
fn renames_of_both_sides() {
    // to the same name, to different ones
    let members = Does { replaces: &[("users", "members")], adds: "", renames: &["users=members"] };
    let both = case(PEOPLE, members);
    let conflicts = both.conflicts();
    assert_eq!(conflicts[0].kind, ConflictKind::RenamedDifferently);
    insta::assert_snapshot!(said(&conflicts[..1]), @r"
    table `users` is renamed to different names
      ours renames table `users` to `people`
      theirs renames table `users` to `members`
      to call it `people`: --take ours:users
      to call it `members`: --take theirs:users
    ");
    assert!(both.merged(&["ours:users"]).schema.table(&"people".into()).is_some());
    let merged = both.merged(&["theirs:users"]);
    assert!(merged.renames.is_empty() && merged.schema.table(&"members".into()).is_some());
    let third = both.merged(&["people=persons"]);
    assert_eq!(third.renames.tables, [("members".into(), "persons".into())]);
    let name = Does { replaces: &[("nick", "name")], adds: "", renames: &["users.nick=name"] };
    insta::assert_snapshot!(said(&case(HANDLE, name).conflicts()[..1]), @r"
    column `users.nick` is renamed to different names
      ours renames column `users.nick` to `handle`
      theirs renames column `users.nick` to `name`
      to call it `handle`: --take ours:users.nick
      to call it `name`: --take theirs:users.nick
    ");
    assert_eq!(case(HANDLE, name).merged(&["ours:users.nick", "ours:names"]).renames.columns.len(), 1);
}

#[test]
fn a_rename_against_a_new_object_of_that_name_is_asked() {
    let new = adds("CREATE TABLE people (id INTEGER PRIMARY KEY);");
    let both = case(PEOPLE, new);
    insta::assert_snapshot!(both.conflict(), @r"
    table `people` would be the name of two different objects
      ours renames table `users` to `people`
      theirs creates table `people`
      to give what this branch has another name: --rename people=NAME
      to leave `users` as the other calls it: --take theirs:users
    ");
    let renamed = both.merged(&["people=persons"]);
    assert!(["people", "persons"].iter().all(|name| renamed.schema.table(&(*name).into()).is_some()));
    let undone = both.merged(&["theirs:users"]);
    assert!(["people", "users"].iter().all(|name| undone.schema.table(&(*name).into()).is_some()));
    let column = replaces(&[("email TEXT", "email TEXT, handle INT")]);
    insta::assert_snapshot!(case(HANDLE, column).conflict(), @r"
    column `users.handle` would be the name of two different objects
      ours renames column `users.nick` to `handle`
      theirs adds column `users.handle`
      to give what this branch has another name: --rename users.handle=NAME
      to leave `nick` as the other calls it: --take theirs:users.nick
    ");
    let renamed = case(HANDLE, column).merged(&["users.handle=alias"]);
    assert_eq!(renamed.renames.columns, [("users".into(), "nick".into(), "alias".into())]);
    // a view, an index
    for text in ["CREATE VIEW people AS SELECT 1 AS a;", "CREATE INDEX people ON posts (title);"] {
        let conflicts = case(PEOPLE, adds(text)).conflicts();
        assert_eq!(conflicts[0].kind, ConflictKind::SameName, "{}", said(&conflicts));
    }
}

#[test]
fn chains_and_cycles_of_renames_merge_with_changes() {
    let base = "CREATE TABLE a (x TEXT, y TEXT); CREATE TABLE b (k INT); CREATE VIEW v AS SELECT x, y FROM a;";
    let swap = Does {
        replaces: &[
            ("a (x TEXT, y TEXT)", "_b (y TEXT, x TEXT)"),
            ("TABLE b (k", "TABLE a (k"),
            ("_b", "b"),
            ("x, y FROM a", "y AS x, x AS y FROM b"),
        ],
        adds: "",
        renames: &["a=b", "b=a", "b.x=y", "b.y=x"],
    };
    let change = Does {
        replaces: &[("y TEXT", "y TEXT DEFAULT 'y'"), ("k INT", "k INT NOT NULL")],
        adds: "CREATE INDEX i ON a (x);",
        renames: &[],
    };
    let both = Case { base, ours: change, theirs: swap };
    let merged = both.merged(&[]);
    leads_to(
        &merged,
        "CREATE TABLE b (y TEXT, x TEXT DEFAULT 'y'); CREATE TABLE a (k INT NOT NULL); CREATE INDEX i ON b (y); CREATE VIEW v AS SELECT y AS x, x AS y FROM b;",
    );
    assert!(merged.renames.is_empty());
    assert_eq!(merged.across.tables.len() + merged.across.columns.len(), 4);
    // both the same cycle
    let same = Case { base, ours: swap, theirs: swap }.merged(&[]);
    assert!(same.renames.is_empty() && same.across.is_empty());
    // a chain here, its end there
    let chain = Does {
        replaces: &[("TABLE b", "TABLE c"), ("TABLE a", "TABLE b"), ("FROM a", "FROM b")],
        adds: "",
        renames: &["b=c", "a=b"],
    };
    let other = Does { replaces: &[("TABLE b", "TABLE d")], adds: "", renames: &["b=d"] };
    let conflicts = Case { base, ours: chain, theirs: other }.conflicts();
    assert_eq!((conflicts.len(), conflicts[0].object.as_str()), (1, "b"), "{}", said(&conflicts));
}

#[test]
fn what_reads_what_the_other_renames_follows_or_is_asked() {
    let renames = Does {
        replaces: &[("title TEXT", "heading TEXT"), ("SET title", "SET heading")],
        adds: "",
        renames: &["posts.title=heading"],
    };
    let unclear = adds("CREATE VIEW v AS SELECT title FROM (SELECT title AS title FROM posts);");
    insta::assert_snapshot!(case(unclear, renames).conflict(), @r"
    view `v` reads what the other side renames
      ours creates view `v`, which reads `posts.title`
      theirs renames `posts.title`
      to take what this branch has: --take ours:v
      to take what the other has: --take theirs:v
    ");
    assert!(case(unclear, renames).merged(&["theirs:v"]).schema.views.get(&"v".into()).is_none());
    let index = adds("CREATE VIRTUAL TABLE search USING fts5(title, content='posts');");
    assert!(case(index, renames).conflict().starts_with("virtual table `search` reads what the other side renames"));
    let clear = adds(
        "CREATE TRIGGER t BEFORE UPDATE OF title ON posts WHEN NEW.title <> OLD.title BEGIN SELECT NEW.title; END;",
    );
    let merged = case(clear, renames).merged(&[]);
    let trigger = merged.schema.triggers.get(&"t".into()).expect("it is there");
    assert_eq!(trigger.when.as_ref().map(crate::sql::Expr::as_str), Some("NEW.heading <> OLD.heading"));
}

#[test]
fn different_columns_or_tables_that_get_the_same_name_are_asked() {
    let base = "CREATE TABLE t (a INT, b INT); CREATE TABLE u (c INT);";
    let column = |was: &'static str, rename: &'static [&'static str]| (was, rename);
    let (one, two) = (column("a INT", &["t.a=x"]), column("b INT", &["t.b=x"]));
    let (first, second) = ([(one.0, "x INT")], [(two.0, "x INT")]);
    let ours = Does { replaces: &first, adds: "", renames: one.1 };
    let theirs = Does { replaces: &second, adds: "", renames: two.1 };
    let both = Case { base, ours, theirs };
    assert_eq!(
        both.conflict(),
        "column `t.x` would be the name of two different objects\n  ours renames column `t.a` to `x`\n  \
         theirs renames column `t.b` to `x`\n  to give what this branch has another name: --rename t.x=NAME\n  \
         to leave `a` as the other calls it: --take theirs:t.a\n  \
         to leave `b` as the other calls it: --take ours:t.b"
    );
    assert_eq!(both.merged(&["theirs:t.a"]).schema.canonical(), theirs.to(base).canonical());
    assert!(both.merged(&["t.x=y"]).schema.table(&"t".into()).is_some_and(|table| table.column(&"y".into()).is_some()));
    let ours = Does { replaces: &[("TABLE t", "TABLE x")], adds: "", renames: &["t=x"] };
    let theirs = Does { replaces: &[("TABLE u", "TABLE x")], adds: "", renames: &["u=x"] };
    let both = Case { base, ours, theirs };
    assert_eq!(both.conflicts()[0].kind, ConflictKind::SameName);
    assert!(both.merged(&["ours:u"]).schema.table(&"u".into()).is_some());
}

#[test]
fn a_name_that_a_dropped_table_leaves_is_free_for_another() {
    let base = "CREATE TABLE a (x INT); CREATE TABLE b (y INT, z INT); CREATE INDEX i ON b (z);";
    let moved = Does {
        replaces: &[
            ("TABLE a (x", "TABLE gone (x"),
            ("TABLE b (y", "TABLE a (y"),
            ("ON b", "ON a"),
            ("CREATE TABLE gone (x INT);", ""),
        ],
        adds: "",
        renames: &["b=a"],
    };
    let adds = Does { replaces: &[("z INT", "z INT, more TEXT")], adds: "", renames: &[] };
    let merged = Case { base, ours: moved, theirs: adds }.merged(&[]);
    leads_to(&merged, "CREATE TABLE a (y INT, z INT, more TEXT); CREATE INDEX i ON a (z);");
    assert_eq!(merged.renames.tables, [("b".into(), "a".into())]);
}

#[test]
fn an_index_that_is_called_like_its_renamed_table_is_not_in_the_way_of_a_drop() {
    let dropped = replaces(&[("email TEXT, ", ""), ("CREATE INDEX users_email ON users (email);", "")]);
    let merged = case(dropped, PEOPLE).merged(&[]);
    let table = merged.schema.table(&"people".into()).expect("it is there");
    assert!(table.indexes.is_empty() && table.column(&"email".into()).is_none());
}
