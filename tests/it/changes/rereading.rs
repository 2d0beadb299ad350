//! Reading again what was fetched before, with another reader or another sanitiser.

use entity::SourceId;
use feedgraph::normalize::{self, Content, FeedDraft, LazyContent};
use feedgraph::parse;
use feedgraph::poll::Reparsed;
use feedgraph::store::{Attempted, KeptBody, Reread};

use super::{Post, World, atom};
use crate::support::Page;

const MOST: usize = 10_000_000;

async fn kept(world: &World, source: SourceId) -> KeptBody {
    let body = world
        .app
        .app
        .parts()
        .store
        .kept_body(source, MOST)
        .await
        .unwrap();
    body.expect("a body is kept")
}

fn draft(body: &KeptBody) -> FeedDraft {
    let document = parse::read(
        &body.bytes,
        body.content_type.as_deref(),
        &parse::Limits::default(),
    )
    .unwrap();
    normalize::feed(document, &body.url.parse().unwrap())
}

/// What a sanitiser would leave that lets less through.
fn stricter(mut draft: FeedDraft) -> FeedDraft {
    for entry in &mut draft.entries {
        let content = entry.content.get().clone();
        entry.content = LazyContent::ready(Content {
            html: content
                .html
                .map(|html| html.replace("<b>", "").replace("</b>", "")),
            ..content
        });
    }
    draft
}

async fn reparse(world: &World, source: SourceId, attempted: Attempted) -> Reread {
    match world
        .app
        .app
        .parts()
        .poller
        .reparse(source, attempted)
        .await
        .unwrap()
    {
        Reparsed::Read(done) => done,
        other => panic!("{other:?}"),
    }
}

fn bold(name: &str) -> Post {
    Post::new(name).with(|post| post.html = format!("<p>Some <b>bold</b> words about {name}.</p>"))
}

fn updated(count: i32) -> Reread {
    Reread {
        updated: count,
        ..Reread::default()
    }
}

on_each_database! {
    async fn another_sanitiser_rewrites_what_is_stored_and_nothing_else(database: Database) {
        let world = World::start(&database).await;
        let source = world.follow("/feed", atom(&[bold("a"), Post::new("b")])).await;
        let before = world.entries().await;
        assert_eq!(reparse(&world, source, Attempted::Really).await, Reread::default());
        let body = kept(&world, source).await;
        let now = world.app.clock.now();
        let store = &world.app.app.parts().store;
        let done = store.reread(source, &body, &stricter(draft(&body)), (now, Attempted::Really)).await.unwrap();
        assert_eq!(done, Some(updated(1)));
        let plain = world.entries().await;
        assert_eq!(plain[0]["content"], "<p>Some bold words about a.</p>");
        for (plain, before) in plain.iter().zip(&before) {
            for field in ["id", "title", "publishedAt", "updatedAt", "firstSeenAt", "revisions"] {
                assert_eq!(plain[field], before[field]);
            }
        }
        assert_eq!(world.told().await, ["EntryAdded", "EntryAdded", "EntryUpdated"]);
        // And back, to see that the command does the same: first only said, then done, then done already.
        assert_eq!(reparse(&world, source, Attempted::Dry).await, updated(1));
        assert_eq!(world.entries().await, plain);
        assert_eq!(reparse(&world, source, Attempted::Really).await, updated(1));
        assert_eq!(world.entries().await, before);
        let head = store.head().await.unwrap();
        assert_eq!(reparse(&world, source, Attempted::Really).await, Reread::default());
        assert_eq!(store.head().await.unwrap(), head);
        // The next poll finds nothing to do either.
        assert_eq!(world.read("/feed", atom(&[Post::new("b"), bold("a")])).await.updated, 0);
    }

    async fn entries_that_the_reader_did_not_see_before_are_added(database: Database) {
        let world = World::start(&database).await;
        let source = world.follow("/feed", atom(&[Post::new("a"), Post::new("b")])).await;
        let store = &world.app.app.parts().store;
        let id = store.newest_entries_of_sources(&[source], 1).await.unwrap()[&source][0].id;
        store.remove_entry(id, world.app.clock.now()).await.unwrap();
        // What an editor took out stays out.
        assert_eq!(reparse(&world, source, Attempted::Really).await, Reread::default());
        let body = kept(&world, source).await;
        let mut better = draft(&body);
        let mut third = better.entries[1].clone();
        third.identity = [7; 16];
        third.url_key = None;
        "Not seen before".clone_into(&mut third.title);
        better.entries.push(third);
        let now = (world.app.clock.now(), Attempted::Really);
        let done = store.reread(source, &body, &better, now).await.unwrap().unwrap();
        assert_eq!((done.added, done.updated), (1, 0));
        assert_eq!(store.reread(source, &body, &better, now).await.unwrap(), Some(Reread::default()));
    }

    async fn the_body_that_is_kept_is_the_one_that_is_stored(database: Database) {
        let world = World::start(&database).await;
        let old = bold("a");
        let new = old.with(|post| "Another".clone_into(&mut post.title));
        let source = world.follow("/feed", atom(std::slice::from_ref(&old))).await;
        let first = kept(&world, source).await;
        world.read("/feed", atom(std::slice::from_ref(&new))).await;
        let second = kept(&world, source).await;
        assert_ne!(first.bytes, second.bytes);
        // Neither an older copy nor noise.
        world.read("/feed", atom(&[old])).await;
        world.read("/feed", atom(&[new.with(|post| post.html.push_str("<p>3 comments</p>"))])).await;
        assert_eq!(kept(&world, source).await, second);
        assert_eq!(reparse(&world, source, Attempted::Really).await, Reread::default());
        // A body that was kept meanwhile is not overwritten with what an older one says.
        let done = world.app.app.parts().store.reread(source, &first, &draft(&first), (world.app.clock.now(), Attempted::Really)).await;
        assert_eq!(done.unwrap(), None);
    }

    async fn the_declared_encoding_is_kept_with_the_body(database: Database) {
        let world = World::start(&database).await;
        let feed = atom(&[Post::new("a").with(|post| "Привет".clone_into(&mut post.title))]).replace(" encoding=\"utf-8\"", "");
        let bytes: Vec<u8> = feed.chars().map(|c| match u32::from(c) {
            ascii @ 0..=127 => u8::try_from(ascii).unwrap(),
            letter @ 0x410..=0x44f => u8::try_from(letter - 0x410 + 0xc0).unwrap(),
            other => panic!("{other}"),
        }).collect();
        world.publisher.set("/feed", Page::new("application/atom+xml; charset=windows-1251", bytes));
        let source = world.app.follow(&world.publisher.url("/feed")).await;
        world.app.poll().await;
        assert_eq!(world.all("title").await, ["Привет"]);
        assert_eq!(reparse(&world, source, Attempted::Really).await, Reread::default());
    }
}
