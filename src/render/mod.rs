//! From rows to documents that other programs read. In: plain values. Out: text, piece by piece, so that a long
//! document is never held as a whole. Pure; must not know: SQL, HTTP.

pub mod atom;
pub mod feed;
pub mod json;
pub mod opml;
pub mod rss;
mod when;
mod xml;

#[cfg(test)]
mod tests;
