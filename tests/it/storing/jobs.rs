//! Jobs as rows: claimed by one node, counted exactly, ended once.

use entity::{JobKind, JobStatus, Millis, UserErrorCode};
use feedgraph::store::{ItemOutcome, NewItem, NewJob};

const NOW: Millis = Millis(1_700_000_000_000);

fn job(items: &[&str]) -> NewJob {
    let item = |url: &&str| NewItem {
        url: (*url).to_owned(),
        title: None,
        tags: vec!["a".to_owned()],
        source_id: None,
        failure: url
            .starts_with('!')
            .then(|| (UserErrorCode::InvalidUrl, "no URL".to_owned())),
    };
    NewJob {
        kind: JobKind::Import,
        dry_run: false,
        planet_id: None,
        created_by: None,
        at: NOW,
        items: items.iter().map(item).collect(),
    }
}

on_each_database! {
    async fn a_job_is_worked_off_by_one_node_and_counted_exactly(database: Database) {
        let store = super::open(&database).await;
        let made = store.create_job(&job(&["a", "!b", "c", "d"])).await.unwrap();
        assert_eq!((made.status, made.total, made.done, made.failed), (JobStatus::Queued, 4, 1, 1));
        let claimed = store.claim_job(NOW, "one", 30).await.unwrap().expect("it is queued");
        assert_eq!((claimed.id, claimed.status), (made.id, JobStatus::Running));
        assert_eq!(store.claim_job(NOW, "two", 30).await.unwrap(), None, "another node has it");
        let open = store.open_items(made.id, 10).await.unwrap();
        assert_eq!(open.iter().map(|item| item.url.as_str()).collect::<Vec<_>>(), ["a", "c", "d"]);
        let failed = ItemOutcome::Failed { code: UserErrorCode::Unreachable, message: "x".to_owned() };
        for (item, outcome) in open.iter().zip([ItemOutcome::Added, ItemOutcome::AlreadyThere, failed]) {
            store.finish_item(made.id, item.position, &outcome).await.unwrap().expect("it was open");
            let again = store.finish_item(made.id, item.position, &ItemOutcome::Added).await.unwrap();
            assert_eq!(again, None, "an item ends once");
        }
        let ended = store.finish_job(made.id, JobStatus::Done, NOW).await.unwrap().expect("it ran");
        assert_eq!((ended.done, ended.added, ended.already_there, ended.failed), (4, 1, 1, 2));
        assert_eq!((ended.status, ended.finished_at), (JobStatus::Done, Some(NOW)));
        assert_eq!(store.finish_job(made.id, JobStatus::Failed, NOW).await.unwrap(), None);
        assert_eq!(store.ask_cancel(made.id, NOW).await.unwrap(), Some(ended), "it stays as it is");
        assert_eq!(store.delete_old_jobs(NOW).await.unwrap(), 0);
        assert_eq!(store.delete_old_jobs(NOW.plus_millis(1)).await.unwrap(), 1);
        assert_eq!(store.open_items(made.id, 10).await.unwrap(), []);
    }

    async fn a_job_whose_node_died_is_taken_over(database: Database) {
        let store = super::open(&database).await;
        let id = store.create_job(&job(&["a"])).await.unwrap().id;
        store.claim_job(NOW, "one", 30).await.unwrap().expect("it is queued");
        let later = NOW.plus_seconds(20);
        let renewed = store.renew_job(id, "one", later.plus_seconds(30)).await.unwrap();
        assert_eq!(renewed.expect("it is ours").claimed_until, Some(NOW.plus_seconds(50)));
        assert_eq!(store.claim_job(NOW.plus_seconds(49), "two", 30).await.unwrap(), None);
        let taken = store.claim_job(NOW.plus_seconds(50), "two", 30).await.unwrap();
        assert_eq!(taken.expect("its lease is over").claimed_by.as_deref(), Some("two"));
        assert_eq!(store.renew_job(id, "one", NOW).await.unwrap(), None, "it is theirs now");
    }

    async fn a_job_is_cancelled_at_once_while_it_waits_and_on_request_while_it_runs(database: Database) {
        let store = super::open(&database).await;
        let waiting = store.create_job(&job(&["a"])).await.unwrap().id;
        let cancelled = store.ask_cancel(waiting, NOW).await.unwrap().expect("there is one");
        assert_eq!((cancelled.status, cancelled.finished_at), (JobStatus::Cancelled, Some(NOW)));
        let running = store.create_job(&job(&["a"])).await.unwrap().id;
        store.claim_job(NOW, "one", 30).await.unwrap().expect("it is queued");
        let asked = store.ask_cancel(running, NOW).await.unwrap().expect("there is one");
        assert_eq!((asked.status, asked.cancel_asked), (JobStatus::Running, true));
        assert_eq!(store.ask_cancel(entity::JobId(99), NOW).await.unwrap(), None);
    }
}
