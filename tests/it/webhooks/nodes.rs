//! Two programs on one `PostgreSQL`: each message is sent once as a rule, and what a killed one had in hand is sent by the other.

use std::collections::BTreeMap;

use feedgraph::clock::Clock;
use serde_json::json;

use super::receiver::{Mood, Receiver};
use super::{create, follow, publish, taken};
use crate::support::program::Running;
use crate::support::{Database, Editor, Kind, Publisher, Raw, eventually, run_on};

async fn start(database: &Database) -> Running {
    let arguments = [
        "serve",
        "--database",
        &database.url,
        "--listen",
        "127.0.0.1:0",
        "--log",
        "warn",
        "--allow-networks",
        "127.0.0.0/8",
        "--poll-host-spacing-ms",
        "0",
    ];
    let mut program = Running::start(database.folder(), &arguments);
    program.says("Ctrl-C").await;
    program
}

/// How often each entry was told.
fn told(receiver: &Receiver) -> BTreeMap<String, usize> {
    receiver.with(|inbox| {
        let mut times = BTreeMap::new();
        for mail in &inbox.mail {
            let title = mail.body["data"]["title"].as_str().expect("a title");
            *times.entry(title.to_owned()).or_default() += 1;
        }
        times
    })
}

#[test]
fn two_programs_share_the_messages_and_one_takes_over_from_the_other() {
    run_on(Kind::Postgres, share_and_take_over);
}

async fn share_and_take_over(database: Database) {
    let (publisher, receiver) = (Publisher::start().await, Receiver::start().await);
    publish(&publisher, &["zero"]);
    {
        let app = Editor::start(&database).await;
        follow(&app, &publisher).await;
        create(&app, &receiver, json!({})).await;
        app.app.stop().await;
    }
    // By the machine's clock the source is due since long ago.
    let names: Vec<String> = (0..40).map(|number| format!("n{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    publish(&publisher, &names);
    let (one, two) = tokio::join!(start(&database), start(&database));
    taken(&receiver, &names).await;
    let twice: Vec<_> = told(&receiver)
        .into_iter()
        .filter(|told| told.1 > 1)
        .collect();
    assert_eq!(twice, [], "each is told once while both are well");
    assert!(two.end_with("TERM").await);

    receiver.is(Mood::Hangs);
    publish(&publisher, &["last"]);
    let mut raw = Raw::open(&database).await;
    let now = Clock::system().now().0;
    raw.run(&format!("UPDATE poll_state SET next_poll_at = {now}"))
        .await;
    eventually("the message to be under way", || async {
        told(&receiver).contains_key("last").then_some(())
    })
    .await;
    let two = start(&database).await;
    one.kill().await;
    receiver.is(Mood::Takes);
    taken(&receiver, &["last"]).await;
    assert!(two.end_with("TERM").await);
}
