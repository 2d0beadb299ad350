//! Following the change log: nothing is lost and nothing comes twice, over cuts and restarts.

use entity::Role;
use serde_json::{Value, json};

use crate::support::{Answers, Graph, Item, by, code, next};

const ADDED: &str = "{ cursor backlog entry { title source { title } authors { name } } }";

fn items(count: usize) -> Vec<Item> {
    (0..count)
        .map(|n| {
            Item::new(
                &format!("e{n}"),
                &format!("2024-03-{:02}T10:00:00Z", 1 + n % 28),
            )
        })
        .collect()
}

/// Takes so many entries from a subscription; gives their titles and the last cursor.
async fn take(answers: &mut Answers, count: usize) -> (Vec<String>, String) {
    let mut titles = Vec::new();
    let mut cursor = String::new();
    for _ in 0..count {
        let answer = next(answers).await;
        let added = &answer["data"]["entryAdded"];
        titles.push(
            added["entry"]["title"]
                .as_str()
                .unwrap_or_else(|| panic!("{answer}"))
                .to_owned(),
        );
        added["cursor"].as_str().unwrap().clone_into(&mut cursor);
    }
    (titles, cursor)
}

fn resume(cursor: &str) -> String {
    format!("subscription {{ entryAdded(after: {cursor:?}) {ADDED} }}")
}

on_each_database! {
    async fn entries_come_exactly_once_over_a_cut_and_a_restart(database: Database) {
        let graph = Graph::open(&database).await;
        let source = graph.follow("Feed", &items(2)).await;
        let start = graph.ask("{ changeCursor }").await["changeCursor"].as_str().unwrap().to_owned();
        let mut live = graph.subscribe(resume(&start));
        graph.visit(source, "Feed", &items(5)).await;
        let (mut seen, cursor) = take(&mut live, 3).await;
        drop(live);

        // Cut off: entries arrive meanwhile.
        graph.visit(source, "Feed", &items(8)).await;
        let mut again = graph.subscribe(resume(&cursor));
        let (titles, cursor) = take(&mut again, 3).await;
        seen.extend(titles);
        drop(again);
        drop(graph);

        // Another start of the program, and entries from before and after it.
        let graph = Graph::open(&database).await;
        graph.visit(source, "Feed", &items(11)).await;
        let mut again = graph.subscribe(resume(&cursor));
        let (titles, _) = take(&mut again, 2).await;
        seen.extend(titles);
        graph.visit(source, "Feed", &items(12)).await;
        let (titles, _) = take(&mut again, 2).await;
        seen.extend(titles);

        let expected: Vec<String> = (2..12).map(|n| format!("Title of e{n}")).collect();
        seen.sort_by_key(|title| title.trim_start_matches("Title of e").parse::<u32>().unwrap());
        assert_eq!(seen, expected);
    }

    async fn without_a_cursor_it_begins_now(database: Database) {
        let graph = Graph::open(&database).await;
        let source = graph.follow("Feed", &items(2)).await;
        let mut live = graph.subscribe(format!("subscription {{ entryAdded(includeBacklog: true) {ADDED} }}"));
        let mut first = std::pin::pin!(next(&mut live));
        // It begins when it is first awaited; visits go on until one of them was after that.
        let mut count = 2;
        let answer = loop {
            count += 1;
            let more = items(count);
            tokio::select! {
                biased;
                answer = &mut first => break answer,
                () = graph.visit(source, "Feed", &more) => assert!(count < 28),
            }
        };
        let title = answer["data"]["entryAdded"]["entry"]["title"].as_str().unwrap();
        assert!(!["Title of e0", "Title of e1"].contains(&title), "{title}");
    }

    async fn backlog_comes_only_when_asked_for(database: Database) {
        let graph = Graph::open(&database).await;
        let start = graph.ask("{ changeCursor }").await["changeCursor"].as_str().unwrap().to_owned();
        let source = graph.follow("Feed", &items(2)).await;
        graph.visit(source, "Feed", &items(3)).await;
        let (titles, _) = take(&mut graph.subscribe(resume(&start)), 1).await;
        assert_eq!(titles, ["Title of e2"]);
        let with = format!("subscription {{ entryAdded(after: {start:?}, includeBacklog: true) {ADDED} }}");
        let mut all = graph.subscribe(with);
        let first = next(&mut all).await;
        assert_eq!(first["data"]["entryAdded"]["backlog"], json!(true));
        assert_eq!(first["data"]["entryAdded"]["entry"]["source"], json!({"title": "Feed"}));
        assert_eq!(take(&mut all, 2).await.0.last().unwrap(), "Title of e2");
    }

    async fn filters_hold_for_what_is_pushed(database: Database) {
        let graph = Graph::open(&database).await;
        let start = graph.ask("{ changeCursor }").await["changeCursor"].as_str().unwrap().to_owned();
        let one = graph.follow("One", &items(3)).await;
        let two = graph.follow("Two", &items(3)).await;
        graph.planet("main", &[two]).await;
        graph.visit(one, "One", &items(5)).await;
        graph.visit(two, "Two", &items(4)).await;
        for filter in [format!("sourceIds: [\"source:{}\"]", two.0), "planet: \"main\"".to_owned()] {
            let document = format!("subscription {{ entryAdded(after: {start:?}, filter: {{ {filter} }}) {ADDED} }}");
            let answer = next(&mut graph.subscribe(document)).await;
            assert_eq!(answer["data"]["entryAdded"]["entry"]["source"]["title"], "Two", "{filter}");
            assert_eq!(answer["data"]["entryAdded"]["entry"]["title"], "Title of e3", "{filter}");
        }
    }

    async fn updates_are_pushed_with_the_entry_as_it_is(database: Database) {
        let graph = Graph::open(&database).await;
        let source = graph.follow("Feed", &items(1)).await;
        let start = graph.ask("{ changeCursor }").await["changeCursor"].as_str().unwrap().to_owned();
        graph.clock.advance(1_500);
        graph.visit(source, "Feed", &[Item::new("e0", "2024-03-01T10:00:00Z").titled("Better")]).await;
        let mut updates = graph.subscribe(format!("subscription {{ entryUpdated(after: {start:?}) {{ at entry {{ title }} }} }}"));
        let answer = next(&mut updates).await;
        assert_eq!(answer["data"]["entryUpdated"], json!({"at": "2024-03-29T12:00:01.500Z", "entry": {"title": "Better"}}));
    }

    async fn the_log_and_its_stream_tell_the_same(database: Database) {
        let graph = Graph::open(&database).await;
        let start = graph.ask("{ changeCursor }").await["changeCursor"].as_str().unwrap().to_owned();
        let source = graph.follow("Feed", &items(3)).await;
        graph.planet("main", &[source]).await;
        graph.visit(source, "Feed", &items(4)).await;
        let told = "__typename ... on EntryAdded { cursor entry { id title } } ... on SourceAdded { cursor source { title } }
                    ... on EntryRemoved { cursor entryId } ... on SourceRemoved { cursor sourceId }";
        let mut paged = Vec::new();
        let mut after = start.clone();
        loop {
            let document = format!("{{ changes(after: {after:?}, first: 2) {{ edges {{ cursor node {{ {told} }} }} pageInfo {{ hasNextPage endCursor }} }} }}");
            let page = graph.ask(document.as_str()).await["changes"].take();
            paged.extend(page["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone()));
            if page["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
            page["pageInfo"]["endCursor"].as_str().unwrap().clone_into(&mut after);
        }
        let kinds: Vec<&str> = paged.iter().map(|change| change["__typename"].as_str().unwrap()).collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == "EntryAdded").count(), 4, "{kinds:?}");
        assert_eq!(kinds.iter().filter(|kind| **kind == "SourceAdded").count(), 1, "{kinds:?}");
        let mut live = graph.subscribe(format!("subscription {{ changes(after: {start:?}) {{ {told} }} }}"));
        for change in &paged {
            assert_eq!(&next(&mut live).await["data"]["changes"], change);
        }
        let removed = graph.store.entries_by_ids(&[]).await.unwrap();
        assert!(removed.is_empty());
    }

    async fn what_is_removed_is_told_and_its_adding_is_not(database: Database) {
        let graph = Graph::open(&database).await;
        let start = graph.ask("{ changeCursor }").await["changeCursor"].as_str().unwrap().to_owned();
        graph.follow("Feed", &items(2)).await;
        let id = graph.ask("{ entries(first: 1) { nodes { id } } }").await["entries"]["nodes"][0]["id"].take();
        let key: i64 = id.as_str().unwrap().trim_start_matches("entry:").parse().unwrap();
        graph.store.remove_entry(entity::EntryId(key), graph.clock.now()).await.unwrap().unwrap();
        let page = graph.ask(format!("{{ changes(after: {start:?}) {{ edges {{ node {{ __typename ... on EntryRemoved {{ entryId }} ... on EntryAdded {{ entry {{ id }} }} }} }} }} }}").as_str()).await;
        let edges = page["changes"]["edges"].as_array().unwrap();
        assert_eq!(edges.last().unwrap()["node"], json!({"__typename": "EntryRemoved", "entryId": id}));
        let told = |edge: &&Value| edge["node"]["entry"]["id"] == id;
        assert_eq!(edges.iter().filter(told).count(), 0);
    }

    async fn cursors_of_elsewhere_and_of_long_ago_are_refused(database: Database) {
        let graph = Graph::open(&database).await;
        let start = graph.ask("{ changeCursor }").await["changeCursor"].as_str().unwrap().to_owned();
        graph.follow("Feed", &items(3)).await;
        graph.store.trim_changes(graph.clock.now().plus_seconds(60)).await.unwrap();
        assert_eq!(graph.refusal(format!("{{ changes(after: {start:?}) {{ edges {{ cursor }} }} }}").as_str()).await, "CURSOR_EXPIRED");
        assert_eq!(code(&next(&mut graph.subscribe(resume(&start))).await), "CURSOR_EXPIRED");
        assert_eq!(code(&next(&mut graph.subscribe(resume("rubbish"))).await), "INVALID_CURSOR");
        assert_eq!(graph.ask("{ changes { edges { cursor } } }").await, json!({"changes": {"edges": []}}));
        let entry = graph.ask("{ entries { pageInfo { endCursor } } }").await["entries"]["pageInfo"]["endCursor"].take();
        assert_eq!(code(&next(&mut graph.subscribe(resume(entry.as_str().unwrap()))).await), "INVALID_CURSOR");
    }

    async fn a_jobs_progress_is_pushed_to_editors_until_its_end(database: Database) {
        use entity::{JobKind, JobStatus};
        use feedgraph::store::{ItemOutcome, NewItem, NewJob};

        let graph = Graph::open(&database).await;
        let item = |url: &str| NewItem { url: url.to_owned(), title: None, tags: Vec::new(), source_id: None, failure: None };
        let job = graph.store.create_job(&NewJob {
            kind: JobKind::Import, dry_run: false, planet_id: None, created_by: None, at: graph.clock.now(),
            items: vec![item("https://a.example.org/"), item("nonsense")],
        }).await.unwrap();
        let document = format!("subscription {{ jobProgress(id: \"job:{}\") {{ status total done added failed failures {{ totalCount nodes {{ url code }} }} }} }}", job.id.0);
        assert_eq!(code(&next(&mut graph.subscribe(document.as_str())).await), "UNAUTHENTICATED");
        assert_eq!(code(&next(&mut graph.subscribe(by(Role::Reader, &document))).await), "FORBIDDEN");
        assert_eq!(code(&next(&mut graph.subscribe(by(Role::Editor, "subscription { jobProgress(id: \"job:99\") { id } }"))).await), "NOT_FOUND");

        let mut progress = graph.subscribe(by(Role::Editor, &document));
        let status = async |progress: &mut Answers| next(progress).await["data"]["jobProgress"].take();
        assert_eq!(status(&mut progress).await["status"], "QUEUED");
        let now = graph.clock.now();
        graph.store.claim_job(now, "test", 60).await.unwrap().unwrap();
        assert_eq!(status(&mut progress).await["status"], "RUNNING");
        graph.store.finish_item(job.id, 0, &ItemOutcome::Added).await.unwrap().unwrap();
        assert_eq!(status(&mut progress).await["done"], 1);
        let failed = ItemOutcome::Failed { code: entity::UserErrorCode::InvalidUrl, message: "no URL".to_owned() };
        graph.store.finish_item(job.id, 1, &failed).await.unwrap().unwrap();
        graph.store.finish_job(job.id, JobStatus::Done, now).await.unwrap().unwrap();
        loop {
            let last = status(&mut progress).await;
            if last["status"] == "DONE" {
                assert_eq!(last["failures"], json!({"totalCount": 1, "nodes": [{"url": "nonsense", "code": "INVALID_URL"}]}));
                break;
            }
        }
        assert_eq!(futures::StreamExt::next(&mut progress).await, None);
    }
}
