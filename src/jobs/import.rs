//! The job that follows every feed of a list. In: a list that was read. Out: a job; sources that are
//! followed and due. Must not know: how lists are written, how polling works, or who asks.

use std::collections::HashSet;

use entity::{JobKind, Millis, PlanetId, UserId, job, job_item};

use super::turn::{Standing, Turn};
use super::wait::Waiting;
use crate::follow::{Followed, Wish, subscribe};
use crate::parse::subscriptions::{Problem, Subscription, Subscriptions};
use crate::store::{ItemOutcome, NewItem, NewJob, Store, StoreError, feed_key, texts};

/// How a list is to be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportWish {
    /// The planet that its feeds join.
    pub planet_id: Option<PlanetId>,
    /// Only count; store and fetch nothing.
    pub dry_run: bool,
    /// Who asks.
    pub created_by: Option<UserId>,
    /// When.
    pub at: Millis,
}

/// Queues a job that follows each feed of a list. What could not be read of the list is in the job as
/// failed items.
///
/// # Errors
/// When the store fails.
pub async fn create_import(
    store: &Store,
    list: &Subscriptions,
    wish: ImportWish,
) -> Result<job::Model, StoreError> {
    let feeds = list
        .feeds
        .iter()
        .map(|feed| (feed.line, item_of_feed(feed)));
    let problems = list.problems.iter();
    let problems = problems.map(|problem| (problem.line, item_of_problem(problem)));
    let mut items: Vec<(usize, NewItem)> = feeds.chain(problems).collect();
    items.sort_by_key(|(line, _)| *line);
    let new = NewJob {
        kind: JobKind::Import,
        dry_run: wish.dry_run,
        planet_id: wish.planet_id,
        created_by: wish.created_by,
        at: wish.at,
        items: items.into_iter().map(|(_, item)| item).collect(),
    };
    store.create_job(&new).await
}

fn item_of_feed(feed: &Subscription) -> NewItem {
    NewItem {
        url: feed.url.clone(),
        title: feed.title.clone(),
        tags: feed.tags.clone(),
        source_id: None,
        failure: None,
    }
}

fn item_of_problem(problem: &Problem) -> NewItem {
    NewItem {
        url: problem.text.clone(),
        title: None,
        tags: Vec::new(),
        source_id: None,
        failure: Some((
            problem.code,
            format!("Line {}: {}.", problem.line, problem.message),
        )),
    }
}

/// Follows the feeds of the open items; gives back those whose first poll is to be waited for.
///
/// An item whose source was made since the job was made is the job's own work, done before a restart. That
/// holds since repeats within the list are finished before anything is followed.
pub(super) async fn follow_all(
    turn: &mut Turn<'_>,
    items: Vec<job_item::Model>,
) -> Result<Vec<Waiting>, StoreError> {
    let mut waiting = Vec::new();
    for (count, item) in finish_repeats(turn, items).await?.into_iter().enumerate() {
        if count % 50 == 0 && turn.standing().await? != Standing::GoOn {
            break;
        }
        waiting.extend(follow(turn, item).await?);
    }
    turn.runner.poller.wake();
    Ok(waiting)
}

/// Finishes items whose feed an earlier item names in another spelling.
async fn finish_repeats(
    turn: &Turn<'_>,
    items: Vec<job_item::Model>,
) -> Result<Vec<job_item::Model>, StoreError> {
    let mut keys = HashSet::new();
    let mut first_mentions = Vec::with_capacity(items.len());
    for item in items {
        if keys.insert(feed_key(&item.url)) {
            first_mentions.push(item);
        } else {
            turn.finish(&item, ItemOutcome::AlreadyThere).await?;
        }
    }
    Ok(first_mentions)
}

async fn follow(turn: &Turn<'_>, item: job_item::Model) -> Result<Option<Waiting>, StoreError> {
    let wish = match wish_of(turn, &item) {
        Ok(wish) => wish,
        Err(outcome) => return turn.finish(&item, outcome).await.map(|()| None),
    };
    let store = &turn.runner.store;
    if turn.job.dry_run {
        let known = store.find_source_by_url(wish.url.as_str()).await?;
        let outcome = known.map_or(ItemOutcome::Added, |_| ItemOutcome::AlreadyThere);
        return turn.finish(&item, outcome).await.map(|()| None);
    }
    let now = turn.runner.clock.now();
    match subscribe(store, &turn.runner.bell, &wish, now).await? {
        Followed::New(source) => Ok(Some(Waiting {
            item,
            source: source.id,
        })),
        Followed::AlreadyThere(source) if source.created_at >= turn.job.created_at => {
            Ok(Some(Waiting {
                item,
                source: source.id,
            }))
        }
        Followed::AlreadyThere(_) => {
            turn.finish(&item, ItemOutcome::AlreadyThere).await?;
            Ok(None)
        }
    }
}

/// What an item asks for, or how it ends since that cannot be had.
fn wish_of(turn: &Turn<'_>, item: &job_item::Model) -> Result<Wish, ItemOutcome> {
    let wish = Wish::listed(&item.url, item.title.as_deref(), &texts(&item.tags));
    let wish = wish.map_err(|refusal| ItemOutcome::Failed {
        code: refusal.code,
        message: refusal.message,
    })?;
    Ok(Wish {
        planet_ids: turn.job.planet_id.into_iter().collect(),
        ..wish
    })
}
