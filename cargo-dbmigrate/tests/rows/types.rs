//! Every type that a column can have, with extremes and NULL: it is stored in a STRICT table with the checks of its
//! type, and comes back.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use crate::database::{all, come_back, insert, with};
use dbmigrate::{ColumnType, Json, Table, Value};

/// A STRICT table with a column of a type and one that may be NULL; what is written comes back.
macro_rules! comes_back {
    ($($test:ident: $ty:ty = [$($value:expr),+ $(,)?];)+) => { $(
        #[test]
        fn $test() {
            #[derive(Debug, PartialEq, Table)]
            #[table(strict)]
            struct Held {
                value: $ty,
                maybe: Option<$ty>,
            }
            let values = || vec![$($value),+];
            let some = values().into_iter().zip(values()).map(|(value, maybe)| Held { value, maybe: Some(maybe) });
            let none = values().into_iter().map(|value| Held { value, maybe: None });
            come_back(&some.chain(none).collect::<Vec<Held>>());
        }
    )+ };
}

/// Texts that have to be handled with care somewhere.
const ODD: [&str; 8] =
    ["", " ", "'; DROP TABLE held; --", "\"quoted\"", "ä 😀 \u{feff}\u{202e}", "NULL", "1e3", "a\nb\r\t\\"];

type Alias = Option<String>;

mod shadow {
    /// Has the name of the type of std, and another meaning.
    #[derive(Debug, PartialEq, dbmigrate::ColumnType)]
    pub(super) struct String(pub(super) i64);
}

#[derive(Debug, PartialEq, ColumnType)]
#[column_type(check = "{} > 0")]
struct Id(i64);

#[derive(Debug, PartialEq, ColumnType)]
struct Named {
    inner: Id,
}

#[derive(Debug, PartialEq, ColumnType)]
#[column_type(type = "TEXT")]
struct Code(String);

#[derive(Debug, PartialEq, ColumnType)]
struct Maybe<T: ColumnType>(Option<T>);

#[derive(Debug, PartialEq, ColumnType)]
struct Wrapped<T: ColumnType>(T)
where
    T: PartialEq;

#[derive(Debug, PartialEq, ColumnType)]
#[column_type(rename_all = "kebab-case", check)]
enum State {
    Draft,
    InReview,
    #[column_type(rename = "it's \"live\"")]
    Live,
    r#Type,
}

#[derive(Debug, PartialEq, ColumnType)]
#[column_type(integer, check)]
#[repr(i64)]
enum Level {
    Lowest = -9_223_372_036_854_775_808,
    Low = -1,
    Zero,
    High = 0x7fff,
}

comes_back! {
    i8_comes_back: i8 = [i8::MIN, -1, 0, i8::MAX];
    i16_comes_back: i16 = [i16::MIN, 0, i16::MAX];
    i32_comes_back: i32 = [i32::MIN, 0, i32::MAX];
    i64_comes_back: i64 = [i64::MIN, i64::MIN + 1, -1, 0, 1 << 53, (1 << 53) + 1, i64::MAX];
    isize_comes_back: isize = [isize::MIN, 0, isize::MAX];
    u8_comes_back: u8 = [0, 1, u8::MAX];
    u16_comes_back: u16 = [0, u16::MAX];
    u32_comes_back: u32 = [0, u32::MAX];
    bool_comes_back: bool = [false, true];
    f32_comes_back: f32 = [0.0, -0.0, 0.1, f32::MIN, f32::MAX, f32::MIN_POSITIVE, f32::EPSILON, f32::INFINITY, f32::NEG_INFINITY, 16_777_217.0];
    f64_comes_back: f64 = [0.0, -0.0, 0.1, 1e15, 9_007_199_254_740_993.0, 1e300, f64::MIN, f64::MAX, 5e-324, f64::INFINITY, f64::NEG_INFINITY];
    char_comes_back: char = ['a', '\'', '"', 'ä', '😀', '\u{1}', char::MAX];
    a_string_comes_back: String = [ODD[0].into(), ODD[1].into(), ODD[2].into(), ODD[3].into(), ODD[4].into(), ODD[5].into(),
        ODD[6].into(), ODD[7].into(), "x".repeat(100_000)];
    a_boxed_text_comes_back: Box<str> = [ODD[2].into(), ODD[4].into()];
    a_shared_text_comes_back: Arc<str> = [ODD[2].into(), ODD[4].into()];
    a_counted_text_comes_back: Rc<str> = [ODD[2].into(), ODD[4].into()];
    bytes_come_back: Vec<u8> = [vec![], vec![0], vec![0, 255, 0], (0..=255).collect()];
    boxed_bytes_come_back: Box<[u8]> = [[].into(), [0, 1].into()];
    shared_bytes_come_back: Arc<[u8]> = [[].into(), [0, 1].into()];
    counted_bytes_come_back: Rc<[u8]> = [[].into(), [0, 1].into()];
    an_array_of_bytes_comes_back: [u8; 4] = [[0; 4], [255; 4], [1, 2, 3, 4]];
    an_empty_array_comes_back: [u8; 0] = [[]];
    a_newtype_comes_back: Id = [Id(1), Id(i64::MAX)];
    a_newtype_of_a_newtype_comes_back: Named = [Named { inner: Id(1) }];
    a_newtype_with_a_type_comes_back: Code = [Code(String::new()), Code("x".to_owned())];
    a_generic_newtype_comes_back: Wrapped<String> = [Wrapped("a".to_owned())];
    a_shadowed_name_comes_back: shadow::String = [shadow::String(7)];
    an_enum_comes_back: State = [State::Draft, State::InReview, State::Live, State::Type];
    a_numbered_enum_comes_back: Level = [Level::Lowest, Level::Low, Level::Zero, Level::High];
    json_comes_back: Json<Vec<Option<String>>> = [Json(vec![]), Json(vec![None, Some("'\"\u{0}".to_owned())])];
    a_json_value_comes_back: serde_json::Value = [serde_json::Value::Null, 5.into(), 1.5.into(), "5".into(), serde_json::json!({"a": [null, 1]})];
    a_uuid_comes_back: uuid::Uuid = [uuid::Uuid::nil(), uuid::Uuid::max(), uuid::Uuid::from_u128(1)];
    a_decimal_comes_back: rust_decimal::Decimal = [
        rust_decimal::Decimal::ZERO, rust_decimal::Decimal::MAX, rust_decimal::Decimal::MIN, rust_decimal::Decimal::new(150, 2),
        rust_decimal::Decimal::new(-1, 28),
    ];
}

mod moments {
    use chrono::{FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Utc};
    use dbmigrate::Table;
    use jiff::tz::TimeZone;
    use jiff::{Timestamp, civil};
    use time::{Month, OffsetDateTime, PrimitiveDateTime, UtcDateTime, UtcOffset};

    use crate::database::come_back;

    fn day(year: i32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, 2, 28).expect("a date")
    }

    fn noon(nanosecond: u32) -> NaiveTime {
        NaiveTime::from_hms_nano_opt(12, 0, 59, nanosecond).expect("a time")
    }

    fn leap_second() -> NaiveTime {
        NaiveTime::from_hms_nano_opt(23, 59, 59, 1_500_000_000).expect("a leap second")
    }

    fn far() -> time::Date {
        time::Date::from_calendar_date(9999, Month::December, 31).expect("a date")
    }

    comes_back! {
        dates_of_chrono_come_back: NaiveDate = [day(0), day(2024), day(9999)];
        times_of_chrono_come_back: NaiveTime = [NaiveTime::MIN, noon(0), noon(1), noon(999_999_999), noon(120_000_000), leap_second()];
        datetimes_of_chrono_come_back: NaiveDateTime = [day(0).and_time(NaiveTime::MIN), day(9999).and_time(leap_second())];
        instants_of_chrono_come_back: chrono::DateTime<Utc> = [Utc.timestamp_nanos(0), Utc.timestamp_nanos(-1), Utc.timestamp_nanos(i64::MAX)];
        instants_of_chrono_with_an_offset_come_back: chrono::DateTime<FixedOffset> = [
            FixedOffset::east_opt(5 * 3600 + 1800).expect("an offset").timestamp_nanos(1_700_000_000_123_456_789),
        ];
        dates_of_jiff_come_back: civil::Date = [civil::date(0, 1, 1), civil::date(2024, 2, 29), civil::date(9999, 12, 31)];
        times_of_jiff_come_back: civil::Time = [civil::Time::MIN, civil::Time::MAX, civil::time(1, 2, 3, 40)];
        datetimes_of_jiff_come_back: civil::DateTime = [civil::date(0, 1, 1).at(0, 0, 0, 0), civil::DateTime::MAX];
        instants_of_jiff_come_back: Timestamp = [Timestamp::UNIX_EPOCH, Timestamp::MAX, Timestamp::constant(-1, -5)];
        zoned_of_jiff_comes_back: jiff::Zoned = [
            // a zone with a name needs a feature of jiff that is not on here
            Timestamp::UNIX_EPOCH.to_zoned(TimeZone::fixed(jiff::tz::offset(-3))),
        ];
        dates_of_time_come_back: time::Date = [far()];
        times_of_time_come_back: time::Time = [time::Time::MIDNIGHT, time::Time::MAX];
        datetimes_of_time_come_back: PrimitiveDateTime = [PrimitiveDateTime::new(far(), time::Time::MAX)];
        offset_datetimes_of_time_come_back: OffsetDateTime = [
            OffsetDateTime::UNIX_EPOCH,
            OffsetDateTime::UNIX_EPOCH.to_offset(UtcOffset::from_hms(-3, -30, 0).expect("an offset")),
        ];
        utc_datetimes_of_time_come_back: UtcDateTime = [UtcDateTime::UNIX_EPOCH, UtcDateTime::new(far(), time::Time::MAX)];
    }

    #[test]
    fn moments_are_stored_as_sqlite_writes_them_and_sort_as_they_do() {
        #[derive(Debug, PartialEq, Table)]
        struct Event {
            at: chrono::DateTime<Utc>,
            #[column(default_sql = "CURRENT_TIMESTAMP")]
            created: Timestamp,
        }
        let at = |nanoseconds: i64| Utc.timestamp_nanos(1_700_000_000_000_000_000 + nanoseconds);
        let events: Vec<Event> = [0, 1, 10, 500_000_000, 999_999_999, 1_000_000_000]
            .map(|after| Event { at: at(after), created: Timestamp::UNIX_EPOCH })
            .into();
        let connection = come_back(&events);
        let sorted = crate::database::read::<Event>(&connection, &format!("{} ORDER BY at", Event::SELECT));
        let sorted: Vec<Event> = sorted.into_iter().map(|event| event.expect("it can be read")).collect();
        assert_eq!(sorted, events);
        // a whole second is, to the byte, what SQLite makes of it
        let same = "SELECT group_concat(at = datetime(at)) FROM event";
        assert_eq!(crate::database::text(&connection, same), "1,0,0,0,0,1");
        let other = "SELECT count(*) FROM event WHERE abs(julianday(at) - julianday('2023-11-14 22:13:20')) < 0.001";
        assert_eq!(crate::database::value(&connection, other), dbmigrate::Value::Integer(6));
        // what the database writes is read as well
        crate::database::execute(
            &connection,
            "DELETE FROM event; INSERT INTO event (at) VALUES ('2024-02-29T01:30+02:00')",
        );
        let event: Vec<Event> = crate::database::all(&connection);
        assert_eq!(event[0].at.naive_utc(), day(2024).and_time(NaiveTime::from_hms_opt(23, 30, 0).expect("a time")));
        assert!(event[0].created > Timestamp::UNIX_EPOCH);
    }
}

#[test]
fn vectors_come_back() {
    #[derive(Debug, PartialEq, Table)]
    struct Document {
        single: [f32; 3],
        double: Option<[f64; 2]>,
    }
    come_back(&[
        Document { single: [1.0, -0.5, f32::MIN_POSITIVE], double: Some([0.1, f64::MAX]) },
        Document { single: [0.0; 3], double: None },
    ]);
}

#[test]
fn a_value_of_any_type_comes_back() {
    #[derive(Debug, PartialEq, Table)]
    #[table(strict)]
    struct Held {
        value: Value,
    }
    let values = [(-1).into(), 0.5.into(), "1".into(), vec![0_u8, 255].into()];
    come_back(&values.map(|value| Held { value }));
}

#[test]
fn types_that_may_be_null_by_another_name_come_back() {
    #[derive(Debug, PartialEq, Table)]
    #[table(strict)]
    struct Held {
        alias: Alias,
        generic: Maybe<i64>,
        outer: Option<Code>,
    }
    come_back(&[
        Held { alias: None, generic: Maybe(None), outer: None },
        Held { alias: Some(String::new()), generic: Maybe(Some(0)), outer: Some(Code(String::new())) },
    ]);
}

#[test]
fn a_struct_may_borrow() {
    #[derive(Debug, PartialEq, Table)]
    #[table(name = "held")]
    struct Written<'a> {
        text: &'a str,
        bytes: Option<&'a [u8]>,
    }
    #[derive(Debug, PartialEq, Table)]
    #[table(name = "held")]
    struct Held<'a> {
        text: Cow<'a, str>,
        bytes: Option<Cow<'a, [u8]>>,
    }
    let connection = with::<Written<'_>>();
    let (text, bytes) = ("ä".to_owned(), vec![0, 1]);
    insert(&connection, &Written { text: &text, bytes: Some(&bytes) });
    insert(&connection, &Held { text: Cow::Borrowed(&text), bytes: None });
    let found: Vec<Held<'_>> = all(&connection);
    let first = Held { text: Cow::Owned(text.clone()), bytes: Some(Cow::Owned(bytes)) };
    assert_eq!(found, [first, Held { text: Cow::Owned(text), bytes: None }]);
}

#[test]
fn what_a_declared_type_makes_of_numbers_comes_back() {
    #[derive(Debug, PartialEq, Table)]
    struct Held {
        #[column(type = "DECIMAL(10, 2)")]
        price: rust_decimal::Decimal,
        #[column(type = "DECIMAL(10, 2)")]
        share: f64,
        #[column(type = "REAL")]
        count: i64,
        #[column(type = "JSON")]
        more: Json<serde_json::Value>,
        #[column(type = "")]
        anything: u8,
        #[column(type = "BOOLEAN")]
        flag: bool,
        #[column(type = "INTEGER")]
        ratio: f32,
        #[column(type = "VARCHAR(40)")]
        id: uuid::Uuid,
    }
    come_back(&[
        Held {
            price: rust_decimal::Decimal::new(-150, 2),
            share: 5.0,
            count: 1 << 53,
            more: Json(serde_json::json!(1.5)),
            anything: 255,
            flag: true,
            ratio: 3.0,
            id: uuid::Uuid::max(),
        },
        Held {
            price: rust_decimal::Decimal::new(7, 0),
            share: 0.1,
            count: -1,
            more: Json(serde_json::json!({})),
            anything: 0,
            flag: false,
            ratio: 0.5,
            id: uuid::Uuid::nil(),
        },
    ]);
}
