//! From bytes to text. In: a body and the charset that HTTP names. Out: text without a byte order mark, and what
//! had to be repaired. Must not know: feeds, beyond where XML and HTML write their encoding.

use std::borrow::Cow;
use std::io::Read;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use entity::FindingCode;

use super::document::Note;

/// How far into a body a declaration is looked for, in bytes.
const HEAD: usize = 1024;

/// A body as text.
pub(super) struct Decoded<'a> {
    /// Its text.
    pub text: Cow<'a, str>,
    /// What was repaired.
    pub notes: Vec<Note>,
}

/// A body out of the gzip wrapping that some servers put around it a second time; none when the inside is
/// broken or over `max_bytes`.
pub(super) fn unwrap_gzip(bytes: &[u8], max_bytes: u64) -> Option<Cow<'_, [u8]>> {
    let mut current = Cow::Borrowed(bytes);
    for _ in 0..3 {
        if !current.starts_with(&[0x1f, 0x8b]) {
            return Some(current);
        }
        let mut out = Vec::new();
        flate2::read::MultiGzDecoder::new(current.as_ref())
            .take(max_bytes + 1)
            .read_to_end(&mut out)
            .ok()
            .or_else(|| (!out.is_empty()).then_some(0))?;
        if u64::try_from(out.len()).is_ok_and(|length| length > max_bytes) {
            return None;
        }
        current = Cow::Owned(out);
    }
    Some(current)
}

/// Decodes a body. A byte order mark decides; then UTF-8 wherever the bytes are valid UTF-8 and say something
/// in it; then what HTTP, then what the document says; then detection.
pub(super) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Decoded<'a> {
    if let Some(text) = utf32(bytes) {
        return Decoded {
            text: Cow::Owned(text),
            notes: Vec::new(),
        };
    }
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let (text, _) =
            encoding.decode_without_bom_handling(bytes.get(length..).unwrap_or_default());
        return Decoded {
            text,
            notes: Vec::new(),
        };
    }
    if let Some(encoding) = utf16_without_mark(bytes) {
        let (text, _) = encoding.decode_without_bom_handling(bytes);
        return Decoded {
            text,
            notes: Vec::new(),
        };
    }
    let http = content_type
        .and_then(charset_parameter)
        .and_then(|label| label_of(&label));
    let declared = declared(bytes);
    let escapes = bytes.is_ascii() && memchr::memmem::find(bytes, b"\x1b$").is_some();
    let said = http.or(declared).or(escapes.then_some(ISO_2022_JP));
    if let Ok(text) = std::str::from_utf8(bytes)
        && said.is_none_or(encoding_rs::Encoding::is_ascii_compatible)
    {
        let differs = said.is_some_and(|encoding| encoding != UTF_8) && !text.is_ascii();
        return Decoded {
            text: Cow::Borrowed(text),
            notes: note(
                differs,
                "declared as another character set, but it is UTF-8",
            ),
        };
    }
    let (text, found) = best(bytes, [said, declared]);
    let wrong = said.is_some_and(|said| said != found);
    Decoded {
        text,
        notes: note(
            wrong || said.is_none(),
            &format!("read as {}", found.name()),
        ),
    }
}

fn note(is_true: bool, message: &str) -> Vec<Note> {
    let note = Note {
        code: FindingCode::WrongCharset,
        message: message.to_owned(),
        count: 1,
    };
    is_true.then_some(note).into_iter().collect()
}

/// The first of the declared encodings that decodes without error, else what the bytes look like.
fn best<'a>(
    bytes: &'a [u8],
    said: [Option<&'static Encoding>; 2],
) -> (Cow<'a, str>, &'static Encoding) {
    let one_byte = |encoding: &&'static Encoding| encoding.is_single_byte();
    if said.iter().flatten().all(one_byte)
        && let Some(text) = mostly_utf8(bytes)
    {
        return (Cow::Owned(text), UTF_8);
    }
    for encoding in said.into_iter().flatten() {
        let (text, broken) = encoding.decode_without_bom_handling(bytes);
        if !broken {
            return (text, encoding);
        }
    }
    if let Some(text) = mostly_utf8(bytes) {
        return (Cow::Owned(text), UTF_8);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let (text, broken) = guess.decode_without_bom_handling(bytes);
    if broken {
        let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
        return (text, WINDOWS_1252);
    }
    (text, guess)
}

/// UTF-8 with a few broken sequences (cut strings, strays from another encoding), each of which is read as
/// windows-1252; none when there are too many for that.
fn mostly_utf8(bytes: &[u8]) -> Option<String> {
    let mut out = String::with_capacity(bytes.len());
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        out.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            bad += 1;
            out.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
        }
    }
    (good > bad * 2 && good >= 3).then_some(out)
}

/// UTF-32, which the Encoding Standard leaves out: told by its mark, or by the zero bytes of its first `<`.
fn utf32(bytes: &[u8]) -> Option<String> {
    let (big, start) = match bytes {
        [0xff, 0xfe, 0, 0, ..] => (false, 4),
        [0, 0, 0xfe, 0xff, ..] => (true, 4),
        [b'<' | b'{', 0, 0, 0, ..] => (false, 0),
        [0, 0, 0, b'<' | b'{', ..] => (true, 0),
        _ => return None,
    };
    let (units, _) = bytes.get(start..)?.as_chunks::<4>();
    let code = |unit: &[u8; 4]| {
        if big {
            u32::from_be_bytes(*unit)
        } else {
            u32::from_le_bytes(*unit)
        }
    };
    let characters = units
        .iter()
        .map(|unit| char::from_u32(code(unit)).unwrap_or('\u{fffd}'));
    Some(characters.collect())
}

/// UTF-16 gives itself away by the zero bytes of its first `<`.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<' | b'{', 0, _, 0, ..] => Some(UTF_16LE),
        [0, b'<' | b'{', 0, _, ..] => Some(UTF_16BE),
        _ => None,
    }
}

/// What the XML declaration says; a 16-bit name in a document that is readable as ASCII is not believed.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    let head: String = head.iter().map(|byte| char::from(*byte)).collect();
    let (_, after) = head.split_once("<?xml")?;
    let (declaration, _) = after.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let label = value.get(1..)?.split(quote).next()?;
    label_of(label).filter(|encoding| encoding.is_ascii_compatible() || *encoding == ISO_2022_JP)
}

/// RFC 9110, section 8.3.1.
fn charset_parameter(content_type: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches(['"', '\'']).to_owned())
    })
}

/// The labels of the Encoding Standard, and a few that feeds use besides.
fn label_of(label: &str) -> Option<&'static Encoding> {
    let label = label.trim();
    Encoding::for_label(label.as_bytes()).or_else(|| {
        let bare: String = label.chars().filter(char::is_ascii_alphanumeric).collect();
        match bare.to_ascii_lowercase().as_str() {
            "utf8" => Some(UTF_8),
            "cp1252" | "latin1" | "iso88591" => Some(WINDOWS_1252),
            other => Encoding::for_label(other.as_bytes()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], content_type: Option<&str>) -> String {
        decode(bytes, content_type).text.into_owned()
    }

    #[test]
    fn a_byte_order_mark_decides() {
        assert_eq!(
            text(b"\xef\xbb\xbf<a/>", Some("text/xml; charset=latin1")),
            "<a/>"
        );
        assert_eq!(text(b"\xff\xfe<\0a\0/\0>\0", None), "<a/>");
        assert_eq!(text(b"<\0a\0/\0>\0", None), "<a/>");
        assert_eq!(text(b"\xff\xfe\0\0<\0\0\0a\0\0\0", None), "<a");
        assert_eq!(text(b"\0\0\0<\0\x01\xf6\0", None), "<\u{1f600}");
    }

    #[test]
    fn http_names_the_charset() {
        assert_eq!(
            text(b"<a>\xe9</a>", Some("text/xml; charset=\"ISO-8859-1\"")),
            "<a>é</a>"
        );
    }

    #[test]
    fn the_declaration_names_the_charset() {
        let body = b"<?xml version='1.0' encoding='koi8-r'?><a>\xf0\xd2</a>";
        assert!(text(body, None).ends_with("<a>Пр</a>"));
    }

    #[test]
    fn escapes_of_iso_2022_jp_are_no_text() {
        let body = b"<?xml version='1.0' encoding='ISO-2022-JP'?><a>\x1b$BF|K\\\x1b(B</a>";
        assert!(text(body, None).ends_with("<a>日本</a>"));
        let body = b"<a>\x1b$BF|K\\\x1b(B</a>";
        assert_eq!(text(body, None), "<a>日本</a>");
    }

    #[test]
    fn valid_utf8_is_believed_over_a_wrong_declaration() {
        let decoded = decode(
            "<?xml version='1.0' encoding='iso-8859-1'?><a>é</a>".as_bytes(),
            None,
        );
        assert!(decoded.text.ends_with("<a>é</a>"));
        assert_eq!(decoded.notes.len(), 1);
    }

    #[test]
    fn stray_bytes_do_not_spoil_the_rest() {
        assert_eq!(
            text(b"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9 \x93x", None),
            "ééééé “x"
        );
    }

    #[test]
    fn gzip_inside_is_undone_and_bounded() {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&[b'a'; 5000]).unwrap();
        let wrapped = encoder.finish().unwrap();
        assert_eq!(unwrap_gzip(&wrapped, 5000).unwrap().len(), 5000);
        assert!(unwrap_gzip(&wrapped, 4999).is_none());
    }
}
