//! JSON Feed 1.0 and 1.1. In: JSON in UTF-8. Out: a [`Document`]. Takes numbers for texts and one for many, as
//! publishers do. Must not know: XML.

use entity::{FeedFormat, FindingCode};
use serde_json::Value;

use crate::parse::date;
use crate::parse::document::{
    Document, Note, RawEnclosure, RawEntry, RawFeed, RawLink, RawPerson, RawText, TextKind,
};

/// Reads a JSON feed; none when it is not one. Of one that is broken or cut off, what stands before the items, and the items
/// that are whole.
pub(in crate::parse) fn read(text: &str, max_entries: usize) -> Option<Document> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let Some(Ok(feed)) = values.next() else {
        return salvaged(text, max_entries);
    };
    let items = feed.get("items").and_then(Value::as_array)?;
    Some(document(&feed, items, max_entries))
}

fn document(feed: &Value, items: &[Value], max_entries: usize) -> Document {
    let mut document = Document {
        format: Some(FeedFormat::JsonFeed),
        feed: facts(feed),
        entries: items.iter().take(max_entries).map(entry).collect(),
        ..Document::default()
    };
    if items.len() > max_entries {
        document.notes.push(super::too_many(max_entries));
    }
    document
}

fn salvaged(text: &str, max_entries: usize) -> Option<Document> {
    let (head, rest) = text.split_once("\"items\"")?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    let mut rest = rest.strip_prefix('[')?;
    let head = format!("{}}}", head.trim_end().trim_end_matches(','));
    let feed: Value = serde_json::from_str(&escaped(&head)).unwrap_or_default();
    let mut items = Vec::new();
    let mut whole = false;
    while items.len() <= max_entries {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if rest.starts_with(']') {
            whole = true;
            break;
        }
        let Some((item, after)) = object(rest) else {
            break;
        };
        rest = after;
        items.extend(serde_json::from_str::<Value>(&escaped(item)));
    }
    let mut document = document(&feed, &items, max_entries);
    document.notes.push(Note {
        code: if whole {
            FindingCode::MalformedXml
        } else {
            FindingCode::Truncated
        },
        message: "the JSON is broken; the items that are whole were read".to_owned(),
        count: 1,
    });
    (!items.is_empty() || feed.is_object()).then_some(document)
}

/// The object that a text begins with, up to its closing brace, and what follows.
fn object(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    let (mut quoted, mut behind_backslash) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if behind_backslash => behind_backslash = false,
            b'\\' if quoted => behind_backslash = true,
            b'"' => quoted = !quoted,
            b'{' if !quoted => depth += 1,
            b'}' if !quoted => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return text.split_at_checked(at + 1);
                }
            }
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// JSON with the line ends in its strings escaped, and without the commas before a closing bracket.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut quoted, mut behind_backslash) = (false, false);
    for c in json.chars() {
        match c {
            '\n' if quoted => out.push_str("\\n"),
            '\r' if quoted => out.push_str("\\r"),
            c if quoted && c < ' ' => out.push(' '),
            '}' | ']' if !quoted => {
                let kept = out.trim_end().trim_end_matches(',').len();
                out.truncate(kept);
                out.push(c);
            }
            _ => out.push(c),
        }
        match c {
            _ if behind_backslash => behind_backslash = false,
            '\\' if quoted => behind_backslash = true,
            '"' => quoted = !quoted,
            _ => {}
        }
    }
    out
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
        let float = || match number {
            Value::String(text) => text.trim().parse().ok(),
            _ => number.as_f64(),
        };
        number
            .as_i64()
            .or_else(|| format!("{:.0}", float()?).parse().ok())
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

#[cfg(test)]
mod tests {
    use super::read;

    fn ids(text: &str) -> Option<(Vec<String>, usize)> {
        let document = read(text, 10)?;
        let ids = document.entries.into_iter().filter_map(|entry| entry.id);
        Some((ids.collect(), document.notes.len()))
    }

    #[test]
    fn what_is_whole_is_kept_of_broken_json() {
        for (text, expected) in [
            (
                r#"{"title":"T","items":[{"id":"1"},{"id":"2"}]}"#,
                Some((2, 0)),
            ),
            (
                r#"{"title":"T","items":[{"id":"1"},{"id":"2","content_te"#,
                Some((1, 1)),
            ),
            (
                r#"{"title":"T","items":[{"id":"1","a":"}\"{"},{"id":2,},]}"#,
                Some((2, 1)),
            ),
            ("{\"items\":[{\"id\":\"a\nb\"}", Some((1, 1))),
            (r#"{"title":"T","ite"#, None),
            (r#"{"a":1"#, None),
            ("{", None),
        ] {
            let found = ids(text).map(|(ids, notes)| (ids.len(), notes));
            assert_eq!(found, expected, "{text}");
        }
    }
}
