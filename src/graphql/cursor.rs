//! Cursors as clients see them: opaque text that carries the list it belongs to and a typed position.
//! In: a position, or a cursor from a client. Out: the other of the two. Must not know: what is listed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{Code, Fault};

/// Longer ones are none of ours: titles are the longest part, and bounded.
const LONGEST: usize = 4096;

/// The cursor of a position in a list; `list` names its kind and order.
#[must_use]
pub fn encode<P: Serialize>(list: &str, position: &P) -> String {
    // Positions are plain numbers and text, so writing one cannot fail.
    let text = serde_json::to_vec(&(list, position)).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(text)
}

/// The position that a cursor of this list stands for.
///
/// # Errors
/// `INVALID_CURSOR` when it was made by another list, or by nobody.
pub fn decode<P: DeserializeOwned>(list: &str, cursor: &str) -> Result<P, Fault> {
    read(cursor)
        .filter(|(made_by, _): &(String, P)| made_by == list)
        .map(|(_, position)| position)
        .ok_or_else(|| {
            let message = format!("This cursor does not belong to this list ({list}).");
            Fault::new(Code::InvalidCursor, message)
        })
}

fn read<P: DeserializeOwned>(cursor: &str) -> Option<(String, P)> {
    if cursor.len() > LONGEST {
        return None;
    }
    let text = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    serde_json::from_slice(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_its_position() {
        let cursor = encode("sources.TITLE_ASC", &("planète", 12));
        assert_eq!(
            decode("sources.TITLE_ASC", &cursor),
            Ok(("planète".to_owned(), 12))
        );
    }

    #[test]
    fn cursors_of_other_lists_and_of_nobody_are_refused() {
        let foreign = encode("sources.TITLE_DESC", &("a", 12));
        let huge = "A".repeat(5_000);
        for wrong in [
            foreign.as_str(),
            "",
            "x",
            "!!",
            "bm9uc2Vuc2U",
            huge.as_str(),
        ] {
            let fault = decode::<(String, i32)>("sources.TITLE_ASC", wrong).unwrap_err();
            assert_eq!(fault.code, Code::InvalidCursor, "{wrong}");
        }
    }
}
