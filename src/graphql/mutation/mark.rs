//! The viewer's own marks. In: ids, filters. Out: payloads. Must not know: SQL.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{EntryId, Role};

use super::user_error::{UserError, Wrong, no_such};
use crate::follow::check::{self, invalid};
use crate::graphql::entry::Entry;
use crate::graphql::error::Result;
use crate::graphql::filter::EntryFilter;
use crate::graphql::needs::Needs;
use crate::graphql::scalar::{DateTime, int};
use crate::graphql::services;
use crate::store::{MOST_MARKED, Marked, MarkedAll, Marking};

/// Most entries named in one call.
const ENTRY_COUNT: usize = 1_000;

/// Marks of entries.
#[derive(InputObject)]
pub struct MarkEntriesInput {
    /// The entries; at most 1,000.
    ids: Vec<ID>,
    /// Whether they are read; unchanged when left out.
    read: Option<bool>,
    /// Whether they are starred; unchanged when left out.
    starred: Option<bool>,
}

/// What was marked.
#[derive(SimpleObject)]
pub struct MarkEntriesPayload {
    /// How many entries are marked otherwise than before.
    changed_count: i32,
    /// The entries that were named, each once; empty for `markAllRead`, and when something was wrong.
    entries: Vec<Entry>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

impl From<Wrong> for MarkEntriesPayload {
    fn from(wrong: Wrong) -> Self {
        Self {
            changed_count: 0,
            entries: Vec::new(),
            user_errors: wrong.into(),
        }
    }
}

/// Mutations of the viewer's marks.
#[derive(Default)]
pub struct MarkMutation;

#[Object]
impl MarkMutation {
    /// Marks entries as read, unread, starred or not. Needs the role READER.
    #[graphql(guard = "Needs(Role::Reader)")]
    async fn mark_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and how.")] input: MarkEntriesInput,
    ) -> Result<MarkEntriesPayload> {
        let services = services(ctx)?;
        let viewer = Needs(Role::Reader).of(ctx)?;
        let mut wrong = Wrong::default();
        let path = ["input", "ids"];
        if input.ids.len() > ENTRY_COUNT {
            let refusal = check::too_many("entries", input.ids.len(), ENTRY_COUNT);
            return Ok(Wrong::only(&path, refusal).into());
        }
        let Some(keys) = wrong.keys::<EntryId>(&path, &input.ids) else {
            return Ok(wrong.into());
        };
        let marking = Marking {
            user: viewer.user_id,
            entries: keys.clone(),
            read: input.read,
            starred: input.starred,
            at: services.clock.now(),
        };
        let changed = match services.store.mark_entries(&marking).await? {
            Marked::Changed(changed) => changed,
            Marked::Missing(missing) => {
                for (at, key) in keys.iter().enumerate() {
                    if missing.contains(key) {
                        wrong.push(&path, Some(at), no_such(*key));
                    }
                }
                return Ok(wrong.into());
            }
        };
        let mut found = services.store.entries_by_ids(&keys).await?;
        let entries = keys.iter().filter_map(|key| found.remove(key));
        Ok(MarkEntriesPayload {
            changed_count: i32::try_from(changed).unwrap_or(i32::MAX),
            entries: entries.map(Entry::from).collect(),
            user_errors: Vec::new(),
        })
    }

    /// Marks everything read that the filter lets through and that was first seen before an instant: pass the time at which
    /// the list was loaded, so that what came since stays unread. Whole sources and planets are marked whatever their size;
    /// with other filters at most 10,000 entries at once. Needs the role READER.
    #[graphql(guard = "Needs(Role::Reader)")]
    async fn mark_all_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that fit this; all when left out.")] filter: Option<
            EntryFilter,
        >,
        #[graphql(desc = "Only what was first seen before this.")] seen_before: DateTime,
    ) -> Result<MarkEntriesPayload> {
        let services = services(ctx)?;
        let viewer = Needs(Role::Reader).of(ctx)?;
        let filter = filter.unwrap_or_default().resolve(ctx).await?;
        let marked = services
            .store
            .mark_all_read(viewer.user_id, &filter, seen_before.0, services.clock.now())
            .await?;
        Ok(match marked {
            MarkedAll::Changed(changed) => MarkEntriesPayload {
                changed_count: int(changed),
                entries: Vec::new(),
                user_errors: Vec::new(),
            },
            MarkedAll::TooMany => {
                let refusal = invalid(format!(
                    "The filter lets more than {MOST_MARKED} unread entries through; narrow it, or mark whole sources or planets."
                ));
                Wrong::only(&["filter"], refusal).into()
            }
        })
    }
}
