//! Small feeds. In: items. Out: RSS 2.0 or Atom text. The texts are escaped, so any string will do.

use std::fmt::Write as _;

/// One item or entry of a feed that a test publishes.
#[derive(Clone, Debug)]
pub struct Item {
    /// guid or id.
    pub id: String,
    /// Title.
    pub title: String,
    /// RFC 3339.
    pub published: String,
    /// HTML.
    pub content: String,
    /// Author's name; left out when empty.
    pub author: String,
}

impl Item {
    /// An item with a title and content made from its id.
    pub fn new(id: &str, published: &str) -> Self {
        Self {
            id: id.to_owned(),
            title: format!("Title of {id}"),
            published: published.to_owned(),
            content: format!("<p>Content of {id}.</p>"),
            author: String::new(),
        }
    }

    /// The same with another title.
    pub fn titled(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// The same with an author.
    pub fn by(mut self, author: &str) -> Self {
        author.clone_into(&mut self.author);
        self
    }

    /// The same with other content.
    pub fn saying(mut self, html: &str) -> Self {
        html.clone_into(&mut self.content);
        self
    }
}

/// An RSS 2.0 feed; `site` is its page, and each item's link is below it.
pub fn rss(title: &str, site: &str, items: &[Item]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel>\
         <title>{}</title><link>{}</link><description>d</description>\n",
        escape(title),
        escape(site)
    );
    for item in items {
        let date = chrono::DateTime::parse_from_rfc3339(&item.published).expect("a date");
        let id = escape(&item.id);
        write!(
            text,
            "<item><guid isPermaLink=\"false\">{id}</guid><link>{}/{id}</link><title>{}</title>\
             <pubDate>{}</pubDate><description>{}</description>",
            escape(site.trim_end_matches('/')),
            escape(&item.title),
            date.to_rfc2822(),
            escape(&item.content),
        )
        .expect("text");
        if !item.author.is_empty() {
            write!(text, "<dc:creator>{}</dc:creator>", escape(&item.author)).expect("text");
        }
        text.push_str("</item>\n");
    }
    text + "</channel></rss>\n"
}

/// An Atom feed; as [`rss`].
pub fn atom(title: &str, site: &str, items: &[Item]) -> String {
    let updated = items
        .iter()
        .map(|item| item.published.as_str())
        .max()
        .unwrap_or("2024-01-01T00:00:00Z");
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\"><id>{site}</id><title>{}</title>\
         <link href=\"{site}\"/><updated>{updated}</updated>\n",
        escape(title),
        site = escape(site),
    );
    for item in items {
        let id = escape(&item.id);
        write!(
            text,
            "<entry><id>{id}</id><link href=\"{}/{id}\"/><title>{}</title>\
             <published>{date}</published><updated>{date}</updated>\
             <content type=\"html\">{}</content>",
            escape(site.trim_end_matches('/')),
            escape(&item.title),
            escape(&item.content),
            date = item.published,
        )
        .expect("text");
        if !item.author.is_empty() {
            write!(
                text,
                "<author><name>{}</name></author>",
                escape(&item.author)
            )
            .expect("text");
        }
        text.push_str("</entry>\n");
    }
    text + "</feed>\n"
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
