//! The second opinion: feed-rs, with what it does to ids, dates and panics kept out. In: a whole document in UTF-8 in which
//! our reader found no entry. Out: a [`Document`], or none when feed-rs refuses it. Must not know: why it is asked.

use std::panic::{AssertUnwindSafe, catch_unwind};

use entity::{FeedFormat, Millis};
use feed_rs::model;

use super::date;
use super::document::{
    Document, RawEnclosure, RawEntry, RawFeed, RawLink, RawPerson, RawText, TextKind,
};
use super::tolerant;

/// Documents nested deeper than this are not given to feed-rs, which goes down with them.
const DEEPEST: usize = 200;

/// Marks an id that feed-rs was asked to invent: it reads as none.
const NO_ID: &str = "\u{0}none";

/// Reads a document with feed-rs; none when it refuses or panics. Without the declaration, which names the encoding that the
/// bytes had, and makes quick-xml panic where it does not stand at the very beginning.
pub(super) fn read(text: &str) -> Option<Document> {
    let json = text.starts_with('{').then_some(text);
    let text = tolerant::from_root(text).or(json)?;
    if !tolerant::depth_within(text, DEEPEST) {
        return None;
    }
    let parser = feed_rs::parser::Builder::new()
        .sanitize_content(false)
        .id_generator(|_, _, _| NO_ID.to_owned())
        .timestamp_parser(|text| {
            date::parse(text).and_then(|at| chrono::DateTime::from_timestamp_millis(at.0))
        })
        .build();
    let feed = catch_unwind(AssertUnwindSafe(|| parser.parse(text.as_bytes())))
        .ok()?
        .ok()?;
    Some(document(feed))
}

fn document(feed: model::Feed) -> Document {
    let format = match feed.feed_type {
        model::FeedType::Atom => FeedFormat::Atom1,
        model::FeedType::JSON => FeedFormat::JsonFeed,
        model::FeedType::RSS0 => FeedFormat::Rss0,
        model::FeedType::RSS1 => FeedFormat::Rss1,
        model::FeedType::RSS2 => FeedFormat::Rss2,
    };
    Document {
        format: Some(format),
        entries: feed.entries.into_iter().map(entry).collect(),
        feed: RawFeed {
            title: feed.title.map(text),
            description: feed.description.map(text),
            links: feed.links.into_iter().map(link).collect(),
            language: feed.language,
            icon: feed
                .icon
                .or(feed.logo)
                .map(|image| RawLink::new(image.uri, "icon")),
            authors: feed.authors.into_iter().map(person).collect(),
            ttl_seconds: feed.ttl.map(|minutes| i64::from(minutes) * 60),
            ..RawFeed::default()
        },
        ..Document::default()
    }
}

fn entry(entry: model::Entry) -> RawEntry {
    let (files, links): (Vec<_>, Vec<_>) = entry
        .links
        .into_iter()
        .map(link)
        .partition(|link| link.rel == "enclosure");
    let from_links = files.into_iter().map(|link| RawEnclosure {
        url: link.href,
        mime_type: link.mime_type,
        ..RawEnclosure::default()
    });
    RawEntry {
        id: Some(entry.id).filter(|id| id != NO_ID && !id.is_empty()),
        title: entry.title.map(text),
        summary: entry.summary.map(text),
        content: entry.content.and_then(content),
        published: entry.published.map(millis),
        updated: entry.updated.map(millis),
        authors: entry.authors.into_iter().map(person).collect(),
        tags: entry
            .categories
            .into_iter()
            .map(|tag| tag.label.unwrap_or(tag.term))
            .collect(),
        image: entry
            .media
            .iter()
            .flat_map(|media| &media.thumbnails)
            .next()
            .map(|thumbnail| RawLink::new(thumbnail.image.uri.clone(), "icon")),
        enclosures: from_links
            .chain(entry.media.iter().flat_map(enclosures))
            .collect(),
        language: entry.language,
        base: entry.base.map(|base| [base].into()),
        links,
        ..RawEntry::default()
    }
}

fn enclosures(media: &model::MediaObject) -> impl Iterator<Item = RawEnclosure> {
    media.content.iter().filter_map(|content| {
        Some(RawEnclosure {
            url: content.url.as_ref()?.to_string(),
            mime_type: content.content_type.as_ref().map(ToString::to_string),
            size_bytes: content.size.and_then(|size| i64::try_from(size).ok()),
            duration_seconds: content
                .duration
                .or(media.duration)
                .and_then(|duration| i64::try_from(duration.as_secs()).ok()),
            title: media.title.as_ref().map(|title| title.content.clone()),
            ..RawEnclosure::default()
        })
    })
}

fn content(content: model::Content) -> Option<RawText> {
    let kind = kind(content.content_type.as_str());
    content.body.map(|body| RawText::new(body, kind))
}

fn text(text: model::Text) -> RawText {
    let kind = match kind(text.content_type.as_str()) {
        TextKind::Plain => TextKind::Unsaid,
        other => other,
    };
    RawText::new(text.content, kind)
}

fn kind(mime_type: &str) -> TextKind {
    if mime_type.contains("html") {
        TextKind::Html
    } else {
        TextKind::Plain
    }
}

fn link(link: model::Link) -> RawLink {
    let rel = match link.target {
        Some(model::LinkTarget::Comments) => "replies".to_owned(),
        Some(model::LinkTarget::CommentsFeed) => "comments-feed".to_owned(),
        None => link.rel.unwrap_or_else(|| "alternate".to_owned()),
    };
    RawLink {
        rel,
        mime_type: link.media_type,
        href: link.href,
        base: None,
    }
}

fn person(person: model::Person) -> RawPerson {
    RawPerson {
        name: person.name,
        email: person.email,
        uri: person.uri,
        ..RawPerson::default()
    }
}

fn millis(at: chrono::DateTime<chrono::Utc>) -> Millis {
    Millis(at.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_declaration_that_comes_late_stops_nothing() {
        let feed = "<rss version=\"2.0\"><channel><title>Caf\u{e9}</title><item><title>One</title></item></channel></rss>";
        for before in [
            "",
            "<!-- first --><?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>",
            "\n\n<?xml version=\"1.0\"?><?xml version=\"1.0\" encoding=\"utf-16\"?>",
        ] {
            let document = read(&format!("{before}{feed}")).expect(before);
            let title = document.feed.title.map(|title| title.value);
            assert_eq!(title.as_deref(), Some("Caf\u{e9}"), "{before}");
            assert_eq!(document.entries.len(), 1);
        }
    }

    #[test]
    fn what_entries_say_about_declarations_is_kept() {
        let said = "starts with <?xml";
        let xml = format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><item><title><![CDATA[{said}]]></title></item></channel></rss>"
        );
        let json = format!(
            r#"{{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": [{{"id": "1", "title": "{said}", "content_text": "x"}}]}}"#
        );
        for text in [xml, json] {
            let document = read(&text).expect(&text);
            let title = document.entries[0].title.as_ref().expect(&text);
            assert_eq!(title.value, said, "{text}");
        }
    }
}
