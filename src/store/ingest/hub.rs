//! What a visit means for a source's subscription at a hub. In: the record of a visit. Out: a subscription wanted or
//! given up, and whether its pushes are trusted. Must not know: how hubs are asked.
//!
//! Pushes and polls are watched against each other: a source whose pushes have brought what polls would have found is
//! polled rarely; once a poll finds what no push brought, it is polled as usual, until pushes prove themselves anew.

use entity::{Millis, PushState, poll_state, subscription};
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel};

use super::entries::Stored;
use crate::store::text::{json, texts};
use crate::store::write::Tx;
use crate::store::{HubNews, Offer, VisitRecord};

/// Pushes are trusted after one more of them in a row than polls had to correct, but not after more than this.
const MOST_PROOF: i32 = 5;
/// Pushed documents that are remembered, to know one that comes again.
const REMEMBERED: usize = 20;

/// Notes what a visit says of a hub.
pub(super) async fn note(
    tx: &Tx,
    state: &mut poll_state::Model,
    record: &VisitRecord,
    stored: &Stored,
) -> Result<(), DbErr> {
    let is_pushed = state.push_until.is_some_and(|until| until > record.at);
    match &record.state.hub {
        HubNews::Named(offer) => follow(tx, state, offer, record.at).await?,
        HubNews::Unnamed if state.push_until.is_some() => leave(tx, state, record.at).await?,
        HubNews::Pushed => return prove(tx, state, record).await,
        HubNews::Unnamed | HubNews::Unknown => {}
    }
    if is_pushed && stored.added > 0 {
        doubt(tx, state).await?;
    }
    Ok(())
}

/// Wants a subscription, unless there is one already.
async fn follow(
    tx: &Tx,
    state: &mut poll_state::Model,
    offer: &Offer,
    at: Millis,
) -> Result<(), DbErr> {
    let known = subscription::Entity::find_by_id(state.source_id)
        .one(&tx.db)
        .await?;
    if let Some(known) = &known
        && (&known.hub, &known.topic) == (&offer.hub, &offer.topic)
        && known.state != PushState::Leaving
    {
        return Ok(());
    }
    if known.is_some() {
        // The old hub is told by the answer to what it pushes next.
        subscription::Entity::delete_by_id(state.source_id)
            .exec(&tx.db)
            .await?;
    }
    (state.push_until, state.push_trusted) = (None, false);
    let row = subscription::Model {
        source_id: state.source_id,
        hub: offer.hub.clone(),
        topic: offer.topic.clone(),
        callback_key: secret(),
        secret: secret(),
        state: PushState::Wanted,
        lease_until: None,
        asked_at: None,
        next_try_at: Some(at),
        tries: 0,
        pushed_at: None,
        pushes: 0,
        misses: 0,
        recent: json::<String>(&[]),
    };
    subscription::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// 256 bits that nobody can guess, in letters that need no escaping in a URL.
fn secret() -> String {
    format!(
        "{:032x}{:032x}",
        rand::random::<u128>(),
        rand::random::<u128>()
    )
}

/// The feed names no hub any more.
async fn leave(tx: &Tx, state: &mut poll_state::Model, at: Millis) -> Result<(), DbErr> {
    (state.push_until, state.push_trusted) = (None, false);
    change(tx, state, |row| {
        row.state = PushState::Leaving;
        (row.next_try_at, row.tries) = (Some(at), 0);
    })
    .await
}

/// A push was believed.
async fn prove(tx: &Tx, state: &mut poll_state::Model, record: &VisitRecord) -> Result<(), DbErr> {
    let hash = record
        .reading
        .as_ref()
        .map(|reading| hex(&reading.body_hash));
    let mut trusted = state.push_trusted;
    change(tx, state, |row| {
        row.pushed_at = Some(record.at);
        row.pushes = row.pushes.saturating_add(1);
        trusted = row.pushes > row.misses.min(MOST_PROOF);
        let recent = hash.into_iter().chain(texts(&row.recent));
        row.recent = json(&recent.take(REMEMBERED).collect::<Vec<_>>());
    })
    .await?;
    state.push_trusted = trusted;
    Ok(())
}

/// A poll found what no push had brought.
async fn doubt(tx: &Tx, state: &mut poll_state::Model) -> Result<(), DbErr> {
    state.push_trusted = false;
    change(tx, state, |row| {
        row.pushes = 0;
        row.misses = row.misses.saturating_add(1);
    })
    .await
}

async fn change(
    tx: &Tx,
    state: &poll_state::Model,
    change: impl FnOnce(&mut subscription::Model),
) -> Result<(), DbErr> {
    let found = subscription::Entity::find_by_id(state.source_id);
    if let Some(mut row) = found.one(&tx.db).await? {
        change(&mut row);
        subscription::Entity::update(row.into_active_model().reset_all())
            .exec(&tx.db)
            .await?;
    }
    Ok(())
}

/// A hash as it is remembered.
pub(in crate::store) fn hex(hash: &[u8]) -> String {
    use std::fmt::Write as _;
    hash.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}
