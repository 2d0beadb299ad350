//! Namespaces, told by their URI in any spelling, or by the usual prefix where none is declared. In: start tags. Out: which
//! vocabulary a name is from, and the `xml:base` and `xml:lang` in force. Must not know: elements.

use std::sync::Arc;

use super::tag;
use crate::parse::Base;
use crate::parse::reference::unescape;

/// Prefixes in force at one place, beyond which none is taken: each element below has to copy them.
const MOST_PREFIXES: usize = 64;
/// The same for `xml:base`.
const MOST_BASES: usize = 20;

/// A vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// That of the root element, or none.
    Own,
    Atom,
    DublinCore,
    Content,
    Media,
    Itunes,
    Podcast,
    Syndication,
    Xhtml,
    Rdf,
    /// RFC 6721.
    Tombstones,
    /// RFC 5005.
    History,
    /// Any other.
    Other,
}

/// What is in force at a place in the document.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    prefixes: Vec<(String, Space)>,
    default: Option<Space>,
    /// The vocabulary of the root element.
    own: Option<Space>,
    /// `xml:base` values, outermost first.
    pub base: Base,
    /// `xml:lang`.
    pub language: Option<String>,
}

impl Scope {
    /// The scope of a root element: its own vocabulary becomes [`Space::Own`].
    pub(super) fn root(name: &str, attributes: &str) -> Self {
        let mut scope = Self::default();
        scope.declare(attributes);
        let (space, _) = scope.resolve(name);
        if space == Space::Other {
            scope.default = None;
        } else if space != Space::Rdf {
            scope.own = Some(space);
        }
        scope.default = scope.default.map(|found| scope.known(found));
        let renamed = scope
            .prefixes
            .iter()
            .map(|(prefix, found)| (prefix.clone(), scope.known(*found)));
        scope.prefixes = renamed.collect();
        scope
    }

    /// The scope inside an element; shared with its parent's when the element declares nothing.
    pub(super) fn enter(outer: &Arc<Self>, attributes: &str) -> Arc<Self> {
        if !attributes.contains("xml") {
            return Arc::clone(outer);
        }
        let mut scope = Self::clone(outer);
        let default = scope.default;
        scope.declare(attributes);
        // An inner default declaration of an unknown vocabulary is not believed.
        if scope.default == Some(Space::Other) {
            scope.default = default;
        }
        Arc::new(scope)
    }

    /// The same with something else that links are relative to.
    pub(super) fn based_on(&self, base: &str) -> Arc<Self> {
        Arc::new(Self {
            base: Some([unescape(base).into_owned()].into()),
            ..self.clone()
        })
    }

    /// [`Space::Own`] for the vocabulary of the root.
    fn known(&self, space: Space) -> Space {
        if self.own == Some(space) {
            Space::Own
        } else {
            space
        }
    }

    fn declare(&mut self, attributes: &str) {
        for (name, value) in tag::attributes(attributes).map(|(name, value)| (name, value.text)) {
            if let Some(prefix) = name.strip_prefix("xmlns:") {
                // A usual prefix says more than an address that nobody knows, which is mostly a wrong one.
                let space = match by_uri(value) {
                    Space::Other => by_prefix(prefix),
                    space => self.known(space),
                };
                if self.prefixes.len() < MOST_PREFIXES {
                    self.prefixes.push((prefix.to_owned(), space));
                }
            } else if name == "xmlns" {
                self.default = Some(self.known(by_uri(value)));
            } else if name == "xml:base" && !value.trim().is_empty() {
                let value = unescape(value).trim().to_owned();
                let outer = self.base.iter().flat_map(|bases| bases.iter().cloned());
                self.base = Some(outer.take(MOST_BASES).chain([value]).collect());
            } else if name == "xml:lang" {
                self.language = Some(value.trim().to_owned()).filter(|tag| !tag.is_empty());
            }
        }
    }

    /// The vocabulary of a name and the name without prefix.
    pub(super) fn resolve<'a>(&self, name: &'a str) -> (Space, &'a str) {
        let Some((prefix, local)) = name.split_once(':') else {
            return (self.default.unwrap_or(Space::Own), name);
        };
        let declared = self
            .prefixes
            .iter()
            .rev()
            .find(|(known, _)| known == prefix);
        let space = declared.map_or_else(|| by_prefix(prefix), |(_, space)| *space);
        (space, local)
    }
}

fn by_uri(uri: &str) -> Space {
    const KNOWN: &[(&str, Space)] = &[
        ("www.w3.org/2005/atom", Space::Atom),
        ("purl.org/atom/", Space::Atom),
        ("purl.org/dc/", Space::DublinCore),
        ("purl.org/rss/1.0/modules/dc", Space::DublinCore),
        ("purl.org/rss/1.0/modules/content", Space::Content),
        ("purl.org/rss/1.0/modules/syndication", Space::Syndication),
        ("purl.org/rss/1.0/modules/", Space::Other),
        ("purl.org/rss/", Space::Own),
        ("purl.org/net/rss", Space::Own),
        ("my.netscape.com/", Space::Own),
        ("channel.netscape.com/", Space::Own),
        ("backend.userland.com/", Space::Own),
        ("blogs.law.harvard.edu/", Space::Own),
        ("cyber.law.harvard.edu/", Space::Own),
        ("search.yahoo.com/mrss", Space::Media),
        ("tools.search.yahoo.com/mrss", Space::Media),
        ("video.search.yahoo.com/mrss", Space::Media),
        ("www.rssboard.org/media-rss", Space::Media),
        ("www.itunes.com/", Space::Itunes),
        ("itunes.com/", Space::Itunes),
        ("example.com/dtds/podcast", Space::Itunes),
        ("podcastindex.org/namespace/", Space::Podcast),
        (
            "github.com/podcastindex-org/podcast-namespace/",
            Space::Podcast,
        ),
        ("purl.org/atompub/tombstones/", Space::Tombstones),
        ("purl.org/syndication/history/", Space::History),
        ("www.w3.org/1999/xhtml", Space::Xhtml),
        ("www.w3.org/1999/02/22-rdf-syntax-ns", Space::Rdf),
    ];
    let uri = uri.trim().to_ascii_lowercase();
    let bare = uri.split_once("://").map_or(uri.as_str(), |(_, rest)| rest);
    if bare.is_empty() {
        return Space::Own;
    }
    KNOWN
        .iter()
        .find(|(start, _)| bare.starts_with(start))
        .map_or(Space::Other, |(_, space)| *space)
}

fn by_prefix(prefix: &str) -> Space {
    match prefix.to_ascii_lowercase().as_str() {
        "atom" | "atom10" | "a10" => Space::Atom,
        "dc" | "dcterms" => Space::DublinCore,
        "content" => Space::Content,
        "media" => Space::Media,
        "itunes" => Space::Itunes,
        "podcast" => Space::Podcast,
        "sy" => Space::Syndication,
        "xhtml" | "html" => Space::Xhtml,
        "rdf" => Space::Rdf,
        "at" => Space::Tombstones,
        "fh" => Space::History,
        "rss" => Space::Own,
        _ => Space::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vocabularies_are_told_in_any_spelling() {
        let scope = Scope::root(
            "feed",
            " xmlns='https://www.w3.org/2005/Atom' xmlns:x='HTTP://Purl.org/DC/elements/1.1/' xml:base=\"/a/\" xml:lang='de'",
        );
        assert_eq!(scope.resolve("title"), (Space::Own, "title"));
        assert_eq!(scope.resolve("x:date"), (Space::DublinCore, "date"));
        assert_eq!(scope.resolve("media:title"), (Space::Media, "title"));
        assert_eq!(scope.language.as_deref(), Some("de"));
        assert_eq!(scope.base.as_deref(), Some(&["/a/".to_owned()][..]));
    }

    #[test]
    fn a_usual_prefix_counts_where_its_address_is_wrong() {
        let scope = Scope::root(
            "rss",
            " xmlns:dc='http://dublincore.example/' xmlns:x='http://x.example/' xmlns:content='http://purl.org/dc/terms/'",
        );
        assert_eq!(scope.resolve("dc:date"), (Space::DublinCore, "date"));
        assert_eq!(scope.resolve("x:date"), (Space::Other, "date"));
        assert_eq!(scope.resolve("content:date"), (Space::DublinCore, "date"));
    }

    #[test]
    fn the_root_prefix_is_its_own_vocabulary() {
        let scope = Scope::root("a:feed", " xmlns:a='http://www.w3.org/2005/Atom'");
        assert_eq!(scope.resolve("a:title"), (Space::Own, "title"));
        let scope = Scope::root(
            "rss",
            " xmlns='http://www.w3.org/2005/Atom' xmlns:atom='http://www.w3.org/2005/Atom'",
        );
        assert_eq!(scope.resolve("item"), (Space::Own, "item"));
    }
}
