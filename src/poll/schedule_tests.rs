//! Tests of the schedule, with exact values.

use super::*;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// Monday, 2026-11-23 04:00 UTC.
const NOW: Millis = Millis(1_795_406_400_000);

fn facts(happened: Happened) -> Facts {
    Facts {
        now: NOW,
        happened,
        bounds: Bounds {
            min_seconds: HOUR,
            max_seconds: DAY,
        },
        wishes: Wishes::default(),
        recent: Vec::new(),
        is_pushed: false,
        last_interval: 0,
        failures: 0,
        failing_since: None,
        chance: 0,
    }
}

/// A feed that published `count` entries, one every `gap` seconds, the last one `gap` seconds ago.
fn publishing(count: i64, gap: i64) -> Facts {
    Facts {
        recent: (1..=count).map(|n| NOW.plus_seconds(-n * gap)).collect(),
        ..facts(Happened::Well)
    }
}

fn failed(kind: PollErrorKind, failures: i32) -> Facts {
    Facts {
        failures,
        failing_since: Some(NOW),
        ..facts(Happened::Failed(kind, None))
    }
}

/// Seconds until the next poll, and why.
#[track_caller]
fn check(facts: &Facts, seconds: i64, reason: &str) {
    let next = next(facts);
    assert_eq!(next.at.map(|at| at.since(NOW)), Some(seconds * 1_000));
    assert_eq!(next.reason, reason);
}

#[test]
fn a_feed_that_publishes_a_quarter_as_often_is_asked_half_as_often() {
    check(
        &publishing(16, 6 * HOUR),
        2 * HOUR,
        "Every 2 hours: it publishes about once in 6 hours.",
    );
    check(
        &publishing(7, DAY),
        4 * HOUR,
        "Every 4 hours: it publishes about once in 1 day.",
    );
}

#[test]
fn a_feed_with_a_fixed_time_is_asked_when_that_is_over() {
    let daily = publishing(16, DAY);
    check(
        &daily,
        DAY,
        "In 1 day: it publishes about once in 1 day, always at about the same time of the day.",
    );
    let mut early = daily.clone();
    early.now = NOW.plus_seconds(-6 * HOUR);
    early
        .recent
        .iter_mut()
        .for_each(|at| *at = at.plus_seconds(-DAY));
    early.chance = CHANCE_RANGE;
    // A quarter of an hour after four o'clock, with chance.
    assert_eq!(next(&early).at, Some(NOW.plus_seconds(HOUR / 4)));
    // An editor's ceiling holds.
    let mut often = early;
    often.bounds.max_seconds = 2 * HOUR;
    assert_eq!(next(&often).at, Some(often.now.plus_seconds(2 * HOUR)));
}

#[test]
fn the_bounds_hold() {
    check(
        &publishing(10, 600),
        HOUR,
        "Every 1 hour: it publishes about once in 10 minutes, and this is as often as it may be asked.",
    );
    check(
        &publishing(3, 90 * DAY),
        DAY,
        "Every 1 day: it publishes about once in 90 days, and this is as rarely as it may be asked.",
    );
    let eager = Facts {
        bounds: Bounds {
            min_seconds: 300,
            max_seconds: 1_200,
        },
        ..publishing(3, 30 * DAY)
    };
    assert_eq!(next(&eager).interval_seconds, 1_200);
}

#[test]
fn silence_makes_it_rarer() {
    let mut silent = publishing(10, 2 * HOUR);
    silent.now = NOW.plus_seconds(20 * HOUR);
    assert_eq!(next(&silent).interval_seconds, 5_878);
    silent.now = NOW.plus_seconds(180 * HOUR);
    assert_eq!(next(&silent).interval_seconds, 13_145);
}

#[test]
fn a_feed_without_entries_is_asked_less_and_less() {
    let mut empty = facts(Happened::Well);
    check(
        &empty,
        HOUR,
        "Every 1 hour: it has published nothing with a date yet.",
    );
    empty.last_interval = 3 * HOUR;
    assert_eq!(next(&empty).interval_seconds, 6 * HOUR);
    empty.last_interval = 20 * HOUR;
    assert_eq!(next(&empty).interval_seconds, DAY);
}

#[test]
fn entries_from_the_future_do_no_harm() {
    let mut odd = facts(Happened::Well);
    odd.recent = vec![NOW.plus_seconds(DAY)];
    assert_eq!(next(&odd).interval_seconds, HOUR);
}

#[test]
fn never_sooner_than_the_publisher_asks() {
    let mut wished = publishing(16, 2 * HOUR);
    wished.wishes.rhythm.ttl_seconds = Some(5 * HOUR);
    wished.wishes.fresh_seconds = Some(4 * HOUR);
    check(&wished, 5 * HOUR, "Every 5 hours: the feed asks for that.");
    wished.wishes.fresh_seconds = Some(10 * HOUR);
    check(
        &wished,
        10 * HOUR,
        "Every 10 hours: the server says that it stays fresh so long.",
    );
    wished.wishes.fresh_seconds = Some(i64::MAX);
    assert_eq!(next(&wished).interval_seconds, DAY);
    wished.wishes = Wishes::default();
    wished.wishes.rhythm.ttl_seconds = Some(60);
    assert_eq!(next(&wished).interval_seconds, 4_156);
}

#[test]
fn chance_spreads_within_the_bounds() {
    let wait = |mut facts: Facts| {
        facts.chance = CHANCE_RANGE;
        next(&facts).at.unwrap().since(NOW)
    };
    assert_eq!(wait(publishing(16, 6 * HOUR)), 7_920_000);
    // At the ceiling, it is less instead of more.
    assert_eq!(wait(publishing(3, 90 * DAY)), 77_760_000);
    // A wish is never undercut.
    let mut wished = publishing(16, 6 * HOUR);
    wished.wishes.rhythm.ttl_seconds = Some(DAY);
    assert_eq!(wait(wished), 95_040_000);
    let mut wished = publishing(3, 90 * DAY);
    wished.wishes.rhythm.ttl_seconds = Some(23 * HOUR);
    assert_eq!(wait(wished), 82_800_000);
}

#[test]
fn skipped_hours_and_days_are_passed_over() {
    let mut skipping = publishing(10, 600);
    // Due at 05:00 on Monday.
    skipping.wishes.rhythm.skip_hours = vec![5, 6, 7];
    check(
        &skipping,
        4 * HOUR,
        "Every 1 hour: it publishes about once in 10 minutes, and this is as often as it may be asked, \
         and later by the hours and days that the feed skips.",
    );
    skipping.wishes.rhythm.skip_days = vec![0, 1];
    assert_eq!(next(&skipping).at, Some(NOW.plus_seconds(44 * HOUR)));
    skipping.chance = CHANCE_RANGE;
    let quarter_past = NOW.plus_seconds(44 * HOUR + HOUR / 4);
    assert_eq!(next(&skipping).at, Some(quarter_past));
}

#[test]
fn a_feed_that_skips_everything_is_not_believed() {
    let mut never = publishing(10, 600);
    never.wishes.rhythm.skip_days = (0..7).collect();
    assert_eq!(next(&never).at, Some(NOW.plus_seconds(HOUR)));
}

#[test]
fn failures_wait_longer_and_longer() {
    check(
        &failed(PollErrorKind::Timeout, 1),
        HOUR,
        "Again after 1 hour: it failed (time ran out).",
    );
    check(
        &failed(PollErrorKind::Timeout, 3),
        4 * HOUR,
        "Again after 4 hours: it failed 3 times in a row (time ran out).",
    );
    let mut jittered = failed(PollErrorKind::Timeout, 3);
    jittered.chance = CHANCE_RANGE;
    assert_eq!(next(&jittered).at, Some(NOW.plus_seconds(5 * HOUR)));
    assert_eq!(next(&jittered).status, SourceStatus::Failing);
}

#[test]
fn retry_after_counts_when_it_is_longer() {
    let mut busy = failed(PollErrorKind::HttpStatus, 1);
    busy.happened = Happened::Failed(PollErrorKind::HttpStatus, Some(503));
    busy.wishes.retry_after_seconds = Some(120);
    check(
        &busy,
        HOUR,
        "Again after 1 hour: it failed (the server has a fault).",
    );
    busy.wishes.retry_after_seconds = Some(5 * HOUR);
    check(
        &busy,
        5 * HOUR,
        "Again after 5 hours: the server asks for that.",
    );
    busy.wishes.retry_after_seconds = Some(i64::MAX);
    check(&busy, DAY, "Again after 1 day: the server asks for that.");
}

#[test]
fn months_of_failure_make_it_dead_but_still_tried() {
    let mut hopeless = failed(PollErrorKind::Dns, 200);
    hopeless.failing_since = Some(NOW.plus_seconds(-91 * DAY));
    check(
        &hopeless,
        30 * DAY,
        "Once in 30 days: it has failed for 91 days.",
    );
    assert_eq!(next(&hopeless).status, SourceStatus::Dead);
}

#[test]
fn gone_is_final() {
    let next = next(&facts(Happened::Gone));
    assert_eq!(next.at, None);
    assert_eq!(next.status, SourceStatus::Dead);
    assert_eq!(
        next.reason,
        "Not again: the publisher says that it is gone for good (410)."
    );
}
