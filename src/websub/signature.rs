//! Whether a push comes from the hub that was given the secret (`WebSub`, section 7.1). In: a header, a secret, a body.
//! Out: yes or no, in a time that does not tell how nearly it was right. Pure.

use ring::hmac;

/// Whether `header` (`method=hexadecimal`) signs `body` with `secret`.
#[must_use]
pub fn is_genuine(header: Option<&str>, secret: &str, body: &[u8]) -> bool {
    let Some((method, signature)) = header.and_then(|header| header.trim().split_once('=')) else {
        return false;
    };
    let algorithm = match method.trim().to_ascii_lowercase().as_str() {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha384" => hmac::HMAC_SHA384,
        "sha512" => hmac::HMAC_SHA512,
        _ => return false,
    };
    let Some(signature) = bytes(signature.trim()) else {
        return false;
    };
    let key = hmac::Key::new(algorithm, secret.as_bytes());
    hmac::verify(&key, body, &signature).is_ok()
}

/// The bytes that hexadecimal digits write.
fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = hexadecimal
        .chars()
        .map(|digit| digit.to_digit(16))
        .collect();
    digits?
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(high * 16 + low).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2202 and RFC 4231, test case 2.
    const BODY: &[u8] = b"what do ya want for nothing?";

    #[test]
    fn the_four_methods_are_known() {
        for header in [
            "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            "SHA256=5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843",
            "sha384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            "sha512=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ] {
            assert!(is_genuine(Some(header), "Jefe", BODY), "{header}");
            assert!(!is_genuine(Some(header), "jefe", BODY));
            assert!(!is_genuine(Some(header), "Jefe", b"what do you want"));
        }
    }

    #[test]
    fn what_is_no_signature_is_not_genuine() {
        for header in [
            None,
            Some(""),
            Some("sha1="),
            Some("sha1=effcdf"),
            Some("sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c7"),
            Some("sha1=zzzzdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            Some("md5=750c783e6ab0b503eaa86e310a5db738"),
            Some("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        ] {
            assert!(!is_genuine(header, "Jefe", BODY), "{header:?}");
        }
    }
}
