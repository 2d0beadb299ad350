//! Sessions and tokens, through the front door: who gets in, for how long, and who does not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::{Role, UserId, signing_key};
use feedgraph::auth::{Issued, SignIn, password};
use feedgraph::http::HttpSettings;
use feedgraph::store::{NewUser, UserChanges};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::tiny::{START, Tiny};

const PASSWORD: &str = "correct horse battery";

async fn account(tiny: &Tiny, name: &str) -> UserId {
    let user = NewUser {
        username: name.into(),
        password_hash: password::hash(PASSWORD).unwrap(),
        role: Role::Reader,
        at: START,
    };
    tiny.store.create_user(&user).await.unwrap().unwrap().id
}

async fn sign_in(tiny: &Tiny, name: &str, password: &str) -> SignIn {
    tiny.auth.sign_in(name, password, None).await.unwrap()
}

async fn granted(tiny: &Tiny, name: &str) -> Issued {
    match sign_in(tiny, name, PASSWORD).await {
        SignIn::Granted(issued) => *issued,
        other => panic!("{other:?}"),
    }
}

/// What `{ secret hello }` gives with a token.
async fn secret(tiny: &Tiny, token: &str) -> Value {
    let request = tiny
        .ask(reqwest::Method::POST, "/graphql")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .body(json!({"query": "{ secret }"}).to_string());
    let text = request.send().await.unwrap().text().await.unwrap();
    serde_json::from_str(&text).unwrap()
}

async fn assert_kept_out(tiny: &Tiny, token: &str, why: &str) {
    let result = secret(tiny, token).await;
    let error = &result["errors"][0];
    assert_eq!(
        error["extensions"]["code"], "UNAUTHENTICATED",
        "{why}: {result}"
    );
    assert_eq!(
        error["message"],
        "The access token is not valid, or not any more."
    );
    assert_eq!(result.get("data"), None, "{why}");
}

on_each_database! {
    async fn a_session_lives_as_long_as_it_should(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let anna = account(&tiny, "Anna").await;
        let first = granted(&tiny, " ANNA ").await;
        assert_eq!(first.user.id, anna);
        assert_eq!(first.user.last_sign_in_at, Some(START));
        assert_eq!(first.expires_at, START.plus_seconds(15 * 60));
        assert_eq!(first.refresh_expires_at, START.plus_seconds(30 * 24 * 60 * 60));
        assert_eq!(secret(&tiny, &first.access_token).await["data"], json!({"secret": anna.0}));

        tiny.clock.advance(15 * 60 * 1_000 - 1);
        assert_eq!(secret(&tiny, &first.access_token).await["data"]["secret"], anna.0);
        tiny.clock.advance(1);
        assert_kept_out(&tiny, &first.access_token, "expired").await;

        let second = tiny.auth.refresh(&first.refresh_token, None).await.unwrap().unwrap();
        assert_eq!(secret(&tiny, &second.access_token).await["data"]["secret"], anna.0);
        assert_ne!(second.refresh_token, first.refresh_token);

        assert!(tiny.auth.sign_out(&second.refresh_token, None).await.unwrap());
        assert!(!tiny.auth.sign_out(&second.refresh_token, None).await.unwrap());
        assert_kept_out(&tiny, &second.access_token, "signed out").await;
        assert!(tiny.auth.refresh(&second.refresh_token, None).await.unwrap().is_none());
    }

    async fn a_refresh_token_used_twice_ends_the_session(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        account(&tiny, "anna").await;
        let first = granted(&tiny, "anna").await;
        let other = granted(&tiny, "anna").await;
        let second = tiny.auth.refresh(&first.refresh_token, None).await.unwrap().unwrap();
        assert!(tiny.auth.refresh(&first.refresh_token, None).await.unwrap().is_none());
        assert!(tiny.auth.refresh(&second.refresh_token, None).await.unwrap().is_none());
        assert_kept_out(&tiny, &second.access_token, "stolen").await;
        assert!(secret(&tiny, &other.access_token).await.get("data").is_some());
        for unknown in ["", "x", &"x".repeat(100_000)] {
            assert!(tiny.auth.refresh(unknown, None).await.unwrap().is_none());
        }
    }

    async fn two_who_refresh_at_once_do_not_both_go_on(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        account(&tiny, "anna").await;
        for _ in 0..5 {
            let first = granted(&tiny, "anna").await;
            let tries = (0..4).map(|_| tiny.auth.refresh(&first.refresh_token, None));
            let renewed = futures::future::join_all(tries).await;
            let renewed: Vec<_> = renewed.into_iter().filter_map(Result::unwrap).collect();
            assert_eq!(renewed.len(), 1);
            assert_kept_out(&tiny, &renewed[0].access_token, "raced").await;
        }
    }

    async fn a_session_ends_when_it_is_not_refreshed(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        account(&tiny, "anna").await;
        let first = granted(&tiny, "anna").await;
        tiny.clock.advance(30 * 24 * 60 * 60 * 1_000);
        assert!(tiny.auth.refresh(&first.refresh_token, None).await.unwrap().is_none());
        let now = tiny.clock.now();
        assert_eq!(tiny.store.delete_old_sessions(now.plus_millis(1)).await.unwrap(), 1);
    }

    async fn a_removed_account_is_out_at_once(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let anna = account(&tiny, "anna").await;
        let issued = granted(&tiny, "anna").await;
        tiny.store.remove_user(anna).await.unwrap();
        assert_kept_out(&tiny, &issued.access_token, "removed").await;
        assert!(tiny.auth.refresh(&issued.refresh_token, None).await.unwrap().is_none());
    }

    async fn guessing_is_slowed_down(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        account(&tiny, "anna").await;
        for _ in 0..5 {
            assert!(matches!(sign_in(&tiny, "Anna", "wrong").await, SignIn::Wrong));
        }
        assert!(matches!(sign_in(&tiny, "anna", PASSWORD).await, SignIn::Wait(1)));
        assert!(matches!(sign_in(&tiny, "nobody", PASSWORD).await, SignIn::Wrong));
        tiny.clock.advance(1_000);
        granted(&tiny, "anna").await;
        for odd in ["", "\u{0}", "💥", &"x".repeat(100_000)] {
            assert!(matches!(sign_in(&tiny, odd, PASSWORD).await, SignIn::Wrong));
        }
    }

    async fn a_restart_keeps_sessions_and_keys(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let anna = account(&tiny, "anna").await;
        let issued = granted(&tiny, "anna").await;
        let again = Tiny::start(&database, HttpSettings::default()).await;
        assert_eq!(secret(&again, &issued.access_token).await["data"]["secret"], anna.0);

        // A key that another node adds is found by its name, and the old one still checks.
        let now = tiny.clock.now();
        let key = signing_key::Model { kid: "next".into(), secret: vec![9; 32], created_at: now.plus_millis(1) };
        tiny.store.rotate_signing_key(&key, START).await.unwrap();
        let later = Tiny::start(&database, HttpSettings::default()).await;
        let newer = granted(&later, "anna").await;
        tiny.clock.advance(10_000);
        assert_eq!(secret(&tiny, &newer.access_token).await["data"]["secret"], anna.0);
        assert_eq!(secret(&tiny, &issued.access_token).await["data"]["secret"], anna.0);
    }

    async fn forged_tokens_get_nobody_in(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let anna = account(&tiny, "anna").await;
        let good = granted(&tiny, "anna").await.access_token;
        let keys = tiny.store.signing_keys().await.unwrap();
        let (kid, secret_key) = (keys[0].kid.clone(), keys[0].secret.clone());
        let [head, claims, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
        let read = |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
        let write = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = read(claims);
        assert_eq!(read(head), json!({"typ": "JWT", "alg": "HS256", "kid": kid}));
        assert_eq!(claims["sub"], anna.0.to_string());

        for alg in ["none", "None", "NONE", "nOnE"] {
            let head = write(&json!({"alg": alg, "typ": "JWT", "kid": kid}));
            assert_kept_out(&tiny, &format!("{head}.{}.", write(&claims)), alg).await;
            assert_kept_out(&tiny, &format!("{head}.{}.{signature}", write(&claims)), alg).await;
        }
        for alg in ["RS256", "ES256", "EdDSA", "HS384", "HS512"] {
            let head = write(&json!({"alg": alg, "typ": "JWT", "kid": kid}));
            assert_kept_out(&tiny, &format!("{head}.{}.{signature}", write(&claims)), alg).await;
        }
        let signed = |algorithm, kid: Option<&str>, claims: &Value, secret: &[u8]| {
            let mut header = Header::new(algorithm);
            header.kid = kid.map(str::to_owned);
            jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret)).unwrap()
        };
        let ours = |claims: &Value| signed(Algorithm::HS256, Some(&kid), claims, &secret_key);
        assert!(secret(&tiny, &ours(&claims)).await.get("data").is_some());
        assert_kept_out(&tiny, &signed(Algorithm::HS512, Some(&kid), &claims, &secret_key), "HS512").await;
        assert_kept_out(&tiny, &signed(Algorithm::HS256, Some(&kid), &claims, b"guess"), "other key").await;
        assert_kept_out(&tiny, &signed(Algorithm::HS256, None, &claims, &secret_key), "no kid").await;
        for odd in ["", "other", "../../etc/passwd", "' OR 1=1 --", "\u{0}"] {
            assert_kept_out(&tiny, &signed(Algorithm::HS256, Some(odd), &claims, &secret_key), odd).await;
        }
        for (claim, value) in [
            ("iss", json!("other")), ("aud", json!("other")), ("aud", json!(["feedgraph", "other"])),
            ("sub", json!("999")), ("sub", json!(anna.0)), ("sub", json!("anna")), ("sid", json!(999)), ("sid", json!("1")), ("sid", json!(null)),
            ("exp", json!(START.0 / 1_000)), ("exp", json!("9999999999")), ("exp", json!(null)), ("exp", json!(1e300)),
            ("iat", json!(START.0 / 1_000 + 100)), ("nbf", json!(START.0 / 1_000 + 100)), ("nbf", json!("soon")),
        ] {
            let mut claims = claims.clone();
            claims[claim] = value.clone();
            assert_kept_out(&tiny, &ours(&claims), &format!("{claim} {value}")).await;
        }
        for odd in ["x", "..", "a.b.c", &"x".repeat(6_000), &good[..good.len() - 1]] {
            assert_kept_out(&tiny, odd, odd).await;
        }
    }

    async fn a_bad_token_leaves_public_things_public(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        for header in ["Bearer nonsense", "Basic YTpi", "Bearer", "Bearer  ", "x"] {
            let request = tiny.ask(reqwest::Method::GET, "/graphql?query=%7Bhello%7D").header("authorization", header);
            let text = request.send().await.unwrap().text().await.unwrap();
            let answer: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(answer["data"], json!({"hello": "hello world"}), "{header}");
            assert!(answer.get("errors").is_none(), "{header}");
        }
    }

    async fn a_lower_role_counts_at_once(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let anna = account(&tiny, "anna").await;
        let issued = granted(&tiny, "anna").await;
        let changes = UserChanges { role: Some(Role::Editor), ..UserChanges::default() };
        tiny.store.update_user(anna, &changes).await.unwrap();
        let principal = tiny.auth.principal_of(&issued.access_token).await.unwrap().unwrap();
        assert_eq!(principal.role, Role::Editor);
    }

    async fn an_expired_token_ends_its_streams(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        account(&tiny, "anna").await;
        let issued = granted(&tiny, "anna").await;
        let open = async |path: &str, accept: &str| {
            let request = tiny.ask(reqwest::Method::POST, path)
                .header("content-type", "application/json")
                .header("accept", accept)
                .header("authorization", format!("Bearer {}", issued.access_token))
                .body(json!({"query": "subscription { secretQuiet }"}).to_string());
            request.send().await.unwrap()
        };
        let sse = open("/graphql/stream", "text/event-stream").await;
        let multipart = open("/graphql", "multipart/mixed").await;
        tiny.clock.advance(15 * 60 * 1_000);
        let text = crate::support::within("the end", sse.text()).await.unwrap();
        assert!(text.contains("{\"data\":{\"secretQuiet\":1}}") && text.contains("UNAUTHENTICATED"), "{text}");
        assert!(text.ends_with("event: complete\ndata:\n\n"), "{text}");
        let text = crate::support::within("the end", multipart.text()).await.unwrap();
        assert!(text.contains("{\"payload\":null,\"errors\":[{") && text.ends_with("--graphql--\r\n"), "{text}");
    }
}
