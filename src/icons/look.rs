//! Where a source's icon may be: where the feed says, where its page says, or where icons lie by custom. In: a source.
//! Out: the first picture that is one. Must not know: SQL.

use std::error::Error;

use entity::source;
use url::Url;

use super::Icons;
use super::sniff::picture_type;
use crate::fetch::{Fetcher, Outcome};
use crate::parse;
use crate::store::Picture;

/// Most addresses that are tried for one source.
const MOST: usize = 6;

impl Icons {
    /// The first picture that is small enough and one by its own bytes.
    pub(super) async fn find(&self, source: &source::Model) -> Option<Picture> {
        let declared = source
            .icon_url
            .as_deref()
            .and_then(|url| Url::parse(url).ok());
        if let Some(picture) = self.picture(declared.as_ref()).await {
            return Some(picture);
        }
        let site = source.site_url.as_deref().unwrap_or(&source.feed_url);
        let site = Url::parse(site).ok()?;
        let mut candidates = self.of_page(&site).await;
        candidates.truncate(MOST);
        candidates.extend(site.join("/favicon.ico").ok());
        for url in &candidates {
            if Some(url) == declared.as_ref() {
                continue;
            }
            if let Some(picture) = self.picture(Some(url)).await {
                return Some(picture);
            }
        }
        None
    }

    async fn of_page(&self, site: &Url) -> Vec<Url> {
        let Some((bytes, content_type, url)) = self.get(self.poller.fetcher(), site).await else {
            return Vec::new();
        };
        // Reading a page takes a moment of the processor.
        let reading = move || parse::icons(&bytes, content_type.as_deref(), &url);
        let read = tokio::task::spawn_blocking(reading).await;
        // A page that stops the reader has no icons.
        read.unwrap_or_default()
    }

    async fn picture(&self, url: Option<&Url>) -> Option<Picture> {
        let url = url?;
        let (bytes, _, _) = self.get(&self.pictures, url).await?;
        let mime_type = picture_type(&bytes)?;
        Some(Picture {
            mime_type,
            bytes: bytes.to_vec(),
            url: url.to_string(),
        })
    }

    async fn get(
        &self,
        fetcher: &Fetcher,
        url: &Url,
    ) -> Option<(bytes::Bytes, Option<String>, Url)> {
        let outcome = self.poller.fetch_aside(fetcher, url).await;
        let outcome = outcome.unwrap_or_else(|error| {
            let error: &dyn Error = &error;
            tracing::warn!(error, "icon not looked for");
            None
        });
        match outcome? {
            Outcome::Body {
                answer,
                bytes,
                content_type,
            } => Some((bytes, content_type, answer.final_url)),
            _ => None,
        }
    }
}
