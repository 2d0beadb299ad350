//! Questions and their answers, over the schema alone.

use entity::Role;
use serde_json::{Value, json};

use crate::support::{Graph, Item, by, feed_url};

/// The order of planetpython.org's front page in March 2024.
const FRONT_PAGE: &str = include_str!("../fixtures/planet-python.json");

/// Publishes a front page's entries, each source's as its feed, and follows them from the page's foot to
/// its head: of entries of one instant the one seen last comes first.
async fn publish(graph: &Graph, days: &Value) -> Vec<entity::SourceId> {
    let mut feeds: Vec<(String, Vec<Item>)> = Vec::new();
    for run in days
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|day| day["runs"].as_array().unwrap())
    {
        let title = run["source"]["title"].as_str().unwrap();
        let items = run["entries"].as_array().unwrap().iter().map(|entry| {
            let name = entry["title"].as_str().unwrap();
            let id = format!("{title}-{name}")
                .to_lowercase()
                .replace(|c: char| !c.is_ascii_alphanumeric(), "-");
            Item::new(&id, entry["publishedAt"].as_str().unwrap()).titled(name)
        });
        match feeds.iter_mut().find(|feed| feed.0 == title) {
            Some(feed) => feed.1.extend(items),
            None => feeds.push((title.to_owned(), items.collect())),
        }
    }
    let mut sources = Vec::new();
    for (title, items) in feeds.iter().rev() {
        sources.push(graph.follow(title, items).await);
    }
    sources
}

on_each_database! {
    async fn the_front_page_of_planet_python_comes_in_its_order(database: Database) {
        let graph = Graph::open(&database).await;
        let expected: Value = serde_json::from_str(FRONT_PAGE).unwrap();
        let sources = publish(&graph, &expected).await;
        graph.planet("python", &sources).await;

        let question = "{ planet { days { nodes { date runs { source { title } entries { title publishedAt } } } } } }";
        let before = graph.store.statements();
        let answer = graph.ask(question).await;
        assert_eq!(answer["planet"]["days"]["nodes"], expected);
        // The planet, its days' instants, their entries, those entries' sources.
        assert_eq!(graph.store.statements() - before, 4);
    }

    async fn days_are_cut_in_the_zone_asked_for_and_paged(database: Database) {
        let graph = Graph::open(&database).await;
        let items = [
            Item::new("a", "2024-03-27T23:30:00Z"),
            Item::new("b", "2024-03-27T01:00:00Z"),
            Item::new("c", "2024-03-26T23:30:00Z"),
            Item::new("d", "2024-03-20T12:00:00Z"),
        ];
        let source = graph.follow("Feed", &items).await;
        graph.planet("main", &[source]).await;
        let days = async |zone: &str| {
            let document = format!("{{ planet {{ days(timeZone: {zone:?}) {{ totalCount nodes {{ date entryCount entries {{ totalCount nodes {{ guid }} }} }} }} }} }}");
            graph.ask(document.as_str()).await["planet"]["days"].take()
        };
        let day = |date: &str, guids: &[&str]| {
            let nodes: Vec<Value> = guids.iter().map(|guid| json!({"guid": guid})).collect();
            json!({"date": date, "entryCount": guids.len(), "entries": {"totalCount": guids.len(), "nodes": nodes}})
        };
        assert_eq!(days("UTC").await, json!({"totalCount": 3, "nodes": [
            day("2024-03-27", &["a", "b"]), day("2024-03-26", &["c"]), day("2024-03-20", &["d"])]}));
        assert_eq!(days("Europe/Berlin").await, json!({"totalCount": 3, "nodes": [
            day("2024-03-28", &["a"]), day("2024-03-27", &["b", "c"]), day("2024-03-20", &["d"])]}));

        let mut dates = Vec::new();
        let mut after = String::new();
        loop {
            let document = format!("{{ planet {{ days(first: 1{after}) {{ nodes {{ date }} pageInfo {{ hasNextPage endCursor }} }} }} }}");
            let page = graph.ask(document.as_str()).await["planet"]["days"].take();
            dates.push(page["nodes"][0]["date"].as_str().unwrap().to_owned());
            if page["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
            after = format!(", after: {}", page["pageInfo"]["endCursor"]);
        }
        assert_eq!(dates, ["2024-03-27", "2024-03-26", "2024-03-20"]);
        assert_eq!(graph.refusal("{ planet { days(timeZone: \"Mars/Olympus\") { totalCount } } }").await, "INVALID_TIME_ZONE");
    }

    async fn a_day_shows_its_newest_hundred_in_runs(database: Database) {
        let graph = Graph::open(&database).await;
        let items = |letter: &str, hour: usize| -> Vec<Item> {
            (0..60).map(|n| Item::new(&format!("{letter}{n:02}"), &format!("2024-03-27T{hour:02}:{n:02}:00Z"))).collect()
        };
        let one = graph.follow("One", &items("a", 9)).await;
        let two = graph.follow("Two", &items("b", 8)).await;
        let old = graph.follow("Old", &[Item::new("z", "2024-03-26T08:00:00Z")]).await;
        graph.planet("main", &[one, two, old]).await;
        let answer = graph.ask("{ planet { days { nodes { entryCount runs { source { title } entries { guid } } } } } }").await;
        let days = answer["planet"]["days"]["nodes"].as_array().unwrap();
        let runs: Vec<(String, usize)> = days
            .iter()
            .flat_map(|day| day["runs"].as_array().unwrap())
            .map(|run| (run["source"]["title"].as_str().unwrap().to_owned(), run["entries"].as_array().unwrap().len()))
            .collect();
        assert_eq!(runs, [("One".to_owned(), 60), ("Two".to_owned(), 40), ("Old".to_owned(), 1)]);
        assert_eq!(days[0]["entryCount"], 120);
        assert_eq!(days[0]["runs"][0]["entries"][0]["guid"], "a59");
    }

    async fn an_entry_is_found_by_id_and_url_with_all_that_it_has(database: Database) {
        let graph = Graph::open(&database).await;
        let item = Item::new("first", "2024-03-27T14:00:00Z").titled("A & B").by("Ann").saying("<p>Hello <b>world</b></p><script>x</script>");
        graph.follow("Feed", &[item]).await;
        let fields = "{ guid url title summary content contentText publishedAt dateQuality firstSeenAt
            source { title feedUrl siteUrl status format tags } authors { name entries { totalCount nodes { title } } sources { title } }
            tags enclosures { url } imageUrl commentsUrl wordCount }";
        let found = graph.ask(format!("{{ entry(by: {{ url: \"https://feed.example.org/first\" }}) {fields} }}").as_str()).await;
        let expected = json!({
            "guid": "first", "url": "https://feed.example.org/first", "title": "A & B",
            "summary": "Hello world", "content": "<p>Hello <b>world</b></p>", "contentText": "Hello world",
            "publishedAt": "2024-03-27T14:00:00Z", "dateQuality": "PUBLISHED", "firstSeenAt": "2024-03-29T12:00:00Z",
            "source": {"title": "Feed", "feedUrl": feed_url("Feed"), "siteUrl": "https://feed.example.org/",
                       "status": "ACTIVE", "format": "RSS_2", "tags": []},
            "authors": [{"name": "Ann", "entries": {"totalCount": 1, "nodes": [{"title": "A & B"}]}, "sources": [{"title": "Feed"}]}],
            "tags": [], "enclosures": [], "imageUrl": null, "commentsUrl": null, "wordCount": 2
        });
        assert_eq!(found["entry"], expected);
        let id = graph.ask("{ entries { nodes { id } } }").await["entries"]["nodes"][0]["id"].take();
        let by_id = graph.ask(format!("{{ entry(by: {{ id: {id} }}) {fields} node(id: {id}) {{ id ... on Entry {fields} }} }}").as_str()).await;
        assert_eq!(by_id["entry"], expected);
        assert_eq!(by_id["node"]["id"], id);
        assert_eq!(by_id["node"]["guid"], "first");

        let source = graph.ask(format!("{{ source(by: {{ feedUrl: {:?} }}) {{ id title latestEntryAt entries {{ totalCount }} authors {{ nodes {{ name }} }} polling {{ reason }} }} }}", feed_url("Feed")).as_str()).await;
        assert_eq!(source["source"]["authors"]["nodes"], json!([{"name": "Ann"}]));
        assert_eq!(source["source"]["polling"], Value::Null);
        assert_eq!(graph.ask("{ entry(by: {id: \"entry:999\"}) { id } node(id: \"planet:7\") { id } planet(slug: \"none\") { id } author(id: \"author:99\") { id } }").await,
            json!({"entry": null, "node": null, "planet": null, "author": null}));
    }

    async fn lists_say_the_same_with_a_field_that_is_not_at_hand(database: Database) {
        let graph = Graph::open(&database).await;
        let odd = "Quote \" back\\slash {brace} [x], \u{1f9ff} e\u{301} 'a' %";
        let items = [
            Item::new("plain", "2024-03-27T14:00:00Z").by("Ann").saying("<p>One</p>"),
            Item::new("odd", "2024-03-27T15:00:00Z").titled(odd).by(odd).saying(odd),
            Item::new("nobody", "2024-03-27T13:00:00Z").saying("Two"),
        ];
        graph.follow("Feed", &items).await;
        let fields = "id guid url title summary language publishedAt dateQuality updatedAt firstSeenAt imageUrl commentsUrl
            wordCount tags source { id title } authors { id name url avatarUrl }";
        for page in ["first: 10", "first: 2", "last: 2", "last: 1, orderBy: SEEN_ASC", "orderBy: SEEN_DESC"] {
            let ask = |more: &str| format!("{{ entries({page}) {{ edges {{ cursor node {{ {fields} }} }} nodes {{ {fields} {more} }} pageInfo {{ hasNextPage hasPreviousPage }} }} }}");
            let at_hand = graph.ask(ask("").as_str()).await;
            let mut other = graph.ask(ask("enclosures { url }").as_str()).await;
            for node in other["entries"]["nodes"].as_array_mut().unwrap() {
                assert_eq!(node.as_object_mut().unwrap().remove("enclosures"), Some(json!([])));
            }
            assert_eq!(at_hand, other, "{page}");
        }
        let answer = graph.ask("{ entries { nodes { title authors { name } } } }").await;
        assert_eq!(answer["entries"]["nodes"][0], json!({"title": odd, "authors": [{"name": odd}]}));
        assert_eq!(answer["entries"]["nodes"][2]["authors"], json!([]));
    }

    async fn wrong_ids_urls_and_roles_are_refused_with_a_code(database: Database) {
        let graph = Graph::open(&database).await;
        for (document, code) in [
            ("{ entry(by: {id: \"source:1\"}) { id } }", "INVALID_ID"),
            ("{ node(id: \"rubbish\") { id } }", "INVALID_ID"),
            ("{ nodes(ids: [\"entry:1\", \"entry:01\"]) { id } }", "INVALID_ID"),
            ("{ author(id: \"entry:1\") { id } }", "INVALID_ID"),
            ("{ source(by: {feedUrl: \"ftp://example.org\"}) { id } }", "INVALID_URL"),
            ("{ users { totalCount } }", "UNAUTHENTICATED"),
            ("{ jobs { totalCount } }", "UNAUTHENTICATED"),
            ("{ node(id: \"user:1\") { id } }", "UNAUTHENTICATED"),
            ("{ node(id: \"job:1\") { id } }", "UNAUTHENTICATED"),
        ] {
            assert_eq!(graph.refusal(document).await, code, "{document}");
        }
        assert_eq!(graph.refusal(by(Role::Editor, "{ users { totalCount } }")).await, "FORBIDDEN");
        assert_eq!(graph.refusal(by(Role::Reader, "{ jobs { totalCount } }")).await, "FORBIDDEN");
        assert_eq!(graph.ask(by(Role::Admin, "{ users { totalCount } jobs { totalCount } }")).await,
            json!({"users": {"totalCount": 0}, "jobs": {"totalCount": 0}}));
    }

    async fn a_field_that_fails_leaves_its_neighbours(database: Database) {
        let graph = Graph::open(&database).await;
        graph.follow("Feed", &[]).await;
        let answer = graph.execute("{ wrong: entry(by: {id: \"x\"}) { id } server { name maxPageSize } sources { nodes { title } } }").await;
        let answer = serde_json::to_value(answer).unwrap();
        assert_eq!(answer["data"], json!({"wrong": null, "server": {"name": "Feedgraph", "maxPageSize": 100},
            "sources": {"nodes": [{"title": "Feed"}]}}));
        assert_eq!(answer["errors"][0]["path"], json!(["wrong"]));
    }

    async fn editors_see_how_polling_goes(database: Database) {
        let graph = Graph::open(&database).await;
        let source = graph.follow("Feed", &[Item::new("a", "2024-03-27T14:00:00Z")]).await;
        graph.clock.advance(3_600_000);
        graph.visit(source, "Feed", &[Item::new("a", "2024-03-27T14:00:00Z"), Item::new("b", "2024-03-28T14:00:00Z")]).await;
        let question = "{ sources { nodes { polling { lastPolledAt nextPollAt intervalSeconds consecutiveFailures push reason
            lastError { kind } recent(first: 1) { at outcome httpStatus durationMs added updated } findings { code count } } } } }";
        let answer = graph.ask(by(Role::Editor, question)).await;
        assert_eq!(answer["sources"]["nodes"][0]["polling"], json!({
            "lastPolledAt": "2024-03-29T13:00:00Z", "nextPollAt": "2024-03-29T14:00:00Z", "intervalSeconds": 3600,
            "consecutiveFailures": 0, "push": false, "reason": "in an hour", "lastError": null,
            "recent": [{"at": "2024-03-29T13:00:00Z", "outcome": "CHANGED", "httpStatus": 200, "durationMs": 12, "added": 1, "updated": 0}],
            "findings": []}));
        assert_eq!(graph.ask(question).await["sources"]["nodes"][0]["polling"], Value::Null);
        assert_eq!(graph.refusal(by(Role::Editor, "{ sources { nodes { polling { recent(first: 51) { at } } } } }")).await, "INVALID_PAGE");
    }

    async fn filters_let_through_what_fits(database: Database) {
        let graph = Graph::open(&database).await;
        let one = graph.follow("One", &[Item::new("a", "2024-03-27T14:00:00Z").by("Ann"), Item::new("b", "2024-03-28T14:00:00Z")]).await;
        graph.clock.advance(60_000);
        graph.follow("Two", &[Item::new("c", "2024-03-26T14:00:00Z").by("Bob")]).await;
        graph.planet("main", &[one]).await;
        let ann = graph.ask("{ authors(nameContains: \"ann\") { nodes { id name } } }").await["authors"]["nodes"][0]["id"].take();
        for (filter, expected) in [
            ("planet: \"main\"".to_owned(), &["b", "a"][..]),
            (format!("sourceIds: [\"source:{}\"]", one.0), &["b", "a"]),
            ("sourceIds: []".to_owned(), &[]),
            (format!("authorIds: [{ann}]"), &["a"]),
            ("publishedAfter: \"2024-03-26T14:00:00Z\", publishedBefore: \"2024-03-28T16:00:00+02:00\"".to_owned(), &["a"]),
            ("seenAfter: \"2024-03-29T12:00:00Z\"".to_owned(), &["c"]),
            ("hasEnclosure: true".to_owned(), &[]),
            ("tags: [\"none\"]".to_owned(), &[]),
        ] {
            let answer = graph.ask(format!("{{ entries(filter: {{ {filter} }}) {{ totalCount nodes {{ guid }} }} }}").as_str()).await;
            let guids: Vec<&str> = answer["entries"]["nodes"].as_array().unwrap().iter().map(|node| node["guid"].as_str().unwrap()).collect();
            assert_eq!(guids, expected, "{filter}");
            assert_eq!(answer["entries"]["totalCount"], json!(expected.len()), "{filter}");
        }
        let sources = graph.ask("{ sources(filter: { planet: \"main\", status: [ACTIVE], titleContains: \"ON\" }) { nodes { title planets { slug } } } }").await;
        assert_eq!(sources["sources"]["nodes"], json!([{"title": "One", "planets": [{"slug": "main"}]}]));
    }
}
