//! Webhooks: every entry at least once, signed, whatever the receiver or this program goes through.

mod nodes;
mod receiver;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use self::receiver::{Mood, Receiver};
use crate::support::program::Running;
use crate::support::{Editor, Item, Page, Publisher, eventually, only_refusal, rss};

const CREATE: &str = "mutation($input: CreateWebhookInput!) { createWebhook(input: $input) {
    webhook { id url enabled events } secret userErrors { path code message } } }";

fn items(names: &[&str]) -> Vec<Item> {
    let item = |name: &&str| Item::new(name, "2025-12-01T10:00:00Z").titled(name);
    names.iter().map(item).collect()
}

fn publish(publisher: &Publisher, names: &[&str]) {
    let feed = rss("A", "http://blog.example/", &items(names));
    publisher.set("/a", Page::rss(feed));
}

async fn create(app: &Editor, receiver: &Receiver, more: Value) -> String {
    let mut input = json!({"url": receiver.url});
    let more = more.as_object().expect("an object").clone();
    input.as_object_mut().expect("an object").extend(more);
    let data = app.edit(CREATE, json!({"input": input})).await;
    let secret = data["createWebhook"]["secret"]
        .as_str()
        .unwrap_or_else(|| panic!("{data}"));
    receiver.trust(secret);
    let id = data["createWebhook"]["webhook"]["id"].as_str();
    id.expect("an id").to_owned()
}

async fn follow(app: &Editor, publisher: &Publisher) -> String {
    let document = "mutation($url: URL!) { addSource(input: {url: $url}) { source { id } } }";
    let data = app
        .edit(document, json!({"url": publisher.url("/a")}))
        .await;
    data["addSource"]["source"]["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

async fn poll(app: &Editor, source: &str) {
    let document = "mutation($id: ID!) { refreshSource(id: $id) { attempt { outcome } } }";
    let data = app.edit(document, json!({"id": source})).await;
    assert_eq!(data["refreshSource"]["attempt"]["outcome"], "CHANGED");
}

async fn hook(app: &Editor) -> Value {
    let document = "{ webhooks { nodes { enabled pendingCount lastFailure
        deadLetters { totalCount nodes { id event attempts lastStatus lastFailure } } } } }";
    app.edit(document, json!({})).await["webhooks"]["nodes"][0].take()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

async fn taken(receiver: &Receiver, names: &[&str]) {
    let wanted = set(names);
    eventually(&format!("messages about {names:?}"), || async {
        receiver.titles().is_superset(&wanted).then_some(())
    })
    .await;
}

/// Waits until the sender has tried all that was due, and moves the clock on; false when nothing waits any more.
async fn tried_again(app: &Editor) -> bool {
    let store = &app.app.app.parts().store;
    let id = store.all_webhooks().await.expect("an answer").remove(0).id;
    let now = app.app.clock.now();
    eventually("all that is due to be tried", || async {
        let due = store.due_deliveries(id, now).await.expect("an answer");
        (due == 0).then_some(())
    })
    .await;
    app.app.advance_seconds(4 * 60 * 60 + 60 * 60);
    store.count_deliveries(id).await.expect("an answer").0 > 0
}

on_each_database! {
    async fn new_and_changed_entries_are_told_signed_and_by_filter(database: Database) {
        let app = Editor::start(&database).await;
        let publisher = Publisher::start().await;
        let (receiver, picky) = (Receiver::start().await, Receiver::start().await);
        publish(&publisher, &["old"]);
        let source = follow(&app, &publisher).await;
        create(&app, &receiver, json!({})).await;
        create(&app, &picky, json!({"events": ["ENTRY_UPDATED"], "filter": {"sourceIds": [source]}})).await;
        publish(&publisher, &["old", "one", "two"]);
        poll(&app, &source).await;
        taken(&receiver, &["one", "two"]).await;
        let mut changed = items(&["old", "one", "two"]);
        "one, better".clone_into(&mut changed[1].title);
        publisher.set("/a", Page::rss(rss("A", "http://blog.example/", &changed)));
        poll(&app, &source).await;
        taken(&receiver, &["one, better"]).await;
        taken(&picky, &["one, better"]).await;
        assert_eq!(picky.titles(), set(&["one, better"]));
        let all = set(&["one", "two", "one, better"]);
        assert_eq!(receiver.titles(), all, "what was there before is not told");
        receiver.with(|inbox| {
            let mut mail = inbox.mail.iter();
            let mail = mail.find(|mail| mail.body["data"]["title"] == "one").expect("a message");
            assert_eq!(mail.body["type"], "entry.added");
            assert_eq!(mail.body["data"]["source"]["id"], source);
            assert_eq!(mail.body["data"]["contentHtml"], "<p>Content of one.</p>");
            assert_eq!(mail.seconds, app.app.clock.now().0 / 1_000);
            let ids: BTreeSet<&str> = inbox.mail.iter().map(|mail| mail.id.as_str()).collect();
            assert_eq!(ids.len(), inbox.mail.len(), "each message has an id of its own");
        });
        eventually("nothing to be left", || async {
            (hook(&app).await["pendingCount"] == 0).then_some(())
        }).await;
    }

    async fn a_receiver_that_fails_hangs_and_restarts_gets_everything(database: Database) {
        let app = Editor::start(&database).await;
        let (publisher, receiver) = (Publisher::start().await, Receiver::start().await);
        publish(&publisher, &["zero"]);
        let source = follow(&app, &publisher).await;
        create(&app, &receiver, json!({})).await;
        receiver.is(Mood::Fails(503));
        publish(&publisher, &["zero", "one", "two"]);
        poll(&app, &source).await;
        eventually("a failure", || async {
            (hook(&app).await["lastFailure"] == "the server answered 503").then_some(())
        }).await;
        let receiver = receiver.restart().await;
        assert_eq!(receiver.titles(), set(&[]));
        let failed = receiver.count();
        assert!(failed <= 2, "it is not asked again at once: {failed}");
        receiver.is(Mood::Takes);
        // The next try comes by the clock.
        app.app.advance_seconds(120);
        taken(&receiver, &["one", "two"]).await;
        receiver.is(Mood::Hangs);
        let before = receiver.count();
        publish(&publisher, &["zero", "one", "two", "three"]);
        poll(&app, &source).await;
        eventually("it to hang", || async { (receiver.count() > before).then_some(()) }).await;
        receiver.is(Mood::Takes);
        eventually("the end of our patience", || async {
            let said = hook(&app).await["lastFailure"].as_str()?.to_owned();
            said.contains("did not answer").then_some(())
        }).await;
        app.app.advance_seconds(60);
        taken(&receiver, &["three"]).await;
        eventually("nothing to be left", || async {
            (hook(&app).await["pendingCount"] == 0).then_some(())
        }).await;
    }

    async fn what_nobody_takes_for_a_day_is_listed_and_can_be_sent_again(database: Database) {
        let mut app = Editor::start(&database).await;
        let (publisher, receiver) = (Publisher::start().await, Receiver::start().await);
        publish(&publisher, &["zero"]);
        let source = follow(&app, &publisher).await;
        let id = create(&app, &receiver, json!({})).await;
        receiver.is(Mood::Fails(500));
        publish(&publisher, &["zero", "one", "two"]);
        poll(&app, &source).await;
        eventually("messages", || async { (receiver.count() == 2).then_some(()) }).await;
        let mut rounds = 0;
        while tried_again(&app).await {
            rounds += 1;
            assert!(rounds < 20, "it is given up after a day");
        }
        app.client = app.app.client.sign_in("a-editor", "correct horse battery").await;
        let letters = hook(&app).await["deadLetters"].take();
        assert_eq!(letters["totalCount"], 2, "{letters}");
        assert_eq!(letters["nodes"][0]["lastStatus"], 500);
        receiver.is(Mood::Takes);
        let replay = "mutation($w: ID!, $d: [ID!]) { replayWebhookDeliveries(webhookId: $w, deliveryIds: $d) {
            replayedCount userErrors { path code } } }";
        let one = letters["nodes"][0]["id"].clone();
        let data = app.edit(replay, json!({"w": id, "d": [one]})).await;
        assert_eq!(data["replayWebhookDeliveries"], json!({"replayedCount": 1, "userErrors": []}));
        eventually("one to be taken", || async { (receiver.titles().len() == 1).then_some(()) }).await;
        let data = app.edit(replay, json!({"w": id})).await;
        assert_eq!(data["replayWebhookDeliveries"]["replayedCount"], 1);
        taken(&receiver, &["one", "two"]).await;
    }

    async fn secrets_change_over_and_a_receiver_can_leave(database: Database) {
        let app = Editor::start(&database).await;
        let (publisher, receiver) = (Publisher::start().await, Receiver::start().await);
        publish(&publisher, &["zero"]);
        let source = follow(&app, &publisher).await;
        let id = create(&app, &receiver, json!({})).await;
        let rotate = "mutation($id: ID!) { rotateWebhookSecret(id: $id) { secret webhook { id } userErrors { code } } }";
        let data = app.edit(rotate, json!({"id": id})).await;
        let new = data["rotateWebhookSecret"]["secret"].as_str().expect("a secret").to_owned();
        publish(&publisher, &["zero", "one"]);
        poll(&app, &source).await;
        taken(&receiver, &["one"]).await;
        receiver.with(|inbox| {
            assert_eq!(inbox.mail[0].signatures, 2, "both sign for a day");
            inbox.secrets = vec![new];
            inbox.mood = Mood::Fails(410);
        });
        publish(&publisher, &["zero", "one", "two"]);
        poll(&app, &source).await;
        eventually("it to be disabled", || async {
            (hook(&app).await["enabled"] == false).then_some(())
        }).await;
        let update = "mutation($input: UpdateWebhookInput!) { updateWebhook(input: $input) {
            webhook { enabled } userErrors { path code } } }";
        let data = app.edit(update, json!({"input": {"id": id, "enabled": true}})).await;
        assert_eq!(data["updateWebhook"]["webhook"]["enabled"], true);
        let remove = "mutation($id: ID!) { removeWebhook(id: $id) { removedId userErrors { path code message } } }";
        assert_eq!(app.edit(remove, json!({"id": id})).await["removeWebhook"]["removedId"], id);
        let data = app.edit(remove, json!({"id": id})).await;
        assert_eq!(only_refusal(&data["removeWebhook"]), ("id".to_owned(), "NOT_FOUND".to_owned()));
    }

    async fn wrong_webhooks_are_refused(database: Database) {
        let app = Editor::start(&database).await;
        let with = |filter: Value| json!({"url": "https://a.example/", "filter": filter});
        for (input, path, code) in [
            (json!({"url": "http://10.0.0.1/"}), "input.url", "FORBIDDEN_ADDRESS"),
            (json!({"url": "http://169.254.169.254/latest"}), "input.url", "FORBIDDEN_ADDRESS"),
            (json!({"url": "http://127.0.0.1:5432/"}), "input.url", "FORBIDDEN_ADDRESS"),
            (json!({"url": "ftp://a.example/"}), "input.url", "INVALID_URL"),
            (json!({"url": "https://me:secret@a.example/"}), "input.url", "INVALID_URL"),
            (json!({"url": "https://a.example/", "events": []}), "input.events", "INVALID_VALUE"),
            (json!({"url": "https://a.example/", "description": ""}), "input.description", "INVALID_VALUE"),
            (with(json!({"planetId": "planet:99"})), "input.filter.planetId", "NOT_FOUND"),
            (with(json!({"sourceIds": ["planet:1"]})), "input.filter.sourceIds.0", "INVALID_VALUE"),
            (with(json!({"tags": vec!["x"; 101]})), "input.filter.tags", "TOO_LONG"),
        ] {
            let data = app.edit(CREATE, json!({"input": input})).await;
            let refused = only_refusal(&data["createWebhook"]);
            assert_eq!(refused, (path.to_owned(), code.to_owned()), "{input}");
        }
        let data = app.edit("{ webhooks { totalCount } }", json!({})).await;
        assert_eq!(data["webhooks"]["totalCount"], 0);
    }

    async fn a_receiver_that_wants_to_be_left_alone_is(database: Database) {
        let app = Editor::start(&database).await;
        let (publisher, receiver) = (Publisher::start().await, Receiver::start().await);
        publish(&publisher, &["zero"]);
        let source = follow(&app, &publisher).await;
        create(&app, &receiver, json!({})).await;
        receiver.is(Mood::Rests(900));
        publish(&publisher, &["zero", "one"]);
        poll(&app, &source).await;
        eventually("the refusal", || async {
            (hook(&app).await["lastFailure"] == "the server answered 429").then_some(())
        }).await;
        let store = &app.app.app.parts().store;
        let id = store.all_webhooks().await.expect("an answer").remove(0).id;
        let now = app.app.clock.now();
        let due = |seconds| store.due_deliveries(id, now.plus_seconds(seconds));
        assert_eq!(due(899).await.expect("an answer"), 0, "not in a quarter of an hour");
        // Chance adds a fifth at most.
        assert_eq!(due(900 + 181).await.expect("an answer"), 1);
    }

    async fn a_redirect_is_not_followed(database: Database) {
        let app = Editor::start(&database).await;
        let (publisher, inner) = (Publisher::start().await, Receiver::start().await);
        publisher.set("/hook", Page::redirect(307, &inner.url));
        publish(&publisher, &["zero"]);
        let source = follow(&app, &publisher).await;
        let input = json!({"url": publisher.url("/hook")});
        app.edit(CREATE, json!({"input": input})).await;
        publish(&publisher, &["zero", "one"]);
        poll(&app, &source).await;
        eventually("the redirect to be a failure", || async {
            (hook(&app).await["lastFailure"] == "the server answered 307").then_some(())
        }).await;
        assert_eq!(inner.count(), 0);
    }

    async fn a_program_that_is_killed_loses_no_message(database: Database) {
        let (publisher, receiver) = (Publisher::start().await, Receiver::start().await);
        publish(&publisher, &["zero"]);
        {
            let app = Editor::start(&database).await;
            follow(&app, &publisher).await;
            create(&app, &receiver, json!({})).await;
            app.app.stop().await;
        }
        // By the machine's clock the source is due since long ago.
        publish(&publisher, &["zero", "one", "two", "three"]);
        receiver.is(Mood::Hangs);
        let folder = tempfile::tempdir().expect("a folder");
        let arguments = ["--database", &database.url, "--listen", "127.0.0.1:0", "--log", "warn",
            "--allow-networks", "127.0.0.0/8"];
        let mut program = Running::start(folder.path(), &arguments);
        program.says("Ctrl-C").await;
        eventually("messages to be under way", || async {
            (receiver.count() > 0).then_some(())
        }).await;
        program.kill().await;
        receiver.is(Mood::Takes);
        let mut program = Running::start(folder.path(), &arguments);
        program.says("Ctrl-C").await;
        taken(&receiver, &["one", "two", "three"]).await;
        assert!(program.end_with("TERM").await);
    }
}
