//! Proposals. In: what a reader proposes, what an editor decides. Out: rows. Must not know: who may do it, feeds.

use entity::{Millis, ProposalId, ProposalState, SourceId, UserId, proposal};
use sea_orm::sea_query::{Expr, Order};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, DbErr, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QuerySelect,
};

use super::audit::{Note, target};
use super::error::Reading;
use super::page::{Keyset, Page, Slice};
use super::text::feed_key;
use super::write::{NewChange, Tx, Work, transaction};
use super::{Store, StoreError, portrait};

/// Proposals that may wait at once.
const WAITING: u64 = 1_000;

/// A proposal to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProposal {
    /// Hash of its token.
    pub token_hash: Vec<u8>,
    /// The feed.
    pub feed_url: String,
    /// What the feed calls itself.
    pub title: Option<String>,
    /// What the proposer says.
    pub note: Option<String>,
    /// For which planet.
    pub planet_slug: Option<String>,
    /// What was found, a JSON object.
    pub preview: String,
    /// When.
    pub at: Millis,
}

/// What became of proposing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Propose {
    /// It waits for an editor.
    Proposed(Box<proposal::Model>),
    /// The same feed waits already.
    AlreadyThere,
    /// Too many wait.
    Full,
}

/// What an editor decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Approved, with the source that it became; or declined, with none.
    pub source: Option<SourceId>,
    /// Why.
    pub reason: Option<String>,
    /// Who.
    pub by: Option<UserId>,
    /// When.
    pub at: Millis,
}

impl Store {
    /// Keeps a proposal.
    ///
    /// # Errors
    /// When the transaction fails; nothing is stored then.
    pub async fn propose(&self, new: &NewProposal) -> Result<Propose, StoreError> {
        Ok(transaction!(self, "keeping a proposal", |tx| propose(tx, new))?.value)
    }

    /// Decides a proposal that waits. None: there is none, or it is decided.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn decide_proposal(
        &self,
        id: ProposalId,
        decision: &Decision,
    ) -> Result<Option<proposal::Model>, StoreError> {
        Ok(transaction!(self, "deciding a proposal", |tx| decide(tx, id, decision))?.value)
    }

    /// A proposal by its key.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_proposal(
        &self,
        id: ProposalId,
    ) -> Result<Option<proposal::Model>, StoreError> {
        proposal::Entity::find_by_id(id)
            .one(self.reader())
            .await
            .reading("a proposal")
    }

    /// A proposal by the hash of its token.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn proposal_by_token(
        &self,
        hash: &[u8],
    ) -> Result<Option<proposal::Model>, StoreError> {
        proposal::Entity::find()
            .filter(proposal::Column::TokenHash.eq(hash.to_vec()))
            .one(self.reader())
            .await
            .reading("a proposal by its token")
    }

    /// A page of proposals, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list_proposals(
        &self,
        state: Option<ProposalState>,
        slice: &Slice<ProposalId>,
    ) -> Result<Page<proposal::Model>, StoreError> {
        let keyset = Keyset {
            columns: vec![Expr::col((proposal::Entity, proposal::Column::Id))],
            order: Order::Desc,
        };
        let mut select = in_state(state);
        keyset.apply(QuerySelect::query(&mut select), slice, |id| {
            vec![Expr::value(*id)]
        });
        let rows = select
            .all(self.reader())
            .await
            .reading("a page of proposals")?;
        Ok(slice.page(rows))
    }

    /// How many proposals there are.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_proposals(&self, state: Option<ProposalState>) -> Result<i64, StoreError> {
        let count = in_state(state).count(self.reader()).await;
        let count = count.reading("how many proposals there are")?;
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

fn in_state(state: Option<ProposalState>) -> sea_orm::Select<proposal::Entity> {
    let select = proposal::Entity::find();
    match state {
        Some(state) => select.filter(proposal::Column::State.eq(state)),
        None => select,
    }
}

async fn propose(tx: &Tx, new: &NewProposal) -> Result<Work<Propose>, DbErr> {
    let key = feed_key(&new.feed_url);
    let waiting = in_state(Some(ProposalState::Pending));
    let same = waiting
        .clone()
        .filter(proposal::Column::FeedUrlKey.eq(key.clone()));
    if same.one(&tx.db).await?.is_some() {
        return Ok(Work::quiet(Propose::AlreadyThere));
    }
    if waiting.count(&tx.db).await? >= WAITING {
        return Ok(Work::quiet(Propose::Full));
    }
    let mut row = proposal::Model {
        id: ProposalId(0),
        token_hash: new.token_hash.clone(),
        feed_url: new.feed_url.clone(),
        feed_url_key: key,
        title: new.title.clone(),
        note: new.note.clone(),
        planet_slug: new.planet_slug.clone(),
        preview: new.preview.clone(),
        state: ProposalState::Pending,
        reason: None,
        source_id: None,
        created_at: new.at,
        decided_at: None,
        decided_by: None,
    }
    .into_active_model()
    .reset_all();
    row.id = NotSet;
    let row = proposal::Entity::insert(row)
        .exec_with_returning(&tx.db)
        .await?;
    let note = Note::new(
        target::proposal(row.id),
        None,
        Some(portrait::proposal(&row)),
    );
    Ok(Work::quiet(Propose::Proposed(Box::new(row))).noting(note))
}

async fn decide(
    tx: &Tx,
    id: ProposalId,
    decision: &Decision,
) -> Result<Work<Option<proposal::Model>>, DbErr> {
    let found = proposal::Entity::find_by_id(id)
        .lock_exclusive()
        .one(&tx.db)
        .await?;
    let Some(mut row) = found.filter(|row| row.state == ProposalState::Pending) else {
        return Ok(Work::quiet(None));
    };
    let before = portrait::proposal(&row);
    row.state = match decision.source {
        Some(_) => ProposalState::Approved,
        None => ProposalState::Declined,
    };
    row.source_id = decision.source;
    row.reason.clone_from(&decision.reason);
    row.decided_at = Some(decision.at);
    row.decided_by = decision.by;
    // Its proposer sees it: answers to the public are kept for one number of the change log.
    let told = NewChange::other(decision.at);
    let row = proposal::Entity::update(row.into_active_model().reset_all())
        .exec(&tx.db)
        .await?;
    let note = Note::changed(target::proposal(id), before, portrait::proposal(&row));
    Ok(Work::told(Some(row), vec![told]).noting(note))
}
