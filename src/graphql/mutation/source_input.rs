//! What editors say of sources. In: inputs. Out: checked wishes and changes, with refusals added to [`Wrong`].
//! Must not know: what is stored, how feeds are fetched.

use async_graphql::{ID, InputObject, MaybeUndefined};
use entity::{PlanetId, source};

use super::user_error::Wrong;
use crate::follow::check::{self, TITLE_LENGTH};
use crate::follow::{Refusal, Wish};
use crate::graphql::scalar::Url;
use crate::store::SourceChanges;

/// A feed to follow.
#[derive(InputObject)]
pub struct AddSourceInput {
    /// The feed, or a page that offers one: then the first that it offers is followed.
    url: Url,
    /// The name to show; the feed's own when left out. At most 200 characters.
    title: Option<String>,
    /// The planets that it joins; the default planet when left out or null, none when empty.
    pub(super) planet_slugs: Option<Vec<String>>,
    /// Tags of the source; at most 32 of 64 characters each.
    tags: Option<Vec<String>>,
}

/// Changes of a source. Left out: unchanged. Null: back to the default.
#[derive(InputObject)]
pub struct UpdateSourceInput {
    /// The source.
    pub(super) id: ID,
    /// The name to show; null for the feed's own. At most 200 characters.
    title: MaybeUndefined<String>,
    /// Where the feed is now, or a page that offers it: it is fetched before anything is changed. Entries stay
    /// what they are. May not be null.
    pub(super) feed_url: MaybeUndefined<Url>,
    /// The page that it belongs to; null for the one that the feed names.
    site_url: MaybeUndefined<Url>,
    /// All its tags; null for none. At most 32 of 64 characters each.
    tags: MaybeUndefined<Vec<String>>,
    /// Poll at least this often and at most this often; otherwise the server adapts to how the feed behaves.
    /// This is the shortest wait in seconds, 300 (5 minutes) to 2,592,000 (30 days).
    min_interval_seconds: MaybeUndefined<i32>,
    /// The longest wait in seconds, 300 (5 minutes) to 2,592,000 (30 days).
    max_interval_seconds: MaybeUndefined<i32>,
    /// Drop entries whose title or tags match none of these, where there are any: regular expressions, at most 50
    /// of 500 characters each.
    keep: MaybeUndefined<Vec<String>>,
    /// Drop entries whose title or tags match any of these: regular expressions, at most 50 of 500 characters each.
    drop: MaybeUndefined<Vec<String>>,
    /// Take entries older than this many days on the first poll; all when null.
    max_age_days: MaybeUndefined<i32>,
}

impl AddSourceInput {
    /// The wish that it stands for, with the planets checked elsewhere; none when something is wrong.
    pub(super) fn checked(&self, planet_ids: Vec<PlanetId>, wrong: &mut Wrong) -> Option<Wish> {
        let url = wrong.check(&["input", "url"], check::url(&self.url.0));
        let title = self.title.as_deref().map(title);
        let title = wrong.check_given(&["input", "title"], title);
        let tags = check::tags(self.tags.as_deref().unwrap_or_default());
        let tags = wrong.check_list(&["input", "tags"], tags);
        if !wrong.is_empty() {
            return None;
        }
        Some(Wish {
            url: url?,
            title: title?,
            tags: tags?,
            planet_ids,
        })
    }
}

impl UpdateSourceInput {
    /// The changes that it asks for of a source as it is stored, except the feed's URL, which has to be fetched
    /// first. Some of them are missing when something is wrong.
    pub(super) fn checked(self, stored: &source::Model, wrong: &mut Wrong) -> SourceChanges {
        let interval = |seconds: i32| check::interval(seconds.into());
        let changes = SourceChanges {
            title: wrong.change(&["input", "title"], self.title, |text| title(&text)),
            feed_url: None,
            site_url: wrong.change(&["input", "siteUrl"], self.site_url, |url| {
                check::page(&url.0).map(String::from)
            }),
            tags: list(&["input", "tags"], self.tags, wrong, |tags| {
                check::tags(&tags)
            }),
            min_interval_seconds: wrong.change(
                &["input", "minIntervalSeconds"],
                self.min_interval_seconds,
                interval,
            ),
            max_interval_seconds: wrong.change(
                &["input", "maxIntervalSeconds"],
                self.max_interval_seconds,
                interval,
            ),
            keep_rules: list(&["input", "keep"], self.keep, wrong, rules),
            drop_rules: list(&["input", "drop"], self.drop, wrong, rules),
            max_age_days: wrong.change(&["input", "maxAgeDays"], self.max_age_days, |days| {
                check::age_days(days.into())
            }),
        };
        check_order(&changes, stored, wrong);
        changes
    }
}

/// The floor must not be above the ceiling, whichever of the two is changed.
fn check_order(changes: &SourceChanges, stored: &source::Model, wrong: &mut Wrong) {
    let least = changes
        .min_interval_seconds
        .unwrap_or(stored.min_interval_seconds);
    let most = changes
        .max_interval_seconds
        .unwrap_or(stored.max_interval_seconds);
    let field = if changes.min_interval_seconds.is_some() {
        "minIntervalSeconds"
    } else {
        "maxIntervalSeconds"
    };
    wrong.check(&["input", field], check::interval_order(least, most));
}

fn title(text: &str) -> Result<String, Refusal> {
    check::line("The title", text, TITLE_LENGTH)
}

fn rules(rules: Vec<String>) -> Result<Vec<String>, (Option<usize>, Refusal)> {
    check::rules(&rules)?;
    Ok(rules)
}

/// A list that may be changed; null empties it.
fn list(
    path: &[&str],
    given: MaybeUndefined<Vec<String>>,
    wrong: &mut Wrong,
    check: impl FnOnce(Vec<String>) -> Result<Vec<String>, (Option<usize>, Refusal)>,
) -> Option<Vec<String>> {
    match given {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(Vec::new()),
        MaybeUndefined::Value(list) => wrong.check_list(path, check(list)),
    }
}
