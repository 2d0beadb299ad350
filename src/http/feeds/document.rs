//! One document. In: a planet and a place. Out: what goes into it, and its bytes, piece by piece. Must not know:
//! requests.

use async_stream::stream;
use axum::body::Bytes;
use entity::{EntryId, planet};
use futures::Stream;

use super::Feeds;
use super::item::{self, urn};
use super::place::{Format, Place};
use crate::render::feed::{Head, Item};
use crate::render::opml::{self, Outline};
use crate::render::rss::Style;
use crate::render::{atom, json, rss};
use crate::store::{Slice, SourceFilter, SourceOrder, Store, StoreError, texts};

/// The newest entries that a feed has at least.
const NEWEST: u64 = 60;
/// Entries that are read at once.
const CHUNK: usize = 20;
/// Sources that are read at once.
const SOURCES: u32 = 200;

/// What a document will hold.
pub struct Plan {
    planet: planet::Model,
    format: Format,
    head: Head,
    epoch: String,
    entries: Vec<EntryId>,
}

impl Plan {
    /// Chooses the entries; none when there is no such archive.
    pub async fn make(
        feeds: &Feeds,
        planet: planet::Model,
        place: Place,
    ) -> Result<Option<Self>, StoreError> {
        let (store, id) = (&feeds.store, planet.id);
        let mut entries = Vec::new();
        let (mut previous, mut next) = (None, None);
        match (place.format, place.archive) {
            (Format::Opml, _) => {}
            (_, Some(end)) => {
                previous = store.archive_before(id, Some(end)).await?;
                next = store.archive_after(id, end).await?;
                entries = store.archived_entries(id, previous, Some(end)).await?;
                // One that is still growing is none: its entries are in the current document.
                let is_closed =
                    next.is_some() || store.archive_before(id, None).await? == Some(end);
                if entries.is_empty() || !is_closed {
                    return Ok(None);
                }
            }
            (format, None) => {
                entries = store.newest_of_planet(id, NEWEST).await?;
                if format.has_archives() {
                    // What is in no archive yet, also what came late and stands far down.
                    previous = store.archive_before(id, None).await?;
                    entries.extend(store.archived_entries(id, previous, None).await?);
                    entries.sort_unstable_by(|one, other| other.cmp(one));
                    entries.dedup();
                }
            }
        }
        let updated = store.planets_updated_at(&[id]).await?.remove(&id);
        let epoch = feeds.epoch().await?.to_owned();
        let home = planet.link.as_deref().and_then(|link| link.parse().ok());
        let head = Head {
            id: urn(&epoch, "planet", id.0),
            title: planet.title.clone(),
            description: planet.description.clone(),
            home: home.unwrap_or_else(|| place.planet().clone()),
            this: place.this(),
            current: place.archive.map(|_| place.current()),
            previous: previous.map(|end| place.of_archive(end)),
            next: next.map(|end| place.of_archive(end)),
            updated: updated.unwrap_or(planet.created_at),
            owner: planet
                .owner_name
                .clone()
                .unwrap_or_else(|| planet.title.clone()),
        };
        Ok(Some(Self {
            format: place.format,
            planet,
            head,
            epoch,
            entries: entries.into_iter().map(|(_, id)| id).collect(),
        }))
    }

    /// The document's bytes. It breaks off when the store fails, so that no half is taken for a whole.
    pub fn write(self, store: Store) -> impl Stream<Item = Result<Bytes, StoreError>> + Send {
        stream! {
            yield Ok(Bytes::from(self.head()));
            if self.format == Format::Opml {
                let mut slice = Slice::first(SOURCES);
                loop {
                    let (text, next) = match self.outlines(&store, &slice).await {
                        Ok(read) => read,
                        Err(error) => { yield Err(logged(error)); return; }
                    };
                    yield Ok(Bytes::from(text));
                    let Some(position) = next else { break };
                    slice = Slice::first(SOURCES).after(position);
                }
            }
            let mut is_first = true;
            for chunk in self.entries.chunks(CHUNK) {
                let items = match item::read(&store, &self.epoch, chunk).await {
                    Ok(items) => items,
                    Err(error) => { yield Err(logged(error)); return; }
                };
                let mut text = String::new();
                for item in items {
                    text.push_str(&self.item(&item, is_first));
                    is_first = false;
                }
                yield Ok(Bytes::from(text));
            }
            yield Ok(Bytes::from(self.foot()));
        }
    }

    fn head(&self) -> String {
        match self.format {
            Format::Atom => atom::head(&self.head),
            Format::Rss | Format::RssTitles => rss::head(&self.head),
            Format::Json => json::head(&self.head),
            Format::Opml => opml::head(&self.head.title),
        }
    }

    fn item(&self, item: &Item, is_first: bool) -> String {
        match self.format {
            Format::Atom => atom::item(item),
            Format::Rss => rss::item(item, Style::Full),
            Format::RssTitles => rss::item(item, Style::Titles),
            Format::Json => json::item(item, is_first),
            Format::Opml => String::new(),
        }
    }

    const fn foot(&self) -> &'static str {
        match self.format {
            Format::Atom => atom::FOOT,
            Format::Rss | Format::RssTitles => rss::FOOT,
            Format::Json => json::FOOT,
            Format::Opml => opml::FOOT,
        }
    }

    /// A part of the list of sources, and where the next one begins.
    async fn outlines(
        &self,
        store: &Store,
        slice: &Slice<crate::store::SourcePosition>,
    ) -> Result<(String, Option<crate::store::SourcePosition>), StoreError> {
        let filter = SourceFilter {
            planet: Some(self.planet.id),
            ..SourceFilter::default()
        };
        let order = SourceOrder::TitleAsc;
        let page = store.list_sources(&filter, order, slice).await?;
        let last = page.rows.last().filter(|_| page.has_next);
        let next = last.map(|row| row.position(order));
        let outlines = page.rows.into_iter().map(|row| {
            opml::item(&Outline {
                tags: texts(&row.source.tags),
                feed_url: row.source.feed_url,
                title: row.source.title,
                site_url: row.source.site_url,
            })
        });
        Ok((outlines.collect(), next))
    }
}

fn logged(error: StoreError) -> StoreError {
    let cause: &(dyn std::error::Error + 'static) = &error;
    tracing::error!(error = cause, "feed broken off");
    error
}
