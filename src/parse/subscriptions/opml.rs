//! OPML 1 and 2 subscription lists, broken ones too: bare ampersands, wrong nesting and a missing end
//! are common in the wild. In: text. Out: feeds. Must not know: other formats.

use entity::{SubscriptionFormat, UserErrorCode};
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::{Malformed, Problem, Subscription, Subscriptions, add_tags, feed_url, plain, shorten};

/// Reads an OPML document.
pub fn read(document: &str) -> Result<Subscriptions, Malformed> {
    let mut outline = Outline::new();
    let mut lines = Lines::new(document);
    let mut reader = Reader::from_str(document);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    loop {
        let line = lines.at(reader.buffer_position());
        match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => outline.take(line, &event),
            Err(error) => {
                outline.report(
                    line,
                    "",
                    UserErrorCode::MalformedDocument,
                    &format!("the XML cannot be read from here on: {error}"),
                );
                break;
            }
        }
    }
    if outline.is_opml {
        return Ok(outline.read);
    }
    Err(Malformed {
        line: 1,
        message: outline.root.map_or_else(
            || "this is no XML document; OPML begins with <opml>".to_owned(),
            |root| {
                format!(
                    "this is a document of <{}>, not OPML: it has no <opml>",
                    shorten(&root)
                )
            },
        ),
    })
}

/// What was read so far.
struct Outline {
    read: Subscriptions,
    root: Option<String>,
    is_opml: bool,
    /// Of the open outlines: the group's name, or none for one that is no group.
    groups: Vec<Option<String>>,
    /// The text of the open `<title>`.
    title: Option<String>,
}

impl Outline {
    fn new() -> Self {
        Self {
            read: Subscriptions {
                format: SubscriptionFormat::Opml,
                title: None,
                feeds: Vec::new(),
                problems: Vec::new(),
            },
            root: None,
            is_opml: false,
            groups: Vec::new(),
            title: None,
        }
    }

    fn take(&mut self, line: usize, event: &Event) {
        match event {
            Event::Start(tag) => self.open(line, tag, false),
            Event::Empty(tag) => self.open(line, tag, true),
            Event::End(tag) if is(tag.local_name().as_ref(), "outline") => {
                self.groups.pop();
            }
            Event::End(tag) if is(tag.local_name().as_ref(), "title") => {
                let title = self.title.take();
                self.read.title = title.and_then(|title| plain(&title));
            }
            _ => self.take_text(event),
        }
    }

    fn take_text(&mut self, event: &Event) {
        let Some(title) = &mut self.title else {
            return;
        };
        match event {
            Event::Text(text) => title.push_str(&text.xml10_content()),
            Event::CData(text) => title.push_str(&text.xml10_content()),
            Event::GeneralRef(name) => {
                title.push_str(&unescaped(&format!("&{};", name.xml10_content())));
            }
            _ => {}
        }
    }

    fn open(&mut self, line: usize, tag: &BytesStart, is_empty: bool) {
        let name = tag.local_name();
        let name = name.as_ref();
        self.root.get_or_insert_with(|| name.to_owned());
        self.is_opml |= is(name, "opml");
        if is(name, "title") && self.read.title.is_none() {
            self.title = Some(String::new());
        } else if is(name, "outline") {
            let attributes = attributes(tag);
            let group = self.outline(line, &attributes);
            if !is_empty {
                self.groups.push(group);
            }
        }
    }

    /// Takes an outline; its name when it may be a group.
    fn outline(&mut self, line: usize, attributes: &[(String, String)]) -> Option<String> {
        let attribute = |wanted: &str| {
            let mut found = attributes.iter().filter(|(name, _)| is(name, wanted));
            found.find_map(|(_, value)| plain(value))
        };
        let title = attribute("title").or_else(|| attribute("text"));
        let kind = attribute("type").unwrap_or_default();
        let of_rss = || attribute("url").filter(|_| is(&kind, "rss") || is(&kind, "atom"));
        let Some(written) = attribute("xmlUrl").or_else(of_rss) else {
            return attribute("text").or(title);
        };
        match feed_url(&written) {
            Ok(url) => {
                let mut tags = Vec::new();
                add_tags(&mut tags, self.groups.iter().flatten().cloned());
                add_tags(&mut tags, categories(attribute("category")));
                self.read.feeds.push(Subscription {
                    line,
                    url,
                    title,
                    site_url: attribute("htmlUrl").and_then(|url| feed_url(&url).ok()),
                    tags,
                });
            }
            Err(message) => {
                let text = title.as_deref().unwrap_or("outline");
                self.report(line, text, UserErrorCode::InvalidUrl, &message);
            }
        }
        None
    }

    fn report(&mut self, line: usize, text: &str, code: UserErrorCode, message: &str) {
        self.read.problems.push(Problem {
            line,
            text: shorten(text),
            code,
            message: message.to_owned(),
        });
    }
}

/// OPML 2.0, "Text attributes": categories are apart by commas, their levels by slashes.
fn categories(written: Option<String>) -> Vec<String> {
    let written = written.unwrap_or_default();
    written.split([',', '/']).filter_map(plain).collect()
}

fn attributes(tag: &BytesStart) -> Vec<(String, String)> {
    let mut attributes = tag.html_attributes();
    let readable = attributes.with_checks(false).flatten();
    readable
        .map(|attribute| {
            let name = attribute.key.local_name().as_ref().to_owned();
            (name, unescaped(&attribute.value))
        })
        .collect()
}

/// Names are told apart by their letters alone: `xmlurl` and `xmlUrl` are both in use.
fn is(name: &str, wanted: &str) -> bool {
    name.eq_ignore_ascii_case(wanted)
}

/// Text without its references; what is none stays as written.
fn unescaped(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        let reference = after.split_once(';').and_then(|(name, behind)| {
            let character = unescape(&format!("&{name};")).ok()?.into_owned();
            Some((character, behind))
        });
        let (character, behind) = reference.unwrap_or(("&".to_owned(), after));
        text.push_str(&character);
        rest = behind;
    }
    text + rest
}

/// Tells lines from ever greater positions.
struct Lines<'a> {
    rest: &'a [u8],
    position: u64,
    line: usize,
}

impl<'a> Lines<'a> {
    const fn new(document: &'a str) -> Self {
        Self {
            rest: document.as_bytes(),
            position: 0,
            line: 1,
        }
    }

    fn at(&mut self, position: u64) -> usize {
        let ahead = usize::try_from(position.saturating_sub(self.position)).unwrap_or(0);
        if let Some((passed, rest)) = self.rest.split_at_checked(ahead) {
            self.line += passed.split(|byte| *byte == b'\n').count() - 1;
            self.rest = rest;
            self.position = position;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_groups_become_tags() {
        let read = read(
            "<?xml version='1.0'?>\n<opml version='2.0'><head><title>R&amp;D <![CDATA[list]]></title></head><body>\n\
             <outline text='Science'>\n<outline text='Far stars'>\n\
             <outline type='rss' text='t' title='Stars &amp; more' xmlUrl='http://a.org/f?x=1&amp;y=2' htmlUrl='http://a.org/'/>\n\
             </outline></outline>\n<outline text='B' xmlurl='http://b.org/' category='/News/World,Sport'/></body></opml>",
        )
        .unwrap();
        assert_eq!(read.title.as_deref(), Some("R&D list"));
        let [stars, other] = read.feeds.as_slice() else {
            panic!("{read:?}")
        };
        assert_eq!(stars.line, 5);
        assert_eq!(stars.url, "http://a.org/f?x=1&y=2");
        assert_eq!(stars.title.as_deref(), Some("Stars & more"));
        assert_eq!(stars.site_url.as_deref(), Some("http://a.org/"));
        assert_eq!(stars.tags, ["Science", "Far stars"]);
        assert_eq!(other.tags, ["News", "World", "Sport"]);
    }

    #[test]
    fn bare_ampersands_and_a_missing_end_lose_nothing() {
        let read = read(
            "<opml><body><outline text=\"A & B\" xmlUrl=\"http://a/?a=1&b=2\">\n\
             <outline text='x' xmlUrl='vfolder'/>\n<outline xmlUrl='http://c/'/><outl",
        )
        .unwrap();
        assert_eq!(read.feeds[0].title.as_deref(), Some("A & B"));
        assert_eq!(read.feeds[0].url, "http://a/?a=1&b=2");
        assert_eq!(read.feeds[1].url, "http://c/");
        let lines: Vec<usize> = read.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [2, 3]);
    }

    #[test]
    fn another_document_is_no_list() {
        let error = read("<rss version='2.0'><channel/></rss>").unwrap_err();
        assert!(error.message.contains("<rss>"), "{error}");
        assert!(read("<>").is_err());
    }
}
