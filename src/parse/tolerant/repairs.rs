//! How often a document breaks the rules of XML, by kind. In: what the reader met. Out: notes. Must not know: how it
//! was mended.

use std::cell::Cell;

use entity::FindingCode;

use crate::parse::document::Note;
use crate::parse::reference::count_forbidden;

/// Counted while reading; shared by all that reads one document.
#[derive(Debug, Default)]
pub(super) struct Repairs {
    /// Elements without an end, ends without an element.
    pub elements: Count,
    /// Ampersands that begin no reference, and references that XML does not know.
    pub references: Count,
    /// Attribute values without quotes.
    pub quotes: Count,
}

/// A number that rises.
#[derive(Debug, Default)]
pub(super) struct Count(Cell<i32>);

impl Count {
    pub(super) fn add(&self, count: i32) {
        self.0.set(self.0.get().saturating_add(count));
    }
}

impl Repairs {
    /// What was met, what the text as a whole shows, and whether entities that it declares stay as they are.
    pub(super) fn notes(&self, text: &str, root: usize, declares: bool) -> Vec<Note> {
        let head = text.get(..root).unwrap_or_default();
        [
            (
                "elements that are not closed, or closed in the wrong order",
                self.elements.0.get(),
            ),
            (
                "ampersands that are not escaped, or references that XML does not know",
                self.references.0.get(),
            ),
            ("attributes without quotes", self.quotes.0.get()),
            (
                "characters that XML forbids",
                i32::try_from(count_forbidden(text)).unwrap_or(i32::MAX),
            ),
            ("something before the document", i32::from(!is_prolog(head))),
        ]
        .into_iter()
        .map(|(message, count)| (FindingCode::MalformedXml, message, count))
        .chain([(
            FindingCode::Other,
            "entities declared by the document, which are not expanded",
            i32::from(declares),
        )])
        .filter(|(_, _, count)| *count > 0)
        .map(|(code, message, count)| Note {
            code,
            message: message.to_owned(),
            count,
        })
        .collect()
    }
}

/// Whether there are only white space, comments, instructions and a document type in a text.
fn is_prolog(head: &str) -> bool {
    let mut rest = head.trim_start_matches('\u{feff}').trim_start();
    while !rest.is_empty() {
        let end = if rest.starts_with("<?") {
            "?>"
        } else if rest.starts_with("<!--") {
            "-->"
        } else if rest.starts_with("<!DOCTYPE") {
            // An internal subset holds other declarations; what is behind it is the root.
            return true;
        } else {
            return false;
        };
        rest = rest
            .split_once(end)
            .map_or("", |(_, after)| after.trim_start());
    }
    true
}

#[cfg(test)]
mod tests {
    use super::is_prolog;

    #[test]
    fn what_may_stand_before_a_root() {
        for (head, may) in [
            ("", true),
            (
                " \n<?xml version='1.0'?>\n<?xml-stylesheet href='x'?><!-- x -->",
                true,
            ),
            ("<!DOCTYPE rss [ <!ENTITY a 'b'> ]>", true),
            ("<br /><b>Warning</b>", false),
            ("x", false),
        ] {
            assert_eq!(is_prolog(head), may, "{head}");
        }
    }
}
