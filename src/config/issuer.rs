//! The settings of an outside issuer, which hold together or not at all. In: layers. Out: one value. Must not know: what
//! tokens are.

use std::path::PathBuf;

use entity::Role;
use jsonwebtoken::Algorithm;
use url::Url;

use super::{ConfigError, Layers, parse, web_address};

/// An outside issuer whose tokens are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// `iss`.
    pub name: String,
    /// `aud`.
    pub audience: String,
    /// Where its keys are.
    pub jwks: Jwks,
    /// The only algorithms that are believed.
    pub algorithms: Vec<Algorithm>,
    /// Where in the claims the roles are.
    pub role_claim: String,
    /// What the words there mean.
    pub roles: Vec<(String, Role)>,
    /// What those may do who have no role there.
    pub default_role: Option<Role>,
    /// The claim that accounts are named after.
    pub name_claim: String,
}

/// Where keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Jwks {
    /// On the network.
    Url(Url),
    /// On this machine.
    File(PathBuf),
}

/// Reads them; none when no issuer is named.
///
/// # Errors
/// At the first one that is not valid, or missing beside the issuer's name.
pub fn read(layers: &Layers) -> Result<Option<Issuer>, ConfigError> {
    let Some(name) = layers.optional("issuer", "the issuer's name, as in its tokens", parse)?
    else {
        return Ok(None);
    };
    Ok(Some(Issuer {
        name,
        audience: layers.required("issuer_audience", "a text, as in the tokens", parse)?,
        jwks: layers.required(
            "issuer_jwks",
            "an http or https URL, or the path of a file",
            jwks,
        )?,
        algorithms: layers.required("issuer_algorithms", "of RS256, ES256, EdDSA", algorithms)?,
        role_claim: layers.required("issuer_role_claim", "the name of a claim", parse)?,
        roles: layers
            .optional("issuer_roles", "pairs such as planet-admins=ADMIN", roles)?
            .unwrap_or_default(),
        default_role: layers.optional("issuer_default_role", "READER, EDITOR or ADMIN", role)?,
        name_claim: layers.required("issuer_name_claim", "the name of a claim", parse)?,
    }))
}

fn jwks(text: &str) -> Option<Jwks> {
    if text.contains("://") {
        return web_address(text).map(Jwks::Url);
    }
    Some(Jwks::File(PathBuf::from(text)))
}

fn algorithms(text: &str) -> Option<Vec<Algorithm>> {
    let known = |word: &str| match word.trim() {
        "RS256" => Some(Algorithm::RS256),
        "ES256" => Some(Algorithm::ES256),
        "EdDSA" => Some(Algorithm::EdDSA),
        // Shared secrets have no place beside public keys, and the rest is not needed.
        _ => None,
    };
    text.split(',').map(known).collect()
}

fn role(text: &str) -> Option<Role> {
    match text.trim().to_ascii_uppercase().as_str() {
        "READER" => Some(Role::Reader),
        "EDITOR" => Some(Role::Editor),
        "ADMIN" => Some(Role::Admin),
        _ => None,
    }
}

fn roles(text: &str) -> Option<Vec<(String, Role)>> {
    let pair = |pair: &str| {
        let (word, named) = pair.rsplit_once('=')?;
        Some((word.trim().to_owned(), role(named)?))
    };
    text.split(',').map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_algorithms_are_taken() {
        assert_eq!(
            algorithms("RS256, EdDSA"),
            Some(vec![Algorithm::RS256, Algorithm::EdDSA])
        );
        for text in ["", "HS256", "none", "RS256,HS256", "rs256"] {
            assert_eq!(algorithms(text), None, "{text}");
        }
    }

    #[test]
    fn roles_and_places_are_read() {
        assert_eq!(
            roles("cn=admins=ADMIN, staff=editor"),
            Some(vec![
                ("cn=admins".to_owned(), Role::Admin),
                ("staff".to_owned(), Role::Editor)
            ])
        );
        assert_eq!(roles("staff=owner"), None);
        assert_eq!(jwks("keys.json"), Some(Jwks::File("keys.json".into())));
        assert!(matches!(
            jwks("https://id.example.org/keys"),
            Some(Jwks::Url(_))
        ));
        assert_eq!(jwks("ftp://id.example.org/keys"), None);
    }
}
