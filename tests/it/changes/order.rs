//! The order of entries: fixed at first sight.

use super::{Post, World, atom};

fn undated(names: &[&str]) -> Vec<Post> {
    names
        .iter()
        .map(|name| Post::new(name).with(|post| post.published.clear()))
        .collect()
}

on_each_database! {
    async fn entries_without_dates_keep_the_publishers_order(database: Database) {
        let world = World::start(&database).await;
        world.follow("/feed", atom(&undated(&["c", "b", "a"]))).await;
        world.read("/feed", atom(&undated(&["e", "d", "c", "b", "a"]))).await;
        let titles = ["All about e", "All about d", "All about c", "All about b", "All about a"];
        assert_eq!(world.all("title").await, titles);
        world.read("/feed", atom(&undated(&["a", "c", "e", "b", "d"]))).await;
        assert_eq!(world.all("title").await, titles);
        assert_eq!(world.findings().await, [("MISSING_DATES".to_owned(), 5)]);
        // Dates that come later move nothing.
        world.read("/feed", atom(&["a", "c", "e", "b", "d"].map(Post::new))).await;
        assert_eq!(world.all("title").await, titles);
    }

    async fn later_dates_and_updates_move_nothing(database: Database) {
        let world = World::start(&database).await;
        let dated = |name: &str, published: &str, updated: &str| Post::new(name).with(|post| {
            published.clone_into(&mut post.published);
            updated.clone_into(&mut post.updated);
        });
        world.follow("/feed", atom(&[dated("a", "2025-01-01T00:00:00Z", ""), dated("b", "2025-02-01T00:00:00Z", ""), dated("c", "2033-01-01T00:00:00Z", "")])).await;
        let order = ["All about c", "All about b", "All about a"];
        assert_eq!(world.all("title").await, order);
        assert_eq!(world.all("dateQuality").await, ["FIRST_SEEN", "PUBLISHED", "PUBLISHED"]);
        let places = world.all("publishedAt").await;
        assert_eq!(places, ["2026-01-01T00:00:00Z", "2025-02-01T00:00:00Z", "2025-01-01T00:00:00Z"]);
        world.read("/feed", atom(&[
            dated("a", "2025-12-24T00:00:00Z", "2025-12-24T00:00:00Z").with(|post| post.html.push_str("<p>More.</p>")),
            dated("b", "2024-01-01T00:00:00Z", "2025-12-25T00:00:00Z").with(|post| post.html.push_str("<p>More.</p>")),
            dated("c", "2025-12-31T00:00:00Z", "").with(|post| post.html.push_str("<p>More.</p>")),
        ])).await;
        assert_eq!(world.all("publishedAt").await, places);
        assert_eq!(world.all("title").await, order);
        assert_eq!(world.all("updatedAt").await[1..], ["2025-12-25T00:00:00Z", "2025-12-24T00:00:00Z"]);
    }
}
