//! Where each document is. In: the server's address, a slug, a format. Out: URLs. Pure.

use axum::http::{HeaderMap, header, uri::Authority};
use entity::EntryId;
use url::Url;

/// A document of a planet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Atom 1.0.
    Atom,
    /// RSS 2.0.
    Rss,
    /// RSS 2.0 with titles only.
    RssTitles,
    /// JSON Feed 1.1.
    Json,
    /// OPML 2.0, the sources.
    Opml,
}

const FILES: [(Format, &str, &str); 5] = [
    (
        Format::Atom,
        "atom.xml",
        "application/atom+xml; charset=utf-8",
    ),
    (Format::Rss, "rss.xml", "application/rss+xml; charset=utf-8"),
    (
        Format::RssTitles,
        "rss-titles.xml",
        "application/rss+xml; charset=utf-8",
    ),
    (Format::Json, "feed.json", "application/feed+json"),
    (Format::Opml, "opml.xml", "text/x-opml; charset=utf-8"),
];

impl Format {
    /// The format of a file's name.
    pub fn of_file(name: &str) -> Option<Self> {
        let mut files = FILES.iter();
        files
            .find(|(_, file, _)| *file == name)
            .map(|(format, _, _)| *format)
    }

    /// Its media type.
    pub fn content_type(self) -> &'static str {
        self.row().2
    }

    /// Whether older entries are in documents of their own.
    pub const fn has_archives(self) -> bool {
        matches!(self, Self::Atom | Self::Rss | Self::Json)
    }

    fn row(self) -> (Self, &'static str, &'static str) {
        let mut files = FILES.iter();
        let found = files.find(|(format, _, _)| *format == self);
        found.copied().unwrap_or((self, "", "text/plain"))
    }
}

/// Where a document is, and the others of its feed.
#[derive(Clone, Debug)]
pub struct Place {
    planet: Url,
    /// Its format.
    pub format: Format,
    /// The key at which it ends, if it is an archive.
    pub archive: Option<EntryId>,
}

impl Place {
    /// The place of a document below a server's address.
    pub fn new(base: &Url, slug: &str, format: Format, archive: Option<EntryId>) -> Self {
        let mut planet = base.clone();
        if let Ok(mut path) = planet.path_segments_mut() {
            path.pop_if_empty().extend(["planet", slug]);
        }
        Self {
            planet,
            format,
            archive,
        }
    }

    /// The planet's own address, where it names no page.
    pub fn planet(&self) -> &Url {
        &self.planet
    }

    /// This document.
    pub fn this(&self) -> Url {
        match self.archive {
            Some(end) => self.of_archive(end),
            None => self.current(),
        }
    }

    /// The document with the newest entries.
    pub fn current(&self) -> Url {
        self.below(&[self.format.row().1])
    }

    /// The archive that ends at a key.
    pub fn of_archive(&self, end: EntryId) -> Url {
        self.below(&["archive", &end.0.to_string(), self.format.row().1])
    }

    fn below(&self, parts: &[&str]) -> Url {
        let mut url = self.planet.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(parts);
        }
        url
    }
}

/// The server's address as clients see it: as it was set, else by the request's `Host`, else where it listens. What
/// proxies say in headers of their own is not believed: whoever stands behind one sets `public_url`.
pub fn base(public: Option<&Url>, address: &Url, headers: &HeaderMap) -> Url {
    if let Some(url) = public {
        return url.clone();
    }
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let authority = host.and_then(|host| host.parse::<Authority>().ok());
    let authority = authority.filter(|authority| !authority.as_str().contains('@'));
    let url = authority.and_then(|authority| Url::parse(&format!("http://{authority}/")).ok());
    url.unwrap_or_else(|| address.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_below_the_servers_address() {
        let base: Url = "https://a.org/feeds/".parse().unwrap();
        let place = Place::new(&base, "snakes", Format::Rss, Some(EntryId(122)));
        assert_eq!(
            place.this().as_str(),
            "https://a.org/feeds/planet/snakes/archive/122/rss.xml"
        );
        assert_eq!(
            place.current().as_str(),
            "https://a.org/feeds/planet/snakes/rss.xml"
        );
    }

    #[test]
    fn a_host_that_is_none_is_not_believed() {
        let address: Url = "http://127.0.0.1:8080/".parse().unwrap();
        let of = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            base(None, &address, &headers).to_string()
        };
        assert_eq!(of("planet.example:81"), "http://planet.example:81/");
        for bad in ["a@b", "a/b", "", "a b"] {
            assert_eq!(of(bad), "http://127.0.0.1:8080/", "{bad}");
        }
    }
}
