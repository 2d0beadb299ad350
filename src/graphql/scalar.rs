//! The scalars of the contract. In: stored values, or values from clients. Out: the other of the two.
//! Must not know: where they are used.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime as Chrono, NaiveDate, SecondsFormat, Utc};
use entity::Millis;

/// 9999-12-31T23:59:59.999Z, the last instant that RFC 3339 can write.
const LAST: i64 = 253_402_300_799_999;
/// 0000-01-01T00:00:00Z, the first instant that RFC 3339 can write.
const FIRST: i64 = -62_167_219_200_000;

/// An instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime(pub Millis);

impl From<Millis> for DateTime {
    fn from(at: Millis) -> Self {
        Self(at)
    }
}

/// An instant, RFC 3339, always UTC with a trailing Z; milliseconds are written when they are not zero.
/// As input any offset is understood.
#[Scalar(
    name = "DateTime",
    specified_by_url = "https://scalars.graphql.org/andimarek/date-time.html"
)]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        let at = Chrono::parse_from_rfc3339(text).map_err(|_| {
            InputValueError::custom("not an instant of RFC 3339, like 2024-03-27T14:00:00Z")
        })?;
        Ok(Self(Millis(at.timestamp_millis())))
    }

    fn to_value(&self) -> Value {
        Value::String(write(self.0))
    }
}

/// RFC 3339 in UTC; instants that it cannot write become the nearest that it can.
#[must_use]
pub fn write(at: Millis) -> String {
    let at: Chrono<Utc> =
        Chrono::from_timestamp_millis(at.0.clamp(FIRST, LAST)).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// A calendar day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date(pub NaiveDate);

/// A calendar day, YYYY-MM-DD.
#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map(Self)
            .map_err(|_| InputValueError::custom("not a day, like 2024-03-27"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%Y-%m-%d").to_string())
    }
}

/// A URL. What a client sends is any text until [`Url::parse_http`] has looked at it, so that a
/// mutation can answer a wrong one with a user error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url(pub String);

impl Url {
    /// The URL when it is absolute and http or https; none otherwise.
    #[must_use]
    pub fn parse_http(&self) -> Option<url::Url> {
        let url = url::Url::parse(self.0.trim()).ok()?;
        (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
    }
}

impl From<String> for Url {
    fn from(url: String) -> Self {
        Self(url)
    }
}

/// An absolute http(s) URL.
#[Scalar(
    name = "URL",
    specified_by_url = "https://www.rfc-editor.org/rfc/rfc3986"
)]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// Sanitised HTML, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Html(pub String);

/// Sanitised HTML: no scripts, handlers, or unsafe URLs; links absolute. Safe to insert in a page.
#[Scalar(name = "HTML")]
impl ScalarType for Html {
    fn parse(value: Value) -> InputValueResult<Self> {
        Err(InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A stored number as a GraphQL `Int`, which has 32 bits: larger ones become the largest.
#[must_use]
pub fn int(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_in_one_way() {
        assert_eq!(write(Millis(1_711_548_000_000)), "2024-03-27T14:00:00Z");
        assert_eq!(write(Millis(1_711_548_000_120)), "2024-03-27T14:00:00.120Z");
        assert_eq!(write(Millis(-1)), "1969-12-31T23:59:59.999Z");
        assert_eq!(write(Millis(i64::MAX)), "9999-12-31T23:59:59.999Z");
        assert_eq!(write(Millis(i64::MIN)), "0000-01-01T00:00:00Z");
    }

    #[test]
    fn instants_are_read_with_any_offset_and_never_without() {
        let read = |text: &str| DateTime::parse(Value::from(text)).map(|at| at.0);
        assert_eq!(
            read("2024-03-27T16:00:00+02:00").unwrap(),
            Millis(1_711_548_000_000)
        );
        for wrong in [
            "2024-03-27T14:00:00",
            "2024-03-27",
            "now",
            "",
            "2024-13-01T00:00:00Z",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_web_addresses_pass_for_urls() {
        let fits = |text: &str| Url(text.to_owned()).parse_http().is_some();
        assert!(fits("https://example.org/a?b"));
        for wrong in [
            "ftp://example.org",
            "//example.org",
            "example.org",
            "javascript:alert(1)",
            "http://",
            "",
        ] {
            assert!(!fits(wrong), "{wrong}");
        }
    }

    #[test]
    fn numbers_stop_at_the_ends_of_int() {
        assert_eq!(int(7), 7);
        assert_eq!(int(i64::MAX), i32::MAX);
        assert_eq!(int(i64::MIN), i32::MIN);
    }
}
