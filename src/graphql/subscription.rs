//! The root of what is pushed. In: arguments. Out: streams that follow the change log. Must not know:
//! transports.

use std::collections::HashSet;

use async_graphql::{Context, ID, Subscription as Live};
use async_stream::try_stream;
use entity::{ChangeKind, EntryId, JobId, Revision, Role, change};
use futures::{Stream, TryStreamExt};

use super::change::{self as log, Change, EntryAdded, EntryUpdated};
use super::error::{Code, Fault, Result};
use super::filter::EntryFilter;
use super::gather::Wanted;
use super::job::Job;
use super::needs::Needs;
use super::place::Place;
use super::{id, live, services, store};
use crate::publish::Bell;
use crate::store::{self as rows, Store};

/// The root of what is pushed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subscription;

/// What is pushed as it happens. With `after`, what came after that cursor is sent first, then it goes on
/// live, with no gap and no repeat; without it, it begins now.
#[Live]
impl Subscription {
    /// New entries as they are stored; a newly followed feed's backlog only when asked for.
    async fn entry_added(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that fit this.")] filter: Option<EntryFilter>,
        #[graphql(desc = "Replay what came after this cursor first.")] after: Option<String>,
        #[graphql(
            desc = "Also the entries that a feed already had when it was first followed.",
            default = false
        )]
        include_backlog: bool,
    ) -> Result<impl Stream<Item = Result<EntryAdded>> + use<>> {
        let watch = Watch::begin(ctx, after, filter).await?;
        let wants = move |row: &change::Model| {
            row.kind == ChangeKind::EntryAdded && (include_backlog || !row.backlog)
        };
        let picked = watch
            .follow(wants)
            .try_filter_map(async |change| match change {
                Change::EntryAdded(added) => Ok(Some(added)),
                _ => Ok(None),
            });
        Ok(picked)
    }

    /// Entries that changed, as the change is stored.
    async fn entry_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that fit this.")] filter: Option<EntryFilter>,
        #[graphql(desc = "Replay what came after this cursor first.")] after: Option<String>,
    ) -> Result<impl Stream<Item = Result<EntryUpdated>> + use<>> {
        let watch = Watch::begin(ctx, after, filter).await?;
        let wants = |row: &change::Model| row.kind == ChangeKind::EntryUpdated;
        let picked = watch
            .follow(wants)
            .try_filter_map(async |change| match change {
                Change::EntryUpdated(updated) => Ok(Some(updated)),
                _ => Ok(None),
            });
        Ok(picked)
    }

    /// Everything that happens to entries and sources, in the order of the change log.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Replay what came after this cursor first.")] after: Option<String>,
    ) -> Result<impl Stream<Item = Result<Change>> + use<>> {
        let watch = Watch::begin(ctx, after, None).await?;
        Ok(watch.follow(|row| row.kind != ChangeKind::Other))
    }

    /// The job at once, then at every step, ends when the job does. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn job_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job's id.")] id: ID,
    ) -> Result<impl Stream<Item = Result<Job>> + use<>> {
        let key: JobId = id::decode(&id)?;
        if !store(ctx)?.jobs_by_ids(&[key]).await?.contains_key(&key) {
            return Err(Fault::new(Code::NotFound, "There is no such job."));
        }
        let services = services(ctx)?;
        Ok(live::job(services.store.clone(), &services.bell, key).map_ok(Job))
    }
}

/// All that following needs, settled once when the subscription begins.
struct Watch {
    store: Store,
    bell: Bell,
    epoch: String,
    from: Revision,
    filter: Option<rows::EntryFilter>,
    wanted: Wanted,
    place: Place,
}

impl Watch {
    async fn begin(
        ctx: &Context<'_>,
        after: Option<String>,
        filter: Option<EntryFilter>,
    ) -> Result<Self> {
        let services = services(ctx)?;
        let filter = match filter {
            Some(filter) => Some(filter.resolve(ctx).await?),
            None => None,
        };
        let head = services.store.head().await?;
        let place = ctx.data_opt::<Place>().cloned();
        let place = place.unwrap_or_else(Place::anywhere);
        let from = match (place.beginning(), after) {
            (Some(from), _) if from < head.trimmed_to => return Err(log::expired()),
            (Some(from), _) => from,
            (None, Some(after)) => log::place(&head, &after)?,
            (None, None) => head.revision,
        };
        place.look(from);
        Ok(Self {
            store: services.store.clone(),
            bell: services.bell.clone(),
            epoch: head.epoch,
            from,
            filter,
            wanted: log::wanted(&ctx.look_ahead().field("entry")),
            place,
        })
    }

    /// The changes that are wanted; a batch of rows costs the same few statements however long it is.
    fn follow(
        self,
        wants: impl Fn(&change::Model) -> bool + Send,
    ) -> impl Stream<Item = Result<Change>> {
        try_stream! {
            let batches = live::changes(self.store.clone(), &self.bell, self.from);
            futures::pin_mut!(batches);
            while let Some(mut rows) = batches.try_next().await? {
                let last = rows.last().map(|row| row.revision);
                rows.retain(&wants);
                self.sift(&mut rows).await?;
                for (revision, change) in log::tell(&self.store, &self.epoch, &rows, self.wanted).await? {
                    self.place.tell(revision);
                    yield change;
                }
                if let Some(last) = last {
                    self.place.look(last);
                }
            }
        }
    }

    /// Keeps the rows whose entries the filter lets through.
    async fn sift(&self, rows: &mut Vec<change::Model>) -> Result<()> {
        let Some(filter) = &self.filter else {
            return Ok(());
        };
        let ids: Vec<EntryId> = rows.iter().filter_map(|row| row.entry_id).collect();
        let passing: HashSet<EntryId> = self.store.matching_entries(filter, &ids).await?;
        rows.retain(|row| row.entry_id.is_some_and(|id| passing.contains(&id)));
        Ok(())
    }
}
