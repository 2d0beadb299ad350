//! What ranks an entry. In: where the query's words stand in it, and when it was published. Out: a number. Pure.
//! Must not know: SQL.

use entity::Millis;

/// The best place in which a group's words stand, the best last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Somewhere.
    #[default]
    Body,
    /// The body says them often.
    Keen,
    /// In an author's name or a tag.
    Name,
    /// In the title.
    Title,
}

impl Place {
    const fn worth(self) -> i32 {
        match self {
            Self::Body => 150,
            Self::Keen => 350,
            Self::Name => 600,
            Self::Title => 1_000,
        }
    }
}

/// More than any day that counts.
const DAYS: i32 = 100_000;
/// More than any score.
const MOST: i32 = 1_001 * DAYS;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// First by how good the places are, on average; where that is equal, by the day.
#[must_use]
pub fn score(places: &[Place], published_at: Millis) -> i32 {
    let sum: i32 = places.iter().map(|place| place.worth()).sum();
    let count = i32::try_from(places.len()).unwrap_or(i32::MAX).max(1);
    let day = i32::try_from(published_at.0.div_euclid(DAY_MS)).unwrap_or(0);
    (sum / count) * DAYS + day.clamp(0, DAYS - 1)
}

/// The score as it is shown: it never rises from one page to the next. `headlines` tells whether all words stand in
/// titles, names and tags, which comes first; `block` how many blocks of newer entries come before.
#[must_use]
pub fn shown(headlines: bool, block: u32, score: i32) -> f64 {
    let share = f64::from(score) / f64::from(MOST);
    let height = f64::from(block.min(1_000)).exp2().recip();
    f64::from(u8::from(headlines)) + height * (0.5 + share / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_before_days() {
        let (old, new) = (Millis(0), Millis(1_700_000_000_000));
        let ranked = [
            score(&[Place::Title, Place::Title], new),
            score(&[Place::Title, Place::Title], old),
            score(&[Place::Title, Place::Name], new),
            score(&[Place::Keen], new),
            score(&[Place::Body], new),
            score(&[Place::Body], old),
        ];
        assert!(
            ranked.is_sorted_by(|better, worse| better > worse),
            "{ranked:?}"
        );
        assert!(ranked[0] < MOST);
    }

    #[test]
    fn what_is_shown_falls_from_block_to_block() {
        let shown = [
            shown(true, 0, MOST - 1),
            shown(true, 0, 0),
            shown(true, 1, MOST - 1),
            shown(false, 0, MOST - 1),
            shown(false, 0, 0),
            shown(false, 1, MOST - 1),
            shown(false, 30, 5),
        ];
        assert!(
            shown.is_sorted_by(|better, worse| better > worse),
            "{shown:?}"
        );
    }
}
