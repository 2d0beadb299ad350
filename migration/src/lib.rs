//! Numbered steps that make the tables.
