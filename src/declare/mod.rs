//! A planet as a file: TOML that declares planets, sources, links and rules. In: text. Out: checked values with the mistakes'
//! lines, or text again. Pure. Must not know: what is stored, who applies it.

mod file;
mod read;
mod write;

pub use read::{Mistake, read};
pub use write::write;
