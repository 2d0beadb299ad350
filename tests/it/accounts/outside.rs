//! Tokens of an outside issuer, with keys that only the tests have: the right ones get in, every other one does not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::Role;
use feedgraph::config::{Issuer, Jwks};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::{Client, Database, Page, Publisher, TestApp, only_refusal, text};

const ISSUER: &str = "https://id.example.org/realms/planet";

fn key(algorithm: Algorithm) -> EncodingKey {
    match algorithm {
        Algorithm::RS256 => {
            EncodingKey::from_rsa_der(include_bytes!("../../fixtures/keys/rsa.der"))
        }
        Algorithm::ES256 => EncodingKey::from_ec_der(include_bytes!("../../fixtures/keys/ec.der")),
        _ => EncodingKey::from_ed_der(include_bytes!("../../fixtures/keys/ed.der")),
    }
}

fn stolen() -> EncodingKey {
    EncodingKey::from_rsa_der(include_bytes!("../../fixtures/keys/other-rsa.der"))
}

fn kid(algorithm: Algorithm) -> String {
    format!("key-{algorithm:?}")
}

fn jwks(algorithms: &[Algorithm]) -> Value {
    let keys = algorithms.iter().map(|algorithm| {
        let mut jwk = Jwk::from_encoding_key(&key(*algorithm), *algorithm).unwrap();
        jwk.common.key_id = Some(kid(*algorithm));
        serde_json::to_value(jwk).unwrap()
    });
    json!({"keys": keys.collect::<Vec<_>>()})
}

const ALL: &[Algorithm] = &[Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];

fn signed(algorithm: Algorithm, kid: &str, claims: &Value, key: &EncodingKey) -> String {
    let mut header = Header::new(algorithm);
    header.kid = Some(kid.to_owned());
    jsonwebtoken::encode(&header, claims, key).unwrap()
}

struct Site {
    app: TestApp,
    publisher: Publisher,
}

impl Site {
    async fn start(database: &Database, change: impl FnOnce(&mut Issuer)) -> Self {
        let publisher = Publisher::start().await;
        publisher.set(
            "/keys",
            Page::new("application/json", jwks(ALL).to_string()),
        );
        let mut issuer = Issuer {
            name: ISSUER.to_owned(),
            audience: "planet".to_owned(),
            jwks: Jwks::Url(publisher.url("/keys").parse().unwrap()),
            algorithms: ALL.to_vec(),
            role_claim: "realm_access.roles".to_owned(),
            roles: vec![
                ("planet-editors".to_owned(), Role::Editor),
                ("planet-admins".to_owned(), Role::Admin),
            ],
            default_role: None,
            name_claim: "preferred_username".to_owned(),
        };
        change(&mut issuer);
        let app = TestApp::on(database)
            .config(|config| config.issuer = Some(issuer))
            .start()
            .await;
        Self { app, publisher }
    }

    fn claims(&self) -> Value {
        let now = self.app.clock.now().0 / 1_000;
        json!({"iss": ISSUER, "aud": ["account", "planet"], "sub": "f7c3", "iat": now, "exp": now + 300,
            "preferred_username": "Jürgen", "realm_access": {"roles": ["offline_access", "planet-editors"]}})
    }

    fn token(&self, algorithm: Algorithm, claims: &Value) -> Client {
        self.app
            .client
            .with_token(&signed(algorithm, &kid(algorithm), claims, &key(algorithm)))
    }
}

async fn who(client: &Client) -> Value {
    client
        .query("{ viewer { user { id username role } } }", json!({}))
        .await["viewer"]["user"]
        .clone()
}

on_each_database! {
    async fn a_good_token_gets_in_with_the_role_that_it_has(database: Database) {
        let site = Site::start(&database, |_| {}).await;
        let mut seen = Vec::new();
        for algorithm in ALL {
            let user = who(&site.token(*algorithm, &site.claims())).await;
            assert_eq!((&user["username"], &user["role"]), (&json!("Jürgen"), &json!("EDITOR")), "{algorithm:?}");
            seen.push(text(&user["id"]));
        }
        assert!(seen.iter().all(|id| *id == seen[0]), "one account");
        let client = site.token(Algorithm::ES256, &site.claims());
        client.query("{ jobs { totalCount } }", json!({})).await;
        assert_eq!(client.code("{ users { totalCount } }", json!({})).await, "FORBIDDEN");
        let mut claims = site.claims();
        claims["realm_access"]["roles"] = json!(["planet-admins", "planet-editors"]);
        let admin = site.token(Algorithm::EdDSA, &claims);
        admin.query("{ users { totalCount } }", json!({})).await;
        assert_eq!(who(&client).await["role"], "EDITOR", "each token its role");
        claims["realm_access"]["roles"] = json!(["other"]);
        assert!(who(&site.token(Algorithm::RS256, &claims)).await.is_null(), "no role, nobody");
        let mut other = site.claims();
        other["sub"] = json!("0b1d");
        let user = who(&site.token(Algorithm::RS256, &other)).await;
        assert_eq!(user["username"], "Jürgen-2", "another person of the same name");
        assert_eq!(site.publisher.seen("/keys").len(), 1, "the keys were fetched once");

        let local = site.app.client_as(Role::Admin).await;
        let update = "mutation($id: ID!) { it: updateUser(input: {id: $id, role: ADMIN}) { userErrors { path code message } } }";
        let refused = local.query(update, json!({"id": seen[0]})).await;
        assert_eq!(only_refusal(&refused["it"]), ("input.id".to_owned(), "INVALID_VALUE".to_owned()));
        let refused = client.query("mutation { it: changePassword(currentPassword: \"\", newPassword: \"seventeen blue ducks\") { userErrors { path code message } } }", json!({})).await;
        assert_eq!(only_refusal(&refused["it"]).1, "INVALID_VALUE");
        let signed = site.app.client.query("mutation { it: signIn(input: {username: \"Jürgen\", password: \"\"}) { userErrors { path code message } } }", json!({})).await;
        assert_eq!(only_refusal(&signed["it"]).1, "WRONG_CREDENTIALS", "there is no password");
        site.app.clock.advance(300_000);
        assert!(who(&client).await.is_null(), "expired");
    }

    async fn no_other_token_gets_in(database: Database) {
        let site = Site::start(&database, |_| {}).await;
        let good = site.claims();
        assert!(!who(&site.token(Algorithm::RS256, &good)).await.is_null());
        let now = site.app.clock.now().0 / 1_000;
        for (claim, value) in [
            ("iss", json!("https://evil.example")), ("iss", json!(null)), ("iss", json!(7)), ("iss", json!("feedgraph")),
            ("aud", json!("other")), ("aud", json!(["other"])), ("aud", json!(null)), ("aud", json!({})),
            ("exp", json!(now)), ("exp", json!(now - 1)), ("exp", json!((now + 100).to_string())), ("exp", json!(null)), ("exp", json!(-5)), ("exp", json!(1e300)),
            ("nbf", json!(now + 120)), ("nbf", json!("soon")), ("iat", json!(now + 120)), ("iat", json!([])),
            ("sub", json!(7)), ("sub", json!(null)), ("sub", json!("")), ("sub", json!("s".repeat(256))),
            ("realm_access", json!(null)), ("realm_access", json!("planet-admins")), ("realm_access", json!({"roles": 7})), ("realm_access", json!({"roles": ["ADMIN"]})),
        ] {
            let mut claims = good.clone();
            claims[claim] = value.clone();
            for algorithm in ALL {
                assert!(who(&site.token(*algorithm, &claims)).await.is_null(), "{claim} {value} {algorithm:?}");
            }
        }
    }

    async fn no_forged_token_gets_in(database: Database) {
        let site = Site::start(&database, |_| {}).await;
        let good = site.claims();
        assert!(!who(&site.token(Algorithm::RS256, &good)).await.is_null());
        let wrong = |text: &str| site.app.client.with_token(text);
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let rs = kid(Algorithm::RS256);
        for alg in ["none", "None", "NONE", ""] {
            let head = part(&json!({"alg": alg, "kid": rs}));
            assert!(who(&wrong(&format!("{head}.{}.", part(&good)))).await.is_null(), "{alg}");
        }
        // The public key taken for a shared secret.
        let public = jwks(&[Algorithm::RS256])["keys"][0]["n"].as_str().unwrap().to_owned();
        for secret in [public.as_bytes().to_vec(), URL_SAFE_NO_PAD.decode(&public).unwrap(), jwks(ALL).to_string().into_bytes()] {
            for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
                let token = signed(algorithm, &rs, &good, &EncodingKey::from_secret(&secret));
                assert!(who(&wrong(&token)).await.is_null(), "{algorithm:?}");
            }
        }
        let right = signed(Algorithm::RS256, &rs, &good, &key(Algorithm::RS256));
        let [head, body, signature] = right.split('.').collect::<Vec<_>>().try_into().unwrap();
        let mut more = good.clone();
        more["realm_access"]["roles"] = json!(["planet-admins"]);
        let odd_head = |extra: Value| {
            let mut head = json!({"alg": "RS256", "kid": rs});
            head.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            part(&head)
        };
        for (token, why) in [
            (signed(Algorithm::RS256, &rs, &good, &stolen()), "another key"),
            (signed(Algorithm::RS384, &rs, &good, &key(Algorithm::RS256)), "another algorithm of the family"),
            (signed(Algorithm::PS256, &rs, &good, &key(Algorithm::RS256)), "PSS"),
            (signed(Algorithm::ES256, &rs, &good, &key(Algorithm::ES256)), "the name of another key"),
            (signed(Algorithm::RS256, "../../keys", &good, &key(Algorithm::RS256)), "a path"),
            (signed(Algorithm::RS256, "' OR 1=1 --", &good, &key(Algorithm::RS256)), "SQL"),
            (signed(Algorithm::RS256, "", &good, &key(Algorithm::RS256)), "no name"),
            (format!("{head}.{}.{signature}", part(&more)), "other claims"),
            (format!("{head}.{body}."), "no signature"),
            (format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode([0_u8; 256])), "zeros"),
            (format!("{}.{body}.{signature}", odd_head(json!({"jwk": jwks(&[Algorithm::EdDSA])["keys"][0]}))), "its own key"),
            (format!("{}.{body}.{signature}", odd_head(json!({"crit": ["exp"], "exp": 1}))), "crit"),
            (signed(Algorithm::RS256, &rs, &json!({"pad": "x".repeat(9_000), "iss": ISSUER}), &key(Algorithm::RS256)), "too long"),
        ] {
            assert!(who(&wrong(&token)).await.is_null(), "{why}");
        }
        let users = site.app.client_as(Role::Admin).await.query("{ users { totalCount } }", json!({})).await;
        assert_eq!(users["users"]["totalCount"], 3, "no account was made for any of them");
        assert!(site.publisher.seen("/keys").len() <= 2, "unknown names do not have the keys fetched again and again");
    }

    async fn only_the_chosen_algorithms_count_and_a_file_does_for_keys(database: Database) {
        let path = database.folder().join("keys.json");
        std::fs::write(&path, jwks(ALL).to_string()).unwrap();
        let site = Site::start(&database, |issuer| {
            issuer.algorithms = vec![Algorithm::EdDSA];
            issuer.jwks = Jwks::File(path.clone());
            issuer.role_claim = String::from("scope");
            issuer.roles = Vec::new();
            issuer.default_role = Some(Role::Reader);
        }).await;
        assert!(who(&site.token(Algorithm::RS256, &site.claims())).await.is_null());
        assert!(who(&site.token(Algorithm::ES256, &site.claims())).await.is_null());
        assert_eq!(who(&site.token(Algorithm::EdDSA, &site.claims())).await["role"], "READER");
        let mut claims = site.claims();
        claims["scope"] = json!("openid editor");
        assert_eq!(who(&site.token(Algorithm::EdDSA, &claims)).await["role"], "EDITOR");
    }

    async fn keys_are_taken_up_when_the_issuer_rotates_them_and_never_from_inside(database: Database) {
        let site = Site::start(&database, |_| {}).await;
        site.publisher.set("/keys", Page::new("application/json", jwks(&[Algorithm::RS256]).to_string()));
        assert!(!who(&site.token(Algorithm::RS256, &site.claims())).await.is_null());
        assert!(who(&site.token(Algorithm::EdDSA, &site.claims())).await.is_null());
        site.publisher.set("/keys", Page::new("application/json", jwks(&[Algorithm::EdDSA]).to_string()));
        site.app.clock.advance(60_000);
        assert!(!who(&site.token(Algorithm::EdDSA, &site.claims())).await.is_null(), "a new name has them fetched");
        assert!(who(&site.token(Algorithm::RS256, &site.claims())).await.is_null(), "withdrawn");
        let shut = TestApp::on(&database).config(|config| {
            config.allow_networks = Vec::new();
            config.issuer = Some(Issuer {
                name: ISSUER.to_owned(), audience: "planet".to_owned(), jwks: Jwks::Url(site.publisher.url("/keys").parse().unwrap()),
                algorithms: ALL.to_vec(), role_claim: "roles".to_owned(), roles: Vec::new(), default_role: Some(Role::Reader), name_claim: "sub".to_owned(),
            });
        }).start().await;
        let before = site.publisher.seen("/keys").len();
        let token = signed(Algorithm::EdDSA, &kid(Algorithm::EdDSA), &site.claims(), &key(Algorithm::EdDSA));
        assert!(who(&shut.client.with_token(&token)).await.is_null(), "the guard holds for keys too");
        assert_eq!(site.publisher.seen("/keys").len(), before);
    }
}
