//! Expressions that lists are ordered by where a column may be null. An index is used only when a
//! statement says the very same text, so it is written once. In: nothing. Out: SQL texts. Must not know: tables.

/// Sources by newest entry; those without any come last when read backwards.
pub const LATEST_ENTRY: &str = "COALESCE(latest_entry_at, -9000000000000000000)";

/// Poll states by next poll; those that are not polled come last.
pub const NEXT_POLL: &str = "COALESCE(next_poll_at, 9000000000000000000)";
