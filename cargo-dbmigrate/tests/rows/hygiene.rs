//! What the derives expand to means the same wherever it stands, and says nothing under any lint.

use crate::database::{all, insert, with};

/// No prelude, and the names of the prelude for something else.
mod without_prelude {
    #![no_implicit_prelude]
    // of this one a part is allowed where a path to a struct has no lifetimes
    #![deny(rust_2018_idioms)]
    #![forbid(
        warnings,
        deprecated,
        missing_docs,
        unreachable_pub,
        unused,
        single_use_lifetimes,
        unused_lifetimes,
        unused_qualifications,
        trivial_casts,
        variant_size_differences,
        clippy::all,
        clippy::pedantic,
        clippy::nursery
    )]

    #[derive(::std::fmt::Debug, ::std::cmp::PartialEq, ::dbmigrate::ColumnType)]
    pub(super) struct Result(pub(super) i64);

    #[derive(::std::fmt::Debug, ::std::cmp::PartialEq, ::dbmigrate::ColumnType)]
    #[column_type(check)]
    pub(super) enum Some {
        Ok,
        #[column_type(rename = "Err")]
        #[deprecated]
        Err,
        None,
    }

    #[derive(::std::fmt::Debug, ::std::cmp::PartialEq, ::dbmigrate::ColumnType)]
    #[column_type(integer)]
    pub(super) enum Only {
        Self_ = -3,
    }

    #[derive(::std::fmt::Debug, ::std::cmp::PartialEq, ::dbmigrate::ColumnType)]
    pub(super) struct Vec<T: ::dbmigrate::ColumnType> {
        pub(super) value: T,
    }

    #[derive(::std::fmt::Debug, ::std::cmp::PartialEq, ::dbmigrate::Table)]
    pub(super) struct String {
        #[column(primary_key)]
        pub(super) dbmigrate: i64,
        #[column(references = Self::dbmigrate)]
        pub(super) row: ::std::option::Option<i64>,
        pub(super) result: Result,
        pub(super) some: ::std::option::Option<Some>,
        pub(super) only: Only,
        pub(super) vec: Vec<Result>,
        #[column(generated = "result")]
        pub(super) value: Result,
    }

    #[derive(::std::fmt::Debug, ::std::cmp::PartialEq, ::dbmigrate::Table)]
    #[table(name = "options")]
    pub(super) struct Option<'value> {
        pub(super) core: ::std::borrow::Cow<'value, str>,
        pub(super) r#match: ::std::primitive::bool,
    }

    #[derive(::std::fmt::Debug, ::dbmigrate::Table)]
    pub(super) struct Table<'a, 'b: 'a>
    where
        'b: 'static,
    {
        pub(super) left: &'a str,
        pub(super) right: ::std::option::Option<&'b [u8]>,
    }

    pub(super) const CORE: ::dbmigrate::ColumnName<Option<'_>, ::std::borrow::Cow<'_, str>> =
        ::dbmigrate::column!(Option<'_>::core);
    pub(super) const VIEWED: ::dbmigrate::ColumnName<View, ::std::string::String> = ::dbmigrate::column!(View::core);

    #[derive(::std::fmt::Debug, ::std::cmp::PartialEq, ::dbmigrate::View)]
    #[view(query = "SELECT core FROM options")]
    pub(super) struct View {
        pub(super) core: ::std::string::String,
    }
}

/// Everything by another path.
mod by_another_path {
    #![allow(dead_code, unreachable_pub)]

    mod facade {
        pub(super) use dbmigrate as renamed;
    }

    #[derive(Debug, PartialEq, dbmigrate::ColumnType)]
    #[column_type(crate = self::facade::renamed)]
    pub(super) enum State {
        On,
        Off,
    }

    #[derive(Debug, PartialEq, dbmigrate::Table)]
    #[table(crate = self::facade::renamed)]
    pub(super) struct Switch {
        pub(super) state: State,
    }
}

/// Types that cannot be read or written are errors only where somebody reads or writes: other crates may have turned the
/// feature on.
mod of_other_types {
    #![allow(dead_code, unreachable_pub)]

    use std::net::IpAddr;

    use dbmigrate::{ColumnType, Table, View};

    /// Private, in a field of what is public.
    struct Private;

    #[derive(ColumnType)]
    #[column_type(type = "TEXT")]
    pub struct Address(IpAddr);

    #[derive(ColumnType)]
    #[column_type(type = "TEXT")]
    pub struct Several(i64, Private);

    #[derive(ColumnType)]
    #[column_type(type = "TEXT")]
    pub enum Either {
        Left(i64),
        Right,
    }

    #[derive(Table)]
    pub struct Host {
        #[column(type = "TEXT")]
        address: Option<IpAddr>,
        #[column(type = "TEXT")]
        private: Private,
        own: Address,
        several: Several,
        either: Option<Either>,
    }

    #[derive(View)]
    #[view(query = "SELECT address FROM host")]
    struct Addresses<'a> {
        #[column(type = "TEXT")]
        address: &'a IpAddr,
    }
}

/// What a user may have called the same. Their own functions come first.
mod with_functions_of_the_same_names {
    use dbmigrate::Table;

    #[derive(Debug, PartialEq, Table)]
    pub(super) struct Taken {
        pub(super) read: i64,
        pub(super) write: i64,
    }

    impl Taken {
        pub(super) const SELECT: i64 = 1;

        pub(super) fn from_row() -> i64 {
            2
        }

        pub(super) fn params(&self) -> i64 {
            self.read
        }
    }
}

#[test]
fn structs_with_the_names_of_the_prelude_come_back() {
    use dbmigrate::View as _;
    use without_prelude::{Only, Option as Options, Result, Some, String, Vec, View};
    #[allow(deprecated)]
    let old = Some::Err;
    let connection = with::<String>();
    let row = |dbmigrate, some| String {
        dbmigrate,
        row: Option::Some(1),
        result: Result(7),
        some,
        only: Only::Self_,
        vec: Vec { value: Result(8) },
        value: Result(7),
    };
    let rows =
        [row(1, None), row(2, Option::Some(Some::None)), row(3, Option::Some(Some::Ok)), row(4, Option::Some(old))];
    for row in &rows {
        insert(&connection, row);
    }
    assert_eq!(all::<String>(&connection), rows);
    let connection = with::<Options<'_>>();
    let row = Options { core: "a".into(), r#match: true };
    insert(&connection, &row);
    assert_eq!(all::<Options<'_>>(&connection), [row]);
    crate::database::execute(&connection, &View::CREATE.to_string());
    let found = crate::database::read_view::<View>(&connection, View::SELECT);
    assert_eq!(found.into_iter().flatten().collect::<std::vec::Vec<_>>(), [View { core: "a".to_owned() }]);
    assert_eq!((without_prelude::CORE.name(), without_prelude::VIEWED.name()), ("core", "core"));
    let connection = with::<without_prelude::Table<'_, '_>>();
    insert(&connection, &without_prelude::Table { left: "a", right: None });
}

#[test]
fn the_facade_may_be_anywhere() {
    use by_another_path::{State, Switch};
    let connection = with::<Switch>();
    insert(&connection, &Switch { state: State::Off });
    assert_eq!(all::<Switch>(&connection), [Switch { state: State::Off }]);
}

#[test]
fn structs_in_functions_come_back() {
    fn inner() {
        #[derive(Debug, PartialEq, dbmigrate::ColumnType)]
        struct Id(i64);
        #[derive(Debug, PartialEq, dbmigrate::Table)]
        struct Local {
            id: Id,
        }
        let connection = with::<Local>();
        insert(&connection, &Local { id: Id(1) });
        assert_eq!(all::<Local>(&connection), [Local { id: Id(1) }]);
    }
    inner();
}

#[test]
fn structs_by_macros_come_back() {
    macro_rules! table {
        ($name:ident { $($field:ident: $ty:ty),+ }) => {
            #[derive(Debug, PartialEq, dbmigrate::Table)]
            struct $name { $($field: $ty),+ }
        };
    }
    table!(ByMacro { id: i64, at: Option<String> });
    let connection = with::<ByMacro>();
    insert(&connection, &ByMacro { id: 1, at: None });
    assert_eq!(all::<ByMacro>(&connection), [ByMacro { id: 1, at: None }]);
}

#[test]
fn a_type_that_cannot_be_read_is_created_all_the_same() {
    use dbmigrate::{Table as _, column};
    let connection = with::<of_other_types::Host>();
    assert_eq!(of_other_types::Host::COLUMNS.len(), 5);
    crate::database::execute(&connection, "INSERT INTO host VALUES ('::1', '', '', '', NULL)");
    let _ = column!(with_functions_of_the_same_names::Taken::read);
}

#[test]
fn functions_of_the_same_names_come_first() {
    use dbmigrate::Table;
    use with_functions_of_the_same_names::Taken;
    let taken = Taken { read: 3, write: 4 };
    assert_eq!((Taken::SELECT, Taken::from_row(), taken.params()), (1, 2, 3));
    let connection = with::<Taken>();
    insert(&connection, &taken);
    let sql = <Taken as Table>::SELECT;
    let found = crate::database::read::<Taken>(&connection, sql);
    assert_eq!(found.into_iter().flatten().collect::<Vec<_>>(), [taken]);
}
