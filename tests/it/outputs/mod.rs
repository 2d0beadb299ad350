//! A planet's feeds, through the front door: valid, complete, told apart by what changed, and read back to the same
//! entries by our own reader.

mod rules;

use std::collections::{BTreeMap, BTreeSet};

use entity::Millis;
use feedgraph::http::{Feeds, feed_routes};
use feedgraph::publish::Bell;
use feedgraph::store::{Store, StoreSettings};
use feedgraph::{normalize, parse};
use reqwest::StatusCode;
use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, LAST_MODIFIED};
use serde_json::{Value, json};

use crate::support::{Database, Item, Page, Publisher, TestApp, rss, within};

const FILES: [&str; 5] = [
    "atom.xml",
    "rss.xml",
    "rss-titles.xml",
    "feed.json",
    "opml.xml",
];

/// What a document is asked with, and what comes.
struct Got {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

async fn get(app: &TestApp, url: &str, conditions: &[(&str, &str)]) -> Got {
    let mut request = app.client.http.get(url);
    for (name, value) in conditions {
        request = request.header(*name, *value);
    }
    let response = within("a feed", request.send()).await.expect("an answer");
    Got {
        status: response.status(),
        headers: response.headers().clone(),
        body: response.text().await.expect("a whole body"),
    }
}

fn text(headers: &HeaderMap, name: &reqwest::header::HeaderName) -> String {
    let value = headers.get(name).unwrap_or_else(|| panic!("no {name}"));
    value.to_str().expect("text").to_owned()
}

fn url(app: &TestApp, file: &str) -> String {
    format!("{}/planet/planet/{file}", app.origin)
}

/// Every breach of a document, whatever its format.
fn breaches(file: &str, got: &Got, address: &str) -> Vec<String> {
    assert_eq!(got.status, 200, "{address}: {}", got.body);
    match file {
        "atom.xml" => rules::atom(&rules::xml(&got.body).expect("well-formed"), address),
        "rss.xml" | "rss-titles.xml" => {
            rules::rss(&rules::xml(&got.body).expect("well-formed"), address)
        }
        "feed.json" => rules::json(&serde_json::from_str(&got.body).expect("JSON"), address),
        _ => rules::xml(&got.body)
            .map(|_| Vec::new())
            .expect("well-formed"),
    }
}

/// Title, link, time and content, as our own reader understands a document.
fn read_back(got: &Got) -> Vec<(String, Option<String>, Option<Millis>, String)> {
    let content_type = text(&got.headers, &CONTENT_TYPE);
    let document = parse::read(
        got.body.as_bytes(),
        Some(&content_type),
        &parse::Limits::default(),
    );
    let draft = normalize::feed(
        document.expect("a feed"),
        &"http://planet.example/".parse().unwrap(),
    );
    let entry = |entry: normalize::EntryDraft| {
        let html = entry.content.get().html.clone().unwrap_or_default();
        (entry.title, entry.url, entry.dates.published, html)
    };
    draft.entries.into_iter().map(entry).collect()
}

async fn follow(app: &TestApp, publisher: &Publisher, path: &str, items: &[Item]) {
    publisher.set(
        path,
        Page::rss(rss(&format!("Blog {path}"), "http://blog.example/", items)),
    );
    app.follow(&publisher.url(path)).await;
    app.poll().await;
}

on_each_database! {
    async fn every_format_is_valid_and_is_read_back_to_the_same_entries(database: Database) {
        let app = TestApp::start(&database).await;
        let publisher = Publisher::start().await;
        let odd = "Ties & <b>bold</b> ]]> ünïcödé 🪐 \"quoted\" 'too'";
        let items = [
            Item::new("one", "2025-12-01T10:00:00Z").titled(odd).by("Łukasz & Zoë <x>"),
            Item::new("two", "2025-12-02T10:00:00+05:30").titled("").saying("<p>]]&gt; &amp;amp; <a href='http://a.example/?a=1&amp;b=2'>x</a></p>"),
            Item::new("three", "1995-12-03T10:00:00Z").saying(""),
        ];
        follow(&app, &publisher, "/a", &items).await;
        // The same identifiers in another feed are other entries.
        follow(&app, &publisher, "/b", &items[..1]).await;
        let data = app.client.query(
            "{ planet { outputs { atom rss rssTitlesOnly json opml }
               entries(first: 100) { nodes { title url publishedAt content } } } }", json!({})).await;
        let outputs = &data["planet"]["outputs"];
        for (file, field) in FILES.iter().zip(["atom", "rss", "rssTitlesOnly", "json", "opml"]) {
            assert_eq!(outputs[field], url(&app, file));
        }
        let stored: Vec<_> = data["planet"]["entries"]["nodes"].as_array().unwrap().iter().map(|entry| {
            let at = chrono::DateTime::parse_from_rfc3339(entry["publishedAt"].as_str().unwrap()).unwrap();
            (entry["title"].as_str().unwrap().to_owned(), entry["url"].as_str().map(str::to_owned),
             Some(Millis(at.timestamp_millis())), entry["content"].as_str().unwrap_or_default().to_owned())
        }).collect();
        assert_eq!(stored.len(), 4);
        for file in FILES {
            let address = url(&app, file);
            let got = get(&app, &address, &[]).await;
            assert_eq!(breaches(file, &got, &address), [""; 0], "{file}\n{}", got.body);
            if matches!(file, "atom.xml" | "rss.xml" | "feed.json") {
                assert_eq!(read_back(&got), stored, "{file}\n{}", got.body);
            }
        }
        let got = get(&app, &url(&app, "opml.xml"), &[]).await;
        assert!(got.body.contains(&format!("xmlUrl=\"{}\"", publisher.url("/b"))), "{}", got.body);
        let titles = get(&app, &url(&app, "rss-titles.xml"), &[]).await.body;
        assert!(!titles.contains("<description>x") && !titles.contains("content:encoded>"), "{titles}");
    }

    async fn what_has_not_changed_is_not_sent_again_and_asks_the_database_nothing(database: Database) {
        let public = "http://planet.example/".parse().unwrap();
        let app = TestApp::on(&database).config(|config| config.public_url = Some(public)).start().await;
        let publisher = Publisher::start().await;
        follow(&app, &publisher, "/a", &[Item::new("one", "2025-12-01T10:00:00Z")]).await;
        let (quiet, store) = alone(&database).await;
        for file in FILES {
            let address = url(&app, file);
            let first = get(&app, &address, &[]).await;
            let twin = format!("{quiet}/planet/planet/{file}");
            assert_eq!(get(&app, &twin, &[]).await.body, first.body);
            let (tag, modified) = (text(&first.headers, &ETAG), text(&first.headers, &LAST_MODIFIED));
            assert_eq!(text(&first.headers, &CACHE_CONTROL), "public, max-age=60");
            let before = store.statements();
            for conditions in [
                vec![("if-none-match", tag.as_str())],
                vec![("if-none-match", "\"x\", *")],
                vec![("if-modified-since", modified.as_str())],
                vec![("if-none-match", tag.as_str()), ("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT")],
            ] {
                let got = get(&app, &twin, &conditions).await;
                assert_eq!((got.status.as_u16(), got.body.as_str()), (304, ""), "{file} {conditions:?}");
                assert_eq!(text(&got.headers, &ETAG), tag);
            }
            assert_eq!(store.statements(), before, "{file}");
            let old = [("if-none-match", "\"x\""), ("if-modified-since", modified.as_str())];
            assert_eq!(get(&app, &address, &old).await.status, 200, "a tag is taken before a time");
            let old = [("if-modified-since", "Thu, 01 Jan 2026 00:00:00 GMT")];
            assert_eq!(get(&app, &address, &old).await.status, 200);
            let head = app.client.http.head(&address).send().await.unwrap();
            assert_eq!((head.status().as_u16(), text(head.headers(), &ETAG)), (200, tag.clone()));
            assert!(head.text().await.unwrap().is_empty());
        }
        let address = url(&app, "atom.xml");
        let tag = text(&get(&app, &address, &[]).await.headers, &ETAG);
        publisher.set("/a", Page::rss(rss("Blog", "http://blog.example/", &[Item::new("two", "2025-12-02T10:00:00Z")])));
        app.poll_again().await;
        let got = get(&app, &address, &[("if-none-match", &tag)]).await;
        assert_eq!(got.status, 200);
        assert!(got.body.contains("Title of two"));
    }

    async fn archives_hold_every_entry_once_and_do_not_change(database: Database) {
        let app = TestApp::start(&database).await;
        let publisher = Publisher::start().await;
        let many: Vec<Item> = (0..300).map(|n| Item::new(&format!("a{n}"), &format!("2025-{:02}-{:02}T10:00:00Z", n % 12 + 1, n % 28 + 1))).collect();
        follow(&app, &publisher, "/a", &many).await;
        let old: Vec<Item> = (0..70).map(|n| Item::new(&format!("b{n}"), "2001-01-01T10:00:00Z")).collect();
        follow(&app, &publisher, "/b", &old).await;
        for file in ["atom.xml", "rss.xml", "feed.json"] {
            let (ids, archives) = walk(&app, file).await;
            assert_eq!(ids.len(), 370, "{file}: every entry is in one of the documents");
            assert!(archives.len() >= 5, "{file}: {}", archives.len());
            let more: Vec<Item> = (0..100).map(|n| Item::new(&format!("{file}{n}"), "2002-01-01T10:00:00Z")).collect();
            follow(&app, &publisher, &format!("/{file}"), &more).await;
            for (address, before) in &archives {
                let now = get(&app, address, &[]).await;
                assert_eq!(breaches(file, &now, address), [""; 0]);
                let entries = |body: &str| ids_of(file, body);
                assert_eq!(entries(before), entries(&now.body), "{address}");
            }
            assert_eq!(walk(&app, file).await.0.len(), 470, "{file}");
            for path in ["b", file] {
                let source = app.app.parts().store.find_source_by_url(&publisher.url(&format!("/{path}"))).await.unwrap();
                let gone = app.app.parts().store.remove_source(source.unwrap().id, app.clock.now()).await.unwrap();
                app.app.parts().bell.ring(gone.unwrap());
            }
            follow(&app, &publisher, "/b", &old).await;
        }
    }

    async fn what_is_not_there_is_said_so(database: Database) {
        let app = TestApp::on(&database)
            .config(|config| config.public_url = Some("https://planet.example/sub/".parse().unwrap()))
            .start().await;
        for path in ["planet/atom.xml", "none/atom.xml", "planet/feed.xml", "planet/archive/61/atom.xml",
                     "planet/archive/x/atom.xml", "planet/archive/061/rss.xml", "planet/archive/61/opml.xml"] {
            let got = get(&app, &format!("{}/planet/{path}", app.origin), &[]).await;
            let expected = if path == "planet/atom.xml" { 200 } else { 404 };
            assert_eq!(got.status, expected, "{path}");
            let later = [("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT")];
            for condition in [&later, &[("if-none-match", "*")]] {
                let got = get(&app, &format!("{}/planet/{path}", app.origin), condition).await;
                assert_eq!(got.status, if expected == 200 { 304 } else { 404 }, "{path} {condition:?}");
            }
        }
        let got = get(&app, &url(&app, "atom.xml"), &[]).await;
        assert_eq!(breaches("atom.xml", &got, "https://planet.example/sub/planet/planet/atom.xml"), [""; 0]);
        let data = app.client.query("{ planet { outputs { json } } }", json!({})).await;
        assert_eq!(data["planet"]["outputs"]["json"], "https://planet.example/sub/planet/planet/feed.json");
    }
}

/// The feeds alone, beside which nothing asks the database anything.
async fn alone(database: &Database) -> (String, Store) {
    let store = Store::open(&StoreSettings::new(&database.url))
        .await
        .unwrap();
    let bell = Bell::new();
    bell.ring(store.head().await.unwrap().revision);
    let public: url::Url = "http://planet.example/".parse().unwrap();
    let feeds = Feeds::new(store.clone(), bell, Some(public.clone()), public);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    // It ends with the test's runtime.
    tokio::spawn(async move { axum::serve(listener, feed_routes(feeds)).await });
    (origin, store)
}

fn ids_of(file: &str, body: &str) -> BTreeSet<String> {
    let ids = |parent: &rules::Element, item: &str, id: &str| {
        parent
            .all(item)
            .map(|item| item.one(id).expect("an id").to_owned())
            .collect()
    };
    match file {
        "atom.xml" => ids(&rules::xml(body).unwrap(), "entry", "id"),
        "rss.xml" => ids(
            rules::xml(body).unwrap().all("channel").next().unwrap(),
            "item",
            "guid",
        ),
        _ => {
            let feed: Value = serde_json::from_str(body).unwrap();
            feed["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned())
                .collect()
        }
    }
}

/// All documents of a feed from the newest to the oldest: the ids in them, and the archives as they are.
async fn walk(app: &TestApp, file: &str) -> (BTreeSet<String>, BTreeMap<String, String>) {
    let (mut ids, mut archives) = (BTreeSet::new(), BTreeMap::new());
    let mut address = url(app, file);
    let mut newer: Option<String> = None;
    loop {
        let got = get(app, &address, &[]).await;
        assert_eq!(breaches(file, &got, &address), [""; 0], "{address}");
        ids.extend(ids_of(file, &got.body));
        let link = |rel: &str| match file {
            "atom.xml" => rules::xml(&got.body).unwrap().link("link", rel),
            "rss.xml" => rules::xml(&got.body)
                .unwrap()
                .all("channel")
                .next()
                .unwrap()
                .link("atom:link", rel),
            _ => None,
        };
        if newer.is_some() && file != "feed.json" {
            assert_eq!(link("current"), Some(url(app, file)));
            let next = newer.clone().filter(|newer| newer.contains("/archive/"));
            assert_eq!(link("next-archive"), next, "{address}");
            assert!(got.body.contains("<fh:archive/>"));
        }
        let previous = if file == "feed.json" {
            let feed: Value = serde_json::from_str(&got.body).unwrap();
            feed["next_url"].as_str().map(str::to_owned)
        } else {
            link("prev-archive")
        };
        if newer.is_some() {
            archives.insert(address.clone(), got.body);
        }
        newer = Some(address);
        match previous {
            Some(previous) => address = previous,
            None => return (ids, archives),
        }
    }
}
