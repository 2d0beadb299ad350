//! Feeds and pages of the demo's blogs. In: a blog and the publisher's address. Out: RSS, Atom, JSON Feed
//! and HTML text. Pure.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use quick_xml::escape::escape;
use serde_json::json;

use super::planet::{Blog, Format, Post};

// Writing to a string does not fail, so its results are passed over.

/// The newest entries that a feed shows.
const SHOWN: usize = 15;

/// A blog's feed and its media type.
pub fn feed(blog: &Blog, origin: &str) -> (&'static str, String) {
    let site = format!("{origin}/{}", blog.slug);
    match blog.format {
        Format::Rss => ("application/rss+xml; charset=utf-8", rss(blog, &site)),
        Format::Atom => ("application/atom+xml; charset=utf-8", atom(blog, &site)),
        Format::Json => ("application/feed+json", json_feed(blog, &site)),
    }
}

fn shown(blog: &Blog) -> impl Iterator<Item = &Post> {
    blog.posts.iter().rev().take(SHOWN)
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn rss(blog: &Blog, site: &str) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\">\n<channel>\n\
         <title>{}</title>\n<link>{site}/</link>\n<description>{}</description>\n<language>en</language>\n",
        escape(&blog.title),
        escape(&blog.about),
    );
    for post in shown(blog) {
        let page = format!("{site}/{}", post.number);
        let _ = write!(
            text,
            "<item>\n<title>{}</title>\n<link>{page}</link>\n<guid>{page}</guid>\n<pubDate>{}</pubDate>\n\
             <dc:creator>{}</dc:creator>\n<content:encoded>{}</content:encoded>\n",
            escape(&post.title),
            post.at.to_rfc2822(),
            escape(&blog.author),
            escape(&post.html),
        );
        for tag in &post.tags {
            let _ = writeln!(text, "<category>{}</category>", escape(tag));
        }
        if let Some(seconds) = post.audio_seconds {
            let _ = writeln!(
                text,
                "<enclosure url=\"{page}.mp3\" type=\"audio/mpeg\" length=\"{}\"/>",
                u64::from(seconds) * 16_000
            );
        }
        text += "</item>\n";
    }
    text + "</channel>\n</rss>\n"
}

fn atom(blog: &Blog, site: &str) -> String {
    let updated = blog
        .posts
        .last()
        .map_or_else(String::new, |post| instant(post.at));
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\">\n\
         <id>{site}/</id>\n<title>{}</title>\n<subtitle>{}</subtitle>\n<link href=\"{site}/\"/>\n\
         <updated>{updated}</updated>\n<author><name>{}</name></author>\n",
        escape(&blog.title),
        escape(&blog.about),
        escape(&blog.author),
    );
    for post in shown(blog) {
        let (page, at) = (format!("{site}/{}", post.number), instant(post.at));
        let _ = write!(
            text,
            "<entry>\n<id>{page}</id>\n<title>{}</title>\n<link href=\"{page}\"/>\n<published>{at}</published>\n\
             <updated>{at}</updated>\n<content type=\"html\">{}</content>\n",
            escape(&post.title),
            escape(&post.html),
        );
        for tag in &post.tags {
            let _ = writeln!(text, "<category term=\"{}\"/>", escape(tag));
        }
        text += "</entry>\n";
    }
    text + "</feed>\n"
}

fn json_feed(blog: &Blog, site: &str) -> String {
    let items = shown(blog).map(|post| {
        let page = format!("{site}/{}", post.number);
        json!({
            "id": page,
            "url": page,
            "title": post.title,
            "content_html": post.html,
            "date_published": instant(post.at),
            "tags": post.tags,
        })
    });
    json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": blog.title,
        "description": blog.about,
        "home_page_url": format!("{site}/"),
        "feed_url": format!("{site}/feed"),
        "authors": [{"name": blog.author}],
        "items": items.collect::<Vec<_>>(),
    })
    .to_string()
}

/// A blog's page, which names its feed; for trying out how feeds are discovered.
pub fn page(blog: &Blog, origin: &str) -> String {
    let (media_type, _) = feed(blog, origin);
    let media_type = media_type.split(';').next().unwrap_or_default();
    let mut text = format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <link rel=\"alternate\" type=\"{media_type}\" title=\"{title}\" href=\"{origin}/{slug}/feed\">\n\
         <h1>{title}</h1>\n<p>{}</p>\n<ul>\n",
        escape(&blog.about),
        title = escape(&blog.title),
        slug = blog.slug,
    );
    for post in blog.posts.iter().rev() {
        let _ = writeln!(
            text,
            "<li><a href=\"{origin}/{}/{}\">{}</a></li>",
            blog.slug,
            post.number,
            escape(&post.title)
        );
    }
    text + "</ul>\n"
}

/// An entry's page.
pub fn post_page(blog: &Blog, post: &Post, origin: &str) -> String {
    format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <p><a href=\"{origin}/{slug}/\">{}</a></p>\n<h1>{title}</h1>\n{}\n<p>{}, {}</p>\n",
        escape(&blog.title),
        post.html,
        escape(&blog.author),
        instant(post.at),
        title = escape(&post.title),
        slug = blog.slug,
    )
}
