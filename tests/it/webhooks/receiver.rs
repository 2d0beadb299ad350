//! A receiver of webhooks that checks signatures as Standard Webhooks says. In: messages. Out: what came, and whether it was
//! taken. Must not know: what is tested.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::support::eventually;

/// What a receiver does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Takes,
    Fails(u16),
    /// Answers 429 and wants to be left alone for so many seconds.
    Rests(u32),
    Hangs,
}

/// A message.
#[derive(Debug)]
pub struct Mail {
    pub id: String,
    pub body: Value,
    /// When it says that it was sent.
    pub seconds: i64,
    pub taken: bool,
    pub signatures: usize,
}

/// What came.
pub struct Inbox {
    pub mood: Mood,
    pub secrets: Vec<String>,
    pub mail: Vec<Mail>,
    pub forged: usize,
}

/// The receiver; it ends with the value.
pub struct Receiver {
    pub url: String,
    inbox: Arc<Mutex<Inbox>>,
    _stop: DropGuard,
}

impl Receiver {
    pub async fn start() -> Self {
        let inbox = Inbox {
            mood: Mood::Takes,
            secrets: Vec::new(),
            mail: Vec::new(),
            forged: 0,
        };
        Self::serve("127.0.0.1:0", Arc::new(Mutex::new(inbox))).await
    }

    async fn serve(address: &str, inbox: Arc<Mutex<Inbox>>) -> Self {
        let bind = || async { TcpListener::bind(address).await.ok() };
        let listener = eventually("the port", bind).await;
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let router = axum::Router::new()
            .fallback(take)
            .with_state(Arc::clone(&inbox));
        let stop = CancellationToken::new();
        let end = stop.clone().cancelled_owned();
        tokio::spawn(async move {
            tokio::select! {
                served = axum::serve(listener, router) => served.expect("serving"),
                () = end => {}
            }
        });
        Self {
            url,
            inbox,
            _stop: stop.drop_guard(),
        }
    }

    /// Goes down, and comes up again at the same address with what it had.
    pub async fn restart(self) -> Self {
        let address = self
            .url
            .trim_start_matches("http://")
            .trim_end_matches("/hook")
            .to_owned();
        let inbox = Arc::clone(&self.inbox);
        drop(self);
        Self::serve(&address, inbox).await
    }

    pub fn with<T>(&self, look: impl FnOnce(&mut Inbox) -> T) -> T {
        look(&mut self.inbox.lock().expect("no panic"))
    }

    pub fn trust(&self, secret: &str) {
        self.with(|inbox| inbox.secrets.push(secret.to_owned()));
    }

    pub fn is(&self, mood: Mood) {
        self.with(|inbox| inbox.mood = mood);
    }

    /// Titles of all entries of which a message was taken.
    pub fn titles(&self) -> BTreeSet<String> {
        self.with(|inbox| {
            assert_eq!(inbox.forged, 0, "every signature is good");
            let taken = inbox.mail.iter().filter(|mail| mail.taken);
            taken
                .map(|mail| {
                    mail.body["data"]["title"]
                        .as_str()
                        .expect("a title")
                        .to_owned()
                })
                .collect()
        })
    }

    pub fn count(&self) -> usize {
        self.with(|inbox| inbox.mail.len())
    }
}

async fn take(State(inbox): State<Arc<Mutex<Inbox>>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers[name].to_str().expect("text").to_owned();
    let (id, seconds) = (text("webhook-id"), text("webhook-timestamp"));
    let signatures = text("webhook-signature");
    let signed = |secret: &String| {
        let key = secret.strip_prefix("whsec_").expect("a secret");
        let key = STANDARD.decode(key).expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(&body);
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        signatures.split(' ').any(|one| one == expected)
    };
    let (mood, good) = {
        let mut inbox = inbox.lock().expect("no panic");
        let good = inbox.secrets.iter().any(signed);
        inbox.forged += usize::from(!good);
        let taken = inbox.mood == Mood::Takes;
        inbox.mail.push(Mail {
            id: id.clone(),
            body: serde_json::from_slice(&body).expect("JSON"),
            seconds: seconds.parse().expect("a number"),
            taken,
            signatures: signatures.split(' ').count(),
        });
        (inbox.mood, good)
    };
    match mood {
        _ if !good => StatusCode::UNAUTHORIZED.into_response(),
        Mood::Takes => StatusCode::NO_CONTENT.into_response(),
        Mood::Fails(status) => StatusCode::from_u16(status)
            .expect("a status")
            .into_response(),
        Mood::Rests(seconds) => {
            let wait = [("retry-after", seconds.to_string())];
            (StatusCode::TOO_MANY_REQUESTS, wait).into_response()
        }
        Mood::Hangs => {
            // Longer than anyone waits.
            tokio::time::sleep(Duration::from_mins(5)).await;
            StatusCode::OK.into_response()
        }
    }
}
