//! One feed against the oracle. In: expected values, a document and its draft. Out: the differences, and what differs but
//! is right by our contract.

use entity::Millis;
use feedgraph::normalize::{EntryDraft, FeedDraft};
use feedgraph::parse::{Document, RawEntry};
use serde_json::Value;

/// What is compared. `everything` is right when all of it is; `strict` when, besides, nothing was accepted that the oracle
/// has otherwise.
pub const FIELDS: [&str; 14] = [
    "strict",
    "everything",
    "parsed",
    "feed title",
    "feed link",
    "count",
    "id",
    "link",
    "title",
    "author",
    "date",
    "updated",
    "enclosures",
    "content",
];

/// What differs from the oracle and is right, and why: printed with the number of entries that it was met in.
pub const ACCEPTED: [&str; 8] = [
    "author: none expected, the feed's is inherited (contract: the source's author where the entry names none)",
    "author: an e-mail address expected, which is never shown (issue: People)",
    "author: several named; the oracle has the first, the contract all",
    "repeat: an entry given twice with one identifier is one entry (issue: Identity)",
    "title or author: markup or references expected, the contract's is plain text (issue: Text)",
    "content: expected, but all of it is empty, unsafe or a tracker's picture (issue: Text)",
    "link: none expected, rdf:about has it (RSS 1.0, section 5.5)",
    "content: none expected, an abstract stands in for it",
];

/// What came of comparing.
#[derive(Default)]
pub struct Comparison {
    /// Every difference.
    pub differences: Vec<Difference>,
    /// How often each of [`ACCEPTED`] was met.
    pub accepted: [u32; ACCEPTED.len()],
}

/// A field that is not as expected.
pub struct Difference {
    /// Which, of [`FIELDS`].
    pub field: &'static str,
    /// Expected and found, for people.
    pub shown: String,
}

impl Comparison {
    /// Compares everything.
    pub fn of(expected: &Value, document: &Document, draft: &FeedDraft) -> Self {
        let mut comparison = Self::default();
        let feed = expected.get("feed").unwrap_or(&Value::Null);
        comparison.plain("feed title", (feed, "title"), draft.feed.title.as_deref());
        comparison.check("feed link", (feed, "link"), draft.feed.site_url.as_deref());
        let Some(entries) = expected.get("entries").and_then(Value::as_array) else {
            comparison.count(expected, document.entries.len());
            return comparison;
        };
        comparison.count(expected, document.entries.len());
        let mut drafts = draft.entries.iter().peekable();
        for (want, raw) in entries.iter().zip(&document.entries) {
            // Repeats were left out of the drafts, so the two run side by side otherwise.
            match drafts.next_if(|draft| is_of(draft, raw)) {
                Some(draft) => comparison.entry(want, raw, draft),
                None => comparison.accept(3),
            }
        }
        comparison
    }

    fn count(&mut self, expected: &Value, found: usize) {
        let want = expected.get("n_entries").and_then(Value::as_u64);
        if want != u64::try_from(found).ok() {
            let shown = format!("expected {want:?} found {found}");
            self.differences.push(Difference {
                field: "count",
                shown,
            });
        }
    }

    fn accept(&mut self, which: usize) {
        if let Some(count) = self.accepted.get_mut(which) {
            *count += 1;
        }
    }

    fn entry(&mut self, want: &Value, raw: &RawEntry, found: &EntryDraft) {
        let id = Some(found.guid.as_str()).filter(|_| !found.guid_is_made);
        self.check("id", (want, "id"), id);
        let about = raw.id_is_link && raw.links.is_empty() && found.url == raw.id;
        if about && want.get("link").is_none_or(Value::is_null) {
            self.accept(6);
        } else {
            self.check("link", (want, "link"), found.url.as_deref());
        }
        let title = Some(found.title.as_str()).filter(|title| !title.is_empty());
        self.plain("title", (want, "title"), title);
        self.author(want, raw, found);
        self.dates(want, found);
        self.files(want, found);
        self.content(want, raw, found);
    }

    fn content(&mut self, want: &Value, raw: &RawEntry, found: &EntryDraft) {
        let content = want.get("content").and_then(Value::as_bool);
        let has_content = found.content.get().html.is_some();
        if content == Some(true)
            && !has_content
            && raw.content.as_ref().or(raw.summary.as_ref()).is_some()
        {
            self.accept(5);
        } else if content == Some(false) && has_content && raw.content.is_none() {
            self.accept(7);
        } else if content.is_some_and(|content| content != has_content) {
            self.differences.push(Difference {
                field: "content",
                shown: format!("expected {content:?} found {has_content}"),
            });
        }
    }

    fn author(&mut self, want: &Value, raw: &RawEntry, found: &EntryDraft) {
        let expected = want.get("author").and_then(Value::as_str);
        let names: Vec<&str> = found
            .authors
            .iter()
            .map(|author| author.name.as_str())
            .collect();
        let first = names.first().copied();
        if expected.is_none() && raw.authors.is_empty() && first.is_some() {
            self.accept(0);
        } else if expected.is_some_and(is_address) && first.is_none_or(|name| !name.contains('@')) {
            self.accept(1);
        } else if names.len() > 1 && is(want, "author", first) {
            self.accept(2);
        } else {
            let joined = Some(names.join(", ")).filter(|names| !names.is_empty());
            self.plain("author", (want, "author"), joined.as_deref());
        }
    }

    /// Published, else updated, as the corpus asks for; then updated, where the oracle has both.
    fn dates(&mut self, want: &Value, found: &EntryDraft) {
        let stated = |name: &str| want.get(name).and_then(Value::as_str);
        let alternatives = want.pointer("/alt/date").and_then(Value::as_array);
        let at = shown(found.dates.published.or(found.dates.updated));
        let expected = stated("published").or_else(|| stated("updated"));
        let as_good = alternatives
            .is_some_and(|values| values.iter().any(|value| value.as_str() == at.as_deref()));
        if expected != at.as_deref() && !as_good {
            self.differences.push(Difference {
                field: "date",
                shown: format!("expected {expected:?} found {at:?}"),
            });
        }
        if stated("published").is_some() && stated("updated").is_some() {
            self.check(
                "updated",
                (want, "updated"),
                shown(found.dates.updated).as_deref(),
            );
        }
    }

    /// A text that the oracle may have with markup in it.
    fn plain(&mut self, field: &'static str, at: (&Value, &str), found: Option<&str>) {
        let (want, name) = at;
        let expected = want.get(name).and_then(Value::as_str);
        let stripped = expected.map(without_markup);
        if !is(want, name, found) && expected.is_some() && same(stripped.as_deref(), found) {
            self.accept(4);
        } else {
            self.check(field, at, found);
        }
    }

    fn files(&mut self, want: &Value, found: &EntryDraft) {
        let count = u64::try_from(found.enclosures.len()).ok();
        let expected = want.get("enclosures").and_then(Value::as_u64);
        let alternatives = want.pointer("/alt/enclosures").and_then(Value::as_array);
        let as_good =
            alternatives.is_some_and(|values| values.iter().any(|value| value.as_u64() == count));
        if expected != count && !as_good {
            self.differences.push(Difference {
                field: "enclosures",
                shown: format!("expected {expected:?} found {:?}", found.enclosures),
            });
        }
    }

    fn check(&mut self, field: &'static str, at: (&Value, &str), found: Option<&str>) {
        let (want, name) = at;
        if !is(want, name, found) {
            let expected = want.get(name).unwrap_or(&Value::Null);
            self.differences.push(Difference {
                field,
                shown: format!("expected {expected} found {found:?}"),
            });
        }
    }
}

/// Whether a draft was made of an entry.
fn is_of(draft: &EntryDraft, raw: &RawEntry) -> bool {
    let id = raw.id.as_deref().map(tidy);
    (draft.guid_is_made || id.is_none_or(|id| id == tidy(&draft.guid) || id.len() > 1_000))
        && draft.dates.published == raw.published
        && draft.dates.updated == raw.updated
}

fn is_address(name: &str) -> bool {
    name.contains('@') && !name.contains(' ') || name.starts_with("mailto:")
}

/// A text without tags and references.
fn without_markup(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        out.push_str(before);
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    quick_xml::escape::unescape(&out).map_or_else(|_| out.clone(), std::borrow::Cow::into_owned)
}

fn shown(at: Option<Millis>) -> Option<String> {
    let at = chrono::DateTime::from_timestamp_millis(at?.0)?;
    // The oracle writes years without leading zeros.
    let text = at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    Some(text.trim_start_matches('0').to_owned())
}

fn is(want: &Value, name: &str, found: Option<&str>) -> bool {
    let expected = want.get(name).and_then(Value::as_str);
    let alternatives = want
        .pointer(&format!("/alt/{name}"))
        .and_then(Value::as_array);
    same(expected, found)
        || alternatives.is_some_and(|values| values.iter().any(|value| same(value.as_str(), found)))
}

/// White space collapsed; marks without width and control characters are left out of what is stored.
fn tidy(text: &str) -> String {
    let seen = text.replace(
        |c: char| {
            matches!(c, '\u{feff}' | '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
                || (c.is_control() && !c.is_whitespace())
        },
        "",
    );
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn same(expected: Option<&str>, found: Option<&str>) -> bool {
    let tidied = |text: Option<&str>| text.map(tidy).filter(|text| !text.is_empty());
    let (expected, found) = (tidied(expected), tidied(found));
    // `http://example.org` and `http://example.org/` are one address.
    let address =
        |text: &Option<String>| text.as_deref().and_then(|text| url::Url::parse(text).ok());
    expected == found || (address(&expected).is_some() && address(&expected) == address(&found))
}
