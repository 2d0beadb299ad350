//! Mutations about entries. In: an id. Out: a payload. Must not know: SQL.

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::{EntryId, Role};

use super::user_error::{UserError, Wrong, no_such};
use crate::graphql::error::Result;
use crate::graphql::needs::Needs;
use crate::graphql::services;

/// An entry that was removed.
#[derive(SimpleObject)]
pub struct RemoveEntryPayload {
    /// Its former id; null when something was wrong.
    removed_id: Option<ID>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// Mutations about entries.
#[derive(Default)]
pub struct EntryMutation;

#[Object]
impl EntryMutation {
    /// Takes an entry out of every list and feed, for good; polling does not bring it back.
    /// Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn remove_entry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The entry.")] id: ID,
    ) -> Result<RemoveEntryPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let mut removed_id = None;
        if let Some(key) = wrong.key::<EntryId>(&["id"], &id) {
            match services
                .store
                .remove_entry(key, services.clock.now())
                .await?
            {
                Some(revision) => {
                    services.bell.ring(revision);
                    removed_id = Some(id);
                }
                None => wrong.add(&["id"], no_such(key)),
            }
        }
        Ok(RemoveEntryPayload {
            removed_id,
            user_errors: wrong.into(),
        })
    }
}
