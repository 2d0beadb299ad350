//! A message as it is sent. In: an entry with what belongs to it, secrets, the time. Out: JSON and signatures after Standard
//! Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`). Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat};
use entity::{ChangeKind, Millis, author, entry, entry_body, source};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::secret::key;

/// What a message tells of.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happened.
    pub kind: ChangeKind,
    /// When.
    pub at: Millis,
    /// To which entry.
    pub entry: entry::Model,
    /// Its content.
    pub body: Option<entry_body::Model>,
    /// Its feed.
    pub source: Option<source::Model>,
    /// Who wrote it.
    pub authors: Vec<author::Model>,
    /// Its tags.
    pub tags: Vec<String>,
}

impl Event {
    /// The message's body. Ids are those of the API.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let entry = &self.entry;
        let source = self.source.as_ref().map(|source| {
            json!({
                "id": format!("source:{}", source.id.0),
                "title": source.title,
                "feedUrl": source.feed_url,
                "siteUrl": source.site_url,
            })
        });
        let authors = self.authors.iter().map(|author| {
            json!({"id": format!("author:{}", author.id.0), "name": author.name, "url": author.url})
        });
        let authors: Vec<Value> = authors.collect();
        let kind = match self.kind {
            ChangeKind::EntryAdded => "entry.added",
            _ => "entry.updated",
        };
        let message = json!({
            "type": kind,
            "timestamp": text(self.at),
            "data": {
                "id": format!("entry:{}", entry.id.0),
                "guid": entry.guid,
                "url": entry.url,
                "title": entry.title,
                "summary": entry.summary,
                "contentHtml": self.body.as_ref().and_then(|body| body.content_html.as_deref()),
                "language": entry.language,
                "publishedAt": text(entry.published_at),
                "updatedAt": entry.updated_at.map(text),
                "source": source,
                "authors": authors,
                "tags": self.tags,
            },
        });
        message.to_string().into_bytes()
    }
}

/// The value of `webhook-signature`: one signature for each secret that is good.
#[must_use]
pub fn sign(secrets: &[&str], id: &str, seconds: i64, body: &[u8]) -> String {
    let signed = secrets.iter().filter_map(|secret| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key(secret)?).ok()?;
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        Some(format!(
            "v1,{}",
            STANDARD.encode(mac.finalize().into_bytes())
        ))
    });
    signed.collect::<Vec<_>>().join(" ")
}

fn text(at: Millis) -> String {
    let instant = DateTime::from_timestamp_millis(at.0).unwrap_or(DateTime::UNIX_EPOCH);
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_standard_webhooks() {
        // The example of the specification's own libraries.
        let signed = sign(
            &["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn after_a_change_of_secrets_both_sign() {
        let (one, other) = (super::super::new_secret(), super::super::new_secret());
        let signed = sign(&[&one, &other], "msg_1", 1, b"{}");
        assert_eq!(signed.split(' ').count(), 2);
    }
}
