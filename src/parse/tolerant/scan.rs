//! XML as publishers write it, well-formed or not: elements on demand, without a tree. In: text. Out: elements that
//! borrow from it. Linear in time, bounded in depth. Must not know: feeds, beyond which elements hold the others.

use std::sync::Arc;

use memchr::memchr;

use super::repairs::Repairs;
use super::space::{Scope, Space};
use super::tag::{CDATA_END, Tag, TagKind, attribute, begins_tag, local_name, next_tag, tag};
use crate::parse::Base;
use crate::parse::reference::unescape_into;

/// Elements without an end that are looked for in one level; after that each ends at the next tag.
const MOST_UNCLOSED: u32 = 50;
/// Containers inside each other whose namespaces count; three are usual.
const MOST_CONTAINERS: u32 = 20;
/// Attributes of one tag, in bytes, beyond which a document is not one of a publisher.
const MOST_ATTRIBUTE_BYTES: usize = 64 * 1024;

/// An element with all that is in it.
#[derive(Clone, Debug)]
pub(super) struct Element<'a> {
    /// Its namespace.
    pub space: Space,
    /// Its name without prefix.
    pub local: &'a str,
    /// Its attributes, raw.
    pub attributes: &'a str,
    /// What stands between its tags, raw.
    pub inner: &'a str,
    /// Whether its end tag was found.
    pub closed: bool,
    /// Namespaces, base and language in force in it.
    pub scope: Arc<Scope>,
    /// Where what is wrong in it is counted.
    pub repairs: &'a Repairs,
}

/// The elements of one level, one after the other.
pub(super) struct Level<'a> {
    text: &'a str,
    position: usize,
    scope: Arc<Scope>,
    unclosed: u32,
    repairs: &'a Repairs,
    ended: bool,
    containers: u32,
    /// Containers are stepped into instead of given.
    document: bool,
}

impl<'a> Level<'a> {
    /// Everything below the root: containers (`rss`, `channel`, `feed`, `RDF`) are stepped into.
    pub(super) fn document(
        text: &'a str,
        position: usize,
        scope: Arc<Scope>,
        repairs: &'a Repairs,
    ) -> Self {
        Self {
            text,
            position,
            scope,
            unclosed: 0,
            repairs,
            ended: false,
            containers: 0,
            document: true,
        }
    }

    /// Whether the end of a container was met.
    pub(super) const fn ended(&self) -> bool {
        self.ended
    }

    /// Whether nothing is left of the text.
    pub(super) fn at_end(&self) -> bool {
        self.text
            .get(self.position..)
            .is_none_or(|rest| rest.trim().is_empty())
    }

    /// The scope of the containers stepped into so far.
    pub(super) fn scope(&self) -> &Arc<Scope> {
        &self.scope
    }

    /// Finds where an element ends. Gives the end of its inside, the position after it, and whether it is closed.
    fn capture(&mut self, tag: &Tag<'a>) -> (usize, usize, bool) {
        let entry = is_entry(tag.name);
        let mut depth = 0_usize;
        let mut position = tag.end;
        let mut first_tag = None;
        if self.unclosed < MOST_UNCLOSED || entry {
            while let Some(next) = next_tag(self.text, position) {
                first_tag.get_or_insert(next.start);
                let same = next.name.eq_ignore_ascii_case(tag.name);
                let boundary =
                    is_entry(next.name) || (next.kind == TagKind::Close && is_container(next.name));
                match next.kind {
                    TagKind::Close if same && depth == 0 => return (next.start, next.end, true),
                    TagKind::Close if same => depth -= 1,
                    _ if boundary && (entry || self.document) => {
                        if entry {
                            return (next.start, next.start, false);
                        }
                        break;
                    }
                    TagKind::Open if same => depth += 1,
                    _ => {}
                }
                position = next.end;
            }
        } else {
            first_tag = next_tag(self.text, position).map(|next| next.start);
        }
        self.unclosed += 1;
        self.repairs.elements.add(1);
        if entry {
            return (self.text.len(), self.text.len(), false);
        }
        let end = first_tag.unwrap_or(self.text.len());
        (end, end, false)
    }
}

impl<'a> Iterator for Level<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        loop {
            let tag = next_tag(self.text, self.position)?;
            self.position = tag.end;
            if tag.kind == TagKind::Close {
                let container = self.document && is_container(tag.name);
                self.ended |= container;
                self.repairs.elements.add(i32::from(!container));
                continue;
            }
            if self.document && is_container(tag.name) {
                if self.containers < MOST_CONTAINERS {
                    self.containers += 1;
                    self.scope = Scope::enter(&self.scope, tag.attributes);
                }
                continue;
            }
            let scope = Scope::enter(&self.scope, tag.attributes);
            let (space, local) = scope.resolve(tag.name);
            let (inner, closed) = if tag.kind == TagKind::Empty {
                ("", true)
            } else {
                let (end, after, closed) = self.capture(&tag);
                self.position = after;
                (self.text.get(tag.end..end).unwrap_or_default(), closed)
            };
            return Some(Element {
                space,
                local,
                attributes: tag.attributes,
                inner,
                closed,
                scope,
                repairs: self.repairs,
            });
        }
    }
}

/// The root element: its name without prefix, its attributes, the position after its start tag, and its scope.
pub(super) fn root(text: &str) -> Option<(&str, &str, usize, Arc<Scope>)> {
    let tag = next_tag(text, 0).filter(|tag| tag.kind != TagKind::Close)?;
    let scope = Scope::root(tag.name, tag.attributes);
    Some((
        local_name(tag.name),
        tag.attributes,
        tag.end,
        Arc::new(scope),
    ))
}

/// Where the first tag stands whose local name is one of `names`.
pub(super) fn find_tag(text: &str, names: &[&str]) -> Option<usize> {
    let mut position = 0;
    while let Some(tag) = next_tag(text, position) {
        if tag.kind != TagKind::Close
            && names
                .iter()
                .any(|name| local_name(tag.name).eq_ignore_ascii_case(name))
        {
            return Some(tag.start);
        }
        position = tag.end;
    }
    None
}

/// Whether elements nest at most `deepest` levels.
pub(in crate::parse) fn depth_within(text: &str, deepest: usize) -> bool {
    let mut depth = 0_usize;
    let mut position = 0;
    while let Some(tag) = next_tag(text, position) {
        match tag.kind {
            TagKind::Open => depth += 1,
            TagKind::Close => depth = depth.saturating_sub(1),
            TagKind::Empty => {}
        }
        if depth > deepest || tag.attributes.len() > MOST_ATTRIBUTE_BYTES {
            return false;
        }
        position = tag.end;
    }
    true
}

fn is_entry(name: &str) -> bool {
    let local = local_name(name);
    let named = match local.len() {
        4 => local.eq_ignore_ascii_case("item"),
        5 => local.eq_ignore_ascii_case("entry"),
        _ => false,
    };
    named && !is_module(name)
}

fn is_container(name: &str) -> bool {
    let local = local_name(name);
    let named = match local.len() {
        3 => local.eq_ignore_ascii_case("rss") || local.eq_ignore_ascii_case("rdf"),
        4 => local.eq_ignore_ascii_case("feed"),
        7 => local.eq_ignore_ascii_case("channel"),
        _ => false,
    };
    named && !is_module(name)
}

/// Names of modules that reuse a container's name for something else.
fn is_module(name: &str) -> bool {
    ["media:", "itunes:", "podcast:", "georss:", "content:"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

impl<'a> Element<'a> {
    /// Its child elements.
    pub(super) fn children(&self) -> Level<'a> {
        Level {
            text: self.inner,
            position: 0,
            scope: Arc::clone(&self.scope),
            unclosed: 0,
            repairs: self.repairs,
            ended: false,
            containers: 0,
            document: false,
        }
    }

    /// The first child of a name in any namespace.
    pub(super) fn child(&self, local: &str) -> Option<Element<'a>> {
        self.children()
            .find(|child| child.local.eq_ignore_ascii_case(local))
    }

    /// An attribute by its name, with or without prefix; references undone.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let (value, quoted) = attribute(self.attributes, name)?;
        self.repairs.quotes.add(i32::from(!quoted));
        Some(value)
    }

    /// Whether it holds tags of its own, outside CDATA.
    pub(super) fn has_markup(&self) -> bool {
        next_tag(self.inner, 0).is_some()
    }

    /// Its text with references undone and CDATA unwrapped; tags inside are left out.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        let mut wrong = 0;
        for run in runs(self.inner) {
            match run {
                Run::Text(text) => {
                    out.reserve(text.len());
                    wrong += unescape_into(text, &mut out);
                }
                Run::Verbatim(text) => out.push_str(text),
                Run::Tag(_) => {}
            }
        }
        self.repairs.references.add(wrong);
        out
    }

    /// Trimmed text; none when there is none.
    pub(super) fn value(&self) -> Option<String> {
        let text = self.text();
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Its inside as HTML: tags as they stand without prefixes, empty ones closed; CDATA verbatim, or as text.
    pub(super) fn markup(&self, cdata_is_text: bool) -> String {
        let mut out = String::with_capacity(self.inner.len());
        let mut open = 0_i32;
        for run in runs(self.inner) {
            if let Run::Tag(tag) = &run {
                open = match tag.kind {
                    TagKind::Open => open.saturating_add(1),
                    TagKind::Close => open.saturating_sub(1),
                    TagKind::Empty => open,
                };
            }
            match run {
                Run::Verbatim(text) if cdata_is_text => {
                    out.push_str(
                        &text
                            .replace('&', "&amp;")
                            .replace('<', "&lt;")
                            .replace('>', "&gt;"),
                    );
                }
                Run::Text(text) | Run::Verbatim(text) => out.push_str(text),
                Run::Tag(tag) => push_tag(&mut out, &tag),
            }
        }
        self.repairs.elements.add(open.saturating_abs());
        out
    }

    /// `xml:base` values in force.
    pub(super) fn base(&self) -> Base {
        self.scope.base.clone()
    }

    /// `xml:lang` in force.
    pub(super) fn language(&self) -> Option<String> {
        self.scope.language.clone()
    }
}

fn push_tag(out: &mut String, tag: &Tag<'_>) {
    let local = local_name(tag.name);
    if tag.kind == TagKind::Close {
        out.extend(["</", local, ">"]);
        return;
    }
    out.extend(["<", local, tag.attributes, ">"]);
    let void = [
        "br", "img", "hr", "input", "wbr", "source", "col", "area", "embed", "track",
    ];
    if tag.kind == TagKind::Empty && !void.contains(&local) {
        out.extend(["</", local, ">"]);
    }
}

enum Run<'a> {
    Text(&'a str),
    Verbatim(&'a str),
    Tag(Tag<'a>),
}

/// Cuts the inside of an element into text, CDATA and tags.
fn runs(inner: &str) -> impl Iterator<Item = Run<'_>> {
    let mut position = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = inner.get(position..).filter(|rest| !rest.is_empty())?;
            if let Some(section) = rest.strip_prefix("<![CDATA[") {
                let length = CDATA_END.find(section.as_bytes()).unwrap_or(section.len());
                position = (position + 9 + length + 3).min(inner.len());
                return section.get(..length).map(Run::Verbatim);
            }
            if rest.starts_with("<!--") {
                position = rest.find("-->").map_or(inner.len(), |at| position + at + 3);
                continue;
            }
            if begins_tag(rest) {
                let tag = tag(inner, position, rest.get(1..)?);
                position = tag.end.max(position + 1);
                return Some(Run::Tag(tag));
            }
            let length = rest
                .get(1..)
                .and_then(|tail| memchr(b'<', tail.as_bytes()))
                .map_or(rest.len(), |at| at + 1);
            position += length;
            return rest.get(..length).map(Run::Text);
        }
    })
}
