//! Any text as XML 1.0. In: text from anywhere. Out: the same, escaped, without what XML has no way to write. Pure.

use std::fmt::Write as _;

use quick_xml::escape::escape;

/// Text of one line, for titles, names and attributes: control characters are left out.
#[must_use]
pub fn line(text: &str) -> String {
    let kept = text
        .chars()
        .filter(|character| is_allowed(*character) && !character.is_control());
    escape(kept.collect::<String>()).into_owned()
}

/// Text of many lines. Line ends are written as line feeds, since readers turn all others into them.
#[must_use]
pub fn text(text: &str) -> String {
    let unified = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept = unified.chars().filter(|character| {
        is_allowed(*character) && (!character.is_control() || matches!(character, '\n' | '\t'))
    });
    escape(kept.collect::<String>()).into_owned()
}

/// `<name>text</name>` on a line of its own.
pub fn element(to: &mut String, indent: &str, name: &str, value: &str) {
    // Writing to a string does not fail, so its result is passed over, here and everywhere in `render`.
    let _ = writeln!(to, "{indent}<{name}>{}</{name}>", line(value));
}

/// What section 2.2 of XML 1.0 allows; `char` has no surrogates, and controls are filtered where it is called.
const fn is_allowed(character: char) -> bool {
    !matches!(character, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_write_is_left_out_and_the_rest_is_escaped() {
        assert_eq!(
            line("a\u{0}\u{8}\n<b>&\"'\u{ffff}"),
            "a&lt;b&gt;&amp;&quot;&apos;"
        );
        assert_eq!(text("a\r\nb\rc\td\u{1}]]>"), "a\nb\nc\td]]&gt;");
    }
}
