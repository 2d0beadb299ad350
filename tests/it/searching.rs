//! Search, over the schema alone: what is found, in which order, with which snippets, the same on both databases.

use std::collections::BTreeSet;

use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::support::{Database, Graph, Item, Kind, run_on};

const DAY: &str = "2024-03-01T00:00:00Z";

/// A few entries of all kinds; guids are one letter.
fn items() -> Vec<Item> {
    vec![
        Item::new("a", "2024-03-01T10:00:00Z")
            .titled("Rust async runtimes")
            .saying("<p>How Tokio schedules tasks.</p>")
            .by("Ann Lee"),
        Item::new("b", "2024-03-02T10:00:00Z")
            .titled("Weekly notes")
            .saying("<p>I tried <b>Rust</b> & async functions, and C++ too.</p>")
            .by("Bob"),
        Item::new("c", "2024-03-03T10:00:00Z")
            .titled("Café culture")
            .saying("<p>Ein Spaziergang durch Zürich und Straßen.</p>")
            .by("José Álvarez"),
        Item::new("d", "2024-03-04T10:00:00Z")
            .titled("日本語の検索")
            .saying("<p>東京都に住んでいます。検索は大切です。</p>"),
        Item::new("e", "2024-03-05T10:00:00Z")
            .titled("Async everywhere")
            .saying("<p>rust rust rust: rust is rust. Runtimes async.</p>"),
        Item::new("f", "2024-03-06T10:00:00Z")
            .titled("검색 엔진")
            .saying("<p>한국어 검색 엔진을 만듭니다.</p>"),
        Item::new("g", "2024-03-07T10:00:00Z")
            .titled("Programming in Go")
            .saying("<p>Goroutines & the programmer's tokio. A &lt;script&gt; tag.</p>")
            .by("Ann Other"),
    ]
}

async fn search(graph: &Graph, query: &str) -> Value {
    let document = format!(
        "{{ search(query: {}, first: 100) {{ totalCount edges {{ cursor score snippet node {{ guid }} }} }} }}",
        json!(query)
    );
    graph.ask(document.as_str()).await["search"].take()
}

fn guids(found: &Value) -> String {
    let edges = found["edges"].as_array().unwrap().iter();
    edges
        .map(|edge| edge["node"]["guid"].as_str().unwrap())
        .collect()
}

async fn assert_found(graph: &Graph, query: &str, expected: &str) {
    let found = search(graph, query).await;
    let mut sorted: Vec<char> = guids(&found).chars().collect();
    sorted.sort_unstable();
    let sorted: String = sorted.into_iter().collect();
    assert_eq!(sorted, expected, "{query}");
    assert_eq!(found["totalCount"], expected.len(), "{query}");
}

on_each_database! {
    async fn the_language_of_queries(database: Database) {
        let graph = Graph::open(&database).await;
        graph.follow("Main Feed", &items()).await;
        graph.follow("Other Blog", &[Item::new("z", DAY).titled("Rust elsewhere")]).await;
        for (query, expected) in [
            ("rust", "abez"), ("RUST async", "abe"), ("\"rust async\"", "ab"), ("\"async rust\"", ""),
            ("rust -tokio", "bez"), ("tokio OR zurich", "acg"), ("rust tokio OR functions", "ab"),
            ("runtim*", "ae"), ("prog*", "g"), ("\"rust asy\"*", "ab"),
            ("cafe", "c"), ("CAFÉ strassen", "c"), ("zürich", "c"), ("jose", "c"),
            ("author:ann", "ag"), ("author:\"ann lee\"", "a"), ("-author:ann rust", "bez"), ("author:alvarez", "c"),
            ("source:other", "z"), ("source:\"main feed\" rust", "abe"), ("rust -source:main", "z"), ("source:nowhere", ""),
            ("after:2024-03-05", "efg"), ("rust before:2024-03-02", "az"), ("rust after:2024-03-02 before:2024-03-03", "b"),
            ("検索", "d"), ("東京", "d"), ("京都", "d"), ("語", "d"), ("大阪", ""), ("검색", "f"), ("국어", "f"),
            ("c++", "b"), ("c", ""), ("it's -rust", ""), ("programmer's", "g"),
            ("-rust", "cdfg"), ("", ""), ("\"\"", ""), ("nothing-like-it", ""),
        ] {
            assert_found(&graph, query, expected).await;
        }
    }

    async fn tags_are_found_whole_and_by_their_words(database: Database) {
        let app = crate::support::TestApp::start(&database).await;
        let publisher = crate::support::Publisher::start().await;
        let item = |id: &str, tags: &[&str]| {
            let tags: Vec<String> = tags.iter().map(|tag| format!("<category>{tag}</category>")).collect();
            let tags = tags.concat();
            format!("<item><guid>{id}</guid><title>{id}</title><description>text</description>{tags}</item>")
        };
        let items = [item("one", &["Open Source", "Go"]), item("two", &["Source"]), item("three", &["golang"])].concat();
        let feed = format!("<rss version=\"2.0\"><channel><title>T</title>{items}</channel></rss>");
        publisher.set("/feed.xml", crate::support::Page::rss(feed));
        app.follow(&publisher.url("/feed.xml")).await;
        app.poll().await;
        let found = async |query: &str| {
            let document = "query($q: String!) { search(query: $q) { totalCount edges { snippet node { title } } } }";
            let found = app.client.query(document, json!({"q": query})).await;
            let edges = found["search"]["edges"].as_array().unwrap().clone();
            let titles: BTreeSet<String> = edges.iter().map(|edge| edge["node"]["title"].as_str().unwrap().to_owned()).collect();
            (titles.into_iter().collect::<Vec<_>>().join(" "), edges.first().map(|edge| edge["snippet"].as_str().unwrap().to_owned()))
        };
        assert_eq!(found("tag:go").await.0, "one");
        assert_eq!(found("tag:go*").await.0, "one three");
        assert_eq!(found("tag:open-source").await.0, "one");
        assert_eq!(found("tag:source").await.0, "two");
        assert_eq!(found("source").await.0, "one two");
        assert_eq!(found("\"open source\"").await, ("one".into(), Some("<mark>Open Source</mark>, Go".into())));
    }

    async fn the_best_comes_first_and_pages_are_exact(database: Database) {
        let graph = Graph::open(&database).await;
        graph.follow("Main Feed", &items()).await;
        let found = search(&graph, "rust async").await;
        // Both in the title; one in the title and one often; both in the body.
        assert_eq!(guids(&found), "aeb");
        let mut many: Vec<Item> = Vec::new();
        for n in 0..330 {
            let title = if n % 50 == 0 { "Needle" } else { "Hay" };
            let at = format!("2024-02-{:02}T{:02}:00:00Z", 1 + n / 24, n % 24);
            many.push(Item::new(&format!("n{n}"), &at).titled(title).saying("<p>a needle in it</p>"));
        }
        let source = graph.follow("Many", &many).await;
        let mut seen = Vec::new();
        let mut scores: Vec<f64> = Vec::new();
        let mut after = Value::Null;
        loop {
            let document = format!(
                "{{ search(query: \"needle\", first: 40, after: {after}) {{ totalCount pageInfo {{ hasNextPage endCursor }} edges {{ score node {{ guid }} }} }} }}"
            );
            let page = graph.ask(document.as_str()).await["search"].take();
            for edge in page["edges"].as_array().unwrap() {
                seen.push(edge["node"]["guid"].as_str().unwrap().to_owned());
                scores.push(edge["score"].as_f64().unwrap());
            }
            // What comes meanwhile pushes nothing over the cursor.
            let new = Item::new(&format!("new{}", seen.len()), DAY).saying("<p>one more needle</p>");
            many.push(new);
            graph.visit(source, "Many", &many).await;
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        let old: Vec<&String> = seen.iter().filter(|guid| !guid.starts_with("new")).collect();
        assert_eq!(old.len(), 330);
        assert_eq!(old.iter().collect::<BTreeSet<_>>().len(), 330);
        assert_eq!(seen[..7], ["n300", "n250", "n200", "n150", "n100", "n50", "n0"]);
        assert!(scores.is_sorted_by(|better, worse| better >= worse), "{scores:?}");
        let other = format!("{{ search(query: \"other\", after: {after}) {{ totalCount }} }}");
        assert_eq!(graph.refusal(other.as_str()).await, "INVALID_CURSOR");
    }

    async fn snippets_mark_what_was_found(database: Database) {
        let graph = Graph::open(&database).await;
        graph.follow("Main Feed", &items()).await;
        let snippet = async |query: &str| {
            let found = search(&graph, query).await;
            found["edges"][0]["snippet"].as_str().unwrap().to_owned()
        };
        assert_eq!(snippet("rust functions").await, "I tried <mark>Rust</mark> &amp; async <mark>functions</mark>, and C++ too.");
        assert_eq!(snippet("strassen").await, "Ein Spaziergang durch Zürich und <mark>Straßen</mark>.");
        assert_eq!(snippet("東京都").await, "<mark>東京都</mark>に住んでいます。検索は大切です。");
        assert_eq!(snippet("culture").await, "Café <mark>culture</mark>");
        assert_eq!(snippet("author:other").await, "Ann <mark>Other</mark>");
        assert_eq!(snippet("script").await, "Goroutines &amp; the programmer&#39;s tokio. A &lt;<mark>script</mark>&gt; tag.");
    }

    async fn filters_narrow_a_search(database: Database) {
        let graph = Graph::open(&database).await;
        let main = graph.follow("Main Feed", &items()).await;
        let other = graph.follow("Other Blog", &[Item::new("z", DAY).titled("Rust elsewhere")]).await;
        graph.planet("one", &[other]).await;
        let found = async |filter: String| {
            let document = format!("{{ search(query: \"rust\", filter: {{{filter}}}) {{ totalCount nodes {{ guid }} }} }}");
            let found = graph.ask(document.as_str()).await["search"].take();
            let guids: BTreeSet<&str> = found["nodes"].as_array().unwrap().iter().map(|node| node["guid"].as_str().unwrap()).collect();
            assert_eq!(found["totalCount"], guids.len());
            guids.into_iter().collect::<String>()
        };
        let id = |source: entity::SourceId| feedgraph::graphql::id::encode(source).to_string();
        assert_eq!(found("planet: \"one\"".into()).await, "z");
        assert_eq!(found(format!("sourceIds: [{}]", json!(id(main)))).await, "abe");
        assert_eq!(found("sourceIds: []".into()).await, "");
        assert_eq!(found("publishedAfter: \"2024-03-02T00:00:00Z\"".into()).await, "be");
        assert_eq!(found("hasEnclosure: true".into()).await, "");
    }

    async fn the_index_follows_what_publishers_and_editors_do(database: Database) {
        let graph = Graph::open(&database).await;
        let source = graph.follow("Main Feed", &items()).await;
        let mut changed = items();
        changed[0] = changed[0].clone().titled("Gardening").saying("<p>Nothing but roses.</p>");
        graph.visit(source, "Main Feed", &changed).await;
        assert_found(&graph, "rust", "be").await;
        assert_found(&graph, "roses author:ann", "a").await;
        let document = "{ search(query: \"roses\") { nodes { id } } }";
        let id = graph.ask(document).await["search"]["nodes"][0]["id"].as_str().unwrap().to_owned();
        let key = feedgraph::graphql::id::decode(&id.as_str().into()).unwrap();
        graph.store.remove_entry(key, graph.clock.now()).await.unwrap();
        assert_found(&graph, "roses", "").await;
        graph.store.remove_source(source, graph.clock.now()).await.unwrap();
        assert_found(&graph, "rust", "").await;
    }

    async fn what_was_there_before_the_index_is_indexed_later(database: Database) {
        let graph = Graph::open(&database).await;
        graph.follow("Main Feed", &items()).await;
        database.execute("DELETE FROM entry_search").await;
        database.execute("UPDATE entry_search_backlog SET up_to = (SELECT MAX(id) FROM entry)").await;
        assert_found(&graph, "rust", "").await;
        assert_eq!(graph.store.index_backlog(4, graph.clock.now()).await.unwrap(), 4);
        assert_found(&graph, "rust", "ab").await;
        assert_eq!(graph.store.index_backlog(4, graph.clock.now()).await.unwrap(), 3);
        assert_eq!(graph.store.index_backlog(4, graph.clock.now()).await.unwrap(), 0);
        assert_found(&graph, "rust", "abe").await;
        assert_found(&graph, "author:ann", "ag").await;
    }

    async fn any_text_is_a_query(database: Database) {
        let graph = Graph::open(&database).await;
        graph.follow("Main Feed", &items()).await;
        let long = "needle \" OR ( NEAR/3 a* ".repeat(500);
        for query in [
            "\"", "'", "\\", "a\u{0}b", "🏃 🏃‍♀️", "NEAR(a b)", "a AND (b", "{terms}: x", "^a", "a:b:c", "-", "--x", "* *", ":*", "'a':*",
            "a & !b | (c)", "<->", "%_%", "tag:", "author:\"", "before:99999", "after:0000-00-00", "\u{202e}x", long.as_str(), "a'; DROP TABLE entry; --",
            "\u{e000}", "\u{e001}rust", "OR OR -OR", "\u{feff}rust",
        ] {
            search(&graph, query).await;
        }
        assert_found(&graph, "\u{e000}", "").await;
    }
}

/// What a database finds, in order.
async fn ranked(graph: &Graph, query: &str) -> String {
    guids(&search(graph, query).await)
}

/// Queries of parts that mean something, in any order.
fn queries() -> Vec<String> {
    use proptest::strategy::{Strategy as _, ValueTree as _};
    let part = "(rust|async|tokio|\"rust async\"|rus\\*|-go|-\"in it\"|OR|author:ann|author:jos\\*|source:main|検索|京|검색|café|after:2024-03-03|before:2024-03-06|\"|\\(|NOT|zz|the| ){1}";
    let query = proptest::collection::vec(part, 1..6).prop_map(|parts| parts.join(" "));
    let mut runner = TestRunner::deterministic();
    (0..150)
        .map(|_| query.new_tree(&mut runner).unwrap().current())
        .collect()
}

#[test]
fn both_databases_find_the_same_in_the_same_order() {
    let queries = queries();
    let answers = std::sync::Mutex::new(Vec::new());
    for kind in [Kind::Sqlite, Kind::Postgres] {
        run_on(kind, async |database: Database| {
            let graph = Graph::open(&database).await;
            graph.follow("Main Feed", &items()).await;
            graph
                .follow(
                    "Other Blog",
                    &[Item::new("z", DAY).titled("Rust elsewhere")],
                )
                .await;
            let mut found = Vec::new();
            for query in &queries {
                found.push((query.clone(), ranked(&graph, query).await));
            }
            answers.lock().unwrap().push(found);
        });
    }
    let answers = answers.into_inner().unwrap();
    // One, where PostgreSQL is not installed.
    assert!(answers[0].iter().any(|(_, found)| found.len() > 2));
    for other in &answers[1..] {
        assert_eq!(&answers[0], other);
    }
}
