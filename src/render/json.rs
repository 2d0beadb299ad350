//! JSON Feed 1.1. In: a head and entries. Out: the pieces of a document. Pure.

use serde_json::{Map, Value, json};

use super::feed::{Head, Item, language, uri};
use super::when::rfc3339;

/// The end of a document.
pub const FOOT: &str = "\n]}\n";

/// Everything before the first entry; older entries are the next page.
#[must_use]
pub fn head(head: &Head) -> String {
    let mut object = object(json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": head.title,
        "home_page_url": head.home.as_str(),
        "feed_url": head.this.as_str(),
        "authors": [{"name": head.owner}],
    }));
    put(&mut object, "description", head.description.clone());
    put(
        &mut object,
        "next_url",
        head.previous.as_ref().map(|url| url.as_str().to_owned()),
    );
    let text = Value::Object(object).to_string();
    // The object is left open for its items.
    let open = text.strip_suffix('}').unwrap_or(&text);
    format!("{open},\"items\":[\n")
}

/// One entry; a comma stands between it and the one before.
#[must_use]
pub fn item(item: &Item, is_first: bool) -> String {
    let mut object = object(json!({"id": item.id}));
    put(&mut object, "url", item.url.as_deref().and_then(uri));
    put(&mut object, "title", some(&item.title));
    match &item.html {
        Some(html) => put(&mut object, "content_html", Some(html.clone())),
        // An item must have content of one kind.
        None => put(&mut object, "content_text", Some(item.summary.clone())),
    }
    put(&mut object, "summary", some(&item.summary));
    put(&mut object, "image", item.image.as_deref().and_then(uri));
    put(&mut object, "date_published", Some(rfc3339(item.published)));
    put(&mut object, "date_modified", Some(rfc3339(item.updated)));
    let tag = item.language.as_deref().and_then(language);
    put(&mut object, "language", tag.map(str::to_owned));
    let authors = item.authors.iter().map(|author| {
        let mut person = self::object(json!({"name": author.name}));
        put(&mut person, "url", author.url.as_deref().and_then(uri));
        Value::Object(person)
    });
    list(&mut object, "authors", authors.collect());
    list(
        &mut object,
        "tags",
        item.tags.iter().cloned().map(Value::from).collect(),
    );
    list(&mut object, "attachments", attachments(item));
    if let Some(origin) = &item.origin {
        let mut from = self::object(json!({
            "about": "The feed that this entry comes from.",
            "title": origin.title,
        }));
        put(&mut from, "feed_url", uri(&origin.feed_url));
        put(
            &mut from,
            "home_page_url",
            origin.site_url.as_deref().and_then(uri),
        );
        object.insert("_source".to_owned(), Value::Object(from));
    }
    let comma = if is_first { "" } else { ",\n" };
    format!("{comma}{}", Value::Object(object))
}

fn attachments(item: &Item) -> Vec<Value> {
    let files = item.files.iter().filter_map(|file| {
        let mut object = object(json!({"url": uri(&file.url)?, "mime_type": file.media_type()}));
        put(&mut object, "title", file.title.clone());
        let count = |number: Option<i64>| number.filter(|number| *number >= 0);
        if let Some(bytes) = count(file.bytes) {
            object.insert("size_in_bytes".to_owned(), bytes.into());
        }
        if let Some(seconds) = count(file.seconds) {
            object.insert("duration_in_seconds".to_owned(), seconds.into());
        }
        Some(Value::Object(object))
    });
    files.collect()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn some(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.to_owned())
}

fn put(object: &mut Map<String, Value>, name: &str, value: Option<String>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), value.into());
    }
}

fn list(object: &mut Map<String, Value>, name: &str, values: Vec<Value>) {
    if !values.is_empty() {
        object.insert(name.to_owned(), Value::Array(values));
    }
}
