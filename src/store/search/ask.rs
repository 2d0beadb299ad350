//! Searching. In: what was asked, a filter, where the last page ended. Out: pages, best first. Must not know: the
//! language of queries.
//!
//! Entries in whose titles, names and tags all words stand come first, then all others. Each of the two is read from
//! the index in blocks, newest first, and ranked block by block, so the cost of a page is bounded however common the
//! words are, and what comes before the cursor is known exactly: the cursor carries the bounds of its block. What is
//! stored later has a higher key than the block and cannot push anything over the cursor.

use std::cmp::Reverse;
use std::collections::HashMap;

use entity::{EntryId, Millis, entry};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query, SelectStatement, UnionType};
use sea_orm::{ConnectionTrait, DbErr};
use serde::{Deserialize, Serialize};

use super::grammar::Asked;
use super::plan::Plan;
use super::score::{Place, score, shown};
use super::snippet::{says, snippet};
use super::terms::tokens;
use crate::store::entries::EntryFilter;
use crate::store::error::Reading as _;
use crate::store::total::number;
use crate::store::{Page, Store, StoreError};

/// Entries that are ranked together.
const BLOCK: u64 = 256;
/// Entries found are counted up to here.
const MOST_COUNTED: i64 = 10_000;

/// An entry that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// It.
    pub entry: entry::Model,
    /// How well it fits; never higher than that of the one before.
    pub score: f64,
    /// Where it stands.
    pub position: SearchPosition,
}

/// Where an entry stands among those found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchPosition {
    headline: bool,
    /// How many blocks come before in its half.
    block: u32,
    /// The block's highest and lowest key.
    top: i64,
    bottom: i64,
    score: i32,
    id: EntryId,
}

#[derive(Clone, Debug)]
struct Candidate {
    id: EntryId,
    at: Millis,
    title: String,
    score: i32,
}

/// A block to read.
#[derive(Clone, Copy, Debug)]
struct Block {
    headline: bool,
    number: u32,
    /// Keys up to this.
    top: i64,
    /// And down to this.
    bottom: Option<i64>,
}

impl Store {
    /// A page of what was found after a position.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn search(
        &self,
        asked: &Asked,
        filter: &EntryFilter,
        size: u32,
        after: Option<&SearchPosition>,
    ) -> Result<Page<Hit>, StoreError> {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        if !asked.is_nothing() {
            let plan = self.plan(asked, filter).await?;
            let read = self.positions(&plan, size, after).await;
            found = read.reading("what was searched for")?;
        }
        let has_next = found.len() > size;
        found.truncate(size);
        let ids: Vec<EntryId> = found.iter().map(|(position, _)| position.id).collect();
        let mut entries = self.entries_by_ids(&ids).await?;
        let hits = found.into_iter().filter_map(|(position, score)| {
            let entry = entries.remove(&position.id)?;
            Some(Hit {
                entry,
                score,
                position,
            })
        });
        Ok(Page {
            rows: hits.collect(),
            has_next,
            has_previous: after.is_some(),
        })
    }

    /// How many are found: exact up to 10,000, which stands for that many or more.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_search(
        &self,
        asked: &Asked,
        filter: &EntryFilter,
    ) -> Result<i64, StoreError> {
        if asked.is_nothing() {
            return Ok(0);
        }
        let plan = self.plan(asked, filter).await?;
        let mut found = self.matching(&plan.main, &plan.conditions);
        found.limit(u64::try_from(MOST_COUNTED).unwrap_or(u64::MAX));
        let count = Query::select()
            .expr(Expr::cust("COUNT(*)"))
            .from_subquery(found, Alias::new("found"))
            .to_owned();
        number(self.reader(), &count)
            .await
            .reading("how many are found")
    }

    /// Why each of the entries was found, as HTML.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn snippets(
        &self,
        asked: &Asked,
        entries: &[entry::Model],
    ) -> Result<HashMap<EntryId, String>, StoreError> {
        let ids: Vec<EntryId> = entries.iter().map(|row| row.id).collect();
        let bodies = self.bodies_of(&ids).await?;
        let body = |row: &entry::Model| {
            let body = bodies
                .get(&row.id)
                .and_then(|body| body.content_text.clone());
            body.unwrap_or_else(|| row.summary.clone())
        };
        let mut snippets: HashMap<EntryId, String> = entries
            .iter()
            .map(|row| (row.id, snippet(asked, &[&body(row), &row.title])))
            .collect();
        let bare: Vec<EntryId> = snippets
            .iter()
            .filter(|(_, snippet)| !snippet.contains("<mark>"))
            .map(|(id, _)| *id)
            .collect();
        let (tags, authors) = tokio::try_join!(self.tags_of(&bare), self.authors_of(&bare))?;
        for id in bare {
            let tags = tags
                .get(&id)
                .map(|tags| tags.join(", "))
                .unwrap_or_default();
            let authors = authors.get(&id).into_iter().flatten();
            let authors: Vec<&str> = authors.map(|author| author.name.as_str()).collect();
            let named = snippet(asked, &[&tags, &authors.join(", ")]);
            if named.contains("<mark>") {
                snippets.insert(id, named);
            }
        }
        Ok(snippets)
    }

    /// Positions after another, one more than `size` where there are more.
    async fn positions(
        &self,
        plan: &Plan,
        size: usize,
        after: Option<&SearchPosition>,
    ) -> Result<Vec<(SearchPosition, f64)>, DbErr> {
        let mut found = Vec::new();
        let mut next = Some(after.map_or_else(|| Block::first(plan), Block::of));
        while let Some(block) = next.take().filter(|_| found.len() <= size) {
            let candidates = self.candidates(plan, block).await?;
            let keys = || candidates.iter().map(|candidate| candidate.id.0);
            let is_last =
                block.bottom.is_none() && candidates.len() < usize::try_from(BLOCK).unwrap_or(0);
            let bottom = block.bottom.or_else(|| keys().min()).unwrap_or(0);
            let top = if block.bottom.is_some() {
                block.top
            } else {
                keys().max().unwrap_or(0)
            };
            for candidate in &candidates {
                let is_after = block.bottom.is_none()
                    || after.is_none_or(|after| {
                        (candidate.score, candidate.id) < (after.score, after.id)
                    });
                if is_after && found.len() <= size {
                    let position = SearchPosition {
                        headline: block.headline,
                        block: block.number,
                        top,
                        bottom,
                        score: candidate.score,
                        id: candidate.id,
                    };
                    found.push((
                        position,
                        shown(block.headline, block.number, candidate.score),
                    ));
                }
            }
            next = if is_last {
                block.other_half()
            } else {
                Some(block.below(bottom))
            };
        }
        Ok(found)
    }

    /// The entries of a block, best first.
    async fn candidates(&self, plan: &Plan, block: Block) -> Result<Vec<Candidate>, DbErr> {
        let main = || plan.main.clone();
        let node = match &plan.headline {
            Some(headline) if block.headline => headline.clone(),
            Some(headline) => main().without(headline.clone()),
            None => main(),
        };
        let key = self.key();
        let mut select = self.matching(&node, &plan.conditions);
        select.and_where(key.clone().lte(block.top));
        match block.bottom {
            Some(bottom) => select.and_where(key.clone().gte(bottom)),
            None => select.order_by_expr(key, Order::Desc).limit(BLOCK),
        };
        self.join_entries(&mut select, &plan.conditions, true);
        for column in [entry::Column::PublishedAt, entry::Column::Title] {
            select.expr(Expr::col((entry::Entity, column)));
        }
        let mut candidates = Vec::new();
        for row in self.reader().query_all(&select).await? {
            candidates.push(Candidate {
                id: row.try_get_by_index(0)?,
                at: row.try_get_by_index(1)?,
                title: row.try_get_by_index(2)?,
                score: 0,
            });
        }
        let places = self.places(plan, block, &candidates).await?;
        for candidate in &mut candidates {
            let title = tokens(&candidate.title);
            let groups = plan.places.iter().enumerate();
            let found: Vec<Place> = groups
                .map(|(group, words)| {
                    if words.phrases.iter().any(|phrase| says(&title, phrase)) {
                        return Place::Title;
                    }
                    let least = if block.headline {
                        Place::Name
                    } else {
                        Place::Body
                    };
                    places.get(&(candidate.id, group)).copied().unwrap_or(least)
                })
                .collect();
            candidate.score = score(&found, candidate.at);
        }
        candidates.sort_by_key(|candidate| Reverse((candidate.score, candidate.id)));
        Ok(candidates)
    }

    /// Where the words of each group stand in each entry of a block, titles apart, where that is better than anywhere.
    async fn places(
        &self,
        plan: &Plan,
        block: Block,
        candidates: &[Candidate],
    ) -> Result<HashMap<(EntryId, usize), Place>, DbErr> {
        let keys = || candidates.iter().map(|candidate| candidate.id.0);
        let (Some(bottom), Some(top)) = (keys().min(), keys().max()) else {
            return Ok(HashMap::new());
        };
        if block.headline {
            return Ok(HashMap::new());
        }
        let mut asked = Vec::new();
        for (group, places) in plan.places.iter().enumerate() {
            asked.push((group, Place::Keen, &places.keen));
            asked.push((group, Place::Name, &places.name));
        }
        let mut statement: Option<SelectStatement> = None;
        for (number, (_, _, place)) in (0_i32..).zip(&asked) {
            let mut select = self.matching(&plan.main.clone().and((*place).clone()), &[]);
            select
                .expr(Expr::cust(number.to_string()))
                .and_where(self.key().between(bottom, top));
            statement = Some(match statement {
                Some(mut all) => all.union(UnionType::All, select).to_owned(),
                None => select,
            });
        }
        let mut found = HashMap::new();
        let Some(statement) = statement else {
            return Ok(found);
        };
        for row in self.reader().query_all(&statement).await? {
            let id: EntryId = row.try_get_by_index(0)?;
            let number: i32 = row.try_get_by_index(1)?;
            let asked = usize::try_from(number)
                .ok()
                .and_then(|number| asked.get(number));
            if let Some((group, place, _)) = asked {
                let best = found.entry((id, *group)).or_insert(*place);
                *best = (*best).max(*place);
            }
        }
        Ok(found)
    }
}

impl Block {
    fn first(plan: &Plan) -> Self {
        Self {
            headline: plan.headline.is_some(),
            number: 0,
            top: i64::MAX,
            bottom: None,
        }
    }

    const fn of(position: &SearchPosition) -> Self {
        Self {
            headline: position.headline,
            number: position.block,
            top: position.top,
            bottom: Some(position.bottom),
        }
    }

    const fn below(self, bottom: i64) -> Self {
        Self {
            number: self.number.saturating_add(1),
            top: bottom.saturating_sub(1),
            bottom: None,
            headline: self.headline,
        }
    }

    fn other_half(self) -> Option<Self> {
        self.headline.then_some(Self {
            headline: false,
            number: 0,
            top: i64::MAX,
            bottom: None,
        })
    }
}
