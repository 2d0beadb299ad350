//! Sources and planets that were read before, as long as nothing public has changed since: every page of entries shows
//! the same few. In: keys. Out: rows, of the store where they are not known. Must not know: what is shown of them.

use std::collections::HashMap;
use std::sync::Arc;

use entity::{Revision, SourceId, planet, source};
use moka::sync::Cache;

use super::error::Result;
use crate::publish::Bell;
use crate::store::Store;

/// The most rows of a kind that are kept.
const ROWS: u64 = 5_000;

/// Rows with the version of all public data at which they were read.
#[derive(Clone)]
pub struct Known {
    bell: Bell,
    sources: Cache<SourceId, (Revision, Arc<source::Model>)>,
    planets: Cache<Option<String>, (Revision, planet::Model)>,
}

impl Known {
    /// Knows nothing yet.
    #[must_use]
    pub fn new(bell: Bell) -> Self {
        Self {
            bell,
            sources: Cache::new(ROWS),
            planets: Cache::new(ROWS),
        }
    }

    /// Sources, of which only what is public may be shown: the rest may have changed since.
    ///
    /// # Errors
    /// `INTERNAL` when the store fails.
    pub async fn sources(
        &self,
        store: &Store,
        ids: &[SourceId],
    ) -> Result<HashMap<SourceId, Arc<source::Model>>> {
        // Read first: rows that are read after it are at least as new.
        let version = self.bell.version();
        let is_new = |known: &(Revision, Arc<source::Model>)| Some(known.0) == version;
        let mut found = HashMap::with_capacity(ids.len());
        let mut missing = Vec::new();
        for id in ids {
            match self.sources.get(id).filter(is_new) {
                Some((_, row)) => {
                    found.insert(*id, row);
                }
                None => missing.push(*id),
            }
        }
        for (id, row) in store.sources_by_ids(&missing).await? {
            let row = Arc::new(row);
            if let Some(version) = version {
                self.sources.insert(id, (version, Arc::clone(&row)));
            }
            found.insert(id, row);
        }
        Ok(found)
    }

    /// A planet by its slug, or the default one.
    ///
    /// # Errors
    /// `INTERNAL` when the store fails.
    pub async fn planet(&self, store: &Store, slug: Option<&str>) -> Result<Option<planet::Model>> {
        let version = self.bell.version();
        let key = slug.map(str::to_owned);
        if let Some((at, row)) = self.planets.get(&key)
            && Some(at) == version
        {
            return Ok(Some(row));
        }
        let row = match slug {
            Some(slug) => store.find_planet(slug).await?,
            None => store.default_planet().await?,
        };
        if let (Some(version), Some(row)) = (version, &row) {
            self.planets.insert(key, (version, row.clone()));
        }
        Ok(row)
    }
}
