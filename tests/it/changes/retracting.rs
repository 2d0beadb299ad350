//! What publishers take back (RFC 6721).

use serde_json::json;

use super::{Post, World, atom};

fn deleted(id: &str, when: &str) -> String {
    format!("<at:deleted-entry ref=\"{id}\" when=\"{when}\"/>")
}

/// A feed with tombstones before its entries.
fn with(tombstones: &[String], posts: &[Post]) -> String {
    let feed = atom(posts);
    let at = feed
        .find("<entry>")
        .or_else(|| feed.find("</feed>"))
        .unwrap();
    format!("{}{}{}", &feed[..at], tombstones.concat(), &feed[at..])
}

on_each_database! {
    async fn an_entry_that_is_taken_back_is_gone_and_stays_out(database: Database) {
        let world = World::start(&database).await;
        let (a, b) = (Post::new("a"), Post::new("b"));
        world.follow("/feed", atom(&[a.clone(), b.clone()])).await;
        let tombstone = deleted(&a.id, "2025-07-01T00:00:00Z");
        world.read("/feed", with(std::slice::from_ref(&tombstone), std::slice::from_ref(&b))).await;
        assert_eq!(world.all("title").await, ["All about b"]);
        // That an entry was added is not told any more once it is gone.
        let told = ["EntryAdded", "EntryRemoved"];
        assert_eq!(world.told().await, told);
        let answer = world.ask("{ sources { nodes { entries { totalCount } latestEntryAt } } }").await;
        assert_eq!(answer["sources"]["nodes"][0], json!({"entries": {"totalCount": 1}, "latestEntryAt": "2025-06-01T10:00:00Z"}));
        // Old copies, and the tombstone again, change nothing.
        for feed in [
            atom(&[a.clone(), b.clone()]),
            with(std::slice::from_ref(&tombstone), std::slice::from_ref(&b)),
            with(&[tombstone], &[a.clone(), b.clone()]),
            with(&[deleted(&a.id, "2025-06-30T00:00:00Z")], std::slice::from_ref(&b)),
            atom(&[b.clone(), a.clone()]),
        ] {
            let report = world.read("/feed", feed).await;
            assert_eq!((report.added, report.updated), (0, 0));
        }
        assert_eq!(world.told().await, told);
        // Published anew, with a later date.
        let anew = a.with(|post| "2025-07-02T00:00:00Z".clone_into(&mut post.updated));
        assert_eq!(world.read("/feed", atom(&[anew, b])).await.added, 1);
        assert_eq!(world.all("title").await.len(), 2);
    }

    async fn a_tombstone_older_than_its_entry_or_of_another_source_takes_nothing(database: Database) {
        let world = World::start(&database).await;
        let a = Post::new("a").with(|post| "2025-07-05T00:00:00Z".clone_into(&mut post.updated));
        world.follow("/one", atom(std::slice::from_ref(&a))).await;
        world.read("/one", with(&[deleted(&a.id, "2025-07-04T00:00:00Z")], std::slice::from_ref(&a))).await;
        world.follow("/two", with(&[deleted(&a.id, "2025-08-01T00:00:00Z")], &[Post::new("b")])).await;
        assert_eq!(world.all("title").await.len(), 2);
        assert_eq!(world.told().await, ["EntryAdded"; 2]);
    }
}
