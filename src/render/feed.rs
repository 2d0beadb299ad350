//! A feed to be written. In: nothing. Out: plain values that every format takes. Must not know: formats, rows.

use entity::Millis;
use url::Url;

/// What a document says of the feed as a whole.
#[derive(Clone, Debug)]
pub struct Head {
    /// The same in every document and format of one feed, for ever: a URN.
    pub id: String,
    /// Its name.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// Its page.
    pub home: Url,
    /// This document.
    pub this: Url,
    /// The document with the newest entries, where this one is an archive (RFC 5005, section 4).
    pub current: Option<Url>,
    /// The archive with the entries before those of this document.
    pub previous: Option<Url>,
    /// The archive with the entries after those of this archive.
    pub next: Option<Url>,
    /// When anything in it last changed.
    pub updated: Millis,
    /// Who runs it.
    pub owner: String,
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its own for ever, and no other entry's: a URN.
    pub id: String,
    /// Its page.
    pub url: Option<String>,
    /// Plain text; may be empty.
    pub title: String,
    /// Plain text; may be empty.
    pub summary: String,
    /// Sanitised.
    pub html: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// Its place in time.
    pub published: Millis,
    /// When it was last changed.
    pub updated: Millis,
    /// Who wrote it.
    pub authors: Vec<Person>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Files that it carries.
    pub files: Vec<File>,
    /// Its picture.
    pub image: Option<String>,
    /// Where it is discussed.
    pub comments: Option<String>,
    /// The feed that it comes from.
    pub origin: Option<Origin>,
}

/// Who wrote an entry.
#[derive(Clone, Debug)]
pub struct Person {
    /// Plain text.
    pub name: String,
    /// Their page.
    pub url: Option<String>,
}

/// A file that an entry carries.
#[derive(Clone, Debug)]
pub struct File {
    /// Where it is.
    pub url: String,
    /// As its publisher says.
    pub mime_type: Option<String>,
    /// As its publisher says.
    pub bytes: Option<i64>,
    /// As its publisher says.
    pub seconds: Option<i64>,
    /// Plain text.
    pub title: Option<String>,
}

/// The feed that an entry comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Its name.
    pub title: String,
    /// Where it is polled.
    pub feed_url: String,
    /// Its page.
    pub site_url: Option<String>,
    /// When it last brought something.
    pub updated: Millis,
}

impl Item {
    /// A title that is never empty, for formats and readers that need one.
    #[must_use]
    pub fn title_or_else(&self) -> String {
        const MOST: usize = 80;
        let title = self.title.trim();
        if !title.is_empty() {
            return title.to_owned();
        }
        let summary: String = self.summary.trim().chars().take(MOST).collect();
        match (summary.is_empty(), &self.url) {
            (false, _) => summary,
            (true, Some(url)) => url.clone(),
            (true, None) => "Untitled".to_owned(),
        }
    }
}

impl File {
    /// A media type that is well formed (RFC 2045): the publisher's own, or that of any bytes.
    #[must_use]
    pub fn media_type(&self) -> &str {
        let is_token = |text: &str| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
            !text.is_empty() && text.bytes().all(allowed)
        };
        let given = self.mime_type.as_deref().map(str::trim).unwrap_or_default();
        let is_type = given
            .split_once('/')
            .is_some_and(|(kind, name)| is_token(kind) && is_token(name));
        if is_type {
            given
        } else {
            "application/octet-stream"
        }
    }
}

/// A web address as a URI: absolute, ASCII, http or https. Anything else is left out of feeds.
#[must_use]
pub fn uri(text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&byte);
    let text = String::from(url);
    (is_web && text.bytes().all(is_plain)).then_some(text)
}

/// A BCP 47 tag in its usual form; anything else is left out of feeds.
#[must_use]
pub fn language(tag: &str) -> Option<&str> {
    let mut parts = tag.split('-');
    let first = parts.next()?;
    let is_language =
        (2..=8).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
    let fits = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    (is_language && parts.all(fits)).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_uri_is_left_out() {
        assert_eq!(
            uri("http://a.org/ä b"),
            Some("http://a.org/%C3%A4%20b".to_owned())
        );
        assert_eq!(uri("http://a.org/a|b?^"), None);
        for bad in ["javascript:alert(1)", "/x", "", "mailto:a@b"] {
            assert_eq!(uri(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_no_language_is_left_out() {
        assert_eq!(language("en-GB"), Some("en-GB"));
        for bad in ["", "english language", "x", "en_GB", "en-"] {
            assert_eq!(language(bad), None, "{bad}");
        }
    }
}
