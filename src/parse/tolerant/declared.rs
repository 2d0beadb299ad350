//! Entities that a document declares for itself (XML 1.0, section 4.2). In: a document. Out: the same with the plain ones put
//! in. Those that name files, hold markup or lead to others are left alone, and what is put in is bounded, so that nothing
//! grows from little. Must not know: elements.

use std::borrow::Cow;

/// Declarations that are looked at.
const MOST: usize = 128;
/// Longest text of an entity that is put in, in bytes.
const LONGEST_VALUE: usize = 1_000;
/// Most bytes that are put into a document.
const MOST_GROWTH: usize = 256 * 1024;

/// What became of a document's own entities.
pub(super) struct Expanded<'a> {
    /// The document, no byte before its root changed.
    pub text: Cow<'a, str>,
    /// Whether some are not put in.
    pub is_partial: bool,
}

/// Puts the plain entities that are declared before `root`, the place of the root's start tag, in behind it.
pub(super) fn expand(text: &str, root: usize) -> Expanded<'_> {
    let (head, body) = text.split_at_checked(root).unwrap_or(("", text));
    let declarations = head.split("<!ENTITY").skip(1);
    let mut plain: Vec<(&str, &str)> = Vec::new();
    let mut is_partial = declarations.clone().nth(MOST).is_some();
    for declaration in declarations.take(MOST) {
        match plain_entity(declaration) {
            // The first declaration of a name counts.
            Some((name, value)) if plain.iter().all(|(known, _)| *known != name) => {
                plain.push((name, value));
            }
            Some(_) => {}
            None => is_partial = true,
        }
    }
    if plain.is_empty() {
        return Expanded {
            text: Cow::Borrowed(text),
            is_partial,
        };
    }
    let mut out = String::with_capacity(text.len());
    out.push_str(head);
    is_partial |= !put_in(body, &plain, &mut out);
    Expanded {
        text: Cow::Owned(out),
        is_partial,
    }
}

/// Name and value of what stands behind `<!ENTITY`, where the value is text and nothing else.
fn plain_entity(declaration: &str) -> Option<(&str, &str)> {
    let (name, rest) = declaration
        .trim_start()
        .split_once(|c: char| c.is_ascii_whitespace())?;
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, _) = rest.get(1..)?.split_once(quote)?;
    let is_plain = value.len() <= LONGEST_VALUE
        && !value.contains(['<', '%'])
        && value.split('&').skip(1).all(is_of_xml);
    let is_name = name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'));
    (is_plain && is_name).then_some((name, value))
}

/// Whether what stands behind an ampersand is a reference that needs no declaration.
fn is_of_xml(after: &str) -> bool {
    let own = ["lt;", "gt;", "amp;", "quot;", "apos;"];
    after.starts_with('#') || own.iter().any(|name| after.starts_with(name))
}

/// Appends `body` with values in the places of references, outside CDATA sections, which have none; false when there is no
/// room for more.
fn put_in(body: &str, plain: &[(&str, &str)], out: &mut String) -> bool {
    let mut growth = 0;
    let mut rest = body;
    while let Some(at) = rest.find(['&', '<']) {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        if let Some(section) = tail.strip_prefix("<![CDATA[") {
            let length = section.find("]]>").unwrap_or(section.len());
            let (whole, after) = tail.split_at(tail.len() - section.len() + length);
            out.push_str(whole);
            rest = after;
            continue;
        }
        let reference = tail.strip_prefix('&').and_then(|after| {
            let found = |name: &str| after.strip_prefix(name)?.strip_prefix(';');
            plain
                .iter()
                .find_map(|(name, value)| Some((*value, found(name)?)))
        });
        if let Some((value, after)) = reference {
            growth += value.len();
            if growth > MOST_GROWTH {
                out.push_str(tail);
                return false;
            }
            out.push_str(value);
            rest = after;
        } else {
            let (sign, after) = tail.split_at(1);
            out.push_str(sign);
            rest = after;
        }
    }
    out.push_str(rest);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> (String, bool) {
        let root = text.find("<rss").unwrap();
        let Expanded { text, is_partial } = expand(text, root);
        (text.get(root..).unwrap().to_owned(), is_partial)
    }

    #[test]
    fn plain_entities_are_put_in() {
        let (text, is_partial) = expanded(
            "<!DOCTYPE rss [<!ENTITY co \"ACME &amp; Sons\"><!ENTITY co 'later'>\n<!ENTITY nb '&#160;'>]>\
             <rss>&co;&nb;&coo;&amp;co; <![CDATA[&co;]]>&co</rss>",
        );
        let wanted = "<rss>ACME &amp; Sons&#160;&coo;&amp;co; <![CDATA[&co;]]>&co</rss>";
        assert_eq!((text.as_str(), is_partial), (wanted, false));
    }

    #[test]
    fn what_leads_elsewhere_is_left_alone() {
        for declared in [
            "<!ENTITY a SYSTEM 'file:///etc/passwd'>",
            "<!ENTITY % a 'x'>",
            "<!ENTITY a '&b;&b;'>",
            "<!ENTITY a '<b/>'>",
            "<!ENTITY a",
        ] {
            let document = format!("<!DOCTYPE rss [{declared}]><rss>&a;</rss>");
            let found = expanded(&document);
            assert_eq!(found, ("<rss>&a;</rss>".to_owned(), true), "{declared}");
        }
    }

    #[test]
    fn growth_is_bounded() {
        let value = "x".repeat(LONGEST_VALUE);
        let many = "&a;".repeat(100_000);
        let document = format!("<!DOCTYPE rss [<!ENTITY a '{value}'>]><rss>{many}</rss>");
        let (text, is_partial) = expanded(&document);
        assert!(is_partial && text.len() <= document.len() + MOST_GROWTH);
    }
}
