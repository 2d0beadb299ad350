//! Fetching over TLS: HTTP/2, kept connections, certificates that are believed and that are not.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::Version;
use entity::PollErrorKind;
use feedgraph::fetch::{FetchSettings, Fetcher};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::fetching::{body, failure, get, settings};

/// A server with a certificate of its own for a name.
struct Secure {
    origin: String,
    certificate: Vec<u8>,
    versions: Arc<Mutex<Vec<Version>>>,
    connections: Arc<AtomicUsize>,
}

impl Secure {
    async fn start(name: &str) -> Self {
        feedgraph::fetch::init();
        let key = KeyPair::generate().unwrap();
        let made = CertificateParams::new([name.to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![made.der().clone()], private)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let secure = Self {
            origin: format!(
                "https://localhost:{}",
                listener.local_addr().unwrap().port()
            ),
            certificate: made.pem().into_bytes(),
            versions: Arc::default(),
            connections: Arc::default(),
        };
        let (versions, connections) = (
            Arc::clone(&secure.versions),
            Arc::clone(&secure.connections),
        );
        tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(Arc::new(config));
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, versions) = (acceptor.clone(), Arc::clone(&versions));
                let connections = Arc::clone(&connections);
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    connections.fetch_add(1, Ordering::SeqCst);
                    let router = axum::Router::new().fallback(async move |version: Version| {
                        versions.lock().unwrap().push(version);
                        "<rss/>"
                    });
                    let serving = Builder::new(TokioExecutor::new());
                    let service = TowerToHyperService::new(router);
                    serving
                        .serve_connection(TokioIo::new(stream), service)
                        .await
                        .ok();
                });
            }
        });
        secure
    }

    fn trusting(&self) -> Fetcher {
        Fetcher::new(FetchSettings {
            trusted_certificates: self.certificate.clone(),
            ..settings()
        })
        .unwrap()
    }
}

#[tokio::test]
async fn feeds_are_asked_for_over_one_connection_of_http_2() {
    let secure = Secure::start("localhost").await;
    let fetcher = secure.trusting();
    for path in ["/a", "/b", "/c"] {
        let (answer, _) = body(get(&fetcher, &format!("{}{path}", secure.origin)).await);
        assert!(
            answer.is_framed,
            "every body of HTTP/2 has an end of its own"
        );
    }
    assert_eq!(*secure.versions.lock().unwrap(), [Version::HTTP_2; 3]);
    assert_eq!(secure.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn certificates_are_believed_only_of_those_who_are_trusted() {
    let secure = Secure::start("localhost").await;
    let stranger = Fetcher::new(settings()).unwrap();
    let (kind, message) = failure(get(&stranger, &secure.origin).await);
    assert_eq!(kind, PollErrorKind::Tls);
    assert_eq!(
        message,
        "the server's certificate is from an unknown issuer"
    );
    let other = Secure::start("other.example").await;
    let (kind, message) = failure(get(&other.trusting(), &other.origin).await);
    assert_eq!(kind, PollErrorKind::Tls);
    assert_eq!(message, "the server's certificate is for another name");
    assert!(secure.versions.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_no_certificate_is_told_at_the_start() {
    let broken = FetchSettings {
        trusted_certificates: b"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n"
            .to_vec(),
        ..settings()
    };
    let error = Fetcher::new(broken).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the trusted certificates cannot be read"),
        "{error}"
    );
}
