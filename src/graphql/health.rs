//! How sources and planets are doing, for everyone: what broke is told, the insides are not. In: stored rows. Out: words
//! for a blogger who asks where a post is, and numbers. Must not know: SQL.

use async_graphql::{Context, SimpleObject};
use chrono::DateTime as Instant;
use entity::{Millis, PlanetId, PollErrorKind, SourceStatus, poll_state};

use super::error::Result;
use super::scalar::{DateTime, int};
use super::{services, viewer, word};

/// How a planet is doing.
#[derive(Clone, Debug, SimpleObject)]
pub struct PlanetHealth {
    /// How many of its sources are in each status; every status is listed.
    sources_by_status: Vec<SourceStatusCount>,
    /// When its newest entry was published; null when it has none.
    newest_entry_at: Option<DateTime>,
    /// When the source was due that has waited longest to be polled; null when none is overdue.
    oldest_overdue_poll_at: Option<DateTime>,
}

/// How many sources are in a status.
#[derive(Clone, Debug, SimpleObject)]
pub struct SourceStatusCount {
    /// The status.
    status: word::SourceStatus,
    /// So many.
    count: i32,
}

/// How a planet is doing now.
///
/// # Errors
/// `INTERNAL` when the store fails.
pub async fn of_planet(ctx: &Context<'_>, planet: PlanetId) -> Result<PlanetHealth> {
    let services = services(ctx)?;
    // It changes with the time and with every poll, not only with the change log: it is not for keeping.
    viewer::fleeting(ctx);
    let now = services.clock.now();
    let health = services.store.planet_health(planet, now).await?;
    let all = [
        SourceStatus::Active,
        SourceStatus::Failing,
        SourceStatus::Paused,
        SourceStatus::Dead,
    ];
    let count = |status| {
        let mut counts = health.by_status.iter();
        let found = counts.find(|(counted, _)| *counted == status);
        SourceStatusCount {
            status: status.into(),
            count: found.map_or(0, |(_, count)| int(*count)),
        }
    };
    Ok(PlanetHealth {
        sources_by_status: all.map(count).into(),
        newest_entry_at: health.newest_entry_at.map(DateTime),
        oldest_overdue_poll_at: health.oldest_overdue_at.map(DateTime),
    })
}

/// Why a source is in its status, in words for whoever writes in it.
#[must_use]
pub fn reason(status: SourceStatus, state: Option<&poll_state::Model>) -> String {
    let what = || {
        state.map_or("it could not be read", |state| {
            went_wrong(state.last_error_kind)
        })
    };
    let code = state.and_then(|state| state.last_error_status);
    let what = || match (code, state.and_then(|state| state.last_error_kind)) {
        (Some(code), Some(PollErrorKind::HttpStatus)) => format!("{} {code}", what()),
        _ => what().to_owned(),
    };
    match status {
        SourceStatus::Paused => {
            "An editor of this server has paused it. What was published meanwhile appears once it is resumed."
                .to_owned()
        }
        SourceStatus::Dead => {
            let why = if code == Some(410) {
                "its server said that it is gone for good (410)".to_owned()
            } else {
                what()
            };
            format!(
                "It is not read any more: {why}. Whoever runs this server can have it read again once the feed is back."
            )
        }
        SourceStatus::Failing => {
            let since = state.and_then(|state| state.first_failed_at);
            let since = since.map_or_else(String::new, |at| format!(" since {}", day(at)));
            format!(
                "It could not be read{since}: {}. It is tried again; what was published meanwhile appears once it can be read.",
                what()
            )
        }
        SourceStatus::Active => match state {
            Some(state) if state.consecutive_failures > 0 => {
                format!("The last try to read it failed: {}. It is tried again soon.", what())
            }
            Some(poll_state::Model { last_polled_at: Some(at), .. }) => {
                format!("It is read regularly, last on {}, without trouble.", day(*at))
            }
            _ => "It is new and was not read yet.".to_owned(),
        },
    }
}

const fn went_wrong(kind: Option<PollErrorKind>) -> &'static str {
    match kind {
        Some(PollErrorKind::Dns) => "its host name is not known",
        Some(PollErrorKind::Connect) => "its server cannot be reached",
        Some(PollErrorKind::Tls) => "its server's certificate is not accepted",
        Some(PollErrorKind::Timeout) => "its server does not answer in time",
        Some(PollErrorKind::HttpStatus) => "its server answers with the status",
        Some(PollErrorKind::TooLarge) => "the feed is too large",
        Some(PollErrorKind::Redirect) => "its server redirects to nowhere",
        Some(PollErrorKind::ForbiddenAddress) => "its address is not a public one",
        Some(PollErrorKind::NotAFeed) => "what is at its address is no feed",
        Some(PollErrorKind::Malformed) => "the feed is broken",
        Some(PollErrorKind::Other) | None => "it could not be read",
    }
}

fn day(at: Millis) -> String {
    let instant = Instant::from_timestamp_millis(at.0).unwrap_or(Instant::UNIX_EPOCH);
    instant.format("%-d %B %Y, %H:%M UTC").to_string()
}
