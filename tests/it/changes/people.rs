//! Authors: one person, one row.

use serde_json::json;

use super::{Post, World, atom};

fn by(name: &str, author: &str) -> Post {
    Post::new(name).with(|post| author.clone_into(&mut post.more))
}

fn person(name: &str, uri: &str) -> String {
    let uri = if uri.is_empty() {
        String::new()
    } else {
        format!("<uri>{uri}</uri>")
    };
    format!("<author><name>{name}</name>{uri}<email>someone@mail.example</email></author>")
}

async fn authors(world: &World) -> Vec<(String, u64)> {
    let answer = world
        .ask("{ authors { nodes { name entries { totalCount } } } }")
        .await;
    let nodes = answer["authors"]["nodes"].as_array().unwrap().iter();
    nodes
        .map(|node| {
            (
                node["name"].as_str().unwrap().to_owned(),
                node["entries"]["totalCount"].as_u64().unwrap(),
            )
        })
        .collect()
}

fn one(name: &str, entries: u64) -> (String, u64) {
    (name.to_owned(), entries)
}

on_each_database! {
    async fn spellings_of_one_name_in_a_source_are_one_author(database: Database) {
        let world = World::start(&database).await;
        world.follow("/one", atom(&[by("a", &person("Jane Doe", "")), by("b", &person(" jane   doe ", "")), by("c", &person("JANE DOE", ""))])).await;
        assert_eq!(authors(&world).await, [one("Jane Doe", 3)]);
        // In another source it may be another.
        world.follow("/two", atom(&[by("d", &person("Jane Doe", ""))])).await;
        assert_eq!(authors(&world).await, [one("Jane Doe", 3), one("Jane Doe", 1)]);
    }

    async fn one_home_page_is_one_author_in_all_sources(database: Database) {
        let world = World::start(&database).await;
        world.follow("/one", atom(&[by("a", &person("Jane", "https://jane.example/")), by("b", &person("Jane", ""))])).await;
        world.follow("/two", atom(&[by("c", &person("Jane", "http://jane.example"))])).await;
        assert_eq!(authors(&world).await, [one("Jane", 3)]);
        let answer = world.ask("{ authors { nodes { url sources { feedUrl } } } }").await;
        assert_eq!(answer["authors"]["nodes"][0]["sources"].as_array().unwrap().len(), 2);
        let whole = world.ask("{ entries { nodes { authors { name url } summary contentText } } authors { nodes { name url avatarUrl } } }").await;
        assert!(!whole.to_string().contains("mail.example"), "{whole}");
    }

    async fn a_home_page_that_is_told_later_joins_what_was_known_by_name(database: Database) {
        let world = World::start(&database).await;
        world.follow("/one", atom(&[by("a", &person("Jane", ""))])).await;
        world.read("/one", atom(&[by("b", &person("Jane", "https://jane.example/")), by("a", &person("Jane", ""))])).await;
        assert_eq!(authors(&world).await, [one("Jane", 2)]);
        world.follow("/two", atom(&[by("c", &person("Jane", ""))])).await;
        assert_eq!(authors(&world).await.len(), 2);
        world.read("/two", atom(&[by("d", &person("Jane", "https://jane.example/")), by("c", &person("Jane", ""))])).await;
        assert_eq!(authors(&world).await, [one("Jane", 4)]);
    }

    async fn a_name_that_changes_under_one_home_page_is_the_same_author(database: Database) {
        let world = World::start(&database).await;
        let page = "https://people.example/jane";
        world.follow("/one", atom(&[by("a", &person("Jane Roe", page))])).await;
        world.read("/one", atom(&[by("b", &person("Jane Doe", page)), by("a", &person("Jane Roe", page))])).await;
        assert_eq!(authors(&world).await, [one("Jane Doe", 2)]);
        let answer = world.ask("{ entries { nodes { authors { name } } } }").await;
        assert_eq!(answer["entries"]["nodes"][1]["authors"], json!([{"name": "Jane Doe"}]));
    }

    async fn writers_of_one_blog_who_give_its_front_page_stay_apart(database: Database) {
        let world = World::start(&database).await;
        let front = "https://blog.example/";
        world.follow("/one", atom(&[by("a", &person("Ann", front)), by("b", &person("Bob", front))])).await;
        world.read("/one", atom(&[by("c", &person("Bob", front)), by("a", &person("Ann", front)), by("b", &person("Bob", front))])).await;
        assert_eq!(authors(&world).await, [one("Ann", 1), one("Bob", 2)]);
    }

    async fn entries_without_author_have_that_of_their_feed(database: Database) {
        let world = World::start(&database).await;
        let feed = atom(&[by("a", ""), by("b", &person("Bob", ""))]);
        let feed = feed.replacen("<entry>", &format!("{}<entry>", person("Ann", "")), 1);
        world.follow("/one", feed).await;
        assert_eq!(authors(&world).await, [one("Ann", 1), one("Bob", 1)]);
    }
}
