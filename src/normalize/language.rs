//! Which language a text is in, and how many words it has. In: plain text or a declared tag. Out: a BCP 47 tag, a
//! count. Must not know: feeds.

use whatlang::Lang;

/// Shorter texts are not guessed at, in characters.
const SHORTEST: usize = 60;
/// More than this of a text adds nothing to the guess, in characters.
const ENOUGH: usize = 600;

/// A declared language as a BCP 47 tag (RFC 5646) in its usual spelling; none when it is no tag.
pub(super) fn declared(tag: &str) -> Option<String> {
    let tag = tag.trim().replace('_', "-");
    let mut parts = tag.split('-');
    let first = parts.next()?.to_ascii_lowercase();
    if !(2..=3).contains(&first.len()) || !first.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    let mut out = first;
    for part in parts.take(4) {
        if part.is_empty()
            || part.len() > 8
            || !part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return None;
        }
        out.push('-');
        match part.len() {
            2 => out.push_str(&part.to_ascii_uppercase()),
            4 => {
                let (head, tail) = part.split_at(1);
                out.push_str(&head.to_ascii_uppercase());
                out.push_str(&tail.to_ascii_lowercase());
            }
            _ => out.push_str(&part.to_ascii_lowercase()),
        }
    }
    Some(out)
}

/// The language that a text is in, where that is clear.
pub(super) fn detect(text: &str) -> Option<String> {
    text.chars().nth(SHORTEST)?;
    let head: String = text.chars().take(ENOUGH).collect();
    if is_plainly_english(&head) {
        return Some("en".to_owned());
    }
    let found = whatlang::detect(&head).filter(whatlang::Info::is_reliable)?;
    Some(tag_of(found.lang()).to_owned())
}

/// Whether the little words of English make up a fifth of a text, several of them and "the" among them: then it is in no other
/// language, and comparing it with all of them is spared, which was an eighth of the work of storing an entry.
fn is_plainly_english(text: &str) -> bool {
    const WORDS: &[&[u8]] = &[
        b"the", b"of", b"and", b"to", b"is", b"that", b"it", b"for", b"was", b"with", b"are",
        b"this", b"you", b"be", b"have", b"not", b"from", b"by", b"at", b"but", b"they", b"we",
        b"can", b"will", b"which", b"or", b"has", b"your",
    ];
    let (mut words, mut little, mut seen) = (0_u32, 0_u32, 0_u32);
    let all = text.split(|c: char| !c.is_alphabetic());
    for word in all.filter(|word| !word.is_empty()) {
        words += 1;
        let place = WORDS
            .iter()
            .position(|one| one.eq_ignore_ascii_case(word.as_bytes()));
        if let Some(place) = place {
            little += 1;
            seen |= 1 << place;
        }
    }
    words >= 15 && little * 5 >= words && seen & 1 == 1 && seen.count_ones() >= 4
}

/// ISO 639-3 codes of what can be detected, and their ISO 639-1 codes.
const SHORT: &[(&str, &str)] = &[
    ("afr", "af"),
    ("aka", "ak"),
    ("amh", "am"),
    ("ara", "ar"),
    ("aze", "az"),
    ("bel", "be"),
    ("ben", "bn"),
    ("bul", "bg"),
    ("cat", "ca"),
    ("ces", "cs"),
    ("cmn", "zh"),
    ("cym", "cy"),
    ("dan", "da"),
    ("deu", "de"),
    ("ell", "el"),
    ("eng", "en"),
    ("epo", "eo"),
    ("est", "et"),
    ("fin", "fi"),
    ("fra", "fr"),
    ("guj", "gu"),
    ("heb", "he"),
    ("hin", "hi"),
    ("hrv", "hr"),
    ("hun", "hu"),
    ("hye", "hy"),
    ("ind", "id"),
    ("ita", "it"),
    ("jav", "jv"),
    ("jpn", "ja"),
    ("kan", "kn"),
    ("kat", "ka"),
    ("khm", "km"),
    ("kor", "ko"),
    ("lat", "la"),
    ("lav", "lv"),
    ("lit", "lt"),
    ("mal", "ml"),
    ("mar", "mr"),
    ("mkd", "mk"),
    ("mya", "my"),
    ("nep", "ne"),
    ("nld", "nl"),
    ("nob", "nb"),
    ("ori", "or"),
    ("pan", "pa"),
    ("pes", "fa"),
    ("pol", "pl"),
    ("por", "pt"),
    ("ron", "ro"),
    ("rus", "ru"),
    ("sin", "si"),
    ("slk", "sk"),
    ("slv", "sl"),
    ("sna", "sn"),
    ("spa", "es"),
    ("srp", "sr"),
    ("swe", "sv"),
    ("tam", "ta"),
    ("tel", "te"),
    ("tgl", "tl"),
    ("tha", "th"),
    ("tuk", "tk"),
    ("tur", "tr"),
    ("ukr", "uk"),
    ("urd", "ur"),
    ("uzb", "uz"),
    ("vie", "vi"),
    ("yid", "yi"),
    ("zul", "zu"),
];

/// ISO 639-1 where there is one.
fn tag_of(language: Lang) -> &'static str {
    let code = language.code();
    SHORT
        .iter()
        .find(|(long, _)| *long == code)
        .map_or(code, |(_, short)| short)
}

/// Words in a text. Where a script has no spaces, each Han or kana character counts as one, and six letters of
/// Thai, Lao, Khmer or Burmese do.
pub(super) fn count_words(text: &str) -> i32 {
    let mut words = 0_i32;
    let mut unspaced = 0_i32;
    let mut inside = false;
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            words = words.saturating_add(i32::from(!inside));
            inside = true;
        } else if c.is_ascii() {
            inside &= matches!(c, '\'' | '-' | '_' | '.' | ',');
        } else if is_single(c) {
            words = words.saturating_add(1);
            inside = false;
        } else if is_unspaced(c) {
            unspaced = unspaced.saturating_add(1);
            inside = false;
        } else if c.is_alphanumeric() {
            words = words.saturating_add(i32::from(!inside));
            inside = true;
        } else {
            // Marks belong to the letter before them, as in Indic scripts.
            inside &= c == '’' || is_mark(c);
        }
    }
    words.saturating_add(unspaced.saturating_add(5) / 6)
}

fn is_single(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Combining marks of the scripts that need them to write words, and the joiners between letters.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{65f}' | '\u{900}'..='\u{dff}' | '\u{200c}' | '\u{200d}')
}

fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_tags_are_tidied_or_refused() {
        for (tag, expected) in [
            ("en-us", Some("en-US")),
            ("EN", Some("en")),
            ("zh_hans_cn", Some("zh-Hans-CN")),
            ("English", None),
            ("", None),
            ("en us", None),
        ] {
            assert_eq!(declared(tag).as_deref(), expected, "{tag}");
        }
    }

    #[test]
    fn languages_are_told_from_longer_texts() {
        let german = "Das ist ein etwas längerer Satz in deutscher Sprache, der leicht zu erkennen sein sollte, weil er viele Wörter hat.";
        assert_eq!(detect(german).as_deref(), Some("de"));
        assert_eq!(detect("kurz"), None);
        let english = "This is a somewhat longer sentence in the language of Shakespeare, and it should be told with ease.";
        assert!(is_plainly_english(english) && !is_plainly_english(german));
        assert_eq!(detect(english).as_deref(), Some("en"));
        let dutch = "De film was in het begin of ook aan het eind is het een van de beste, in alle opzichten, en dat was te verwachten.";
        assert!(!is_plainly_english(dutch));
    }

    #[test]
    fn words_in_every_script() {
        for (text, count) in [
            ("", 0),
            ("It's well-known: 3.14 is pi", 5),
            ("日本語の文", 5),
            ("한국어 문장", 2),
            ("one, two… three", 3),
            ("Привет мир", 2),
            ("हिन्दी में लिखा", 3),
            ("สวัสดีชาวโลก", 2),
            ("l’été — déjà vu", 3),
        ] {
            assert_eq!(count_words(text), count, "{text}");
        }
    }
}
