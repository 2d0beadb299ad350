//! A hash of all that is stored of an entry. In: a draft. Out: 16 bytes; equal means that nothing needs comparing. At the
//! speed of the hash: nothing is copied. Must not know: what is stored.

use std::sync::LazyLock;

use memchr::{memchr3, memmem::Finder};
use sha2::{Digest, Sha256};
use url::Url;

use super::draft::EntryDraft;

/// Covers what the publisher said, as published. White space, the order of tags and files, and where the feed is do not
/// count; nor does the identifier, which is compared by itself.
pub(super) fn of(draft: &EntryDraft, feed_url: &Url) -> [u8; 16] {
    let mut hasher = Hasher::default();
    hasher.optional(draft.url.as_deref());
    hasher.text(&draft.title);
    hasher.number(draft.dates.published.map(|at| at.0));
    hasher.number(draft.dates.updated.map(|at| at.0));
    hasher.optional(draft.language.as_deref());
    hasher.optional(draft.image_url.as_deref());
    hasher.optional(draft.comments_url.as_deref());
    let raw = &draft.content.raw;
    hasher.optional(raw.content_html.as_deref());
    hasher.optional(raw.summary_html.as_deref());
    let base = raw.base_url.as_deref();
    hasher.optional(base.filter(|base| *base != feed_url.as_str()));
    let mut tags: Vec<&str> = draft.tags.iter().map(String::as_str).collect();
    tags.sort_unstable();
    hasher.count(tags.len());
    for tag in tags {
        hasher.text(tag);
    }
    let mut files: Vec<_> = draft.enclosures.iter().collect();
    files.sort_unstable_by(|one, other| one.url.cmp(&other.url));
    hasher.count(files.len());
    for file in files {
        hasher.text(&file.url);
        hasher.optional(file.mime_type.as_deref());
        hasher.number(file.size_bytes);
        hasher.number(file.duration_seconds);
        hasher.optional(file.title.as_deref());
    }
    hasher.count(draft.authors.len());
    for author in &draft.authors {
        hasher.text(&author.name);
        hasher.optional(author.url.as_deref());
        hasher.optional(author.avatar_url.as_deref());
    }
    hasher.finish()
}

/// SHA-256 over values that are told apart: each ends with a byte that no text holds.
#[derive(Default)]
struct Hasher(Sha256);

/// Between values; UTF-8 has no such byte.
const END: &[u8] = &[0xff];
/// In place of a value that is missing.
const MISSING: &[u8] = &[0xfe];

impl Hasher {
    /// A text with its white space collapsed.
    fn text(&mut self, text: &str) {
        collapsed(text.trim(), |part| self.0.update(part.as_bytes()));
        self.0.update(END);
    }

    fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.0.update(MISSING),
        }
    }

    fn number(&mut self, number: Option<i64>) {
        match number {
            Some(number) => self.0.update(number.to_le_bytes()),
            None => self.0.update(MISSING),
        }
        self.0.update(END);
    }

    fn count(&mut self, count: usize) {
        self.0.update(count.to_le_bytes());
    }

    fn finish(self) -> [u8; 16] {
        let mut out = [0; 16];
        for (to, from) in out.iter_mut().zip(self.0.finalize()) {
            *to = from;
        }
        out
    }
}

/// Gives a text in parts, each run of ASCII white space as one space; what lies between is not touched.
pub(super) fn collapsed(text: &str, mut take: impl FnMut(&str)) {
    let bytes = text.as_bytes();
    let mut from = 0;
    let mut double = next_double(bytes, 0);
    loop {
        let rest = text.get(from..).unwrap_or_default();
        let line = memchr3(b'\n', b'\t', b'\r', rest.as_bytes()).map(|at| from + at);
        if double.is_some_and(|at| at < from) {
            double = next_double(bytes, from);
        }
        let Some(at) = [line, double].into_iter().flatten().min() else {
            take(rest);
            return;
        };
        take(text.get(from..at).unwrap_or_default().trim_ascii_end());
        take(" ");
        let run = text.get(at..).unwrap_or_default();
        from = text.len() - run.trim_ascii_start().len();
    }
}

/// Made once: for a title, making it takes longer than looking.
static DOUBLE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"  "));

fn next_double(bytes: &[u8], from: usize) -> Option<usize> {
    DOUBLE.find(bytes.get(from..)?).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::collapsed;

    #[test]
    fn white_space_is_collapsed_in_place() {
        for (text, expected) in [
            ("", ""),
            ("a b", "a b"),
            ("a  b   c", "a b c"),
            ("a \n b\tc\r\n\r\nd", "a b c d"),
            ("a\u{a0} b", "a\u{a0} b"),
            ("a\n\nb  c\nd", "a b c d"),
        ] {
            let mut out = String::new();
            collapsed(text, |part| out.push_str(part));
            assert_eq!(out, expected, "{text:?}");
        }
    }
}
