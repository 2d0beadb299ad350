//! The rules of the feedvalidator (validator.w3.org/feed), as far as documents of a planet can break them. In: a document.
//! Out: every breach, named as the feedvalidator names it. Must not know: where the document is from.

use std::collections::{BTreeSet, HashSet};

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

/// An element with what is in it.
#[derive(Clone, Debug, Default)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    pub text: String,
}

impl Element {
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub fn one(&self, name: &str) -> Option<&str> {
        let mut children = self.children.iter();
        let child = children.find(|child| child.name == name)?;
        Some(child.text.as_str())
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        let mut all = self.attributes.iter();
        all.find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// Where the link with a relation leads.
    pub fn link(&self, element: &str, rel: &str) -> Option<String> {
        let mut links = self.all(element);
        let link = links.find(|link| link.attribute("rel") == Some(rel))?;
        link.attribute("href").map(str::to_owned)
    }
}

/// Reads a document as XML 1.0 and nothing less.
pub fn xml(text: &str) -> Result<Element, String> {
    let bad = |character: char| {
        let is_control = character < ' ' && !matches!(character, '\t' | '\n' | '\r');
        is_control || matches!(character, '\u{fffe}' | '\u{ffff}')
    };
    if let Some(character) = text.chars().find(|character| bad(*character)) {
        return Err(format!("BadCharacters: {character:?}"));
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut open = vec![Element::default()];
    loop {
        match reader
            .read_event()
            .map_err(|error| format!("SAXError: {error}"))?
        {
            Event::Eof => break,
            Event::Start(start) => open.push(element(&start)?),
            Event::Empty(start) => {
                let child = element(&start)?;
                open.last_mut().expect("the document").children.push(child);
            }
            Event::End(_) => {
                let child = open.pop().ok_or("SAXError: an end too many")?;
                open.last_mut()
                    .ok_or("SAXError: an end too many")?
                    .children
                    .push(child);
            }
            Event::Text(text) => {
                let text = text.xml10_content();
                if text.contains("]]>") {
                    return Err("SAXError: ]]> in text".to_owned());
                }
                open.last_mut().expect("the document").text.push_str(&text);
            }
            Event::GeneralRef(name) => {
                let name = name.xml10_content();
                let value = quick_xml::escape::unescape(&format!("&{name};"))
                    .map_err(|error| format!("UndefinedNamedEntity: {error}"))?
                    .into_owned();
                open.last_mut().expect("the document").text.push_str(&value);
            }
            _ => {}
        }
    }
    if open.len() != 1 {
        return Err("SAXError: an element is not closed".to_owned());
    }
    let mut document = open.remove(0);
    if document.children.len() != 1 {
        return Err("SAXError: not one root".to_owned());
    }
    Ok(document.children.remove(0))
}

fn element(start: &quick_xml::events::BytesStart<'_>) -> Result<Element, String> {
    let name = start.name().0.to_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| format!("SAXError: {error}"))?;
        let key = attribute.key.0.to_owned();
        let raw = attribute.value.clone().into_owned();
        if raw.contains('<') {
            return Err("SAXError: < in an attribute".to_owned());
        }
        let value =
            quick_xml::escape::unescape(&raw).map_err(|error| format!("SAXError: {error}"))?;
        attributes.push((key, value.into_owned()));
    }
    Ok(Element {
        name,
        attributes,
        ..Element::default()
    })
}

/// Breaches of RFC 4287.
pub fn atom(feed: &Element, address: &str) -> Vec<String> {
    let mut found = Breaches::default();
    found.check(feed.name == "feed", "UndefinedElement");
    found.check(
        feed.attribute("xmlns") == Some("http://www.w3.org/2005/Atom"),
        "MissingNamespace",
    );
    for name in ["id", "title", "updated"] {
        found.once(feed, name);
    }
    found.check(
        feed.link("link", "self").as_deref() == Some(address),
        "SelfDoesntMatchLocation",
    );
    found.check(
        feed.link("link", "alternate").is_some(),
        "MissingAlternateLink",
    );
    found.check(feed.all("author").count() > 0, "MissingElement author");
    found.urn(feed.one("id"));
    found.rfc3339(feed.one("updated"));
    let mut ids = HashSet::new();
    for entry in feed.all("entry") {
        let id = entry.one("id").map(str::to_owned);
        found.check(ids.insert(id), "DuplicateIds");
        atom_entry(entry, feed.one("updated"), &mut found);
    }
    found.0.into_iter().collect()
}

fn atom_entry(entry: &Element, updated: Option<&str>, found: &mut Breaches) {
    for name in ["id", "title", "updated", "published"] {
        found.once(entry, name);
    }
    found.check(
        entry.all("content").count() == 1,
        "MissingContentOrAlternate",
    );
    found.check(
        entry.all("summary").count() <= 1,
        "DuplicateElement summary",
    );
    let alternates = entry
        .all("link")
        .filter(|link| link.attribute("rel") == Some("alternate"));
    found.check(alternates.count() <= 1, "DuplicateAtomLink");
    found.urn(entry.one("id"));
    found.rfc3339(entry.one("updated"));
    found.rfc3339(entry.one("published"));
    found.check(entry.one("updated") <= updated, "EntryUpdatedAfterFeed");
    for link in entry.all("link") {
        found.uri(link.attribute("href"));
        found.check(
            link.attribute("length")
                .is_none_or(|n| n.parse::<u64>().is_ok()),
            "InvalidInteger",
        );
    }
    for person in entry.all("author") {
        found.check(
            person
                .one("name")
                .is_some_and(|name| !name.trim().is_empty()),
            "NotBlank name",
        );
        found.check(person.all("uri").all(|uri| is_uri(&uri.text)), "InvalidURI");
    }
    for category in entry.all("category") {
        found.check(
            category
                .attribute("term")
                .is_some_and(|term| !term.trim().is_empty()),
            "NotBlank term",
        );
    }
    for source in entry.all("source") {
        for name in ["id", "title", "updated"] {
            found.once(source, name);
        }
        found.uri(source.one("id"));
        found.rfc3339(source.one("updated"));
    }
    if let Some(language) = entry.attribute("xml:lang") {
        found.check(is_language(language), "InvalidLanguage");
    }
}

/// Breaches of RSS 2.0 and of the RSS Advisory Board's best practices.
pub fn rss(rss: &Element, address: &str) -> Vec<String> {
    let mut found = Breaches::default();
    found.check(
        rss.name == "rss" && rss.attribute("version") == Some("2.0"),
        "UndefinedVersion",
    );
    let Some(channel) = rss.all("channel").next() else {
        return vec!["MissingChannel".to_owned()];
    };
    for name in ["title", "link", "description", "lastBuildDate"] {
        found.once(channel, name);
    }
    found.uri(channel.one("link"));
    found.rfc822(channel.one("lastBuildDate"));
    found.check(
        channel.link("atom:link", "self").as_deref() == Some(address),
        "MissingAtomSelfLink",
    );
    let mut ids = HashSet::new();
    for item in channel.all("item") {
        let id = item.one("guid").map(str::to_owned);
        found.check(ids.insert(id), "DuplicateGuid");
        rss_item(item, &mut found);
    }
    found.0.into_iter().collect()
}

fn rss_item(item: &Element, found: &mut Breaches) {
    let has_text = item.all("title").count() + item.all("description").count() > 0;
    found.check(has_text, "MissingItemTitleOrDescription");
    found.once(item, "guid");
    found.once(item, "pubDate");
    let guid = item.all("guid").next();
    found.check(
        guid.and_then(|guid| guid.attribute("isPermaLink")) == Some("false"),
        "InvalidPermalink",
    );
    found.rfc822(item.one("pubDate"));
    found.check(
        item.all("title").all(|title| !title.text.trim().is_empty()),
        "NotBlank title",
    );
    found.check(
        item.all("author").count() == 0,
        "ContainsEmailOrUseDcCreator",
    );
    found.check(
        item.all("link").all(|link| is_uri(&link.text)),
        "InvalidFullLink",
    );
    found.check(
        item.all("comments").all(|link| is_uri(&link.text)),
        "InvalidFullLink",
    );
    found.check(item.all("enclosure").count() <= 1, "DuplicateEnclosure");
    for file in item.all("enclosure") {
        found.uri(file.attribute("url"));
        found.check(
            file.attribute("length")
                .is_some_and(|n| n.parse::<u64>().is_ok()),
            "InvalidIntegerAttribute",
        );
        found.check(
            file.attribute("type")
                .is_some_and(|kind| kind.contains('/')),
            "InvalidMIMEType",
        );
    }
    for source in item.all("source") {
        found.uri(source.attribute("url"));
    }
    for category in item.all("category") {
        found.check(!category.text.trim().is_empty(), "NotBlank category");
    }
}

/// Breaches of JSON Feed 1.1.
pub fn json(feed: &Value, address: &str) -> Vec<String> {
    let mut found = Breaches::default();
    found.check(
        feed["version"] == "https://jsonfeed.org/version/1.1",
        "version",
    );
    found.check(feed["title"].is_string(), "title");
    found.check(feed["feed_url"] == address, "feed_url");
    found.uri(feed["home_page_url"].as_str());
    let mut ids = HashSet::new();
    for item in feed["items"].as_array().expect("items") {
        found.check(
            item["id"]
                .as_str()
                .is_some_and(|id| ids.insert(id.to_owned())),
            "id",
        );
        let has_content = item["content_html"].is_string() || item["content_text"].is_string();
        found.check(has_content, "content_html or content_text");
        for name in ["date_published", "date_modified"] {
            found.rfc3339(item[name].as_str());
        }
        for file in item["attachments"].as_array().into_iter().flatten() {
            found.uri(file["url"].as_str());
            found.check(file["mime_type"].is_string(), "mime_type");
        }
        found.check(
            item.get("url")
                .is_none_or(|url| url.as_str().is_some_and(is_uri)),
            "url",
        );
    }
    found.0.into_iter().collect()
}

#[derive(Default)]
struct Breaches(BTreeSet<String>);

impl Breaches {
    fn check(&mut self, holds: bool, name: &str) {
        if !holds {
            self.0.insert(name.to_owned());
        }
    }

    fn once(&mut self, parent: &Element, name: &str) {
        self.check(
            parent.all(name).count() == 1,
            &format!("MissingElement or DuplicateElement {name}"),
        );
    }

    fn uri(&mut self, uri: Option<&str>) {
        self.check(uri.is_some_and(is_uri), &format!("InvalidURI {uri:?}"));
    }

    fn urn(&mut self, id: Option<&str>) {
        let hex = id
            .and_then(|id| id.strip_prefix("urn:uuid:"))
            .unwrap_or_default();
        let parts: Vec<usize> = hex.split('-').map(str::len).collect();
        let is_hex = hex
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
        self.check(parts == [8, 4, 4, 4, 12] && is_hex, "InvalidURN");
    }

    fn rfc3339(&mut self, text: Option<&str>) {
        let valid = text.is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok());
        self.check(valid, &format!("InvalidRFC3339Date {text:?}"));
    }

    fn rfc822(&mut self, text: Option<&str>) {
        let valid = text.is_some_and(|text| chrono::DateTime::parse_from_rfc2822(text).is_ok());
        self.check(valid, &format!("InvalidRFC2822Date {text:?}"));
    }
}

fn is_uri(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&byte);
    text.parse::<url::Url>().is_ok() && text.bytes().all(is_plain)
}

fn is_language(tag: &str) -> bool {
    let fits = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    tag.len() >= 2 && tag.split('-').all(fits)
}
