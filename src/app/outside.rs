//! The outside issuer whose tokens are believed. In: settings, the fetcher. Out: the part of accounts that checks them.
//! Must not know: tokens.

use std::sync::Arc;

use url::Url;

use crate::auth::{FetchKeys, Outside, OutsideSettings};
use crate::config::{Config, Jwks};
use crate::fetch::{Fetcher, Outcome, Validators};

/// The largest document of keys, in bytes.
const MOST_BYTES: u64 = 1_048_576;

/// Knows the outside issuer, where one is configured.
pub fn of(config: &Config, fetcher: &Fetcher) -> Option<Outside> {
    let issuer = config.issuer.as_ref()?;
    let settings = OutsideSettings {
        issuer: issuer.name.clone(),
        audience: issuer.audience.clone(),
        algorithms: issuer.algorithms.clone(),
        role_claim: issuer.role_claim.clone(),
        roles: issuer.roles.clone(),
        default_role: issuer.default_role,
        name_claim: issuer.name_claim.clone(),
    };
    let fetch: FetchKeys = match issuer.jwks.clone() {
        Jwks::Url(url) => {
            let fetcher = fetcher.clone();
            Arc::new(move || {
                let (fetcher, url) = (fetcher.clone(), url.clone());
                Box::pin(async move { download(&fetcher, &url).await })
            })
        }
        Jwks::File(path) => Arc::new(move || {
            let path = path.clone();
            Box::pin(async move {
                tokio::fs::read(path)
                    .await
                    .map_err(|error| error.to_string())
            })
        }),
    };
    Some(Outside::new(settings, fetch))
}

/// Like a feed: behind the guard, within bounds.
async fn download(fetcher: &Fetcher, url: &Url) -> Result<Vec<u8>, String> {
    match fetcher.fetch(url, &Validators::default()).await {
        Outcome::Body { bytes, .. }
            if u64::try_from(bytes.len()).is_ok_and(|size| size <= MOST_BYTES) =>
        {
            Ok(bytes.to_vec())
        }
        Outcome::Body { .. } => Err("the document is too large".to_owned()),
        Outcome::Failed { failure, .. } => Err(failure.message),
        Outcome::Unchanged(_) | Outcome::Gone(_) => Err("the address has no document".to_owned()),
    }
}
