//! Claims: each due source once, within the limits of hosts, and never twice at a time.

use entity::Millis;
use feedgraph::store::{Backend, Claim, ClaimLimits, Lease, Store};

use super::made::{START, claim, open, source, visit};

const LIMITS: ClaimLimits = ClaimLimits {
    sources: 10,
    per_host: 2,
    busy_hosts: Vec::new(),
};

async fn claimed(store: &Store, now: Millis, limits: &ClaimLimits) -> Vec<Claim> {
    let lease = Lease {
        now,
        node: "test",
        seconds: 60,
    };
    store.claim_due(&lease, limits).await.unwrap()
}

fn urls(claims: &[Claim]) -> Vec<&str> {
    claims.iter().map(|claim| claim.feed_url.as_str()).collect()
}

on_each_database! {
    async fn due_sources_are_claimed_once_and_few_of_each_host(database: Database) {
        let store = open(&database).await;
        for url in ["https://a.org/1", "https://a.org/2", "https://a.org/3", "https://b.org/1"] {
            source(&store, url).await;
        }
        assert_eq!(store.next_due_at(START).await.unwrap(), Some(START));
        assert_eq!(store.count_due(START).await.unwrap(), 4);
        assert!(claimed(&store, START.plus_millis(-1), &LIMITS).await.is_empty());
        let first = claimed(&store, START, &LIMITS).await;
        assert_eq!(urls(&first), ["https://a.org/1", "https://a.org/2", "https://b.org/1"]);
        assert!(first.iter().all(|claim| claim.first_visit && claim.fence == 1));
        assert!(claimed(&store, START, &LIMITS).await.is_empty());
        store.release(&[&first[0]]).await.unwrap();
        assert_eq!(urls(&claimed(&store, START, &LIMITS).await), ["https://a.org/1"]);
        let later = START.plus_seconds(61);
        assert_eq!(claimed(&store, later, &LIMITS).await.len(), 3, "leases end");
    }

    async fn busy_and_paused_hosts_are_passed_over(database: Database) {
        let store = open(&database).await;
        let a = source(&store, "https://a.org/1").await;
        source(&store, "https://a.org/2").await;
        source(&store, "https://b.org/1").await;
        let busy = ClaimLimits { busy_hosts: vec!["b.org".to_owned()], sources: 1, ..LIMITS };
        let mine = claimed(&store, START, &busy).await;
        assert_eq!(urls(&mine), ["https://a.org/1"]);
        let mut record = visit(START, Vec::new());
        record.state.rest_host = Some(("a.org".to_owned(), START.plus_seconds(10)));
        assert_eq!(mine[0].source_id, a.id);
        store.record_visit(&mine[0], &record).await.unwrap().unwrap();
        assert_eq!(urls(&claimed(&store, START, &LIMITS).await), ["https://b.org/1"]);
        let rested = claimed(&store, START.plus_seconds(10), &LIMITS).await;
        assert_eq!(urls(&rested), ["https://a.org/2"]);
    }

    async fn a_claim_that_is_renewed_holds_on(database: Database) {
        let store = open(&database).await;
        let source = source(&store, "https://a.org/1").await;
        let mine = claim(&store, source.id, START).await;
        let later = START.plus_seconds(50);
        let lease = Lease { now: later, node: "test", seconds: 60 };
        assert_eq!(store.renew(&lease, &[&mine]).await.unwrap(), 1);
        assert!(claimed(&store, START.plus_seconds(61), &LIMITS).await.is_empty());
        let taken = claimed(&store, START.plus_seconds(111), &LIMITS).await;
        assert_eq!(taken.len(), 1);
        // Lost to the newer claim, and given back by nobody but its holder.
        assert_eq!(store.renew(&lease, &[&mine]).await.unwrap(), 0);
        store.release(&[&mine]).await.unwrap();
        assert!(claimed(&store, START.plus_seconds(112), &LIMITS).await.is_empty());
    }

    async fn a_clock_that_was_a_year_ahead_leaves_no_source_behind(database: Database) {
        let store = open(&database).await;
        let year = START.plus_seconds(365 * 24 * 3_600);
        let polled = source(&store, "https://a.org/1").await;
        let held = source(&store, "https://b.org/1").await;
        let mine = claim(&store, polled.id, year).await;
        store.record_visit(&mine, &visit(year, Vec::new())).await.unwrap().unwrap();
        claim(&store, held.id, year).await;
        // Now it is set back, and the node that held the other is dead.
        let after = claimed(&store, START, &LIMITS).await;
        assert_eq!(urls(&after), ["https://b.org/1"]);
        assert_eq!(store.mend_due_times(START).await.unwrap(), 1);
        assert_eq!(store.mend_due_times(START).await.unwrap(), 0);
        let due = store.poll_states_of(&[polled.id]).await.unwrap()[&polled.id].next_poll_at;
        assert!(due >= Some(START) && due <= Some(START.plus_seconds(3_600)), "{due:?}");
    }

    async fn many_of_one_host_in_front_hold_up_nobody(database: Database) {
        let store = open(&database).await;
        for number in 0..200 {
            source(&store, &format!("https://a.org/{number}")).await;
        }
        source(&store, "https://b.org/1").await;
        let first = claimed(&store, START, &LIMITS).await;
        let second = claimed(&store, START, &LIMITS).await;
        let mut hosts: Vec<&str> = first.iter().chain(&second).map(|claim| claim.host.as_str()).collect();
        hosts.sort_unstable();
        assert_eq!(hosts, ["a.org", "a.org", "b.org"]);
    }

    async fn a_killed_programs_claims_are_taken_back_where_it_was_alone(database: Database) {
        let store = open(&database).await;
        source(&store, "https://a.org/1").await;
        assert_eq!(claimed(&store, START, &LIMITS).await.len(), 1);
        store.take_back_claims().await.unwrap();
        let again = claimed(&store, START, &LIMITS).await;
        let alone = store.backend() == Backend::Sqlite;
        assert_eq!(again.len(), usize::from(alone));
        assert!(again.iter().all(|claim| claim.fence == 2));
    }

    async fn a_late_visit_is_refused_and_leaves_nothing(database: Database) {
        let store = open(&database).await;
        let source = source(&store, "https://a.org/1").await;
        let late = claim(&store, source.id, START).await;
        let now = START.plus_seconds(61);
        let newer = claim(&store, source.id, now).await;
        assert_eq!((late.fence, newer.fence), (1, 2));
        let before = store.head().await.unwrap();
        let record = visit(now, vec![super::made::draft("one", "text")]);
        assert_eq!(store.record_visit(&late, &record).await.unwrap(), None);
        assert_eq!(store.head().await.unwrap(), before);
        let summary = store.record_visit(&newer, &record).await.unwrap().unwrap();
        assert_eq!(summary.added, 1);
        store.remove_source(source.id, now).await.unwrap().unwrap();
        assert_eq!(store.record_visit(&newer, &record).await.unwrap(), None);
        assert_eq!(store.remove_source(source.id, now).await.unwrap(), None);
    }

    async fn nodes_that_claim_at_once_share_the_work(database: Database) {
        let store = open(&database).await;
        for number in 0..40 {
            source(&store, &format!("https://host{number}.org/feed")).await;
        }
        let mut tasks = Vec::new();
        for _ in 0..8 {
            let store = store.clone();
            tasks.push(tokio::spawn(async move {
                claimed(&store, START, &LIMITS).await
            }));
        }
        let mut all = Vec::new();
        for task in tasks {
            all.extend(task.await.unwrap().into_iter().map(|claim| claim.source_id));
        }
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 40);
    }
}
