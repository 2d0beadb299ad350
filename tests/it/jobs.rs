//! Background jobs, through the front door.

use std::time::Duration;

use serde_json::json;

use crate::support::{Editor, Item, Page, Publisher, counts, refusals, rss, text};

const REFRESH: &str = "mutation($slug: String) { refreshSources(planetSlug: $slug) {
    job { id status total } userErrors { path code message } } }";
const CANCEL: &str = "mutation($id: ID!) { cancelJob(id: $id) { job { id status } userErrors { path code message } } }";

fn feed(id: &str) -> Page {
    let item = Item::new(id, "2024-03-01T10:00:00Z");
    Page::rss(rss("T", "http://blog.example/", &[item])).etag(&format!("\"{id}\""))
}

async fn follow(app: &Editor, publisher: &Publisher, path: &str) -> String {
    publisher.set(path, feed("a"));
    app.follow(&publisher.url(path)).await
}

on_each_database! {
    async fn every_source_is_polled_now_and_counted(database: Database) {
        let app = Editor::alive(&database).await;
        let publisher = Publisher::start().await;
        for path in ["/same", "/new", "/broken", "/paused"] {
            let id = follow(&app, &publisher, path).await;
            if path == "/paused" {
                app.edit("mutation($id: ID!) { pauseSource(id: $id) { source { id } } }", json!({"id": id})).await;
            }
        }
        publisher.set("/new", feed("b"));
        publisher.set("/broken", Page::status(503));
        let data = app.edit(REFRESH, json!({})).await;
        assert_eq!(data["refreshSources"]["userErrors"], json!([]));
        assert_eq!(data["refreshSources"]["job"]["total"], 3);
        let job = app.finished_job(&text(&data["refreshSources"]["job"]["id"])).await;
                assert_eq!((job["status"].as_str(), counts(&job)), (Some("DONE"), [3, 3, 1, 1, 1]));
        assert_eq!(job["failures"]["nodes"][0]["url"], publisher.url("/broken"));
        assert_eq!(job["failures"]["nodes"][0]["code"], "UNREACHABLE");
        assert_eq!(publisher.seen("/paused").len(), 1);
        assert_eq!(publisher.seen("/same").len(), 2);
    }

    async fn a_planets_sources_are_polled_alone(database: Database) {
        let app = Editor::alive(&database).await;
        let publisher = Publisher::start().await;
        let inside = follow(&app, &publisher, "/in").await;
        follow(&app, &publisher, "/out").await;
        let create = "mutation($ids: [ID!]) { createPlanet(input: {slug: \"p\", title: \"P\", sourceIds: $ids}) { planet { id } } }";
        app.edit(create, json!({"ids": [inside]})).await;
        let data = app.edit(REFRESH, json!({"slug": "p"})).await;
        app.finished_job(&text(&data["refreshSources"]["job"]["id"])).await;
        assert_eq!((publisher.seen("/in").len(), publisher.seen("/out").len()), (2, 1));
        let data = app.edit(REFRESH, json!({"slug": "q"})).await;
        let message = "There is no planet \"q\".".to_owned();
        assert_eq!(refusals(&data["refreshSources"]), [("planetSlug".to_owned(), "NOT_FOUND".to_owned(), message)]);
    }

    async fn a_job_is_ended_early_and_what_is_done_stays(database: Database) {
        let app = Editor::alive(&database).await;
        let publisher = Publisher::start().await;
        follow(&app, &publisher, "/slow").await;
        publisher.set("/slow", feed("b").after(Duration::from_secs(20)));
        let data = app.edit(REFRESH, json!({})).await;
        let id = text(&data["refreshSources"]["job"]["id"]);
        app.edit(CANCEL, json!({"id": id})).await;
        let job = app.finished_job(&id).await;
        assert_eq!(job["status"], "CANCELLED");
        let data = app.edit(CANCEL, json!({"id": id})).await;
        assert_eq!(data["cancelJob"], json!({"job": {"id": id, "status": "CANCELLED"}, "userErrors": []}));
        let data = app.edit(CANCEL, json!({"id": "job:99"})).await;
        assert_eq!(refusals(&data["cancelJob"])[0].1, "NOT_FOUND");
    }

    async fn a_watcher_sees_the_job_at_once_and_until_its_end(database: Database) {
        let app = Editor::alive(&database).await;
        let publisher = Publisher::start().await;
        follow(&app, &publisher, "/one").await;
        follow(&app, &publisher, "/two").await;
        let data = app.edit(REFRESH, json!({})).await;
        let id = text(&data["refreshSources"]["job"]["id"]);
        let document = "subscription($id: ID!) { jobProgress(id: $id) { status done total } }";
        let mut live = app.client.subscribe(document, json!({"id": id})).await;
        let mut done = -1;
        loop {
            let job = live.next().await["jobProgress"].take();
            assert!(job["done"].as_i64() >= Some(done), "it never goes back: {job}");
            done = job["done"].as_i64().expect("a count");
            if job["status"] == "DONE" {
                break;
            }
        }
        assert_eq!(done, 2);
        assert_eq!(live.message().await["type"], "complete");
    }
}
