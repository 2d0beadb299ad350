//! Edits, told from what changes by itself.

use serde_json::json;

use super::{Post, World, atom};

/// Contents that differ in what nobody wrote: before, after.
const NOISE: &[(&str, &str)] = &[
    ("<p>Some words.</p>", "<p>Some   words.\n</p>\n"),
    ("<p>Some words.</p>", "<P>Some words.</P>"),
    (
        "<p>Some words.</p>",
        "<div class=\"x\"><p style=\"color:red\">Some words.</p></div>",
    ),
    (
        "<p>Some words.</p><!-- built at 10:00 -->",
        "<p>Some words.</p><!-- built at 11:00 -->",
    ),
    (
        "<p class=\"a\" id=\"b\">Some words.</p>",
        "<p id=\"b\" class=\"a\">Some words.</p>",
    ),
    (
        "<p>See <a href=\"https://e.org/x?utm_source=rss&amp;id=3\">this</a>.</p>",
        "<p>See <a href=\"https://e.org/x?id=3&amp;utm_source=feed&amp;fbclid=9\">this</a>.</p>",
    ),
    (
        "<p>See <a href=\"https://e.org/x?PHPSESSID=ab12\">this</a>.</p>",
        "<p>See <a href=\"https://e.org/x?PHPSESSID=cd34\">this</a>.</p>",
    ),
    (
        "<p>See <a href=\"http://e.org/x\">this</a>.</p>",
        "<p>See <a href=\"https://e.org/x/\">this</a>.</p>",
    ),
    (
        "<p>x<img src=\"https://i0.wp.com/e.org/a.png\" width=\"300\"></p>",
        "<p>x<img width=\"300\" src=\"https://i2.wp.com/e.org/a.png\"></p>",
    ),
    (
        "<p>x<img src=\"https://s3.e.org/a.png?X-Amz-Date=1&amp;X-Amz-Signature=aa\"></p>",
        "<p>x<img src=\"https://s3.e.org/a.png?X-Amz-Date=2&amp;X-Amz-Signature=bb\"></p>",
    ),
    (
        "<p>x</p><img src=\"https://pixel.wp.com/b.gif?rand=1\" width=\"1\" height=\"1\">",
        "<p>x</p><img src=\"https://pixel.wp.com/b.gif?rand=2\" width=\"1\" height=\"1\">",
    ),
    (
        "<p>x</p><img src=\"https://e.org/count/1.gif\" width=\"1\" height=\"1\">",
        "<p>x</p><img src=\"https://e.org/count/2.gif\" width=\"1\" height=\"1\">",
    ),
    ("<p>x</p><p>1,204 views</p>", "<p>x</p><p>1,250 views</p>"),
    (
        "<p>x</p><p>Comments (4)</p>",
        "<p>x</p><p>Comments (15)</p>",
    ),
    (
        "<p>x</p><p># Comments: 4</p><p>Points: 3</p>",
        "<p>x</p><p># Comments: 7</p><p>Points: 33</p>",
    ),
    (
        "<p>x</p><p><a href=\"https://e.org/x#c\">4 comments</a></p>",
        "<p>x</p><p><a href=\"https://e.org/x#c\">5 comments</a></p>",
    ),
    (
        "<p>x</p><p>posted 3 hours ago</p>",
        "<p>x</p><p>posted 2 days ago</p>",
    ),
    (
        "<p>x</p><span class=\"view-count\">17</span>",
        "<p>x</p><span class=\"view-count\">19</span>",
    ),
    (
        "<p>x</p><script>var nonce = '1';</script>",
        "<p>x</p><script>var nonce = '2';</script>",
    ),
    ("<p>Fish &amp; chips</p>", "<p>Fish &#38; chips</p>"),
];

/// Contents that differ in what a person wrote: before, after.
const EDITS: &[(&str, &str)] = &[
    ("<p>Some wrods.</p>", "<p>Some words.</p>"),
    ("<p>It cost 12 euros.</p>", "<p>It cost 13 euros.</p>"),
    (
        "<p>The video got 1,204 views in a day.</p>",
        "<p>The video got 1,250 views in a day.</p>",
    ),
    (
        "<p>The shop opened 3 years ago.</p>",
        "<p>The shop opened 4 years ago.</p>",
    ),
    (
        "<p>See <a href=\"https://e.org/x\">this</a>.</p>",
        "<p>See <a href=\"https://e.org/y\">this</a>.</p>",
    ),
    (
        "<p>See <a href=\"https://e.org/?id=3\">this</a>.</p>",
        "<p>See <a href=\"https://e.org/?id=4\">this</a>.</p>",
    ),
    (
        "<p>x<img src=\"https://e.org/a.png\"></p>",
        "<p>x<img src=\"https://e.org/b.png\"></p>",
    ),
    ("<p>Some words.</p>", "<p>Some words</p>"),
    ("<p>Some words.</p>", "<p>Some words.</p><p>And more.</p>"),
    ("<p>Some words.</p>", "<p>Some <b>words</b>.</p>"),
    ("<p>one</p><p>two</p>", "<p>two</p><p>one</p>"),
];

fn posts(pairs: &[(&str, &str)], which: impl Fn(&(&str, &str)) -> String) -> Vec<Post> {
    let posts = pairs.iter().enumerate();
    posts
        .map(|(at, pair)| Post::new(&format!("p{at}")).with(|post| post.html = which(pair)))
        .collect()
}

on_each_database! {
    async fn noise_is_not_written_and_not_told(database: Database) {
        let world = World::start(&database).await;
        world.follow("/feed", atom(&posts(NOISE, |pair| pair.0.to_owned()))).await;
        let before = (world.entries().await, world.app.app.parts().store.head().await.unwrap());
        let report = world.read("/feed", atom(&posts(NOISE, |pair| pair.1.to_owned()))).await;
        assert_eq!((report.changed, report.added, report.updated), (1, 0, 0));
        assert_eq!((world.entries().await, world.app.app.parts().store.head().await.unwrap()), before);
    }

    async fn real_edits_are_kept_and_told(database: Database) {
        let world = World::start(&database).await;
        world.follow("/feed", atom(&posts(EDITS, |pair| pair.0.to_owned()))).await;
        let old = world.entries().await;
        let report = world.read("/feed", atom(&posts(EDITS, |pair| pair.1.to_owned()))).await;
        assert_eq!(report.updated, u64::try_from(EDITS.len()).unwrap());
        for (new, old) in world.entries().await.iter().zip(&old) {
            assert_eq!(new["id"], old["id"]);
            assert_eq!(new["publishedAt"], old["publishedAt"]);
            assert_ne!(new["content"], old["content"]);
            let earlier = json!([{"title": old["title"], "url": old["url"], "content": old["content"]}]);
            assert_eq!(new["revisions"], earlier);
        }
        let told = world.told().await;
        assert_eq!(told.iter().filter(|name| *name == "EntryUpdated").count(), EDITS.len());
    }

    async fn versions_are_kept_in_order_and_only_so_many(database: Database) {
        let world = World::start(&database).await;
        let version = |number: usize| atom(&[Post::new("a").with(|post| post.title = format!("Version {number}"))]);
        world.follow("/feed", version(0)).await;
        for number in 1..=13 {
            assert_eq!(world.read("/feed", version(number)).await.updated, 1);
        }
        let answer = world.ask("{ entries { nodes { title revisions(first: 50) { title seenAt replacedAt updatedAt } few: revisions(first: 2) { title } } } }").await;
        let entry = &answer["entries"]["nodes"][0];
        assert_eq!(entry["title"], "Version 13");
        let revisions = entry["revisions"].as_array().unwrap();
        let titles: Vec<String> = revisions.iter().map(|revision| revision["title"].as_str().unwrap().to_owned()).collect();
        let expected: Vec<String> = (3..=12).rev().map(|number| format!("Version {number}")).collect();
        assert_eq!(titles, expected);
        assert_eq!(entry["few"], json!([{"title": "Version 12"}, {"title": "Version 11"}]));
        for pair in revisions.windows(2) {
            assert_eq!(pair[0]["seenAt"], pair[1]["replacedAt"]);
        }
    }

    async fn a_change_that_was_taken_back_is_believed_when_it_comes_with_news(database: Database) {
        let world = World::start(&database).await;
        let (old, new) = (Post::new("a"), Post::new("a").with(|post| "Another".clone_into(&mut post.title)));
        world.follow("/feed", atom(std::slice::from_ref(&old))).await;
        assert_eq!(world.read("/feed", atom(std::slice::from_ref(&new))).await.updated, 1);
        // An older copy, from a cache that lags behind.
        assert_eq!(world.read("/feed", atom(std::slice::from_ref(&old))).await.updated, 0);
        assert_eq!(world.all("title").await, ["Another"]);
        // With an entry that was never seen it cannot be one.
        let report = world.read("/feed", atom(&[Post::new("b"), old.clone()])).await;
        assert_eq!((report.added, report.updated), (1, 1));
        // Nor when it claims to be newer.
        let dated = |post: &Post, updated: &str| post.with(|post| updated.clone_into(&mut post.updated));
        let report = world.read("/feed", atom(&[Post::new("b"), dated(&new, "2025-07-01T00:00:00Z")])).await;
        assert_eq!(report.updated, 1);
        let report = world.read("/feed", atom(&[Post::new("b"), dated(&old, "2025-06-30T00:00:00Z")])).await;
        assert_eq!(report.updated, 0);
        let report = world.read("/feed", atom(&[Post::new("b"), dated(&old, "2025-07-02T00:00:00Z")])).await;
        assert_eq!(report.updated, 1);
    }
}
