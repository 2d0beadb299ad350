//! The same in several sources.

use serde_json::{Value, json};

use super::{Post, World, atom};
use crate::support::{Graph, Item};

const LONG: &str = "The river rose by two metres in one night, and the whole village came to carry the books of the \
    library up the hill, hand to hand, until the last of them lay dry in the old chapel where nobody had been for years, and on the next morning they were all still there, counted and whole.";

fn titles(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["title"].as_str().unwrap())
        .collect()
}

on_each_database! {
    async fn entries_with_one_link_or_one_text_are_duplicates_and_stay_apart(database: Database) {
        let world = World::start(&database).await;
        let plain = |name: &str, site: &str, html: &str| Post::new(name).with(|post| {
            post.id = format!("{site}:{name}");
            post.link = format!("https://{site}.example/{name}");
            post.title = format!("{name} at {site}");
            html.clone_into(&mut post.html);
        });
        let long = format!("<p>{LONG}</p>");
        let marked_up = format!("<div><em>{}</em></div>", LONG.to_uppercase());
        let mut linked = plain("x", "two", "<p>Other words.</p>");
        "http://one.example/x/?utm_source=two".clone_into(&mut linked.link);
        world.follow("/one", atom(&[plain("x", "one", "<p>Words.</p>"), plain("text", "one", &long), plain("y", "one", "<p>Hi.</p>")])).await;
        world.follow("/two", atom(&[linked, plain("text", "two", &marked_up), plain("y", "two", "<p>Hi.</p>")])).await;
        world.follow("/three", atom(&[plain("text", "three", &long)])).await;
        let answer = world.ask("{ entries(first: 50, orderBy: SEEN_ASC) { nodes { title duplicates { title source { feedUrl } } } } }").await;
        for node in answer["entries"]["nodes"].as_array().unwrap() {
            let mut found = titles(&node["duplicates"]);
            found.sort_unstable();
            let expected: &[&str] = match node["title"].as_str().unwrap() {
                "x at one" => &["x at two"],
                "x at two" => &["x at one"],
                "text at one" => &["text at three", "text at two"],
                "text at two" => &["text at one", "text at three"],
                "text at three" => &["text at one", "text at two"],
                _ => &[],
            };
            assert_eq!(found, expected, "{node}");
        }
        let answer = world.ask("{ entries(filter: {}, first: 50) { nodes { title duplicates(first: 1) { title } } } }").await;
        let text = answer["entries"]["nodes"].as_array().unwrap().iter().find(|node| node["title"] == "text at three").unwrap();
        assert_eq!(text["duplicates"], json!([{"title": "text at one"}]));
    }

    async fn duplicates_and_revisions_cost_a_fixed_number_of_statements(database: Database) {
        let graph = Graph::open(&database).await;
        let items = |count: usize| -> Vec<Item> {
            (0..count).map(|at| Item::new(&format!("e{at}"), "2024-03-27T14:00:00Z").saying(&format!("<p>{at} {LONG}</p>"))).collect()
        };
        let document = |first: usize| format!("{{ entries(first: {first}) {{ nodes {{ revisions {{ title content }} duplicates {{ title }} }} }} }}");
        graph.follow("One", &items(40)).await;
        graph.follow("Two", &items(40)).await;
        let mut costs = Vec::new();
        for first in [1, 80] {
            let before = graph.store.statements();
            let answer = graph.ask(document(first).as_str()).await;
            costs.push(graph.store.statements() - before);
            for node in answer["entries"]["nodes"].as_array().unwrap() {
                assert_eq!(node["duplicates"].as_array().unwrap().len(), 1);
            }
        }
        // The page; versions; what entries are told by, the same links, the same texts, those entries.
        assert_eq!(costs, [6, 6]);
    }
}
