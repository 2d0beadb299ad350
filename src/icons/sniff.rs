//! What a picture is. In: bytes. Out: a media type. Pure.
//!
//! What servers say of their icons is wrong often enough, and what is served to browsers must be what it is said to be.
//! Drawings (SVG) are documents that may hold scripts: they are no pictures here.

/// The media type of a picture by how its bytes begin; none for everything else.
#[must_use]
pub fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        // An icon file says how many pictures are in it: at least one.
        [0, 0, 1, 0, low, high, ..] if (*low, *high) != (0, 0) => Some("image/x-icon"),
        [
            _,
            _,
            _,
            _,
            b'f',
            b't',
            b'y',
            b'p',
            b'a',
            b'v',
            b'i',
            b'f',
            ..,
        ] => Some("image/avif"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_first_bytes() {
        for (bytes, expected) in [
            (&b"\x89PNG\r\n\x1a\n\0\0"[..], Some("image/png")),
            (b"GIF89a..", Some("image/gif")),
            (b"\xff\xd8\xff\xe0..", Some("image/jpeg")),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"\0\0\x01\0\x02\0\x10\x10", Some("image/x-icon")),
            (b"\0\0\0\x1cftypavif", Some("image/avif")),
            (b"\0\0\x01\0\0\0", None),
            (b"<svg xmlns='http://www.w3.org/2000/svg'><script>", None),
            (b"<!DOCTYPE html>", None),
            (b"RIFF\x10\0\0\0AVI ", None),
            (b"", None),
        ] {
            assert_eq!(picture_type(bytes), expected, "{bytes:?}");
        }
    }
}
