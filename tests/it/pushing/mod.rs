//! Feeds that a hub pushes (WebSub), with a hub in the test.

mod scene;

use entity::{PushState, Role};
use feedgraph::fetch::host_key;
use serde_json::json;

use self::scene::{PUBLIC, Scene, signature};
use crate::support::{Page, Publisher, TestApp, rss};

const DAY: i64 = 24 * 3_600;

on_each_database! {
    async fn a_hub_is_asked_and_believed_once_it_confirms(database: Database) {
        let scene = Scene::start(&database).await;
        scene.ask_hubs().await;
        let asked = scene.hub.asked();
        assert_eq!(asked.len(), 1);
        let key = scene.row().await.unwrap().callback_key;
        assert_eq!(key.len(), 64);
        assert_eq!(asked[0]["hub.callback"], format!("{PUBLIC}websub/{key}"));
        assert_eq!(asked[0]["hub.mode"], "subscribe");
        assert_eq!(asked[0]["hub.topic"], scene.topic());
        assert_eq!(asked[0]["hub.lease_seconds"], "864000");
        assert!(asked[0]["hub.secret"].len() >= 32 && asked[0]["hub.secret"] != key);
        // Nobody is asked twice while a hub may be about to confirm.
        scene.ask_hubs().await;
        assert_eq!(scene.hub.asked().len(), 1);
        let topic = scene.topic();
        for (parameters, why) in [
            (vec![("hub.mode", "subscribe"), ("hub.topic", "https://other.example/"), ("hub.challenge", "x")], "topic"),
            (vec![("hub.mode", "subscribe"), ("hub.topic", topic.as_str())], "no challenge"),
            (vec![("hub.mode", "unsubscribe"), ("hub.topic", topic.as_str()), ("hub.challenge", "x")], "not leaving"),
            (vec![("hub.mode", "shout"), ("hub.topic", topic.as_str()), ("hub.challenge", "x")], "mode"),
            (vec![], "nothing"),
        ] {
            assert_eq!(scene.verify(&parameters).await.0, 404, "{why}");
        }
        let editor = scene.app.client_as(Role::Editor).await;
        let pushed = async || {
            let query = "query($url: URL!) { source(by: {feedUrl: $url}) { polling { push } } }";
            let data = editor.query(query, json!({"url": scene.publisher.url("/feed")})).await;
            data["source"]["polling"]["push"].clone()
        };
        assert_eq!(pushed().await, json!(false));
        scene.subscribe("600").await;
        assert_eq!(pushed().await, json!(true));
        scene.app.advance_seconds(600);
        assert_eq!(pushed().await, json!(false));
    }

    async fn what_is_pushed_is_stored_like_what_is_polled(database: Database) {
        let scene = Scene::start(&database).await;
        scene.subscribe("864000").await;
        let before = scene.state().await;
        let asked = scene.publisher.seen_all().len();
        assert_eq!(scene.push(&["one", "two"]).await, 202);
        assert_eq!(scene.titles().await, ["one", "two"]);
        let after = scene.state().await;
        assert_eq!(after.next_poll_at, before.next_poll_at);
        assert_eq!(after.fence, before.fence + 1);
        assert_eq!(scene.publisher.seen_all().len(), asked);
        let store = &scene.app.app.parts().store;
        let attempts = store.attempts_of(&[scene.source], 1).await.unwrap().remove(&scene.source).unwrap();
        assert_eq!(attempts[0].message.as_deref(), Some("pushed by its hub"));
        assert_eq!((attempts[0].added, attempts[0].http_status), (1, None));
        // A poll afterwards finds nothing that is new.
        scene.publish(&["one", "two"]);
        scene.poll_next().await;
        assert_eq!(scene.titles().await, ["one", "two"]);
        assert_eq!(scene.row().await.unwrap().misses, 0);
    }

    async fn forged_and_stale_content_is_not_believed(database: Database) {
        let scene = Scene::start(&database).await;
        scene.ask_hubs().await;
        assert_eq!(scene.push(&["too early"]).await, 404);
        scene.subscribe("864000").await;
        let body = scene.feed(&["forged"]);
        for wrong in [None, Some(signature("guess", &body)), Some("sha256=00".to_owned()), Some("none=00".to_owned())] {
            assert_eq!(scene.push_signed(&body, wrong).await.status(), 202);
        }
        assert_eq!(scene.titles().await, ["one"]);
        let unknown = format!("{}/websub/{}", scene.app.origin, "0".repeat(64));
        let response = reqwest::Client::new().post(unknown).body(body).send().await.unwrap();
        assert_eq!(response.status(), 404);
        // What was pushed before and comes again does not undo what came in between.
        let old = |title: &str| scene.feed(&["one"]).replace("<title>one</title>", &format!("<title>{title}</title>"));
        let secret = scene.row().await.unwrap().secret;
        for (title, expected) in [("first", "first"), ("second", "second"), ("first", "second")] {
            let body = old(title);
            let response = scene.push_signed(&body, Some(signature(&secret, &body))).await;
            assert_eq!(response.status(), 202);
            assert_eq!(scene.titles().await, [expected]);
        }
        scene.app.advance_seconds(10 * DAY);
        assert_eq!(scene.push(&["too late"]).await, 410);
        assert_eq!(scene.titles().await, ["second"]);
    }

    async fn what_cannot_be_read_only_tells_that_something_is_new(database: Database) {
        let scene = Scene::start(&database).await;
        scene.subscribe("864000").await;
        scene.publish(&["one", "two"]);
        let secret = scene.row().await.unwrap().secret;
        let response = scene.push_signed("", Some(signature(&secret, ""))).await;
        assert_eq!(response.status(), 202);
        assert_eq!(scene.app.poll().await.polled, 1);
        assert_eq!(scene.titles().await, ["one", "two"]);
    }

    async fn leases_are_renewed_before_they_end(database: Database) {
        let scene = Scene::start(&database).await;
        scene.subscribe("100000").await;
        scene.app.advance_seconds(79_999);
        scene.ask_hubs().await;
        assert_eq!(scene.hub.asked().len(), 1);
        scene.app.advance_seconds(1);
        scene.ask_hubs().await;
        let asked = scene.hub.asked();
        assert_eq!(asked.len(), 2);
        assert_eq!(asked[1], asked[0]);
        // Until it confirms anew, it goes on pushing.
        assert_eq!(scene.push(&["one", "two"]).await, 202);
        assert_eq!(scene.titles().await, ["one", "two"]);
        let before = scene.row().await.unwrap().lease_until;
        scene.subscribe("100000").await;
        assert!(scene.row().await.unwrap().lease_until > before);
    }

    async fn hubs_at_rest_are_left_alone(database: Database) {
        let scene = Scene::start(&database).await;
        let store = &scene.app.app.parts().store;
        let hub = host_key(&scene.hub.url);
        let until = scene.app.clock.now().plus_seconds(2 * 3_600);
        store.rest_host(&hub, until).await.unwrap();
        scene.ask_hubs().await;
        assert_eq!(scene.hub.asked().len(), 0);
        scene.app.advance_seconds(2 * 3_600);
        scene.hub.answer(429);
        scene.ask_hubs().await;
        assert_eq!(scene.hub.asked().len(), 1);
        let rest = store.rest_of_host(&hub, scene.app.clock.now()).await.unwrap();
        assert_eq!(rest, Some(scene.app.clock.now().plus_seconds(900)));
    }

    async fn hubs_that_refuse_or_are_gone_are_asked_less_and_less(database: Database) {
        let scene = Scene::start(&database).await;
        scene.hub.answer(400);
        scene.ask_hubs().await;
        scene.app.advance_seconds(DAY - 1);
        scene.ask_hubs().await;
        assert_eq!(scene.hub.asked().len(), 1);
        scene.app.advance_seconds(1);
        scene.hub.answer(202);
        scene.ask_hubs().await;
        assert_eq!(scene.hub.asked().len(), 2);
        let topic = scene.topic();
        let denied = [("hub.mode", "denied"), ("hub.topic", topic.as_str()), ("hub.reason", "no")];
        assert_eq!(scene.verify(&denied).await.0, 202);
        assert_eq!(scene.row().await.unwrap().state, PushState::Denied);
        scene.app.advance_seconds(6 * DAY);
        scene.ask_hubs().await;
        assert_eq!(scene.hub.asked().len(), 2);
        scene.app.advance_seconds(DAY);
        scene.ask_hubs().await;
        assert_eq!(scene.hub.asked().len(), 3);
    }

    async fn polls_are_rare_while_pushes_bring_everything(database: Database) {
        let scene = Scene::start(&database).await;
        scene.subscribe("8640000").await;
        scene.poll_next().await;
        assert!(!scene.state().await.push_trusted, "nothing was pushed yet");
        scene.push(&["one", "two"]).await;
        scene.publish(&["one", "two"]);
        scene.poll_next().await;
        let state = scene.state().await;
        assert!(state.push_trusted);
        assert_eq!(state.interval_seconds, DAY);
        assert_eq!(state.reason, "Every 1 day: its hub pushes what is new, and polls only check.");
        // A poll finds what no push brought: polls are what they were, until pushes prove themselves twice.
        scene.publish(&["one", "two", "three"]);
        scene.poll_next().await;
        assert!(!scene.state().await.push_trusted);
        assert_eq!(scene.row().await.unwrap().misses, 1);
        scene.push(&["one", "two", "three", "four"]).await;
        assert!(!scene.state().await.push_trusted);
        scene.push(&["one", "two", "three", "four", "five"]).await;
        assert!(scene.state().await.push_trusted);
    }

    async fn what_is_not_followed_any_more_is_unsubscribed(database: Database) {
        let scene = Scene::start(&database).await;
        scene.subscribe("864000").await;
        let row = scene.row().await.unwrap();
        scene.app.app.parts().store.remove_source(scene.source, scene.app.clock.now()).await.unwrap();
        assert_eq!(scene.push(&["late"]).await, 410);
        scene.ask_hubs().await;
        let asked = scene.hub.asked().pop().unwrap();
        assert_eq!((asked["hub.mode"].as_str(), &asked["hub.topic"]), ("unsubscribe", &scene.topic()));
        assert_eq!(asked.get("hub.secret"), None);
        let topic = scene.topic();
        let leaving = [("hub.mode", "unsubscribe"), ("hub.topic", topic.as_str()), ("hub.challenge", "bye")];
        assert_eq!(scene.verify(&leaving).await, (200, "bye".to_owned()));
        assert_eq!(scene.row().await, None);
        let gone = format!("{}/websub/{}", scene.app.origin, row.callback_key);
        let response = reqwest::Client::new().post(gone).body("x").send().await.unwrap();
        assert_eq!(response.status(), 404);
    }

    async fn a_feed_that_leaves_its_hub_leaves_it_here_too(database: Database) {
        let scene = Scene::start(&database).await;
        scene.subscribe("864000").await;
        scene.publisher.set("/feed", Page::rss(rss("A feed", "https://blog.example/", &[])));
        scene.poll_next().await;
        assert_eq!(scene.row().await.unwrap().state, PushState::Leaving);
        // A hub in the header comes before one in the document, and hubs may redirect.
        let link = format!("<{}>; rel=hub, <{}>; rel=self", scene.hub.url.replace("/hub", "/moved"), scene.topic());
        scene.publisher.set("/feed", Page::rss(scene.feed(&["one"])).header("link", &link));
        scene.poll_next().await;
        let before = scene.hub.asked().len();
        scene.ask_hubs().await;
        let asked = scene.hub.asked();
        assert_eq!(asked.len(), before + 1);
        assert_eq!(asked[before]["hub.mode"], "subscribe");
        assert!(scene.row().await.unwrap().hub.ends_with("/moved"));
    }

    async fn without_a_public_url_no_hub_is_asked(database: Database) {
        let app = TestApp::start(&database).await;
        let publisher = Publisher::start().await;
        let link = "<http://127.0.0.1:9/>; rel=hub, </feed>; rel=self";
        publisher.set("/feed", Page::rss(rss("A feed", "https://blog.example/", &[])).header("link", link));
        let source = app.follow(&publisher.url("/feed")).await;
        app.poll().await;
        assert_eq!(app.app.parts().store.subscription_of(source).await.unwrap(), None);
        let response = reqwest::get(format!("{}/websub/x?hub.mode=subscribe", app.origin)).await.unwrap();
        assert_eq!(response.status(), 404);
    }
}
