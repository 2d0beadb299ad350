//! What a query asks of the index. In: what was asked and a filter. Out: conditions on the index, and those that are
//! checked row by row. Must not know: pages, scores.

use entity::{SourceId, entry, source};
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::document::{everything, of_source, within};
use super::grammar::{Asked, Part, Phrase};
use super::node::Node;
use super::stream::{AUTHOR, KEEN, TAG_WORD, TITLE};
use crate::normalize::fold;
use crate::store::driver::conditions;
use crate::store::entries::EntryFilter;
use crate::store::sources::members;
use crate::store::text::containing;
use crate::store::{Store, StoreError, error::Reading as _};

/// So many sources are looked up in the index; a filter that names more is checked row by row.
const MOST_SOURCES: usize = 100;
/// Groups of words that count for the rank.
const MOST_RANKED: usize = 6;

/// What a query asks of the index.
pub struct Plan {
    /// What must hold.
    pub main: Node,
    /// What holds, `main` with it, where all words stand in titles, names and tags; none without words.
    pub headline: Option<Node>,
    /// For each group of words, where they may stand.
    pub places: Vec<Places>,
    /// What the index does not know.
    pub conditions: Vec<Expr>,
}

/// Where the words of a group may stand.
pub struct Places {
    /// The body says them often.
    pub keen: Node,
    /// In names and tags.
    pub name: Node,
    /// The words, to be looked for in titles, which are read with the page.
    pub phrases: Vec<Phrase>,
}

impl Store {
    /// Reads what a query means here: which sources it names.
    pub(super) async fn plan(
        &self,
        asked: &Asked,
        filter: &EntryFilter,
    ) -> Result<Plan, StoreError> {
        let mut groups = Vec::new();
        let mut headlines = Vec::new();
        let mut places = Vec::new();
        for parts in &asked.groups {
            let mut nodes = Vec::new();
            for part in parts {
                nodes.push(self.node(part).await?);
            }
            let phrases: Vec<&Phrase> = parts.iter().filter_map(words).collect();
            if phrases.is_empty() {
                headlines.push(Node::Any(nodes.clone()));
            } else {
                headlines.push(in_headline(parts, &nodes));
                places.push(Places::of(&phrases));
            }
            groups.push(Node::Any(nodes));
        }
        let mut filter = filter.clone();
        let scope = self.scope(&mut filter).await?;
        headlines.extend(scope.clone());
        groups.extend(scope);
        if groups.is_empty() {
            groups.push(Node::term(everything()));
        }
        let mut without = Vec::new();
        for part in &asked.without {
            without.push(self.node(part).await?);
        }
        let all = |groups| {
            let all = Node::All(groups);
            if without.is_empty() {
                all
            } else {
                all.without(Node::Any(without.clone()))
            }
        };
        let mut conditions = conditions(&filter);
        conditions.extend(asked.from.map(|at| entry::Column::PublishedAt.gte(at)));
        conditions.extend(asked.before.map(|at| entry::Column::PublishedAt.lt(at)));
        places.truncate(MOST_RANKED);
        Ok(Plan {
            main: all(groups),
            headline: (!places.is_empty()).then(|| all(headlines)),
            places,
            conditions,
        })
    }

    async fn node(&self, part: &Part) -> Result<Node, StoreError> {
        Ok(match part {
            Part::Words(phrase) => Node::Phrase {
                terms: phrase.terms.clone(),
                prefix: phrase.prefix,
            },
            Part::Author(phrase) => of(AUTHOR, phrase),
            Part::Tag { tag, prefix } => Node::Phrase {
                terms: vec![tag.clone()],
                prefix: *prefix,
            },
            Part::Source(text) => {
                let named = self.sources_named(text).await;
                of_sources(&named.reading("sources of a search")?)
            }
        })
    }

    async fn sources_named(&self, text: &str) -> Result<Vec<SourceId>, DbErr> {
        let lower = |column: source::Column| {
            let column = Expr::col((source::Entity, column));
            Expr::from(Func::lower(column)).like(containing(&text.to_lowercase()))
        };
        let titled =
            Expr::col((source::Entity, source::Column::TitleKey)).like(containing(&fold(text)));
        source::Entity::find()
            .select_only()
            .column(source::Column::Id)
            .filter(source::Column::RemovedAt.is_null())
            .filter(
                titled
                    .or(lower(source::Column::FeedUrl))
                    .or(lower(source::Column::SiteUrl)),
            )
            .limit(200)
            .into_tuple()
            .all(self.reader())
            .await
    }

    /// A few sources, or a small planet, are looked up in the index.
    async fn scope(&self, filter: &mut EntryFilter) -> Result<Option<Node>, StoreError> {
        if let Some(sources) = filter
            .source_ids
            .take_if(|sources| sources.len() <= MOST_SOURCES)
        {
            return Ok(Some(of_sources(&sources)));
        }
        let Some(planet) = filter.planet else {
            return Ok(None);
        };
        let most = u64::try_from(MOST_SOURCES).unwrap_or(u64::MAX) + 1;
        let sources: Vec<SourceId> = source::Entity::find()
            .select_only()
            .column(source::Column::Id)
            .filter(source::Column::Id.in_subquery(members(planet)))
            .limit(most)
            .into_tuple()
            .all(self.reader())
            .await
            .reading("sources of a search")?;
        if sources.len() > MOST_SOURCES {
            return Ok(None);
        }
        // The condition stays: a planet need not show all that its sources have.
        Ok(Some(of_sources(&sources)))
    }
}

impl Places {
    fn of(phrases: &[&Phrase]) -> Self {
        let any = |place: &dyn Fn(&Phrase) -> Node| {
            Node::Any(phrases.iter().map(|phrase| place(phrase)).collect())
        };
        Self {
            keen: any(&often),
            name: any(&|phrase| Node::Any(vec![of(AUTHOR, phrase), of(TAG_WORD, phrase)])),
            phrases: phrases.iter().map(|phrase| (*phrase).clone()).collect(),
        }
    }
}

/// A group whose words stand in titles, names and tags.
fn in_headline(parts: &[Part], nodes: &[Node]) -> Node {
    let heads = parts
        .iter()
        .zip(nodes)
        .map(|(part, node)| match words(part) {
            Some(phrase) => Node::Any(vec![
                of(TITLE, phrase),
                of(AUTHOR, phrase),
                of(TAG_WORD, phrase),
            ]),
            None => node.clone(),
        });
    Node::Any(heads.collect())
}

const fn words(part: &Part) -> Option<&Phrase> {
    match part {
        Part::Words(phrase) => Some(phrase),
        Part::Author(_) | Part::Tag { .. } | Part::Source(_) => None,
    }
}

fn of(stream: char, phrase: &Phrase) -> Node {
    Node::Phrase {
        terms: phrase
            .terms
            .iter()
            .map(|term| within(stream, term))
            .collect(),
        prefix: phrase.prefix,
    }
}

fn often(phrase: &Phrase) -> Node {
    let last = phrase.terms.len().saturating_sub(1);
    let words = phrase
        .terms
        .iter()
        .enumerate()
        .map(|(place, term)| Node::Phrase {
            terms: vec![within(KEEN, term)],
            prefix: phrase.prefix && place == last,
        });
    Node::All(words.collect())
}

/// The entries of these sources; of none, none: no entry has the term that stands for them.
fn of_sources(sources: &[SourceId]) -> Node {
    if sources.is_empty() {
        return Node::term(of_source(-1));
    }
    let terms = sources.iter().map(|source| Node::term(of_source(source.0)));
    Node::Any(terms.collect())
}
