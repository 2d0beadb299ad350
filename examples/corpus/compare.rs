//! One feed against the oracle. In: expected values, a document and its draft. Out: the differences.

use feedgraph::normalize::{EntryDraft, FeedDraft};
use feedgraph::parse::{Document, RawEntry};
use serde_json::Value;

/// What is compared; `everything` is right when all of it is.
pub const FIELDS: [&str; 11] = [
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
    "enclosures",
];

/// A field that is not as expected.
pub struct Difference {
    /// Which, of [`FIELDS`].
    pub field: &'static str,
    /// Expected and found, for people.
    pub shown: String,
}

/// Every difference.
pub fn all(expected: &Value, document: &Document, draft: &FeedDraft) -> Vec<Difference> {
    let mut differences = Vec::new();
    let feed = expected.get("feed").unwrap_or(&Value::Null);
    check(
        &mut differences,
        "feed title",
        feed,
        "title",
        draft.feed.title.as_deref(),
    );
    check(
        &mut differences,
        "feed link",
        feed,
        "link",
        draft.feed.site_url.as_deref(),
    );
    let entries = expected
        .get("entries")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if entries.len() != document.entries.len() {
        differences.push(Difference {
            field: "count",
            shown: format!(
                "expected {} found {}",
                entries.len(),
                document.entries.len()
            ),
        });
        return differences;
    }
    for (index, (want, raw)) in entries.iter().zip(&document.entries).enumerate() {
        if let Some(found) = matching(index, want, raw, document, draft) {
            entry(&mut differences, want, raw, found);
        }
    }
    differences
}

/// The draft of an entry; none when it was taken for a repeat of another.
fn matching<'a>(
    index: usize,
    want: &Value,
    raw: &RawEntry,
    document: &Document,
    draft: &'a FeedDraft,
) -> Option<&'a EntryDraft> {
    if document.entries.len() == draft.entries.len() {
        return draft.entries.get(index);
    }
    let title = want
        .get("title")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let same = |entry: &&EntryDraft| {
        raw.id.as_ref() == Some(&entry.guid)
            && raw.published == entry.dates.published
            && entry.title == title
    };
    draft.entries.iter().find(same)
}

fn entry(differences: &mut Vec<Difference>, want: &Value, raw: &RawEntry, found: &EntryDraft) {
    let id = Some(found.guid.as_str()).filter(|_| !found.guid_is_made);
    check(differences, "id", want, "id", id);
    check(differences, "link", want, "link", found.url.as_deref());
    check(
        differences,
        "title",
        want,
        "title",
        Some(found.title.as_str()).filter(|title| !title.is_empty()),
    );
    let names: Vec<&str> = found
        .authors
        .iter()
        .map(|author| author.name.as_str())
        .collect();
    let joined = Some(names.join(", ")).filter(|names| !names.is_empty());
    let inherited = raw.authors.is_empty() && want.get("author").is_none_or(Value::is_null);
    let first = names.first().copied();
    // An e-mail address is never shown, so that expecting one is expecting nobody.
    let is_address = want
        .get("author")
        .and_then(Value::as_str)
        .is_some_and(|name| name.contains('@') && !name.contains(' '));
    let inherited = inherited
        || (is_address
            && raw
                .authors
                .iter()
                .all(|person| person.name.as_deref().is_none_or(|name| name.contains('@'))));
    if !inherited && !is(want, "author", joined.as_deref()) && !is(want, "author", first) {
        check(differences, "author", want, "author", joined.as_deref());
    }
    date(differences, want, found);
    let files = want
        .get("enclosures")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    let alternatives = want.pointer("/alt/enclosures").and_then(Value::as_array);
    let as_good = alternatives
        .is_some_and(|values| values.iter().any(|value| value.as_u64() == count(found)));
    if Some(files) != count(found) && !as_good {
        differences.push(Difference {
            field: "enclosures",
            shown: format!("expected {files} found {:?}", found.enclosures),
        });
    }
}

fn count(found: &EntryDraft) -> Option<u64> {
    u64::try_from(found.enclosures.len()).ok()
}

/// Published, else updated.
fn date(differences: &mut Vec<Difference>, want: &Value, found: &EntryDraft) {
    let name = if want.get("published").is_some_and(Value::is_string) {
        "published"
    } else {
        "updated"
    };
    let at = found.dates.published.or(found.dates.updated);
    let shown = at
        .and_then(|at| chrono::DateTime::from_timestamp_millis(at.0))
        .map(|at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    if !is(want, name, shown.as_deref()) && !is(want, "updated", shown.as_deref()) {
        check(differences, "date", want, name, shown.as_deref());
    }
}

fn is(want: &Value, name: &str, found: Option<&str>) -> bool {
    let expected = want.get(name).and_then(Value::as_str);
    let alternatives = want
        .pointer(&format!("/alt/{name}"))
        .and_then(Value::as_array);
    same(expected, found)
        || alternatives.is_some_and(|values| values.iter().any(|value| same(value.as_str(), found)))
}

fn same(expected: Option<&str>, found: Option<&str>) -> bool {
    // Marks without width and control characters are left out of what is stored.
    let seen = |text: &str| {
        text.replace(
            |c: char| {
                matches!(c, '\u{feff}' | '\u{200b}') || (c.is_control() && !c.is_whitespace())
            },
            "",
        )
    };
    let tidy = |text: Option<&str>| {
        text.map(seen)
            .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|text| !text.is_empty())
    };
    let (expected, found) = (tidy(expected), tidy(found));
    // `http://example.org` and `http://example.org/` are one address.
    let address =
        |text: &Option<String>| text.as_deref().and_then(|text| url::Url::parse(text).ok());
    expected == found || (address(&expected).is_some() && address(&expected) == address(&found))
}

fn check(
    differences: &mut Vec<Difference>,
    field: &'static str,
    want: &Value,
    name: &str,
    found: Option<&str>,
) {
    if !is(want, name, found) {
        let expected = want.get(name).unwrap_or(&Value::Null);
        differences.push(Difference {
            field,
            shown: format!("expected {expected} found {found:?}"),
        });
    }
}
