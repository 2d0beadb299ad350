//! Whether a feed has moved for good. In: what redirects said before and now. Out: what to keep. Pure.

use entity::Millis;

/// Where permanent redirects lead, and since when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    /// There.
    pub url: Option<String>,
    /// Since then.
    pub since: Option<Millis>,
}

/// What to keep after an attempt that ended well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// For the next time.
    pub trail: Trail,
    /// The new address, once it has held for long enough.
    pub moved_to: Option<String>,
}

/// Believes a permanent redirect only once it has led to the same place for `hold_seconds`: hosts that are
/// parked, captive portals and mistakes redirect permanently too.
#[must_use]
pub fn judge(before: &Trail, leads_to: Option<&str>, now: Millis, hold_seconds: i64) -> Verdict {
    let Some(leads_to) = leads_to else {
        return Verdict::default();
    };
    let same = before.url.as_deref() == Some(leads_to);
    let since = before.since.filter(|_| same).unwrap_or(now);
    if now.since(since) >= hold_seconds.saturating_mul(1000) {
        return Verdict {
            trail: Trail::default(),
            moved_to: Some(leads_to.to_owned()),
        };
    }
    Verdict {
        trail: Trail {
            url: Some(leads_to.to_owned()),
            since: Some(since),
        },
        moved_to: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail(url: &str, since: i64) -> Trail {
        Trail {
            url: Some(url.to_owned()),
            since: Some(Millis(since)),
        }
    }

    #[test]
    fn a_new_redirect_is_only_noted() {
        let verdict = judge(&Trail::default(), Some("b"), Millis(5), 10);
        assert_eq!(verdict.trail, trail("b", 5));
        assert_eq!(verdict.moved_to, None);
    }

    #[test]
    fn one_that_holds_is_believed() {
        let early = judge(&trail("b", 0), Some("b"), Millis(9_999), 10);
        assert_eq!(early.trail, trail("b", 0));
        let late = judge(&trail("b", 0), Some("b"), Millis(10_000), 10);
        assert_eq!(late.moved_to.as_deref(), Some("b"));
    }

    #[test]
    fn one_that_changes_or_goes_away_begins_anew() {
        let changed = judge(&trail("b", 0), Some("c"), Millis(99_000), 10);
        assert_eq!(changed.trail, trail("c", 99_000));
        let gone = judge(&trail("b", 0), None, Millis(99_000), 10);
        assert_eq!(gone, Verdict::default());
    }
}
