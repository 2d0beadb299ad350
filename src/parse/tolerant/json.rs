//! JSON Feed 1.0 and 1.1. In: JSON in UTF-8. Out: a [`Document`]. Takes numbers for texts and one for many, as
//! publishers do. Must not know: XML.

use entity::FeedFormat;
use serde_json::Value;

use crate::parse::date;
use crate::parse::document::{
    Document, RawEnclosure, RawEntry, RawFeed, RawLink, RawPerson, RawText, TextKind,
};

/// Reads a JSON feed; none when it is not one.
pub(in crate::parse) fn read(text: &str, max_entries: usize) -> Option<Document> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let feed = values.next()?.ok()?;
    let items = feed.get("items").and_then(Value::as_array)?;
    let mut document = Document {
        format: Some(FeedFormat::JsonFeed),
        feed: facts(&feed),
        entries: items.iter().take(max_entries).map(entry).collect(),
        ..Document::default()
    };
    if items.len() > max_entries {
        document.notes.push(super::too_many(max_entries));
    }
    Some(document)
}

fn facts(feed: &Value) -> RawFeed {
    let link = |name, rel: &str| string(feed, name).map(|href| RawLink::new(href, rel));
    let next = link("next_url", "next");
    let hubs = list(feed, "hubs")
        .iter()
        .filter_map(|hub| string(hub, "url"));
    RawFeed {
        title: plain(feed, "title"),
        description: plain(feed, "description"),
        links: link("home_page_url", "alternate")
            .into_iter()
            .chain(link("feed_url", "self"))
            .chain(next)
            .chain(hubs.map(|href| RawLink::new(href, "hub")))
            .collect(),
        language: string(feed, "language"),
        icon: link("icon", "icon").or_else(|| link("favicon", "icon")),
        authors: authors(feed),
        ..RawFeed::default()
    }
}

fn entry(item: &Value) -> RawEntry {
    let link = |name, rel: &str| string(item, name).map(|href| RawLink::new(href, rel));
    let mut unreadable = 0;
    let mut date = |name| {
        let text = string(item, name)?;
        let read = date::parse(&text);
        unreadable += i32::from(read.is_none());
        read
    };
    let html = string(item, "content_html").map(|html| RawText::new(html, TextKind::Html));
    let text = plain(item, "content_text");
    RawEntry {
        published: date("date_published"),
        updated: date("date_modified"),
        unreadable_dates: unreadable,
        id: string(item, "id"),
        id_is_link: false,
        links: link("url", "alternate")
            .or_else(|| link("external_url", "alternate"))
            .into_iter()
            .collect(),
        title: plain(item, "title"),
        summary: plain(item, "summary"),
        content: html.or(text),
        authors: authors(item),
        tags: list(item, "tags").iter().filter_map(text_of).collect(),
        enclosures: list(item, "attachments")
            .iter()
            .filter_map(attachment)
            .collect(),
        image: link("image", "icon").or_else(|| link("banner_image", "icon")),
        language: string(item, "language"),
        ..RawEntry::default()
    }
}

fn attachment(file: &Value) -> Option<RawEnclosure> {
    let whole = |name| {
        let number = file.get(name)?;
        number.as_i64().or_else(|| {
            number
                .as_f64()
                .and_then(|float| format!("{float:.0}").parse().ok())
        })
    };
    Some(RawEnclosure {
        url: string(file, "url")?,
        mime_type: string(file, "mime_type"),
        size_bytes: whole("size_in_bytes"),
        duration_seconds: whole("duration_in_seconds"),
        title: string(file, "title"),
        base: None,
    })
}

/// `authors` of version 1.1, else `author` of 1.0; either may be one or many.
fn authors(of: &Value) -> Vec<RawPerson> {
    let many = list(of, "authors");
    let found = if many.is_empty() {
        list(of, "author")
    } else {
        many
    };
    found
        .iter()
        .map(|author| RawPerson {
            name: text_of(author).or_else(|| string(author, "name")),
            uri: string(author, "url"),
            avatar: string(author, "avatar"),
            ..RawPerson::default()
        })
        .collect()
}

fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    match of.get(name) {
        Some(Value::Array(values)) => values,
        Some(Value::Null) | None => &[],
        Some(value) => std::slice::from_ref(value),
    }
}

fn plain(of: &Value, name: &str) -> Option<RawText> {
    string(of, name).map(|text| RawText::new(text, TextKind::Plain))
}

fn string(of: &Value, name: &str) -> Option<String> {
    of.get(name)
        .and_then(text_of)
        .filter(|text| !text.trim().is_empty())
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
