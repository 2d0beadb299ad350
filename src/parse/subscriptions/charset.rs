//! The characters of a list of subscriptions. In: bytes of a file. Out: text. Must not know: formats.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// Decodes a list: by its byte order mark, else as UTF-8, else by the encoding that its XML declaration
/// names, else as Windows-1252, in which old lists without a declaration are written.
#[must_use]
pub fn decode(bytes: &[u8]) -> String {
    let declared = declared(bytes).filter(|encoding| *encoding != UTF_8);
    let encoding = match (Encoding::for_bom(bytes), declared) {
        (Some((encoding, _)), _) => encoding,
        (None, _) if std::str::from_utf8(bytes).is_ok() => UTF_8,
        (None, declared) => declared.unwrap_or(WINDOWS_1252),
    };
    encoding.decode(bytes).0.into_owned()
}

/// The encoding that an XML declaration at the start names.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = bytes.get(..bytes.len().min(200))?;
    let start = String::from_utf8_lossy(start);
    let (declaration, _) = start.split_once("?>")?;
    let (_, after) = declaration.split_once("encoding")?;
    let label = after.split(['"', '\'']).nth(1)?;
    Encoding::for_label(label.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_8_wins_over_a_wrong_declaration() {
        let text = "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>";
        assert_eq!(decode(text.as_bytes()), text);
    }

    #[test]
    fn a_declared_encoding_and_the_last_resort_are_used() {
        let latin = b"<?xml version=\"1.0\" encoding=\"iso-8859-15\"?>\xa4";
        assert!(decode(latin).ends_with('€'));
        assert_eq!(decode(b"name = Jos\xe9"), "name = José");
    }
}
