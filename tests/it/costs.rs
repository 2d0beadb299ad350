//! What questions cost in statements, and that the quick way of writing lists says what the usual one says.

use serde_json::{Value, json};

use crate::support::{Database, Graph, Item, Kind};

const SIMPLE: &str = "id guid url title summary language publishedAt dateQuality updatedAt firstSeenAt imageUrl commentsUrl
    wordCount tags source { __typename id title feedUrl siteUrl description language createdAt }
    authors { __typename id name url avatarUrl }";

async fn filled(database: &Database, sources: usize, entries: usize) -> Graph {
    let graph = Graph::open(database).await;
    let mut planet = Vec::new();
    for source in 0..sources {
        let items: Vec<Item> = (0..entries)
            .map(|entry| {
                let at = format!("2024-03-{:02}T{:02}:00:00Z", 1 + entry % 27, source % 24);
                Item::new(&format!("{source}-{entry}"), &at)
                    .titled(&format!("Title {entry} of \"{source}\""))
                    .by(&format!("Author {}", entry % 5))
                    .saying("<p>Some words.</p>")
            })
            .collect();
        planet.push(graph.follow(&format!("Feed {source}"), &items).await);
    }
    graph.planet("all", &planet).await;
    graph
}

on_each_database! {
    async fn a_front_page_costs_four_statements_however_long_it_is(database: Database) {
        let graph = filled(&database, 12, 10).await;
        let mut number = 0;
        for rows in [20, 100] {
            // A change, so that nothing is known from before.
            number += 1;
            graph.planet(&format!("p{number}"), &[]).await;
            let before = graph.store.statements();
            let page = graph.ask(format!("{{ planet(slug: \"all\") {{ title entries(first: {rows}) {{ nodes {{ title source {{ title }} authors {{ name }} tags }} pageInfo {{ endCursor }} }} }} }}").as_str()).await;
            assert_eq!(page["planet"]["entries"]["nodes"].as_array().unwrap().len(), rows);
            // On SQLite, names come with the entries.
            let statements = if database.kind == Kind::Postgres { 4 } else { 3 };
            assert_eq!(graph.store.statements() - before, statements, "planet, entries, sources, names");
        }
    }

    async fn each_kind_of_question_has_its_number_of_statements(database: Database) {
        let graph = filled(&database, 12, 10).await;
        let check = async |question: &str, most: u64| {
            let mut costs = Vec::new();
            for rows in [5, 10] {
                let before = graph.store.statements();
                graph.ask(question.replace("ROWS", &rows.to_string()).as_str()).await;
                costs.push(graph.store.statements() - before);
            }
            assert!(costs[0] == costs[1] || costs[1] < costs[0], "grows: {question} {costs:?}");
            assert!(costs.iter().all(|cost| *cost <= most), "{question} {costs:?}");
        };
        check("{ entries(first: ROWS) { nodes { title } } }", 1).await;
        check("{ entries(first: ROWS) { totalCount nodes { title content } } }", 3).await;
        check("{ entries(first: ROWS) { edges { cursor node { title source { title planets { slug } } enclosures { url } } } } }", 4).await;
        check("{ sources(first: ROWS) { nodes { title entries(first: 3) { nodes { title authors { name } tags } } } } }", 4).await;
        check("{ planets(first: ROWS) { nodes { title updatedAt links { title } } } }", 3).await;
        check("{ authors(first: ROWS) { nodes { name sources { title } } } }", 2).await;
        check("{ tags(first: ROWS) { totalCount nodes { name entryCount } } }", 2).await;
        check("{ changes(first: ROWS) { edges { node { ... on EntryAdded { entry { title source { title } } } } } } }", 6).await;
    }

    async fn the_quick_way_says_what_the_usual_one_says(database: Database) {
        let graph = filled(&database, 3, 9).await;
        let list = |fields: &str| format!("{{ entries(first: 20) {{ {fields} }} }}");
        // `content` is never at hand, so with it the whole list goes the usual way.
        let quick = graph.ask(list(&format!("nodes {{ {SIMPLE} }}")).as_str()).await;
        let mut usual = graph.ask(list(&format!("nodes {{ {SIMPLE} content }}")).as_str()).await;
        for node in usual["entries"]["nodes"].as_array_mut().unwrap() {
            assert!(node.as_object_mut().unwrap().remove("content").unwrap().is_string());
        }
        assert_eq!(quick.to_string(), usual.to_string(), "also in their order");
        let quick = graph.ask(list(&format!("edges {{ __typename cursor node {{ {SIMPLE} }} }}")).as_str()).await;
        let mut usual = graph.ask(list(&format!("edges {{ __typename cursor node {{ {SIMPLE} content }} }}")).as_str()).await;
        for edge in usual["entries"]["edges"].as_array_mut().unwrap() {
            edge["node"].as_object_mut().unwrap().remove("content").unwrap();
        }
        assert_eq!(quick.to_string(), usual.to_string());
    }

    async fn fragments_aliases_and_conditions_are_understood_on_the_quick_way(database: Database) {
        let graph = filled(&database, 1, 1).await;
        let answer = graph.ask("query { entries { nodes { ...one t: title source { title } ... on Entry { source { id } ...two } ... on Node { id } } } }
            fragment one on Entry { __typename authors { name } }
            fragment two on Entry { authors { n: name } source { title } }").await;
        let id = answer["entries"]["nodes"][0]["id"].clone();
        assert_eq!(answer["entries"]["nodes"], json!([{
            "__typename": "Entry", "authors": [{"name": "Author 0", "n": "Author 0"}], "t": "Title 0 of \"0\"",
            "source": {"title": "Feed 0", "id": "source:1"}, "id": id
        }]));
        let with = async_graphql::Request::new("query($yes: Boolean!) { entries { nodes { title @include(if: $yes) url @skip(if: $yes) } } }");
        let variables = async_graphql::Variables::from_json(json!({"yes": true}));
        let answer = graph.ask(with.variables(variables)).await;
        assert_eq!(answer["entries"]["nodes"][0].as_object().unwrap().keys().collect::<Vec<_>>(), ["title"]);
        let empty: Value = graph.ask("{ entries(filter: {tags: [\"none\"]}) { nodes { title } edges { node { title } } } }").await;
        assert_eq!(empty["entries"], json!({"nodes": [], "edges": []}));
    }
}
