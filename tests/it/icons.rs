//! Icons of sources: found, kept, served.

use entity::{Role, SourceId};
use feedgraph::icons::Icons;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Database, Item, Page, Publisher, TestApp, rss};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n a picture";
const ICO: &[u8] = b"\0\0\x01\0\x01\0\x10\x10 an icon";
const DAY: i64 = 24 * 3_600;

/// A program with one source whose page is the publisher's.
struct Scene {
    app: TestApp,
    icons: Icons,
    publisher: Publisher,
    source: SourceId,
}

impl Scene {
    async fn start(database: &Database, more: &str) -> Self {
        let app = TestApp::start(database).await;
        let publisher = Publisher::start().await;
        let items = [Item::new("one", "2025-12-30T10:00:00Z")];
        let feed = rss("A feed", &publisher.url("/blog/"), &items);
        let more = more.replace("ORIGIN", &publisher.url(""));
        publisher.set(
            "/feed",
            Page::rss(feed.replacen("<channel>", &format!("<channel>{more}"), 1)),
        );
        let source = app.follow(&publisher.url("/feed")).await;
        app.poll().await;
        let parts = app.app.parts();
        let icons = Icons::new(parts.store.clone(), parts.poller.clone(), app.clock.clone());
        Self {
            app,
            icons,
            publisher,
            source,
        }
    }

    async fn look(&self) -> usize {
        self.icons.look_for_all().await.unwrap()
    }

    async fn url(&self) -> Option<String> {
        let query = "query($url: URL!) { source(by: {feedUrl: $url}) { iconUrl } }";
        let url = json!({"url": self.publisher.url("/feed")});
        let data = self.app.client.query(query, url).await;
        data["source"]["iconUrl"].as_str().map(ToOwned::to_owned)
    }

    /// The paths that were asked for besides the feed.
    fn asked(&self) -> Vec<String> {
        let all = self.publisher.seen_all().into_iter().map(|seen| seen.path);
        all.filter(|path| path != "/feed").collect()
    }

    async fn kept(&self) -> Option<Vec<u8>> {
        let icon = self
            .app
            .app
            .parts()
            .store
            .find_icon(self.source)
            .await
            .unwrap();
        icon.map(|icon| icon.bytes)
    }
}

fn picture(bytes: &[u8]) -> Page {
    // What servers say of their icons is not believed.
    Page::new("text/plain", bytes)
}

on_each_database! {
    async fn an_icon_is_found_kept_and_served(database: Database) {
        let scene = Scene::start(&database, "").await;
        scene.publisher.set("/blog/", Page::html("<link rel=icon href=big.png sizes=512x512><link rel=icon href=small.png sizes=32x32>"));
        scene.publisher.set("/blog/small.png", picture(PNG));
        assert_eq!(scene.url().await, None);
        assert_eq!(scene.look().await, 1);
        assert_eq!(scene.asked(), ["/blog/", "/blog/small.png"]);
        let url = scene.url().await.unwrap();
        let prefix = format!("{}/icons/{}/", scene.app.origin, scene.source.0);
        assert!(url.starts_with(&prefix), "{url}");
        let response = reqwest::get(&url).await.unwrap();
        assert_eq!(response.status(), 200);
        let headers = response.headers().clone();
        for (name, value) in [
            ("content-type", "image/png"),
            ("cache-control", "public, max-age=31536000, immutable"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("cross-origin-resource-policy", "cross-origin"),
        ] {
            assert_eq!(headers[name], value, "{name}");
        }
        assert_eq!(response.bytes().await.unwrap(), PNG);
        let again = reqwest::Client::new().get(&url).header("if-none-match", &headers["etag"]);
        assert_eq!(again.send().await.unwrap().status(), StatusCode::NOT_MODIFIED);
        let old = reqwest::get(format!("{prefix}0123")).await.unwrap();
        assert_eq!((old.status().as_u16(), &old.headers()["cache-control"]), (200, &"public, max-age=3600".parse().unwrap()));
        for path in ["/icons/999/x", "/icons/x/y"] {
            let response = reqwest::get(format!("{}{path}", scene.app.origin)).await.unwrap();
            assert!(response.status().is_client_error(), "{path}");
        }
    }

    async fn icons_are_looked_for_rarely_and_changes_are_told(database: Database) {
        let scene = Scene::start(&database, "").await;
        scene.publisher.set("/favicon.ico", picture(ICO));
        scene.look().await;
        let (kept, first) = (scene.kept().await, scene.url().await);
        assert_eq!(kept.as_deref(), Some(ICO));
        assert_eq!(scene.look().await, 0);
        scene.app.advance_seconds(29 * DAY);
        assert_eq!(scene.look().await, 0);
        let store = scene.app.app.parts().store.clone();
        let before = store.head().await.unwrap().revision;
        scene.app.advance_seconds(5 * DAY);
        assert_eq!(scene.look().await, 1);
        assert_eq!(store.head().await.unwrap().revision, before, "the same icon is no news");
        scene.publisher.set("/favicon.ico", picture(PNG));
        scene.app.advance_seconds(34 * DAY);
        scene.look().await;
        assert!(store.head().await.unwrap().revision > before);
        assert_ne!(scene.url().await, first);
        // An icon that is gone for now stays.
        scene.publisher.remove("/favicon.ico");
        scene.app.advance_seconds(34 * DAY);
        assert_eq!(scene.look().await, 1);
        assert_eq!(scene.kept().await.as_deref(), Some(PNG));
    }

    async fn the_feeds_own_picture_comes_first_where_it_is_small(database: Database) {
        let image = "<image><url>ORIGIN/logo.png</url><title>t</title><link>ORIGIN/</link></image>";
        let scene = Scene::start(&database, image).await;
        scene.publisher.set("/logo.png", picture(PNG));
        assert_eq!(scene.url().await, Some(scene.publisher.url("/logo.png")));
        scene.look().await;
        assert_eq!(scene.asked(), ["/logo.png"]);
        assert_eq!(scene.kept().await.as_deref(), Some(PNG));
    }

    async fn what_is_no_small_picture_is_not_kept(database: Database) {
        let image = "<image><url>ORIGIN/logo.png</url><title>t</title><link>ORIGIN/</link></image>";
        let scene = Scene::start(&database, image).await;
        let mut large = PNG.to_vec();
        large.resize(64 * 1024 + 1, 0);
        scene.publisher.set("/logo.png", picture(&large));
        scene.publisher.set("/blog/", Page::html(
            "<link rel=icon href=/a.svg><link rel=icon href=/b><link rel=icon href=http://10.0.0.1/c.png>",
        ));
        scene.publisher.set("/b", Page::new("image/png", "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"));
        scene.look().await;
        assert_eq!(scene.asked(), ["/logo.png", "/blog/", "/b", "/favicon.ico"]);
        assert_eq!(scene.kept().await, None);
        // The next look is after two days, then four.
        scene.app.advance_seconds(DAY);
        assert_eq!(scene.look().await, 0);
        scene.app.advance_seconds(2 * DAY);
        assert_eq!(scene.look().await, 1);
        scene.app.advance_seconds(3 * DAY);
        assert_eq!(scene.look().await, 0);
    }

    async fn a_host_that_wants_rest_is_not_asked_for_icons(database: Database) {
        let scene = Scene::start(&database, "").await;
        scene.publisher.set("/blog/", Page::status(429).header("retry-after", "3600"));
        scene.look().await;
        assert_eq!(scene.asked(), ["/blog/"]);
        let editor = scene.app.client_as(Role::Editor).await;
        let findings = "query { sources { nodes { status } } }";
        let data: Value = editor.query(findings, json!({})).await;
        assert_eq!(data["sources"]["nodes"][0]["status"], "ACTIVE");
    }
}
