//! Whatever the order in which old and new copies of a feed come, and however they are shuffled: once each was seen,
//! nothing is written and nothing is told.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::{Post, World, atom};
use crate::support::Kind;

/// What one entry is like in the older copy and in the newer.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Same,
    Retitled,
    Rewritten,
    Noisy,
    Relinked,
    Rekeyed,
    Moved,
    Redated,
    Added,
    Dropped,
}

#[derive(Clone, Debug)]
struct Case {
    fates: Vec<Fate>,
    dates: Dates,
    has_ids: bool,
    newer_first: bool,
    /// Which copy is read, and how it is shuffled.
    readings: Vec<(bool, u64)>,
}

#[derive(Clone, Copy, Debug)]
enum Dates {
    None,
    Published,
    Updated,
}

fn cases() -> impl Strategy<Value = Case> {
    let fate = proptest::prop_oneof![
        Just(Fate::Same),
        Just(Fate::Retitled),
        Just(Fate::Rewritten),
        Just(Fate::Noisy),
        Just(Fate::Relinked),
        Just(Fate::Rekeyed),
        Just(Fate::Moved),
        Just(Fate::Redated),
        Just(Fate::Added),
        Just(Fate::Dropped),
    ];
    let dates = proptest::prop_oneof![
        Just(Dates::None),
        Just(Dates::Published),
        Just(Dates::Updated)
    ];
    (
        vec(fate, 1..9),
        dates,
        any::<bool>(),
        any::<bool>(),
        vec(any::<(bool, u64)>(), 3..8),
    )
        .prop_map(|(fates, dates, has_ids, newer_first, readings)| Case {
            fates,
            dates,
            has_ids,
            newer_first,
            readings,
        })
}

impl Case {
    fn posts(&self, is_newer: bool) -> Vec<Post> {
        let posts = self.fates.iter().enumerate();
        posts
            .filter_map(|(at, fate)| self.post(at, *fate, is_newer))
            .collect()
    }

    fn post(&self, at: usize, fate: Fate, is_newer: bool) -> Option<Post> {
        let mut post = Post::new(&format!("e{at}"));
        match self.dates {
            Dates::None => post.published.clear(),
            Dates::Published => post.published = format!("2025-06-{:02}T10:00:00Z", 28 - at),
            Dates::Updated => {
                post.published = format!("2025-06-{:02}T10:00:00Z", 28 - at);
                let updated = if is_newer { "2025-08-01" } else { "2025-07-01" };
                post.updated = format!("{updated}T00:00:00Z");
            }
        }
        if !self.has_ids {
            post.id.clear();
        }
        match (fate, is_newer) {
            (Fate::Added, false) | (Fate::Dropped, true) => return None,
            (Fate::Retitled, true) => post.title.push_str(" again"),
            (Fate::Rewritten, true) => post.html.push_str("<p>And more.</p>"),
            (Fate::Noisy, true) => post
                .html
                .push_str("<p>12 comments</p><img src=\"https://e.org/1.gif\" width=1 height=1>"),
            (Fate::Relinked, true) => post.link.push_str("/new"),
            (Fate::Rekeyed, true) if self.has_ids => post.id.push_str("-new"),
            (Fate::Moved, true) if self.has_ids => {
                post.id.push_str("-new");
                post.link = post.link.replace("blog", "new");
            }
            (Fate::Redated, true) if !post.published.is_empty() => {
                "2025-09-01T00:00:00Z".clone_into(&mut post.published);
            }
            _ => {}
        }
        Some(post)
    }
}

fn shuffled(mut posts: Vec<Post>, seed: u64) -> Vec<Post> {
    let mut state = seed | 1;
    for at in (1..posts.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap() % (at + 1);
        posts.swap(at, other);
    }
    posts
}

on_each_database! {
    async fn old_and_new_copies_in_any_order_settle(database: Database) {
        let world = World::start(&database).await;
        let count = if database.kind == Kind::Sqlite { 24 } else { 6 };
        let mut runner = TestRunner::deterministic();
        let strategy = cases();
        for number in 0..count {
            let case = strategy.new_tree(&mut runner).expect("a case").current();
            let path = format!("/feed{number}");
            world.follow(&path, atom(&case.posts(case.newer_first))).await;
            world.read(&path, atom(&case.posts(!case.newer_first))).await;
            let settled = (world.entries().await, world.app.app.parts().store.head().await.unwrap());
            for (is_newer, seed) in &case.readings {
                let report = world.read(&path, atom(&shuffled(case.posts(*is_newer), *seed))).await;
                assert_eq!((report.added, report.updated), (0, 0), "{case:?}");
            }
            let after = (world.entries().await, world.app.app.parts().store.head().await.unwrap());
            assert_eq!(after, settled, "{case:?}");
            let sources = world.app.app.parts().store.all_sources().await.unwrap();
            for source in sources {
                world.app.app.parts().store.remove_source(source.id, world.app.clock.now()).await.unwrap();
            }
        }
    }
}
