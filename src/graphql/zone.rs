//! Cutting time into days of a time zone. In: instants. Out: the days that they fall in, as ranges that
//! leave no gap and do not overlap. Pure. Must not know: what happens on those days.

use chrono::{
    DateTime, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;
use entity::Millis;

use super::error::{Code, Fault};

/// A time zone of the IANA database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Tz);

/// A day as a range of instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalDay {
    /// As the calendar has it.
    pub date: NaiveDate,
    /// Its first instant.
    pub from: Millis,
    /// The first instant of the day after.
    pub to: Millis,
}

impl LocalDay {
    /// Whether an instant falls in it.
    #[must_use]
    pub fn holds(&self, at: Millis) -> bool {
        (self.from..self.to).contains(&at)
    }
}

impl Zone {
    /// The zone of a name, like Europe/Berlin.
    ///
    /// # Errors
    /// `INVALID_TIME_ZONE` when the database has no such name.
    pub fn named(name: &str) -> Result<Self, Fault> {
        name.parse().map(Self).map_err(|_| {
            let short: String = name.chars().take(40).collect();
            let message = format!(
                "timeZone: {short:?} is no name of the IANA time zone database, like Europe/Berlin."
            );
            Fault::new(Code::InvalidTimeZone, message)
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The day that an instant falls in. Where clocks are turned back over midnight, the minutes that
    /// come a second time belong to the day that had already begun.
    #[must_use]
    pub fn day_of(self, at: Millis) -> LocalDay {
        let instant = DateTime::<Utc>::from_timestamp_millis(at.0).unwrap_or_default();
        let date = instant.with_timezone(&self.0).date_naive();
        let next = self.day(after(date));
        if next.holds(at) { next } else { self.day(date) }
    }

    /// A day of the calendar.
    #[must_use]
    pub fn day(self, date: NaiveDate) -> LocalDay {
        LocalDay {
            date,
            from: self.start(date),
            to: self.start(after(date)),
        }
    }

    /// The first instant of a day: midnight, or where midnight is skipped, the first that is not.
    fn start(self, date: NaiveDate) -> Millis {
        let mut local = NaiveDateTime::new(date, NaiveTime::MIN);
        // A whole day was skipped once (Apia, 2011), so look a little further than that.
        for _ in 0..QUARTERS {
            match self.0.from_local_datetime(&local) {
                LocalResult::Single(found) | LocalResult::Ambiguous(found, _) => {
                    return Millis(found.timestamp_millis());
                }
                LocalResult::None => local += TimeDelta::minutes(15),
            }
        }
        Millis(local.and_utc().timestamp_millis())
    }
}

/// Quarters of an hour in 30 hours.
const QUARTERS: u8 = 120;

fn after(date: NaiveDate) -> NaiveDate {
    date.checked_add_days(Days::new(1)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(zone: &str, instant: &str) -> (String, i64) {
        let at = DateTime::parse_from_rfc3339(instant)
            .unwrap()
            .timestamp_millis();
        let day = Zone::named(zone).unwrap().day_of(Millis(at));
        assert!(day.holds(Millis(at)), "{zone} {instant} {day:?}");
        (day.date.to_string(), (day.to.0 - day.from.0) / 60_000)
    }

    #[test]
    fn a_day_is_cut_where_the_zone_has_its_midnight() {
        assert_eq!(
            day("UTC", "2024-03-27T23:59:59Z"),
            ("2024-03-27".into(), 1440)
        );
        assert_eq!(
            day("Europe/Berlin", "2024-03-27T23:30:00Z"),
            ("2024-03-28".into(), 1440)
        );
        assert_eq!(
            day("America/New_York", "2024-03-27T03:30:00Z"),
            ("2024-03-26".into(), 1440)
        );
        assert_eq!(
            day("Asia/Kathmandu", "2024-03-27T18:15:00Z"),
            ("2024-03-28".into(), 1440)
        );
    }

    #[test]
    fn days_on_which_clocks_change_are_longer_and_shorter() {
        assert_eq!(
            day("Europe/Berlin", "2024-03-31T12:00:00Z"),
            ("2024-03-31".into(), 1380)
        );
        assert_eq!(
            day("Europe/Berlin", "2024-10-27T12:00:00Z"),
            ("2024-10-27".into(), 1500)
        );
        // Midnight itself is skipped.
        assert_eq!(
            day("America/Sao_Paulo", "2018-11-04T12:00:00Z"),
            ("2018-11-04".into(), 1380)
        );
    }

    #[test]
    fn days_never_overlap_where_clocks_go_back_over_midnight() {
        // 2010-11-07 in St. John's: at 00:01 clocks went back to 23:01 of the day before.
        assert_eq!(
            day("America/St_Johns", "2010-11-07T03:00:00Z").0,
            "2010-11-07"
        );
        assert_eq!(
            day("America/St_Johns", "2010-11-07T02:00:00Z").0,
            "2010-11-06"
        );
    }

    #[test]
    fn a_day_that_never_was_is_empty() {
        let apia = Zone::named("Pacific/Apia").unwrap();
        let never = apia.day(NaiveDate::from_ymd_opt(2011, 12, 30).unwrap());
        assert_eq!(never.from, never.to);
    }

    #[test]
    fn an_unknown_zone_is_refused() {
        for wrong in ["Mars/Olympus", "", "europe/berlin", "+02:00"] {
            assert_eq!(
                Zone::named(wrong).unwrap_err().code,
                Code::InvalidTimeZone,
                "{wrong}"
            );
        }
    }
}
