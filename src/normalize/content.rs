//! The dear part of an entry, made when it is first asked for. In: HTML as published. Out: [`Content`]. Must not know:
//! whether it is stored.

use url::Url;

use super::draft::{Content, LazyContent, RawContent};
use super::{finish, language, markup, sanitize, text};
use crate::parse::reference::{allowed, has_forbidden};
use crate::parse::{RawText, TextKind};

/// Longest abstract, in characters.
const LONGEST_SUMMARY: usize = 500;

impl LazyContent {
    /// Content that is cleaned at the first [`LazyContent::get`].
    #[must_use]
    pub fn new(raw: RawContent) -> Self {
        Self {
            raw,
            made: std::sync::OnceLock::new(),
        }
    }

    /// The content, sanitised: at the first call that is work, then kept.
    pub fn get(&self) -> &Content {
        self.made.get_or_init(|| make(&self.raw))
    }
}

fn make(raw: &RawContent) -> Content {
    let base = raw
        .base_url
        .as_deref()
        .and_then(|base| Url::parse(base).ok());
    let clean = |html: &String| finish::finish(&sanitize::clean(html), base.as_ref());
    let content = raw
        .content_html
        .as_ref()
        .map(clean)
        .filter(|content| !content.html.trim().is_empty());
    let summary_text = raw.summary_html.as_deref().map(text::strip);
    let content = content.unwrap_or_default();
    let summary = summary_text
        .map(|summary| text::collapse(&summary))
        .filter(|summary| !summary.is_empty())
        .unwrap_or_else(|| beginning(&content.text));
    let language = match raw.declared_language {
        Some(_) => None,
        None => language::detect(if content.text.is_empty() {
            &summary
        } else {
            &content.text
        }),
    };
    Content {
        summary: text::cut(&summary, LONGEST_SUMMARY),
        word_count: language::count_words(&content.text),
        language,
        first_image: content.first_image,
        text: Some(content.text).filter(|text| !text.is_empty()),
        html: Some(content.html).filter(|html| !html.is_empty()),
    }
}

/// As much of a text, on one line, as an abstract may take.
fn beginning(text: &str) -> String {
    let end = text
        .char_indices()
        .nth(4 * LONGEST_SUMMARY)
        .map_or(text.len(), |(at, _)| at);
    text::collapse(text.get(..end).unwrap_or(text))
}

/// A published text as HTML: plain text is escaped, its lines kept.
pub(super) fn to_html(raw: RawText) -> Option<String> {
    if raw.value.trim().is_empty() {
        return None;
    }
    let html = match raw.kind {
        TextKind::Html => true,
        TextKind::Plain => false,
        TextKind::Unsaid => markup::looks_like_html(&raw.value),
    };
    let value = if has_forbidden(&raw.value) {
        raw.value.chars().filter_map(allowed).collect()
    } else {
        raw.value
    };
    if html {
        return Some(value);
    }
    // Where the format does not say that the text is plain, its line ends are white space.
    let line_end = if raw.kind == TextKind::Plain {
        "<br>"
    } else {
        " "
    };
    let paragraphs: Vec<String> = text::escape(value.trim())
        .replace("\r\n", "\n")
        .split("\n\n")
        .filter(|paragraph| !paragraph.trim().is_empty())
        .map(|paragraph| format!("<p>{}</p>", paragraph.trim().replace('\n', line_end)))
        .collect();
    Some(paragraphs.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(content_html: &str, summary_html: Option<&str>) -> Content {
        let raw = RawContent {
            content_html: Some(content_html.to_owned()),
            summary_html: summary_html.map(str::to_owned),
            base_url: Some("https://example.org/post".to_owned()),
            declared_language: None,
        };
        LazyContent::new(raw).get().clone()
    }

    #[test]
    fn a_summary_is_made_when_there_is_none() {
        let made = content(&format!("<p>{}</p>", "word ".repeat(200)), None);
        assert!(made.summary.chars().count() <= LONGEST_SUMMARY);
        assert!(made.summary.ends_with("word…"));
        assert_eq!(made.word_count, 200);
    }

    #[test]
    fn a_published_summary_is_kept_as_text() {
        assert_eq!(
            content("<p>long</p>", Some("<b>short</b> &amp; good")).summary,
            "short & good"
        );
    }

    #[test]
    fn nothing_is_no_content() {
        assert_eq!(content("<script>x</script>", None).html, None);
    }

    #[test]
    fn plain_text_keeps_its_lines() {
        let html = to_html(RawText::new("a < b\nc\n\nd", TextKind::Plain));
        assert_eq!(html.as_deref(), Some("<p>a &lt; b<br>c</p>\n<p>d</p>"));
    }
}
