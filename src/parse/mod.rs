//! From bytes to a document. In: what a publisher sent, or a list of subscriptions. Out: plain values.
//! Pure; must not know: networks, SQL, the time.

pub mod subscriptions;
