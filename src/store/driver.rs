//! Which index a list of entries is read from. In: a filter and an order. Out: index ranges, and what is left to
//! be checked row by row. Must not know: pages.

use entity::{
    AuthorId, Millis, PlanetId, SourceId, UserId, entry, entry_author, entry_tag, planet_entry,
    star, tag,
};
use sea_orm::ColumnTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};

use super::entries::{EntryFilter, EntryOrder};
use super::page::Keyset;
use super::unread::{self, Marks};
use crate::normalize::fold;

/// Ranges that are merged; a filter that names more is checked row by row.
const RANGES: usize = 100;

/// One stretch of an index that has entries in the order asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Range {
    All,
    Planet(PlanetId),
    Source(SourceId),
    Author(AuthorId),
    Tag(String),
    Starred(UserId),
}

/// The ranges that drive a list, and the conditions that they do not cover.
#[derive(Clone, Debug)]
pub(super) struct Driver {
    ranges: Vec<Range>,
    /// Bounds of what the list is ordered by: they cut the range itself.
    after: Option<Millis>,
    before: Option<Millis>,
    rest: Vec<Expr>,
}

impl Driver {
    /// Takes the narrowest of what the filter names: authors, tags, sources, the planet, everything.
    pub(super) fn of(filter: &EntryFilter, order: EntryOrder) -> Self {
        let mut filter = filter.clone();
        // Authors' and tags' indexes have the place in time, not when an entry was first seen.
        let ranges = Self::starred(&mut filter.marks, !order.by_seen())
            .or_else(|| Self::few(&mut filter.author_ids, !order.by_seen(), Range::Author))
            .or_else(|| {
                Self::few(&mut filter.tags, !order.by_seen(), |name| {
                    Range::Tag(fold(&name))
                })
            })
            .or_else(|| Self::few(&mut filter.source_ids, true, Range::Source))
            .or_else(|| {
                filter
                    .planet
                    .take()
                    .map(|planet| vec![Range::Planet(planet)])
            })
            .unwrap_or_else(|| vec![Range::All]);
        let (after, before) = if order.by_seen() {
            (filter.seen_after.take(), None)
        } else {
            (
                filter.published_after.take(),
                filter.published_before.take(),
            )
        };
        Self {
            ranges,
            after,
            before,
            rest: conditions(&filter),
        }
    }

    /// Joins a range to a statement about `entry` and restricts it to what the filter lets through; gives what
    /// the statement is to be ordered by.
    pub(super) fn read(
        &self,
        range: &Range,
        select: &mut SelectStatement,
        order: EntryOrder,
    ) -> Keyset {
        let keyset = range.join(select, order);
        if let Some(at) = keyset.columns.first() {
            let after = self.after.map(|after| at.clone().gt(after));
            let before = self.before.map(|before| at.clone().lt(before));
            select.and_where_option(after).and_where_option(before);
        }
        for condition in &self.rest {
            select.and_where(condition.clone());
        }
        keyset
    }

    /// Takes a list out of the filter when it is short enough to be merged.
    fn few<T>(
        list: &mut Option<Vec<T>>,
        usable: bool,
        range: impl Fn(T) -> Range,
    ) -> Option<Vec<Range>> {
        let list = list.take_if(|list| usable && list.len() <= RANGES)?;
        let mut ranges: Vec<Range> = Vec::with_capacity(list.len());
        for one in list {
            let one = range(one);
            if !ranges.contains(&one) {
                ranges.push(one);
            }
        }
        Some(ranges)
    }

    /// A reader's starred entries, which are one range.
    fn starred(marks: &mut Option<Marks>, usable: bool) -> Option<Vec<Range>> {
        let marks = marks.as_mut().filter(|_| usable)?;
        marks.starred.take_if(|starred| *starred)?;
        Some(vec![Range::Starred(marks.user)])
    }

    pub(super) fn ranges(&self) -> &[Range] {
        &self.ranges
    }
}

impl Range {
    /// Joins what the range is an index of to a statement about `entry`; gives what the statement is to be
    /// ordered by, so that the index gives the order.
    fn join(&self, select: &mut SelectStatement, order: EntryOrder) -> Keyset {
        let at = |published, seen| if order.by_seen() { seen } else { published };
        let id = Expr::col((entry::Entity, entry::Column::Id));
        let columns = match self {
            Self::All => vec![Expr::col((entry::Entity, entry_at(order))), id],
            Self::Source(source) => {
                select.and_where(entry::Column::SourceId.eq(*source));
                vec![Expr::col((entry::Entity, entry_at(order))), id]
            }
            Self::Planet(planet) => {
                let key = planet_entry::Column::EntryId;
                select
                    .inner_join(
                        planet_entry::Entity,
                        Expr::col((planet_entry::Entity, key)).eq(id),
                    )
                    .and_where(planet_entry::Column::PlanetId.eq(*planet));
                let at = at(
                    planet_entry::Column::PublishedAt,
                    planet_entry::Column::FirstSeenAt,
                );
                vec![
                    Expr::col((planet_entry::Entity, at)),
                    Expr::col((planet_entry::Entity, key)),
                ]
            }
            Self::Author(author) => {
                let key = entry_author::Column::EntryId;
                select
                    .inner_join(
                        entry_author::Entity,
                        Expr::col((entry_author::Entity, key)).eq(id),
                    )
                    .and_where(entry_author::Column::AuthorId.eq(*author));
                vec![
                    Expr::col((entry_author::Entity, entry_author::Column::PublishedAt)),
                    Expr::col((entry_author::Entity, key)),
                ]
            }
            Self::Starred(user) => join_stars(*user, select, id),
            Self::Tag(name_key) => join_tag(name_key, select, id),
        };
        Keyset {
            columns,
            order: order.direction(),
        }
    }
}

/// Joins a reader's stars.
fn join_stars(user: UserId, select: &mut SelectStatement, id: Expr) -> Vec<Expr> {
    let key = star::Column::EntryId;
    select
        .inner_join(star::Entity, Expr::col((star::Entity, key)).eq(id))
        .and_where(star::Column::UserId.eq(user));
    vec![
        Expr::col((star::Entity, star::Column::PublishedAt)),
        Expr::col((star::Entity, key)),
    ]
}

/// Joins the links of a tag.
fn join_tag(name_key: &str, select: &mut SelectStatement, id: Expr) -> Vec<Expr> {
    let key = entry_tag::Column::EntryId;
    select
        .inner_join(
            entry_tag::Entity,
            Expr::col((entry_tag::Entity, key)).eq(id),
        )
        .and_where(Expr::col((entry_tag::Entity, entry_tag::Column::TagId)).eq(tag_id(name_key)));
    vec![
        Expr::col((entry_tag::Entity, entry_tag::Column::PublishedAt)),
        Expr::col((entry_tag::Entity, key)),
    ]
}

const fn entry_at(order: EntryOrder) -> entry::Column {
    if order.by_seen() {
        entry::Column::FirstSeenAt
    } else {
        entry::Column::PublishedAt
    }
}

/// The tag of a folded name, as a value that is looked up once.
fn tag_id(name_key: &str) -> Expr {
    let select = Query::select()
        .column(tag::Column::Id)
        .from(tag::Entity)
        .and_where(tag::Column::NameKey.eq(name_key))
        .to_owned();
    Expr::SubQuery(None, Box::new(select.into()))
}

/// What a filter asks of a row of `entry`, checked row by row.
pub(super) fn conditions(filter: &EntryFilter) -> Vec<Expr> {
    let mut all = Vec::new();
    if let Some(planet) = filter.planet {
        all.push(in_planet(planet));
    }
    if let Some(sources) = &filter.source_ids {
        all.push(entry::Column::SourceId.is_in(sources.iter().copied()));
    }
    if let Some(authors) = &filter.author_ids {
        all.push(by_author(authors));
    }
    if let Some(tags) = &filter.tags {
        all.push(with_tag(tags));
    }
    if let Some(after) = filter.published_after {
        all.push(entry::Column::PublishedAt.gt(after));
    }
    if let Some(before) = filter.published_before {
        all.push(entry::Column::PublishedAt.lt(before));
    }
    if let Some(after) = filter.seen_after {
        all.push(entry::Column::FirstSeenAt.gt(after));
    }
    if let Some(before) = filter.seen_before {
        all.push(entry::Column::FirstSeenAt.lt(before));
    }
    if let Some(marks) = filter.marks {
        all.extend(unread::conditions(marks));
    }
    if let Some(language) = &filter.language {
        all.push(in_language(language));
    }
    if let Some(has_enclosure) = filter.has_enclosure {
        all.push(entry::Column::HasEnclosure.eq(has_enclosure));
    }
    all
}

fn in_planet(planet: PlanetId) -> Expr {
    let key = Expr::col((planet_entry::Entity, planet_entry::Column::EntryId));
    Expr::exists(
        Query::select()
            .expr(Expr::value(1))
            .from(planet_entry::Entity)
            .and_where(planet_entry::Column::PlanetId.eq(planet))
            .and_where(key.equals((entry::Entity, entry::Column::Id)))
            .to_owned(),
    )
}

fn by_author(authors: &[AuthorId]) -> Expr {
    let key = Expr::col((entry_author::Entity, entry_author::Column::EntryId));
    Expr::exists(
        Query::select()
            .expr(Expr::value(1))
            .from(entry_author::Entity)
            .and_where(key.equals((entry::Entity, entry::Column::Id)))
            .and_where(entry_author::Column::AuthorId.is_in(authors.iter().copied()))
            .to_owned(),
    )
}

fn with_tag(tags: &[String]) -> Expr {
    let key = Expr::col((entry_tag::Entity, entry_tag::Column::EntryId));
    let ids = Query::select()
        .column(tag::Column::Id)
        .from(tag::Entity)
        .and_where(tag::Column::NameKey.is_in(tags.iter().map(|name| fold(name))))
        .to_owned();
    Expr::exists(
        Query::select()
            .expr(Expr::value(1))
            .from(entry_tag::Entity)
            .and_where(key.equals((entry::Entity, entry::Column::Id)))
            .and_where(entry_tag::Column::TagId.in_subquery(ids))
            .to_owned(),
    )
}

/// `en` finds `en` and `en-GB`, `en-gb` finds `en-GB`.
fn in_language(language: &str) -> Expr {
    let lower = || {
        Expr::from(sea_orm::sea_query::Func::lower(Expr::col((
            entry::Entity,
            entry::Column::Language,
        ))))
    };
    let wanted = language.to_lowercase();
    let with_region = super::text::beginning(&format!("{wanted}-"));
    lower().eq(wanted).or(lower().like(with_region))
}
