//! Time zones as feeds write them. In: the tail of a date. Out: the distance from UTC. Must not know: dates.

use super::take_digits;

/// Seconds east of UTC. No zone, or one that nobody knows, is UTC; none means that this is no zone at all.
pub(super) fn offset_seconds(text: &str) -> Option<i64> {
    let text = text.trim().trim_start_matches("Etc/");
    let text = text
        .split(['(', ',', '['])
        .next()
        .unwrap_or_default()
        .trim();
    if text.is_empty() {
        return Some(0);
    }
    if text.starts_with(['+', '-', '\u{2212}']) {
        return numeric(text);
    }
    let name: String = text.chars().take_while(|c| c.is_alphabetic()).collect();
    let rest = text.get(name.len()..).unwrap_or_default().trim_start();
    if name.is_empty() {
        return None;
    }
    match named(&name.to_ascii_uppercase()) {
        Some(0) if rest.starts_with(['+', '-']) => numeric(rest),
        Some(seconds) => Some(seconds),
        None => Some(0),
    }
}

fn numeric(text: &str) -> Option<i64> {
    let negative = !text.starts_with('+');
    let mut rest = text.trim_start_matches(['+', '-', '\u{2212}', ' ']);
    let hours = take_digits(&mut rest, 1, 2)?;
    rest = rest.strip_prefix(':').unwrap_or(rest);
    let minutes = take_digits(&mut rest, 1, 2).unwrap_or(0);
    if hours > 24 || minutes > 59 {
        return Some(0);
    }
    let seconds = i64::from(hours) * 3600 + i64::from(minutes) * 60;
    Some(if negative { -seconds } else { seconds })
}

/// RFC 822 section 5, and what else is seen.
fn named(name: &str) -> Option<i64> {
    let quarters = match name {
        "Z" | "UT" | "UTC" | "GMT" | "WET" | "N" | "ZULU" => 0,
        "EST" | "CDT" | "PET" | "COT" | "ECT" => -20,
        "EDT" | "AST" | "CLT" | "VET" | "BOT" => -16,
        "CST" | "MDT" => -24,
        "MST" | "PDT" => -28,
        "PST" | "AKDT" => -32,
        "AKST" | "HDT" => -36,
        "HST" => -40,
        "SST" => -44,
        "ADT" | "BRT" | "ART" | "CLST" | "UYT" => -12,
        "BRST" => -8,
        "NST" => -14,
        "NDT" => -10,
        "CET" | "BST" | "WEST" | "MEZ" | "MET" | "WAT" => 4,
        "CEST" | "EET" | "MESZ" | "MEST" | "SAST" | "CAT" => 8,
        "EEST" | "MSK" | "IDT" | "EAT" | "TRT" => 12,
        "IRST" => 14,
        "MSD" | "SAMT" | "GST" => 16,
        "PKT" | "UZT" | "YEKT" => 20,
        "IST" => 22,
        "NPT" => 23,
        "OMST" => 24,
        "MMT" => 26,
        "WIB" | "ICT" | "NOVT" | "KRAT" => 28,
        "AWST" | "HKT" | "SGT" | "PHT" | "MYT" | "WITA" | "IRKT" => 32,
        "JST" | "KST" | "WIT" | "YAKT" => 36,
        "ACST" => 38,
        "AEST" | "VLAT" | "CHST" => 40,
        "ACDT" => 42,
        "AEDT" => 44,
        "NZST" => 48,
        "NZDT" => 52,
        _ => return None,
    };
    Some(quarters * 900)
}
