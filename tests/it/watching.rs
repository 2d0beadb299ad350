//! What is shown to whoever watches the program: numbers for Prometheus, and whether it is ready.

use feedgraph::config::Watching;
use serde_json::{Value, json};

use crate::support::{Item, Page, Publisher, TestApp, rss};

/// The value of a sample, by its name with labels.
fn sample(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find(|line| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(' '))
    })?;
    line.rsplit(' ').next()?.parse().ok()
}

async fn numbers(origin: &str) -> String {
    let response = reqwest::get(format!("{origin}/metrics")).await.unwrap();
    assert_eq!(response.status(), 200);
    let content_type = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(content_type, "text/plain; version=0.0.4; charset=utf-8");
    response.text().await.unwrap()
}

on_each_database! {
    async fn polls_are_counted(database: Database) {
        let app = TestApp::start(&database).await;
        let publisher = Publisher::start().await;
        let (one, two) = (Item::new("one", "2025-12-30T10:00:00Z"), Item::new("two", "2026-01-09T23:30:00Z"));
        let old = rss("A feed", "https://blog.example/", std::slice::from_ref(&one));
        publisher.set("/feed", Page::rss(old.clone()).etag("\"1\""));
        publisher.set("/busy", Page::status(429).header("retry-after", "3000000"));
        app.follow(&publisher.url("/feed")).await;
        app.poll().await;
        app.poll_again().await;
        let new = rss("A feed", "https://blog.example/", &[one, two]);
        publisher.set("/feed", Page::rss(new).etag("\"2\""));
        app.poll_again().await;
        app.follow(&publisher.url("/busy")).await;
        app.poll().await;
        let text = numbers(&app.origin).await;
        for (name, value) in [
            ("feedgraph_polls_total{kind=\"\",outcome=\"changed\"}", 2.0),
            ("feedgraph_polls_total{kind=\"\",outcome=\"unchanged\"}", 1.0),
            ("feedgraph_polls_total{kind=\"http_status\",outcome=\"failed\"}", 1.0),
            ("feedgraph_entries_total{change=\"added\"}", 2.0),
            ("feedgraph_entry_freshness_seconds_count", 1.0),
            ("feedgraph_sources{status=\"active\"}", 1.0),
            ("feedgraph_sources{status=\"failing\"}", 1.0),
            ("feedgraph_hosts_paused", 1.0),
            ("feedgraph_due_sources", 0.0),
            ("feedgraph_due_lag_seconds", 0.0),
            ("feedgraph_visits_limit", 32.0),
        ] {
            assert_eq!(sample(&text, name), Some(value), "{name} in\n{text}");
        }
        let length = f64::from(u32::try_from(old.len()).unwrap());
        assert_eq!(sample(&text, "feedgraph_saved_bytes_total"), Some(length));
        assert!(sample(&text, "feedgraph_fetched_bytes_total") > Some(2.0 * length));
        // The second entry was published seven days and half an hour before it was stored.
        let week = sample(&text, "feedgraph_entry_freshness_seconds_bucket{le=\"604800\"}");
        assert_eq!(week, Some(0.0), "{text}");
        app.advance_seconds(40 * 24 * 3_600);
        let text = numbers(&app.origin).await;
        assert_eq!(sample(&text, "feedgraph_due_sources"), Some(2.0));
        assert!(sample(&text, "feedgraph_due_lag_seconds") > Some(24.0 * 3_600.0));
        assert_eq!(sample(&text, "feedgraph_hosts_paused"), Some(0.0));
    }

    async fn requests_are_counted_by_what_they_matched(database: Database) {
        let app = TestApp::start(&database).await;
        app.client.query("{ server { name } }", json!({})).await;
        for path in ["/healthz", "/nothing/1", "/nothing/2"] {
            reqwest::get(format!("{}{path}", app.origin)).await.unwrap();
        }
        let text = numbers(&app.origin).await;
        for (name, value) in [
            ("feedgraph_graphql_operations_total{type=\"query\"}", 1.0),
            ("feedgraph_http_requests_total{method=\"POST\",route=\"/graphql\",status=\"200\"}", 1.0),
            ("feedgraph_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"}", 1.0),
            ("feedgraph_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"}", 2.0),
        ] {
            assert_eq!(sample(&text, name), Some(value), "{name} in\n{text}");
        }
    }

    async fn numbers_are_served_where_they_are_wanted(database: Database) {
        let off = TestApp::on(&database).config(|config| config.metrics = Watching::Off).start().await;
        assert_eq!(reqwest::get(format!("{}/metrics", off.origin)).await.unwrap().status(), 404);
        let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let elsewhere = TestApp::on(&database).config(|config| config.metrics = Watching::At(free)).start().await;
        let there = reqwest::get(format!("{}/metrics", elsewhere.origin)).await.unwrap();
        assert_eq!(there.status(), 404);
        let text = numbers(&format!("http://{free}")).await;
        assert_eq!(sample(&text, "feedgraph_sources{status=\"active\"}"), None);
        assert_eq!(sample(&text, "feedgraph_hosts_paused"), Some(0.0));
    }

    async fn a_program_that_polls_is_ready_and_says_why_not(database: Database) {
        let app = TestApp::on(&database).alive().start().await;
        let ready = async || {
            let response = reqwest::get(format!("{}/readyz", app.origin)).await.unwrap();
            let status = response.status().as_u16();
            let text = response.text().await.unwrap();
            (status, serde_json::from_str::<Value>(&text).unwrap())
        };
        let (status, body) = ready().await;
        assert_eq!((status, body), (200, json!({"ready": true, "database": true, "polling": true})));
        app.app.parts().store.close().await.ok();
        let (status, body) = ready().await;
        assert_eq!((status, &body["database"]), (503, &json!(false)));
        assert_eq!(body["reasons"]["database"], "the database does not answer");
    }
}
