//! Texts and bodies that are seldom read, kept small. In: bytes. Out: fewer bytes, and back. Must not know: what they
//! are.

use std::io::Read;

/// Compresses well enough at several hundred MB a second.
const LEVEL: i32 = 3;

/// Compresses.
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    // Writing to memory does not fail; if it did, nothing would be kept.
    zstd::encode_all(bytes, LEVEL).unwrap_or_default()
}

/// What was compressed, but not more than `most` bytes; none when it is damaged or longer.
pub fn unpack(packed: &[u8], most: usize) -> Option<Vec<u8>> {
    let decoder = zstd::Decoder::new(packed).ok()?;
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    decoder.take(limit).read_to_end(&mut bytes).ok()?;
    (bytes.len() <= most).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_within_its_limit() {
        let text = "<p>Again and again.</p>".repeat(500);
        let packed = pack(text.as_bytes());
        assert!(packed.len() < text.len() / 10);
        assert_eq!(unpack(&packed, text.len()), Some(text.clone().into_bytes()));
        assert_eq!(unpack(&packed, text.len() - 1), None);
        assert_eq!(unpack(b"damaged", 100), None);
    }
}
