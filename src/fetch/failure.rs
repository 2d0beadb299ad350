//! Errors of the HTTP client, said for people. In: an error with its causes. Out: a [`Failure`] without
//! addresses, paths or library names. Pure.

use std::error::Error;
use std::io;
use std::time::Duration;

use entity::PollErrorKind;
use rustls::CertificateError;

use super::outcome::Failure;
use super::resolve::Forbidden;

/// What went wrong with a request, or while its body was read.
#[must_use]
pub fn classify(error: &reqwest::Error) -> Failure {
    if find::<Forbidden>(error).is_some() {
        let message = "the host name leads to an address that is private or otherwise not public";
        return failure(PollErrorKind::ForbiddenAddress, message);
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return failure(PollErrorKind::Tls, tls_message(tls));
    }
    if error.is_timeout() {
        let message = if error.is_connect() {
            "no connection within the time limit"
        } else {
            "the server did not answer within the time limit"
        };
        return failure(PollErrorKind::Timeout, message);
    }
    if error.is_dns() {
        return failure(PollErrorKind::Dns, "the host name does not resolve");
    }
    if error.is_connect() {
        return failure(PollErrorKind::Connect, connect_message(error));
    }
    if error.is_builder() {
        return failure(PollErrorKind::Other, "the URL cannot be asked for");
    }
    let message = if error.is_body() || error.is_decode() {
        "the connection broke before the end of the body"
    } else {
        "the connection broke, or the answer is not HTTP"
    };
    failure(PollErrorKind::Connect, message)
}

/// A time limit of ours ran out.
#[must_use]
pub fn timed_out(what: &str, limit: Duration) -> Failure {
    let seconds = limit.as_secs_f64();
    failure(
        PollErrorKind::Timeout,
        &format!("{what} within {seconds} s"),
    )
}

/// A failure of a kind, in words.
#[must_use]
pub fn failure(kind: PollErrorKind, message: &str) -> Failure {
    Failure {
        kind,
        message: message.to_owned(),
    }
}

fn connect_message(error: &reqwest::Error) -> &'static str {
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => "the server refuses connections",
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
            "the server cannot be reached from here"
        }
        _ => "no connection to the server",
    }
}

fn tls_message(error: &rustls::Error) -> &'static str {
    match error {
        rustls::Error::InvalidCertificate(reason) => match reason {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the server's certificate has expired"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the server's certificate is not valid yet"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the server's certificate is for another name"
            }
            CertificateError::UnknownIssuer => "the server's certificate is from an unknown issuer",
            CertificateError::Revoked => "the server's certificate was revoked",
            _ => "the server's certificate is not valid",
        },
        rustls::Error::AlertReceived(_) => "the server broke off the TLS handshake",
        _ => "the TLS handshake failed",
    }
}

/// The first cause of a type. `io::Error` hides what it wraps from `source`, so it is opened.
fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref() {
            return Some(found);
        }
        let wrapped = cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if let Some(found) = wrapped.and_then(|inner| find_within(inner)) {
            return Some(found);
        }
        next = cause.source();
    }
    None
}

fn find_within<'e, E: Error + 'static>(
    inner: &'e (dyn Error + Send + Sync + 'static),
) -> Option<&'e E> {
    find(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_found_through_io_errors() {
        let inner = io::Error::other(rustls::Error::HandshakeNotComplete);
        let outer = io::Error::other(inner);
        assert!(find::<rustls::Error>(&outer).is_some());
        assert!(find::<Forbidden>(&outer).is_none());
    }

    #[test]
    fn a_limit_is_named() {
        let said = timed_out("nothing came", Duration::from_millis(1_500));
        assert_eq!(said.message, "nothing came within 1.5 s");
    }
}
