//! Documents that are sent by their hash alone. In: hashes, and documents with them. Out: documents. Those that a
//! client registers as it goes (Apollo's automatic persisted queries) are forgotten when there are too many; those of a
//! manifest, which the operator trusts, are not. Must not know: GraphQL.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use axum::http::StatusCode;
use moka::sync::Cache;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::params::Params;
use super::refusal::{Problem, Refusal};
use crate::graphql::Code;

/// Bytes of documents that clients may register.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Documents by their hashes.
pub struct Persisted {
    registered: Cache<String, Arc<str>>,
    trusted: Trusted,
    only_trusted: bool,
}

/// The documents of a manifest, by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trusted {
    by_id: HashMap<String, Arc<str>>,
    hashes: std::collections::HashSet<String>,
}

/// Why a manifest is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// No such file, or not ours to read.
    #[error("cannot be read")]
    Unreadable(#[source] std::io::Error),
    /// Something else than one of the two forms.
    #[error(
        "is neither a manifest of Apollo's persisted queries nor an object of documents by their ids"
    )]
    Malformed,
}

impl Trusted {
    /// Reads a manifest: Apollo's (`{"format": "apollo-persisted-query-manifest", "operations": [{"id", "body"}]}`) or
    /// Relay's and graphql-codegen's (`{"id": "document"}`).
    ///
    /// # Errors
    /// The file cannot be read, or has neither form.
    pub fn read(path: &Path) -> Result<Self, ManifestError> {
        let text = std::fs::read(path).map_err(ManifestError::Unreadable)?;
        Self::parse(&text).ok_or(ManifestError::Malformed)
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let Value::Object(manifest) = serde_json::from_slice(text).ok()? else {
            return None;
        };
        let mut trusted = Self::default();
        if let Some(Value::Array(operations)) = manifest.get("operations") {
            for operation in operations {
                let text = |name| operation.get(name).and_then(Value::as_str);
                trusted.add(text("id")?, text("body")?);
            }
        } else {
            for (id, body) in &manifest {
                trusted.add(id, body.as_str()?);
            }
        }
        Some(trusted)
    }

    fn add(&mut self, id: &str, document: &str) {
        self.hashes.insert(hash(document));
        // Relay writes `md5:…` or `sha256:…`; clients may send either form.
        let bare = id.strip_prefix("sha256:").unwrap_or(id);
        self.by_id.insert(bare.to_owned(), document.into());
    }

    fn find(&self, id: &str) -> Option<&Arc<str>> {
        self.by_id.get(id.strip_prefix("sha256:").unwrap_or(id))
    }
}

impl Persisted {
    /// With a manifest's documents; with `only_trusted` no others are taken.
    #[must_use]
    pub fn new(trusted: Trusted, only_trusted: bool) -> Self {
        let weigh = |key: &String, text: &Arc<str>| {
            u32::try_from(key.len() + text.len()).unwrap_or(u32::MAX)
        };
        Self {
            registered: Cache::builder()
                .max_capacity(MOST_BYTES)
                .weigher(weigh)
                .build(),
            trusted,
            only_trusted,
        }
    }

    /// Puts the document into parameters that only name it.
    ///
    /// # Errors
    /// There is no document and no known name of one; the hash is not the document's; only trusted documents are
    /// taken and this is none.
    pub fn resolve(&self, mut params: Params) -> Result<Params, Refusal> {
        let named = params.document_id.clone().or(named(&params.extensions)?);
        match (params.query.is_empty(), named) {
            (true, None) => return Err(Refusal::bad_request("The parameter `query` is missing.")),
            (true, Some(name)) => {
                let known = self.trusted.find(&name).cloned();
                let known = known.or_else(|| self.registered.get(&name));
                params.query = known.ok_or_else(not_found)?.to_string();
                return Ok(params);
            }
            (false, Some(name)) if params.document_id.is_none() => {
                self.register(&name, &params.query)?;
            }
            (false, _) => {}
        }
        if self.only_trusted && !self.trusted.hashes.contains(&hash(&params.query)) {
            return Err(not_trusted());
        }
        Ok(params)
    }

    fn register(&self, name: &str, document: &str) -> Result<(), Refusal> {
        if hash(document) != name {
            return Err(Refusal::of_request(
                StatusCode::BAD_REQUEST,
                Code::PersistedQueryHashMismatch,
                "provided sha does not match query",
            ));
        }
        if !self.only_trusted {
            self.registered.insert(name.to_owned(), document.into());
        }
        Ok(())
    }
}

/// The hash in `extensions.persistedQuery`.
fn named(extensions: &Map<String, Value>) -> Result<Option<String>, Refusal> {
    let persisted = match extensions.get("persistedQuery") {
        Some(Value::Object(persisted)) => persisted,
        Some(Value::Null) | None => return Ok(None),
        Some(_) => {
            return Err(Refusal::bad_request(
                "`extensions.persistedQuery` must be an object.",
            ));
        }
    };
    if persisted.get("version").and_then(Value::as_u64) != Some(1) {
        return Err(Refusal::bad_request(
            "Unsupported persisted query version; it must be 1.",
        ));
    }
    match persisted.get("sha256Hash").and_then(Value::as_str) {
        Some(hash) => Ok(Some(hash.to_ascii_lowercase())),
        None => Err(Refusal::bad_request(
            "`extensions.persistedQuery.sha256Hash` must be a string.",
        )),
    }
}

fn hash(document: &str) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(document.as_bytes()) {
        text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
    }
    text
}

/// Apollo's clients look for this message or this code, and send the whole document then.
fn not_found() -> Refusal {
    Refusal::of_document(vec![Problem::new(
        Code::PersistedQueryNotFound,
        "PersistedQueryNotFound",
    )])
}

fn not_trusted() -> Refusal {
    Refusal::of_document(vec![Problem::new(
        Code::QueryNotInSafelist,
        "This server takes only the documents of its manifest, and this is none of them.",
    )])
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str = "{ hello }";

    fn asking(query: &str, sha: Option<&str>) -> Params {
        let mut params = Params {
            query: query.to_owned(),
            ..Params::default()
        };
        if let Some(sha) = sha {
            let persisted = serde_json::json!({"version": 1, "sha256Hash": sha});
            params
                .extensions
                .insert("persistedQuery".to_owned(), persisted);
        }
        params
    }

    fn code(result: Result<Params, Refusal>) -> Code {
        result.unwrap_err().errors[0].extensions.code
    }

    #[test]
    fn a_document_is_registered_by_its_hash() {
        let persisted = Persisted::new(Trusted::default(), false);
        let sha = hash(QUERY);
        assert_eq!(sha.len(), 64);
        assert_eq!(
            code(persisted.resolve(asking("", Some(&sha)))),
            Code::PersistedQueryNotFound
        );
        assert!(persisted.resolve(asking(QUERY, Some(&sha))).is_ok());
        assert_eq!(
            persisted.resolve(asking("", Some(&sha))).unwrap().query,
            QUERY
        );
        assert_eq!(
            code(persisted.resolve(asking("{ other }", Some(&sha)))),
            Code::PersistedQueryHashMismatch
        );
        assert_eq!(code(persisted.resolve(asking("", None))), Code::BadRequest);
    }

    #[test]
    fn documents_of_a_manifest_are_known_and_perhaps_the_only_ones() {
        let apollo = format!(
            r#"{{"format":"apollo-persisted-query-manifest","version":1,"operations":[{{"id":"x1","name":"Q","type":"query","body":"{QUERY}"}}]}}"#
        );
        let relay = format!(r#"{{"x1":"{QUERY}"}}"#);
        for manifest in [apollo, relay] {
            let trusted = Trusted::parse(manifest.as_bytes()).unwrap();
            let persisted = Persisted::new(trusted, true);
            assert_eq!(
                persisted.resolve(asking("", Some("x1"))).unwrap().query,
                QUERY
            );
            assert!(persisted.resolve(asking(QUERY, None)).is_ok());
            assert_eq!(
                code(persisted.resolve(asking("{ other }", None))),
                Code::QueryNotInSafelist
            );
            let sha = hash("{ other }");
            assert_eq!(
                code(persisted.resolve(asking("{ other }", Some(&sha)))),
                Code::QueryNotInSafelist
            );
            assert_eq!(
                code(persisted.resolve(asking("", Some(&sha)))),
                Code::PersistedQueryNotFound
            );
        }
        assert_eq!(Trusted::parse(b"[]"), None);
        assert_eq!(Trusted::parse(br#"{"a":7}"#), None);
    }
}
