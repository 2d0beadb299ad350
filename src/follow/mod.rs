//! Following a feed: the one operation behind `addSource`, import jobs, the `import` command and the
//! starter list. In: what an editor wishes. Out: a followed source, or a [`Refusal`].
//! Must not know: GraphQL, HTTP, or how rows are stored.

pub mod check;
mod reading;
mod refusal;
mod subscribe;

pub use reading::{already_followed, first_found, new_home, not_readable, read_and_follow};
pub use refusal::{Refusal, code_of, quoted};
pub use subscribe::{Followed, Wish, subscribe};
