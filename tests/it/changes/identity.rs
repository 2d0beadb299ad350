//! Identifiers and links that change, alone and together.

use super::{Post, World, atom};

fn three() -> Vec<Post> {
    let dates = [
        "2025-06-03T10:00:00Z",
        "2025-06-02T10:00:00Z",
        "2025-06-01T10:00:00Z",
    ];
    ["a", "b", "c"]
        .iter()
        .zip(dates)
        .map(|(name, date)| Post::new(name).with(|post| date.clone_into(&mut post.published)))
        .collect()
}

fn each(posts: &[Post], change: impl Fn(&mut Post)) -> Vec<Post> {
    posts.iter().map(|post| post.with(&change)).collect()
}

on_each_database! {
    async fn identifiers_that_change_while_links_stay_make_nothing_new(database: Database) {
        let world = World::start(&database).await;
        world.follow("/feed", atom(&three())).await;
        let before = world.entries().await;
        let renamed = each(&three(), |post| post.id = format!("urn:new:{}", post.title));
        let report = world.read("/feed", atom(&renamed)).await;
        assert_eq!((report.added, report.updated), (0, 0));
        assert_eq!(world.entries().await, before);
        assert_eq!(world.findings().await, [("IDS_CHANGED".to_owned(), 3)]);
        // Back and forth, as servers do that do not agree.
        for posts in [three(), renamed.clone(), three(), renamed] {
            let report = world.read("/feed", atom(&posts)).await;
            assert_eq!((report.added, report.updated), (0, 0));
        }
        assert_eq!(world.entries().await, before);
        assert_eq!(world.told().await, ["EntryAdded"; 3]);
    }

    async fn a_link_that_changes_is_an_edit_and_http_to_https_is_none(database: Database) {
        let world = World::start(&database).await;
        let http = |posts: &[Post]| each(posts, |post| post.link = post.link.replace("https:", "http:"));
        world.follow("/feed", atom(&http(&three()))).await;
        let report = world.read("/feed", atom(&three())).await;
        assert_eq!((report.added, report.updated), (0, 0));
        let tracked = each(&three(), |post| post.link.push_str("?utm_source=feed&utm_medium=rss"));
        let report = world.read("/feed", atom(&tracked)).await;
        assert_eq!((report.added, report.updated), (0, 0));
        let moved = each(&three(), |post| post.link.push_str("/moved"));
        let report = world.read("/feed", atom(&moved)).await;
        assert_eq!((report.added, report.updated), (0, 3));
        assert_eq!(world.all("url").await[0], "https://blog.example/a/moved");
    }

    async fn a_feed_that_moves_with_new_identifiers_and_links_stays_the_same_feed(database: Database) {
        let world = World::start(&database).await;
        world.follow("/feed", atom(&three())).await;
        let before = world.entries().await;
        let moved = each(&three(), |post| {
            post.id = post.id.replace("blog.example", "new.example");
            post.link = post.link.replace("https://blog.example/", "https://new.example/posts/");
        });
        let report = world.read("/feed", atom(&moved)).await;
        assert_eq!((report.added, report.updated), (0, 0));
        let after = world.entries().await;
        for (after, before) in after.iter().zip(&before) {
            for field in ["id", "guid", "title", "publishedAt", "firstSeenAt", "updatedAt"] {
                assert_eq!(after[field], before[field]);
            }
        }
        assert_eq!(world.all("url").await, ["https://new.example/posts/a", "https://new.example/posts/b", "https://new.example/posts/c"]);
        assert_eq!(world.told().await, ["EntryAdded"; 3]);
        // What is new after the move is new.
        let mut more = moved;
        more.insert(0, Post::new("d").with(|post| "2025-07-01T10:00:00Z".clone_into(&mut post.published)));
        assert_eq!(world.read("/feed", atom(&more)).await.added, 1);
    }

    async fn what_is_not_recognised_after_a_move_is_no_news(database: Database) {
        let world = World::start(&database).await;
        world.follow("/feed", atom(&three())).await;
        let mut moved = each(&three(), |post| post.id.push_str("-new"));
        moved.push(Post::new("older").with(|post| "2025-05-01T10:00:00Z".clone_into(&mut post.published)));
        moved.push(Post::new("newer").with(|post| "2025-08-01T10:00:00Z".clone_into(&mut post.published)));
        assert_eq!(world.read("/feed", atom(&moved)).await.added, 2);
        let answer = world.ask("{ changes(first: 100) { edges { node { ... on EntryAdded { backlog entry { title } } } } } }").await;
        let edges = answer["changes"]["edges"].as_array().unwrap();
        let of = |title: &str| edges.iter().find(|edge| edge["node"]["entry"]["title"] == title).unwrap()["node"]["backlog"].clone();
        assert_eq!(of("All about older"), true);
        assert_eq!(of("All about newer"), false);
    }

    async fn a_feed_that_moves_with_new_dates_is_told_by_its_titles(database: Database) {
        let world = World::start(&database).await;
        world.follow("/feed", atom(&three())).await;
        let before = world.all("id").await;
        let moved = each(&three(), |post| {
            post.id = format!("https://new.example/?p={}", post.title.replace(' ', "+"));
            post.link = format!("https://new.example/{}", post.title.replace(' ', "-"));
            "2025-09-09T00:00:00Z".clone_into(&mut post.published);
            post.html.push_str("<p>Moved with a new address: https://new.example/</p>");
        });
        let report = world.read("/feed", atom(&moved)).await;
        assert_eq!((report.added, report.updated), (0, 0));
        assert_eq!(world.all("id").await, before);
        assert_eq!(world.told().await, ["EntryAdded"; 3]);
    }

    async fn identifiers_without_links_of_their_own_are_made_from_the_link(database: Database) {
        let world = World::start(&database).await;
        let bare = each(&three(), |post| post.id.clear());
        world.follow("/feed", atom(&bare)).await;
        assert_eq!(world.findings().await, [("MISSING_IDS".to_owned(), 3)]);
        let edited = each(&bare, |post| post.title.push('!'));
        let report = world.read("/feed", atom(&edited)).await;
        assert_eq!((report.added, report.updated), (0, 3));
        // It gets identifiers later.
        let report = world.read("/feed", atom(&each(&three(), |post| post.title.push('!')))).await;
        assert_eq!((report.added, report.updated), (0, 0));
    }

    async fn one_identifier_for_several_entries_loses_none(database: Database) {
        let world = World::start(&database).await;
        let same = each(&three(), |post| "0".clone_into(&mut post.id));
        world.follow("/feed", atom(&same)).await;
        assert_eq!(world.all("title").await, ["All about a", "All about b", "All about c"]);
        assert_eq!(world.findings().await, [("DUPLICATE_IDS".to_owned(), 1)]);
        let told = world.told().await;
        let mut shuffled = same.clone();
        shuffled.rotate_left(1);
        for posts in [shuffled, same[..2].to_vec(), same[..1].to_vec(), same[1..2].to_vec(), same] {
            let report = world.read("/feed", atom(&posts)).await;
            assert_eq!((report.added, report.updated), (0, 0), "{posts:?}");
        }
        assert_eq!(world.told().await, told);
    }

    async fn entries_without_identifiers_that_link_to_one_page_are_all_kept(database: Database) {
        let world = World::start(&database).await;
        let bare = each(&three(), |post| {
            post.id.clear();
            "https://blog.example/".clone_into(&mut post.link);
        });
        world.follow("/feed", atom(&bare)).await;
        assert_eq!(world.all("title").await, ["All about a", "All about b", "All about c"]);
        let told = world.told().await;
        for posts in [bare[1..].to_vec(), bare[..2].to_vec(), bare.clone()] {
            let report = world.read("/feed", atom(&posts)).await;
            assert_eq!((report.added, report.updated), (0, 0), "{posts:?}");
        }
        assert_eq!(world.told().await, told);
    }

    async fn an_identifier_that_is_used_again_for_another_entry_overwrites_nothing(database: Database) {
        let world = World::start(&database).await;
        let [a, b, c]: [Post; 3] = each(&three(), |post| "latest".clone_into(&mut post.id)).try_into().unwrap();
        world.follow("/feed", atom(&[c])).await;
        assert_eq!(world.read("/feed", atom(&[b])).await.added, 1);
        assert_eq!(world.read("/feed", atom(&[a])).await.added, 1);
        assert_eq!(world.all("title").await, ["All about a", "All about b", "All about c"]);
    }

    async fn identifiers_that_count_from_the_top_overwrite_nothing(database: Database) {
        let world = World::start(&database).await;
        let numbered = |names: &[&str]| -> Vec<Post> {
            (1..).zip(names).map(|(number, name)| {
                let mut post = Post::new(name);
                post.id = format!("item-{number}");
                post.published = String::new();
                post
            }).collect()
        };
        world.follow("/feed", atom(&numbered(&["b", "a"]))).await;
        let report = world.read("/feed", atom(&numbered(&["c", "b", "a"]))).await;
        assert_eq!((report.added, report.updated), (1, 0));
        let report = world.read("/feed", atom(&numbered(&["d", "c", "b", "a"]))).await;
        assert_eq!((report.added, report.updated), (1, 0));
        assert_eq!(world.all("title").await, ["All about d", "All about c", "All about b", "All about a"]);
        assert_eq!(world.told().await, ["EntryAdded"; 4]);
    }

    async fn one_identifier_in_two_sources_is_two_entries(database: Database) {
        let world = World::start(&database).await;
        world.follow("/one", atom(&[Post::new("a")])).await;
        world.follow("/two", atom(&[Post::new("a").with(|post| "Another".clone_into(&mut post.title))])).await;
        let mut titles = world.all("title").await;
        titles.sort_unstable();
        assert_eq!(titles, ["All about a", "Another"]);
    }

    async fn what_leaves_the_feed_stays(database: Database) {
        let world = World::start(&database).await;
        world.follow("/feed", atom(&three())).await;
        let before = world.entries().await;
        world.read("/feed", atom(&three()[..1])).await;
        world.read("/feed", atom(&[])).await;
        assert_eq!(world.entries().await, before);
    }
}
