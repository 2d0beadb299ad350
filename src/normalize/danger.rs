//! Whether published HTML holds what is taken out for being dangerous. In: HTML as published. Out: yes or no, at about the
//! speed of finding its tags. Decides nothing: that is done by the sanitiser's allow-list. Must not know: feeds.

use memchr::memchr2_iter;

use super::markup;

/// Elements that act, or that act on the page around them.
const ELEMENTS: &[&str] = &[
    "script", "style", "object", "embed", "applet", "form", "input", "button", "link", "meta",
    "base", "frame", "frameset", "svg", "math",
];

/// Elements that act, handlers of events, and addresses that are programs.
pub(super) fn is_in(html: &str) -> bool {
    markup::rough_tags(html).any(|tag| {
        let length = tag.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (name, attributes) = tag.split_at_checked(length).unwrap_or((tag, ""));
        let acts = || {
            ELEMENTS
                .iter()
                .any(|element| element.eq_ignore_ascii_case(name))
        };
        (length >= 3 && acts()) || (attributes.len() > 4 && has_handler_or_program(attributes))
    })
}

fn has_handler_or_program(attributes: &str) -> bool {
    memchr2_iter(b'=', b':', attributes.as_bytes()).any(|at| {
        match attributes.split_at_checked(at) {
            Some((before, rest)) if rest.starts_with('=') => ends_with_handler(before),
            Some((before, rest)) => is_program(before, rest),
            None => false,
        }
    })
}

/// What stands before a `=` is the name of an attribute that begins with `on`.
fn ends_with_handler(before: &str) -> bool {
    let before = before.trim_ascii_end();
    let length = before
        .bytes()
        .rev()
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    let (rest, name) = before
        .split_at_checked(before.len() - length)
        .unwrap_or(("", ""));
    let starts = name.len() > 3
        && name
            .get(..2)
            .is_some_and(|start| start.eq_ignore_ascii_case("on"));
    let separated =
        rest.ends_with(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '"' | '\''));
    starts && separated
}

/// `javascript:`, `vbscript:`, `data:text/html`, however spread over lines; `rest` begins with the colon.
fn is_program(before: &str, rest: &str) -> bool {
    let letters: Vec<u8> = before
        .bytes()
        .rev()
        .filter(|byte| !byte.is_ascii_whitespace())
        .take(6)
        .map(|byte| byte.to_ascii_lowercase())
        .collect();
    letters == b"tpircs"
        || (letters.starts_with(b"atad")
            && rest
                .get(1..)
                .is_some_and(|rest| rest.trim_start().starts_with("text/html")))
}

#[cfg(test)]
mod tests {
    use super::is_in;

    #[test]
    fn what_is_dangerous() {
        for html in [
            "a<script>x</script>",
            "<SCRIPT src=x>",
            "<p onclick=x>",
            "<img src=x\nONERROR = 'x'>",
            "<svg/onload=x>",
            "<a href='javascript:x'>",
            "<a href='JaVa\nScRiPt:x'>",
            "<a href=\"data:text/html,x\">",
            "<style>p{position:fixed}</style>",
            "<form action=x>",
        ] {
            assert!(is_in(html), "{html}");
        }
        for html in [
            "",
            "a < b > c",
            "<p>The script: on = off</p>",
            "<img src=\"data:image/png;base64,x\" alt=\"one\">",
            "<a href='https://e.org/on=1' title='on the way = good'>on</a>",
            "<iframe src=x></iframe><strong>s</strong>",
        ] {
            assert!(!is_in(html), "{html}");
        }
    }
}
