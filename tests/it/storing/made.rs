//! What the store's tests put in: drafts, visits, sources.

use entity::{FeedFormat, Millis, PollOutcome, SourceId, SourceStatus, source};
use feedgraph::fetch::Validators;
use feedgraph::normalize::{
    AuthorDraft, Content, Dates, EntryDraft, FeedDraft, FeedFacts, LazyContent, Rhythm,
};
use feedgraph::store::{
    AddSource, Attempt, Claim, HubNews, Lease, NewSource, NextState, Reading, Store, StoreSettings,
    VisitRecord, VisitSummary,
};

use crate::support::{Database, eventually};

/// When the tests begin.
pub const START: Millis = Millis(1_700_000_000_000);

/// The test's database, opened and migrated.
pub async fn open(database: &Database) -> Store {
    let store = Store::open(&StoreSettings::new(&database.url))
        .await
        .unwrap();
    store.migrate().await.unwrap();
    store
}

/// A source without entries.
pub async fn source(store: &Store, url: &str) -> source::Model {
    match store.add_source(&NewSource::new(url, START)).await.unwrap() {
        AddSource::Added(written) => written.row,
        AddSource::AlreadyThere(row) => panic!("{} is there", row.feed_url),
    }
}

/// A short hash of a text, as good as any for telling texts apart.
pub fn key(text: &str) -> [u8; 16] {
    let mut key = [0_u8; 16];
    for (position, byte) in text.bytes().enumerate() {
        key[position % 16] = u8::wrapping_add(key[position % 16].wrapping_mul(31), byte);
    }
    key
}

/// An entry without a date.
pub fn draft(guid: &str, text: &str) -> EntryDraft {
    EntryDraft {
        identity: key(guid),
        guid: guid.to_owned(),
        guid_is_made: false,
        url: Some(format!("https://example.org/{guid}")),
        url_key: Some(key(&format!("https://example.org/{guid}"))),
        content_hash: key(text),
        title: format!("Title of {guid}"),
        dates: Dates::default(),
        language: None,
        authors: Vec::new(),
        tags: Vec::new(),
        enclosures: Vec::new(),
        image_url: None,
        comments_url: None,
        content: LazyContent::ready(Content {
            html: Some(format!("<p>{text}</p>")),
            text: Some(text.to_owned()),
            summary: text.to_owned(),
            word_count: 1,
            first_image: None,
            language: None,
        }),
    }
}

/// An entry with a publication date.
pub fn dated(guid: &str, published: Millis) -> EntryDraft {
    EntryDraft {
        dates: Dates {
            published: Some(published),
            updated: None,
        },
        ..draft(guid, guid)
    }
}

/// The same with an author and tags.
pub fn named(draft: EntryDraft, author: &str, tags: &[&str]) -> EntryDraft {
    EntryDraft {
        content_hash: key(&format!("{author}{tags:?}{:?}", draft.content_hash)),
        authors: vec![AuthorDraft {
            name: author.to_owned(),
            url: None,
            avatar_url: None,
        }],
        tags: tags.iter().map(ToString::to_string).collect(),
        ..draft
    }
}

/// What a visit that read `entries` leaves behind.
pub fn visit(at: Millis, entries: Vec<EntryDraft>) -> VisitRecord {
    VisitRecord {
        at,
        attempt: Attempt {
            outcome: PollOutcome::Changed,
            http_status: Some(200),
            duration_ms: 12,
            bytes: 345,
            message: None,
            error: None,
        },
        reading: Some(Reading {
            draft: FeedDraft {
                feed: FeedFacts {
                    format: Some(FeedFormat::Atom1),
                    title: Some("A feed".to_owned()),
                    ..FeedFacts::default()
                },
                entries,
                tombstones: Vec::new(),
                findings: Vec::new(),
            },
            body_hash: vec![1, 2, 3],
            body: None,
        }),
        state: NextState {
            status: SourceStatus::Active,
            next_poll_at: Some(at.plus_seconds(3_600)),
            reason: "An hour is the rule.".to_owned(),
            interval_seconds: 3_600,
            validators: Validators::default(),
            consecutive_failures: 0,
            first_failed_at: None,
            rhythm: Rhythm::default(),
            redirect_url: None,
            redirect_since: None,
            moved_to: None,
            rest_host: None,
            resume_host: false,
            hub: HubNews::Unknown,
            findings: Some(Vec::new()),
        },
    }
}

/// A claim of one source, due or not; whoever holds it at the moment is waited for.
pub async fn claim(store: &Store, source: SourceId, now: Millis) -> Claim {
    let lease = Lease {
        now,
        node: "test",
        seconds: 60,
    };
    let claim = || async { store.claim_source(source, &lease).await.unwrap() };
    eventually("a claim", claim).await
}

/// Claims a source and records a visit of it.
pub async fn read(
    store: &Store,
    source: SourceId,
    at: Millis,
    entries: Vec<EntryDraft>,
) -> VisitSummary {
    let claim = claim(store, source, at).await;
    let summary = store.record_visit(&claim, &visit(at, entries)).await;
    summary.unwrap().unwrap()
}
