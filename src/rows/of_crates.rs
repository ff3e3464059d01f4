//! Types of other crates, each behind a feature with the crate's name, and JSON.

/// What is stored as text, by a function to a text and one from it.
#[cfg(any(feature = "chrono", feature = "jiff", feature = "time", feature = "uuid", feature = "rust_decimal"))]
macro_rules! texts {
    ($($ty:ty, $expected:literal: $write:expr, $read:expr;)+) => { $(
        impl $crate::rows::FromValue for $ty {
            fn from_value(value: $crate::Value) -> Result<Self, $crate::rows::ValueError> {
                let read: fn(&str) -> Option<Self> = $read;
                let found = if let $crate::Value::Text(text) = &value { read(text) } else { None };
                found.ok_or_else(|| $crate::rows::ValueError::expected(concat!("TEXT with ", $expected), &value))
            }
        }

        impl $crate::rows::ToValue for $ty {
            fn to_value(&self) -> Result<$crate::Value, $crate::rows::ValueError> {
                let write: fn(&Self) -> Result<String, $crate::rows::ValueError> = $write;
                write(self).map($crate::Value::Text)
            }
        }
    )+ };
}

#[cfg(feature = "chrono")]
mod of_chrono {
    use chrono::{
        DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike as _, Utc,
    };

    use crate::Value;
    use crate::rows::moment::{self, Date, Time};
    use crate::rows::{FromValue, ToValue, ValueError};

    /// What is beyond a second is a leap second.
    const SECOND: u32 = 1_000_000_000;

    #[allow(clippy::cast_possible_truncation, reason = "they are below 100")]
    fn of_date(date: NaiveDate) -> Date {
        (date.year(), date.month() as u8, date.day() as u8)
    }

    #[allow(clippy::cast_possible_truncation, reason = "they are below 100")]
    fn of_time(time: NaiveTime) -> Time {
        let leap = time.nanosecond() / SECOND;
        (time.hour() as u8, time.minute() as u8, (time.second() + leap) as u8, time.nanosecond() % SECOND)
    }

    fn date((year, month, day): Date) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(year, month.into(), day.into())
    }

    fn time((hour, minute, second, nanosecond): Time) -> Option<NaiveTime> {
        let (second, leap) = if second == 60 { (59, SECOND) } else { (second, 0) };
        NaiveTime::from_hms_nano_opt(hour.into(), minute.into(), second.into(), nanosecond + leap)
    }

    texts! {
        NaiveDate, "a date": |value| moment::date_text(of_date(*value)), |text| date(moment::date(text)?);
        NaiveTime, "a time": |value| Ok(moment::time_text(of_time(*value))), |text| time(moment::time(text)?);
        NaiveDateTime, "a date and a time":
            |value| moment::date_time_text(of_date(value.date()), of_time(value.time())),
            |text| {
                let (day, clock) = moment::date_time(text)?;
                Some(NaiveDateTime::new(date(day)?, time(clock)?))
            };
    }

    impl<Tz: TimeZone> FromValue for DateTime<Tz>
    where
        Self: From<DateTime<Utc>>,
    {
        fn from_value(value: Value) -> Result<Self, ValueError> {
            let read = |text: &str| {
                let (day, clock, offset) = moment::instant(text)?;
                let local = NaiveDateTime::new(date(day)?, time(clock)?);
                local.checked_sub_signed(TimeDelta::minutes(offset.into()))
            };
            let found = if let Value::Text(text) = &value { read(text) } else { None };
            let found = found.ok_or_else(|| ValueError::expected("TEXT with a date and a time", &value))?;
            Ok(found.and_utc().into())
        }
    }

    impl<Tz: TimeZone> ToValue for DateTime<Tz> {
        fn to_value(&self) -> Result<Value, ValueError> {
            self.naive_utc().to_value()
        }
    }
}

#[cfg(feature = "jiff")]
mod of_jiff {
    use jiff::civil::{Date, DateTime, Time};
    use jiff::tz::{Offset, TimeZone};
    use jiff::{Timestamp, Zoned};

    use crate::Value;
    use crate::rows::{FromValue, ToValue, ValueError, moment};

    #[allow(clippy::cast_sign_loss, reason = "months and days start at 1")]
    fn of_date(date: Date) -> moment::Date {
        (date.year().into(), date.month() as u8, date.day() as u8)
    }

    #[allow(clippy::cast_sign_loss, reason = "a time has no sign")]
    fn of_time(time: Time) -> moment::Time {
        (time.hour() as u8, time.minute() as u8, time.second() as u8, time.subsec_nanosecond() as u32)
    }

    fn date((year, month, day): moment::Date) -> Option<Date> {
        Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
    }

    fn time((hour, minute, second, nanosecond): moment::Time) -> Option<Time> {
        let nanosecond = nanosecond.try_into().ok()?;
        Time::new(hour.try_into().ok()?, minute.try_into().ok()?, second.try_into().ok()?, nanosecond).ok()
    }

    texts! {
        Date, "a date": |value| moment::date_text(of_date(*value)), |text| date(moment::date(text)?);
        Time, "a time": |value| Ok(moment::time_text(of_time(*value))), |text| time(moment::time(text)?);
        DateTime, "a date and a time":
            |value| moment::date_time_text(of_date(value.date()), of_time(value.time())),
            |text| {
                let (day, clock) = moment::date_time(text)?;
                Some(DateTime::from_parts(date(day)?, time(clock)?))
            };
        Timestamp, "a date and a time":
            |value| {
                let utc = Offset::UTC.to_datetime(*value);
                moment::date_time_text(of_date(utc.date()), of_time(utc.time()))
            },
            |text| {
                let (day, clock, offset) = moment::instant(text)?;
                let offset = TimeZone::fixed(Offset::from_seconds(offset * 60).ok()?);
                Some(DateTime::from_parts(date(day)?, time(clock)?).to_zoned(offset).ok()?.timestamp())
            };
    }

    /// The zone is what it is for, so this is no text that sorts.
    impl FromValue for Zoned {
        fn from_value(value: Value) -> Result<Self, ValueError> {
            let expected = "TEXT with a date, a time and a time zone";
            let Value::Text(text) = &value else { return Err(ValueError::expected(expected, &value)) };
            // zones that have names need a feature of jiff
            text.parse().map_err(|error| ValueError::expected(format_args!("{expected} ({error})"), &value))
        }
    }

    impl ToValue for Zoned {
        fn to_value(&self) -> Result<Value, ValueError> {
            Ok(Value::Text(self.to_string()))
        }
    }
}

#[cfg(feature = "time")]
mod of_time {
    use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcDateTime, UtcOffset};

    use crate::rows::moment;

    fn of_date(date: Date) -> moment::Date {
        (date.year(), date.month().into(), date.day())
    }

    fn of_time(time: Time) -> moment::Time {
        time.as_hms_nano()
    }

    fn date((year, month, day): moment::Date) -> Option<Date> {
        Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
    }

    fn time((hour, minute, second, nanosecond): moment::Time) -> Option<Time> {
        Time::from_hms_nano(hour, minute, second, nanosecond).ok()
    }

    fn instant(text: &str) -> Option<OffsetDateTime> {
        let (day, clock, offset) = moment::instant(text)?;
        let offset = UtcOffset::from_whole_seconds(offset * 60).ok()?;
        PrimitiveDateTime::new(date(day)?, time(clock)?).assume_offset(offset).checked_to_offset(UtcOffset::UTC)
    }

    texts! {
        Date, "a date": |value| moment::date_text(of_date(*value)), |text| date(moment::date(text)?);
        Time, "a time": |value| Ok(moment::time_text(of_time(*value))), |text| time(moment::time(text)?);
        PrimitiveDateTime, "a date and a time":
            |value| moment::date_time_text(of_date(value.date()), of_time(value.time())),
            |text| {
                let (day, clock) = moment::date_time(text)?;
                Some(PrimitiveDateTime::new(date(day)?, time(clock)?))
            };
        OffsetDateTime, "a date and a time":
            |value| {
                let utc = value.checked_to_offset(UtcOffset::UTC);
                let utc = utc.ok_or_else(|| crate::rows::ValueError::new("a date that is out of range in UTC"))?;
                moment::date_time_text(of_date(utc.date()), of_time(utc.time()))
            },
            instant;
        UtcDateTime, "a date and a time":
            |value| moment::date_time_text(of_date(value.date()), of_time(value.time())),
            |text| {
                let found = instant(text)?;
                Some(UtcDateTime::new(found.date(), found.time()))
            };
    }
}

#[cfg(feature = "uuid")]
texts! {
    uuid::Uuid, "a UUID": |value| Ok(value.to_string()), |text| text.parse().ok();
}

#[cfg(feature = "rust_decimal")]
mod of_rust_decimal {
    use rust_decimal::Decimal;

    use crate::Value;
    use crate::rows::{FromValue, ToValue, ValueError};

    impl FromValue for Decimal {
        fn from_value(value: Value) -> Result<Self, ValueError> {
            let found = match &value {
                Value::Text(text) => text.parse().ok(),
                // a column of type `DECIMAL` makes numbers of texts, if it can do so without loss
                Value::Integer(integer) => Some(Self::from(*integer)),
                Value::Real(real) => format!("{real:?}").parse().ok(),
                _ => None,
            };
            found.ok_or_else(|| ValueError::expected("TEXT with a decimal number", &value))
        }
    }

    impl ToValue for Decimal {
        fn to_value(&self) -> Result<Value, ValueError> {
            Ok(Value::Text(self.to_string()))
        }
    }
}

#[cfg(feature = "serde_json")]
mod of_serde_json {
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use crate::Json;
    use crate::Value;
    use crate::rows::{FromValue, ToValue, ValueError};

    fn read<T: DeserializeOwned>(value: &Value) -> Result<T, ValueError> {
        let read = match &value {
            Value::Text(text) => serde_json::from_str(text),
            // a column of type `JSON` makes numbers of texts
            Value::Integer(integer) => serde_json::from_str(&integer.to_string()),
            Value::Real(real) => serde_json::from_str(&format!("{real:?}")),
            _ => return Err(ValueError::expected("TEXT with JSON", value)),
        };
        read.map_err(|error| ValueError::expected(format_args!("TEXT with JSON ({error})"), value))
    }

    fn write<T: Serialize>(value: &T) -> Result<Value, ValueError> {
        serde_json::to_string(value).map(Value::Text).map_err(|error| ValueError::new(format!("not JSON: {error}")))
    }

    impl<T: DeserializeOwned> FromValue for Json<T> {
        fn from_value(value: Value) -> Result<Self, ValueError> {
            read(&value).map(Self)
        }
    }

    impl<T: Serialize> ToValue for Json<T> {
        fn to_value(&self) -> Result<Value, ValueError> {
            write(&self.0)
        }
    }

    impl FromValue for serde_json::Value {
        fn from_value(value: Value) -> Result<Self, ValueError> {
            read(&value)
        }
    }

    impl ToValue for serde_json::Value {
        fn to_value(&self) -> Result<Value, ValueError> {
            write(self)
        }
    }
}
