//! What a content may show of other places: frames of players, pictures that are seen. In: addresses, sizes, styles. Out:
//! whether it stays. Must not know: HTML.

use url::Url;

use super::link;

/// Hosts, and where a host has more than players their paths, whose frames are kept: they show one film or play one sound.
const PLAYERS: &[&str] = &[
    "youtube.com",
    "youtube-nocookie.com",
    "player.vimeo.com",
    "dailymotion.com",
    "w.soundcloud.com",
    "open.spotify.com",
    "embed.podcasts.apple.com",
    "bandcamp.com",
    "player.twitch.tv",
    "media.ccc.de",
    "archive.org",
    "embed.ted.com",
    "player.bilibili.com",
    "cdn.podlove.org",
    "video.ploud.fr",
    "rutube.ru",
    "www.blogger.com/video.g",
];

/// What every frame carries. Here and not in the sanitiser, which writes several in an order that changes from run to run.
pub(super) const FRAME: &str = " loading=\"lazy\" referrerpolicy=\"strict-origin-when-cross-origin\" \
    sandbox=\"allow-scripts allow-same-origin allow-popups allow-presentation\"";

/// Hosts and paths of pictures that only count readers.
const TRACKERS: &[&str] = &[
    "feeds.feedburner.com/~r/",
    "feeds.feedburner.com/~ff/",
    "pixel.wp.com/",
    "stats.wordpress.com/",
    "pixel.quantserve.com/",
    "feeds.wordpress.com/1.0/",
    "feedsportal.com/",
    "ad.doubleclick.net/",
    "googleads.g.doubleclick.net/",
    "google-analytics.com/",
    "rss-tracking.",
    "/pixel.gif?",
    "medium.com/_/stat",
    "blogger.googleusercontent.com/tracker/",
    "feedproxy.google.com/~r/",
    "b.scorecardresearch.com/",
    "sb.scorecardresearch.com/",
    "feedads.g.doubleclick.net/",
    "da.feedsportal.com",
    "/1x1.",
    "/pixel.png?",
];

/// The address of a frame over TLS, when it is one of the players.
pub(super) fn player(src: &str, base: Option<&Url>) -> Option<String> {
    let mut url = link::absolute(base, src)?;
    let host = url.host_str()?;
    let known = PLAYERS.iter().any(|player| {
        let (name, path) = player.split_once('/').unwrap_or((player, ""));
        let inside = url.path().trim_start_matches('/').starts_with(path);
        let rest = host.strip_suffix(name).filter(|_| inside);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    if !known || url.port().is_some() || !url.username().is_empty() {
        return None;
    }
    url.set_scheme("https").ok()?;
    Some(url.into())
}

/// Whether an address leads to what only counts readers.
pub(super) fn is_tracker(address: &str) -> bool {
    TRACKERS.iter().any(|tracker| address.contains(tracker))
}

/// A style that hides a picture or makes it too small to be seen.
pub(super) fn is_hidden(style: &str) -> bool {
    style.split(';').any(|declaration| {
        let (name, value) = declaration.split_once(':').unwrap_or((declaration, ""));
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "display" => value.eq_ignore_ascii_case("none"),
            "visibility" => value.eq_ignore_ascii_case("hidden"),
            "width" | "height" => is_tiny(value),
            _ => false,
        }
    })
}

/// Too small to be seen: up to 2 pixels.
pub(super) fn is_tiny(size: &str) -> bool {
    let digits = size.trim().trim_end_matches("px");
    digits.parse::<u16>().is_ok_and(|pixels| pixels <= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_players_are_framed() {
        for (src, player_src) in [
            (
                "//www.youtube.com/embed/x",
                Some("https://www.youtube.com/embed/x"),
            ),
            (
                "https://www.blogger.com/video.g?t=1",
                Some("https://www.blogger.com/video.g?t=1"),
            ),
            ("https://www.blogger.com/other", None),
            ("https://www.youtube.com.evil.example/", None),
            ("https://u@www.youtube.com/embed/x", None),
            ("https://www.youtube.com:8443/embed/x", None),
            ("javascript:alert(1)", None),
            ("/embed/x", None),
        ] {
            let base = Url::parse("https://example.org/").unwrap();
            assert_eq!(player(src, Some(&base)).as_deref(), player_src, "{src}");
        }
    }

    #[test]
    fn what_nobody_sees() {
        for (style, hidden) in [
            ("width:1px; height: 1px", true),
            ("DISPLAY : none", true),
            ("visibility:hidden", true),
            ("width:100%;display:block", false),
            ("width:10px", false),
            ("", false),
        ] {
            assert_eq!(is_hidden(style), hidden, "{style}");
        }
    }
}
