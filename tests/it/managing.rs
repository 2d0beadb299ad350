//! Mutations about sources and entries, through the front door.

use serde_json::{Value, json};

use crate::support::{Editor, Item, Page, Publisher, eventually, only_refusal, refusals, rss};

const ADD: &str = "mutation($input: AddSourceInput!) { addSource(input: $input) {
    source { id title feedUrl siteUrl status tags format planets { slug } latestEntryAt
             entries(first: 10) { totalCount nodes { guid title publishedAt } } }
    userErrors { path code message } } }";
const UPDATE: &str = "mutation($input: UpdateSourceInput!) { updateSource(input: $input) {
    source { id title feedUrl siteUrl tags status polling { intervalSeconds } }
    userErrors { path code message } } }";

fn blog() -> String {
    rss(
        "A blog",
        "http://blog.example/",
        &[
            Item::new("b", "2024-03-02T10:00:00Z"),
            Item::new("a", "2024-03-01T10:00:00Z"),
        ],
    )
}

async fn add(app: &Editor, url: &str) -> String {
    let data = app.edit(ADD, json!({"input": {"url": url}})).await;
    assert_eq!(data["addSource"]["userErrors"], json!([]));
    data["addSource"]["source"]["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

async fn count_sources(app: &Editor) -> Value {
    app.edit("{ sources { totalCount } }", json!({})).await["sources"]["totalCount"].clone()
}

on_each_database! {
    async fn a_feed_is_followed_with_its_entries(database: Database) {
        let app = Editor::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/feed", Page::rss(blog()));
        let input = json!({"url": publisher.url("/feed"), "title": " My  blog ", "tags": ["Python", "python", "web"]});
        let data = app.edit(ADD, json!({"input": input})).await;
        let payload = &data["addSource"];
        assert_eq!(payload["userErrors"], json!([]));
        let source = &payload["source"];
        assert_eq!(source["title"], "My blog");
        assert_eq!(source["feedUrl"], publisher.url("/feed"));
        assert_eq!(source["siteUrl"], "http://blog.example/");
        assert_eq!(source["status"], "ACTIVE");
        assert_eq!(source["planets"], json!([{"slug": "planet"}]), "the default planet");
        assert_eq!(source["format"], "RSS_2");
        assert_eq!(source["tags"], json!(["Python", "web"]));
        assert_eq!(source["latestEntryAt"], "2024-03-02T10:00:00Z");
        assert_eq!(source["entries"], json!({"totalCount": 2, "nodes": [
            {"guid": "b", "title": "Title of b", "publishedAt": "2024-03-02T10:00:00Z"},
            {"guid": "a", "title": "Title of a", "publishedAt": "2024-03-01T10:00:00Z"},
        ]}));
        assert_eq!(publisher.seen("/feed").len(), 1, "it is fetched once");
    }

    async fn a_page_leads_to_the_feed_that_it_offers(database: Database) {
        let app = Editor::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/feed", Page::rss(blog()));
        publisher.set("/", Page::html(
            "<html><head><link rel=alternate type='application/rss+xml' href='/feed'></head></html>",
        ));
        let data = app.edit(ADD, json!({"input": {"url": publisher.url("/")}})).await;
        assert_eq!(data["addSource"]["userErrors"], json!([]));
        assert_eq!(data["addSource"]["source"]["feedUrl"], publisher.url("/feed"));
        let again = app.edit(ADD, json!({"input": {"url": publisher.url("/")}})).await;
        assert_eq!(refusals(&again["addSource"])[0].1, "ALREADY_EXISTS");
    }

    async fn what_cannot_be_followed_is_refused_and_nothing_is_stored(database: Database) {
        let app = Editor::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/page", Page::html("<html><body>no feed</body></html>"));
        let long = "x".repeat(201);
        for (input, path, code) in [
            (json!({"url": ""}), "input.url", "INVALID_URL"),
            (json!({"url": "example.org/feed"}), "input.url", "INVALID_URL"),
            (json!({"url": "ftp://example.org/feed"}), "input.url", "INVALID_URL"),
            (json!({"url": "file:///etc/passwd"}), "input.url", "INVALID_URL"),
            (json!({"url": "http://me:secret@example.org/"}), "input.url", "INVALID_URL"),
            (json!({"url": format!("http://example.org/{}", "x".repeat(3_000))}), "input.url", "TOO_LONG"),
            (json!({"url": "http://169.254.169.254/latest"}), "input.url", "FORBIDDEN_ADDRESS"),
            (json!({"url": publisher.url("/page")}), "input.url", "NOT_A_FEED"),
            (json!({"url": publisher.url("/missing")}), "input.url", "UNREACHABLE"),
            (json!({"url": publisher.url("/feed"), "title": long}), "input.title", "TOO_LONG"),
            (json!({"url": publisher.url("/feed"), "title": "  "}), "input.title", "INVALID_VALUE"),
            (json!({"url": publisher.url("/feed"), "tags": ["a", ""]}), "input.tags.1", "INVALID_VALUE"),
            (json!({"url": publisher.url("/feed"), "planetSlugs": ["nowhere"]}), "input.planetSlugs.0", "NOT_FOUND"),
        ] {
            let data = app.edit(ADD, json!({"input": input})).await;
            assert_eq!(only_refusal(&data["addSource"]), (path.to_owned(), code.to_owned()), "{input}");
            assert_eq!(data["addSource"]["source"], Value::Null);
        }
        assert_eq!(count_sources(&app).await, 0);
        assert_eq!(publisher.seen("/feed").len(), 0, "nothing is fetched when the input is wrong");
    }

    async fn all_that_is_wrong_is_told_at_once(database: Database) {
        let app = Editor::start(&database).await;
        let input = json!({"url": "x", "title": "", "tags": ["\u{7}"], "planetSlugs": ["a", "b"]});
        let data = app.edit(ADD, json!({"input": input})).await;
        let paths: Vec<String> = refusals(&data["addSource"]).into_iter().map(|one| one.0).collect();
        assert_eq!(paths, ["input.planetSlugs.0", "input.planetSlugs.1", "input.url", "input.title", "input.tags.0"]);
    }

    async fn a_feed_is_followed_once_however_its_url_is_spelt(database: Database) {
        let app = Editor::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/feed", Page::rss(blog()));
        let id = add(&app, &publisher.url("/feed")).await;
        for url in [publisher.url("/feed"), publisher.url("/feed/"), publisher.url("/feed#top"),
                    publisher.url("/feed").replace("http:", "https:"), format!(" {} ", publisher.url("/feed"))] {
            let data = app.edit(ADD, json!({"input": {"url": url}})).await;
            let message = format!("This feed is followed already: \"A blog\" ({id}).");
            assert_eq!(refusals(&data["addSource"]),
                [("input.url".to_owned(), "ALREADY_EXISTS".to_owned(), message)], "{url}");
        }
        assert_eq!(count_sources(&app).await, 1);
    }

    async fn an_editor_changes_a_source_and_takes_it_back(database: Database) {
        let app = Editor::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/feed", Page::rss(blog()));
        let id = add(&app, &publisher.url("/feed")).await;
        let input = json!({"id": id, "title": "Mine", "siteUrl": "https://mine.example/#here", "tags": ["x"],
            "minIntervalSeconds": 300, "maxIntervalSeconds": 3600, "keep": ["python"], "drop": ["(?i)ad$"], "maxAgeDays": 30});
        let data = app.edit(UPDATE, json!({"input": input})).await;
        assert_eq!(data["updateSource"]["userErrors"], json!([]));
        let source = &data["updateSource"]["source"];
        assert_eq!(source["title"], "Mine");
        assert_eq!(source["siteUrl"], "https://mine.example/#here");
        assert_eq!(source["tags"], json!(["x"]));
        let data = app.edit(UPDATE, json!({"input": {"id": id}})).await;
        assert_eq!(data["updateSource"]["source"]["title"], "Mine", "what is left out stays");
        let input = json!({"id": id, "title": null, "siteUrl": null, "tags": null, "minIntervalSeconds": null,
            "maxIntervalSeconds": null, "keep": null, "drop": null, "maxAgeDays": null});
        let data = app.edit(UPDATE, json!({"input": input})).await;
        let source = &data["updateSource"]["source"];
        assert_eq!(source["title"], "A blog");
        assert_eq!(source["siteUrl"], "http://blog.example/");
        assert_eq!(source["tags"], json!([]));
    }

    async fn wrong_changes_are_refused_and_change_nothing(database: Database) {
        let app = Editor::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/feed", Page::rss(blog()));
        publisher.set("/other", Page::rss(rss("Other", "http://other.example/", &[])));
        publisher.set("/page", Page::html("<p>none</p>"));
        let id = add(&app, &publisher.url("/feed")).await;
        add(&app, &publisher.url("/other")).await;
        for (change, path, code) in [
            (json!({"title": "x".repeat(201)}), "input.title", "TOO_LONG"),
            (json!({"siteUrl": "nowhere"}), "input.siteUrl", "INVALID_URL"),
            (json!({"feedUrl": null}), "input.feedUrl", "INVALID_VALUE"),
            (json!({"feedUrl": "gopher://x.example/"}), "input.feedUrl", "INVALID_URL"),
            (json!({"feedUrl": publisher.url("/other")}), "input.feedUrl", "ALREADY_EXISTS"),
            (json!({"feedUrl": publisher.url("/page")}), "input.feedUrl", "NOT_A_FEED"),
            (json!({"feedUrl": publisher.url("/gone")}), "input.feedUrl", "UNREACHABLE"),
            (json!({"minIntervalSeconds": 299}), "input.minIntervalSeconds", "INVALID_VALUE"),
            (json!({"maxIntervalSeconds": 2_592_001}), "input.maxIntervalSeconds", "INVALID_VALUE"),
            (json!({"minIntervalSeconds": 601, "maxIntervalSeconds": 600}), "input.minIntervalSeconds", "INVALID_VALUE"),
            (json!({"keep": ["ok", "("]}), "input.keep.1", "INVALID_VALUE"),
            (json!({"drop": ["x".repeat(501)]}), "input.drop.0", "TOO_LONG"),
            (json!({"drop": vec!["x"; 51]}), "input.drop", "TOO_LONG"),
            (json!({"maxAgeDays": 0}), "input.maxAgeDays", "INVALID_VALUE"),
        ] {
            let mut input = change.clone();
            input["id"] = json!(id);
            if change.get("title").is_none() {
                input["title"] = json!("Half");
            }
            let data = app.edit(UPDATE, json!({"input": input})).await;
            assert_eq!(only_refusal(&data["updateSource"]), (path.to_owned(), code.to_owned()), "{change}");
        }
        let data = app.edit("query($id: ID!) { source(by: {id: $id}) { title feedUrl } }", json!({"id": id})).await;
        assert_eq!(data["source"], json!({"title": "A blog", "feedUrl": publisher.url("/feed")}));
    }

    async fn a_moved_feed_keeps_its_entries(database: Database) {
        let app = Editor::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/old", Page::rss(blog()));
        publisher.set("/new", Page::rss(blog()));
        let id = add(&app, &publisher.url("/old")).await;
        let entries = "query($id: ID!) { source(by: {id: $id}) { entries { nodes { id guid } } } }";
        let before = app.edit(entries, json!({"id": id})).await;
        let data = app.edit(UPDATE, json!({"input": {"id": id, "feedUrl": publisher.url("/new")}})).await;
        assert_eq!(data["updateSource"]["source"]["feedUrl"], publisher.url("/new"));
        app.edit("mutation($id: ID!) { refreshSource(id: $id) { attempt { outcome } } }", json!({"id": id})).await;
        assert_eq!(app.edit(entries, json!({"id": id})).await, before);
        let data = app.edit(ADD, json!({"input": {"url": publisher.url("/old")}})).await;
        assert_eq!(refusals(&data["addSource"])[0].1, "ALREADY_EXISTS", "the old address still leads to it");
    }

    async fn a_source_rests_and_is_polled_again(database: Database) {
        let app = Editor::alive(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/feed", Page::rss(blog()).etag("\"1\""));
        let id = add(&app, &publisher.url("/feed")).await;
        let status = |data: &Value, field: &str| data[field]["source"]["status"].clone();
        let pause = "mutation($id: ID!) { pauseSource(id: $id) { source { status polling { nextPollAt } } userErrors { code } } }";
        let data = app.edit(pause, json!({"id": id})).await;
        assert_eq!(status(&data, "pauseSource"), "PAUSED");
        assert_eq!(data["pauseSource"]["source"]["polling"]["nextPollAt"], Value::Null);
        let resume = "mutation($id: ID!) { resumeSource(id: $id) { source { status } userErrors { code } } }";
        let data = app.edit(resume, json!({"id": id})).await;
        assert_eq!(status(&data, "resumeSource"), "ACTIVE");
        eventually("a poll after resuming", || async {
            (publisher.seen("/feed").len() >= 2).then_some(())
        })
        .await;
        let new = rss("A blog", "http://blog.example/", &[Item::new("c", "2024-03-03T10:00:00Z")]);
        publisher.set("/feed", Page::rss(new).etag("\"2\""));
        let refresh = "mutation($id: ID!) { refreshSource(id: $id) {
            source { id entries { totalCount } } attempt { outcome httpStatus added updated } userErrors { code } } }";
        let data = app.edit(refresh, json!({"id": id})).await;
        assert_eq!(data["refreshSource"], json!({
            "source": {"id": id, "entries": {"totalCount": 3}},
            "attempt": {"outcome": "CHANGED", "httpStatus": 200, "added": 1, "updated": 0},
            "userErrors": [],
        }));
        publisher.set("/feed", Page::status(500));
        let data = app.edit(refresh, json!({"id": id})).await;
        assert_eq!(data["refreshSource"]["attempt"]["outcome"], "FAILED");
        assert_eq!(data["refreshSource"]["attempt"]["httpStatus"], 500);
        assert_eq!(data["refreshSource"]["userErrors"], json!([]), "a failed poll is an answer");
    }

    async fn what_is_removed_stays_out(database: Database) {
        let app = Editor::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/feed", Page::rss(blog()));
        let id = add(&app, &publisher.url("/feed")).await;
        let data = app.edit("{ entries { nodes { id guid } } }", json!({})).await;
        let entry = data["entries"]["nodes"][0]["id"].clone();
        let remove = "mutation($id: ID!) { removeEntry(id: $id) { removedId userErrors { path code } } }";
        let data = app.edit(remove, json!({"id": entry})).await;
        assert_eq!(data["removeEntry"], json!({"removedId": entry, "userErrors": []}));
        let data = app.edit(remove, json!({"id": entry})).await;
        assert_eq!(data["removeEntry"], json!({"removedId": null, "userErrors": [{"path": ["id"], "code": "NOT_FOUND"}]}));
        let refresh = "mutation($id: ID!) { refreshSource(id: $id) { attempt { outcome } } }";
        app.edit(refresh, json!({"id": id})).await;
        let data = app.edit("{ entries { nodes { guid } } }", json!({})).await;
        assert_eq!(data["entries"]["nodes"], json!([{"guid": "a"}]));
        let remove = "mutation($id: ID!) { removeSource(id: $id) { removedId userErrors { path code message } } }";
        let data = app.edit(remove, json!({"id": id})).await;
        assert_eq!(data["removeSource"], json!({"removedId": id, "userErrors": []}));
        let data = app.edit("{ sources { totalCount } entries { totalCount } }", json!({})).await;
        assert_eq!(data, json!({"sources": {"totalCount": 0}, "entries": {"totalCount": 0}}));
        let data = app.edit(remove, json!({"id": id})).await;
        assert_eq!(refusals(&data["removeSource"]),
            [("id".to_owned(), "NOT_FOUND".to_owned(), format!("There is no source \"{id}\"."))]);
        let again = add(&app, &publisher.url("/feed")).await;
        assert_ne!(again, id, "it is followed anew as another source");
    }

    async fn ids_of_other_kinds_are_refused_as_data(database: Database) {
        let app = Editor::start(&database).await;
        for field in ["removeSource", "pauseSource", "resumeSource", "refreshSource", "removeEntry", "removePlanet", "cancelJob"] {
            for id in ["author:1", "1", "", "source:-1", "🦀"] {
                let text = format!("mutation($id: ID!) {{ {field}(id: $id) {{ userErrors {{ path code message }} }} }}");
                let data = app.edit(&text, json!({"id": id})).await;
                let refused = only_refusal(&data[field]);
                assert_eq!(refused, ("id".to_owned(), "INVALID_VALUE".to_owned()), "{field} {id}");
            }
        }
    }

    async fn feeds_are_discovered_and_nothing_is_stored(database: Database) {
        let app = Editor::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/feed", Page::rss(blog()));
        publisher.set("/other", Page::rss(rss("Other", "http://other.example/", &[])));
        publisher.set("/", Page::html(
            "<html><head><link rel=alternate type='application/rss+xml' href='/feed'>
             <link rel=alternate type='application/rss+xml' href='/other'></head></html>",
        ));
        let id = add(&app, &publisher.url("/other")).await;
        let discover = "mutation($url: URL!) { discoverFeeds(url: $url) {
            candidates { feedUrl title format entryCount newestTitles followedAs { id } } userErrors { path code message } } }";
        let data = app.edit(discover, json!({"url": publisher.url("/")})).await;
        assert_eq!(data["discoverFeeds"], json!({"userErrors": [], "candidates": [
            {"feedUrl": publisher.url("/feed"), "title": "A blog", "format": "RSS_2", "entryCount": 2,
             "newestTitles": ["Title of b", "Title of a"], "followedAs": null},
            {"feedUrl": publisher.url("/other"), "title": "Other", "format": "RSS_2", "entryCount": 0,
             "newestTitles": [], "followedAs": {"id": id}},
        ]}));
        assert_eq!(count_sources(&app).await, 1);
        for (url, code) in [("mailto:a@b.example", "INVALID_URL"), ("http://[::1]/", "FORBIDDEN_ADDRESS"),
                            ("http://10.0.0.1/", "FORBIDDEN_ADDRESS")] {
            let data = app.edit(discover, json!({"url": url})).await;
            assert_eq!(only_refusal(&data["discoverFeeds"]).1, code, "{url}");
        }
    }
}
