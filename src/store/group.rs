//! Visits that end at about the same time, stored together. In: visits, each from its own task. Out: what became of each.
//! Must not know: how a visit goes.
//!
//! Whoever comes while nobody is writing writes at once; what comes meanwhile waits together and is written
//! in one transaction by the next. So a lone visit waits for nobody, and under load a commit is shared by many.
//! Nothing runs in the background. A crash leaves all visits of a group or none of them, so each of them as a whole.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entity::Revision;
use sea_orm::DbErr;
use tokio::sync::Semaphore;
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::ingest::{Recorded, Visit, record_visit};
use super::write::{NewChange, Tx, Work, transaction};
use super::{Backend, Claim, Store, StoreError, VisitRecord, VisitSummary, quiet};

/// Most visits of one transaction, so that readers and editors never wait long for it.
const MOST: usize = 128;
/// Of them, most that bring something new.
const MOST_NEWS: usize = 8;
/// Transactions of this process that may record visits at once on `PostgreSQL`; `SQLite` has one writer.
const WRITERS: u32 = 4;

type Answer = Result<Option<VisitSummary>, StoreError>;

/// Visits that wait to be stored.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: Mutex<Vec<Waiting>>,
    turns: Semaphore,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            turns: Semaphore::new(usize::try_from(WRITERS).unwrap_or(1)),
        }
    }
}

#[derive(Debug)]
struct Waiting {
    visit: Visit,
    record: Arc<VisitRecord>,
    is_quiet: bool,
    answer: oneshot::Sender<Answer>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        // Nothing panics while holding it.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that have waited longest.
    fn next(&self) -> Vec<Waiting> {
        let mut waiting = self.lock();
        let mut news = 0;
        let fits = waiting.iter().take(MOST).take_while(|one| {
            news += usize::from(!one.is_quiet);
            news <= MOST_NEWS
        });
        let count = fits.count();
        waiting.drain(..count).collect()
    }
}

impl Store {
    /// Stores all that a visit leaves behind, or nothing, as [`Store::record_visit`] does, and together with other
    /// visits that end meanwhile.
    ///
    /// # Errors
    /// When the transaction fails; nothing of this visit is stored then.
    pub async fn record_with_others(&self, claim: &Claim, record: Arc<VisitRecord>) -> Answer {
        let is_quiet = quiet::is_quiet(&record);
        if !is_quiet && self.backend() == Backend::Postgres {
            // Its writers do not wait for each other, and a short transaction holds the rows of well-used
            // authors and tags for a short time.
            return self.record_visit(claim, &record).await;
        }
        let (answer, mut answered) = oneshot::channel();
        self.visits.lock().push(Waiting {
            visit: Visit::of(claim),
            record,
            is_quiet,
            answer,
        });
        // SQLite has one writer.
        let permits = match self.backend() {
            Backend::Sqlite => WRITERS,
            Backend::Postgres => 1,
        };
        let turn = tokio::select! {
            biased;
            answer = &mut answered => return answer.unwrap_or(Ok(None)),
            // Nobody closes it.
            turn = self.visits.turns.acquire_many(permits) => turn,
        };
        loop {
            match answered.try_recv() {
                Ok(answer) => return answer,
                Err(TryRecvError::Closed) => return Ok(None),
                Err(TryRecvError::Empty) => {}
            }
            let group = self.visits.next();
            if group.is_empty() {
                break;
            }
            self.record_group(group).await;
        }
        drop(turn);
        // Another has it in hand. If that one was stopped half-way, nothing is stored, as with a claim that ran out.
        answered.await.unwrap_or(Ok(None))
    }

    async fn record_group(&self, group: Vec<Waiting>) {
        match self.record_in_one(&group).await {
            Ok(summaries) => {
                for (waiting, summary) in group.into_iter().zip(summaries) {
                    // One who does not listen any more was stored all the same.
                    waiting.answer.send(Ok(summary)).ok();
                }
            }
            Err(error) => self.record_apart(group, &error).await,
        }
    }

    /// One visit that cannot be stored must not take others with it, so each is tried by itself, unless the database
    /// is not there at all.
    async fn record_apart(&self, group: Vec<Waiting>, error: &StoreError) {
        let is_gone = error.is_connection();
        for Waiting {
            visit,
            record,
            answer,
            ..
        } in group
        {
            let done = if is_gone {
                Err(error.again())
            } else {
                self.record_alone(visit, &record).await
            };
            answer.send(done).ok();
        }
    }

    async fn record_in_one(
        &self,
        group: &[Waiting],
    ) -> Result<Vec<Option<VisitSummary>>, StoreError> {
        let committed = transaction!(self, "recording visits", |tx| async {
            let mut recorded = record_all(tx, group).await?;
            let changes = recorded.iter_mut().flatten();
            let changes: Vec<NewChange> = changes.flat_map(|one| one.changes.clone()).collect();
            Ok(Work::told(recorded, changes))
        })?;
        Ok(summaries(&committed.value, committed.revision))
    }
}

/// Those that found nothing new in a few statements, then the others one after another.
async fn record_all(tx: &Tx, group: &[Waiting]) -> Result<Vec<Option<Recorded>>, DbErr> {
    let quiet: Vec<(Visit, &VisitRecord)> = group
        .iter()
        .filter(|one| one.is_quiet)
        .map(|one| (one.visit, one.record.as_ref()))
        .collect();
    let attempts = quiet::record(tx, &quiet).await?;
    let mut all = Vec::with_capacity(group.len());
    for one in group {
        let done = attempts.get(&one.visit.source).filter(|_| one.is_quiet);
        all.push(match done {
            Some(attempt) => Some(Recorded::nothing_new(*attempt)),
            None => record_visit(tx, one.visit, &one.record).await?,
        });
    }
    Ok(all)
}

/// What each is told: its newest change number, which others' follow.
fn summaries(recorded: &[Option<Recorded>], newest: Option<Revision>) -> Vec<Option<VisitSummary>> {
    let told = |one: &Recorded| i64::try_from(one.changes.len()).unwrap_or_default();
    let all: i64 = recorded.iter().flatten().map(told).sum();
    let mut number = newest.map_or(0, |newest| newest.0 - all);
    let mut summaries = Vec::with_capacity(recorded.len());
    for one in recorded {
        summaries.push(one.as_ref().map(|one| {
            number += told(one);
            let is_told = !one.changes.is_empty();
            one.summary(is_told.then_some(Revision(number)))
        }));
    }
    summaries
}
