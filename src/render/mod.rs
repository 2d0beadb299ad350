//! From rows to documents that other programs read. In: plain values. Out: text. Pure; must not know: SQL,
//! HTTP.

pub mod opml;
