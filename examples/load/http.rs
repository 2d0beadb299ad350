//! The load: requests over HTTP/1.1 connections that stay open, with as little work for each as may be. In: an address, requests,
//! a time. Out: how many were answered, and how fast. Must not know: what is asked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use memchr::memmem;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::process::Process;

/// Connections that ask at once.
const CONNECTIONS: usize = 64;
/// Before anything is counted.
const WARM_UP: Duration = Duration::from_millis(700);

/// A connection that stays open.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came of a time of load.
#[derive(Clone, Copy)]
pub struct Rate {
    /// Answers in a second.
    pub per_second: f64,
    /// What part of its core the server was busy.
    pub busy: f64,
    /// Half of the answers took less, in milliseconds.
    pub median: f64,
}

/// A POST of a document and its variables, which are JSON.
pub fn post(document: &str, variables: &serde_json::Value) -> Vec<u8> {
    let body = serde_json::json!({"query": document, "variables": variables}).to_string();
    let length = body.len();
    format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

impl Connection {
    pub async fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: vec![0; 64 * 1024],
        }
    }

    /// The body of the answer to a request; it must be a good one.
    pub async fn ask(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).await.unwrap();
        let mut filled = 0;
        let mut whole = None;
        while whole.is_none_or(|(_, end)| filled < end) {
            if filled == self.buffer.len() {
                self.buffer.resize(filled * 2, 0);
            }
            let read = self.stream.read(&mut self.buffer[filled..]).await.unwrap();
            assert_ne!(read, 0, "the server has closed the connection");
            filled += read;
            whole = whole.or_else(|| extent(&self.buffer[..filled]));
        }
        let (head, end) = whole.unwrap();
        let (head, body) = self.buffer[..end].split_at(head);
        assert!(head.starts_with(b"HTTP/1.1 200"), "{}", text(head));
        assert!(!body.starts_with(b"{\"errors"), "{}", text(body));
        body
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Where the head of an answer ends, and where its body does.
fn extent(answer: &[u8]) -> Option<(usize, usize)> {
    let head = memmem::find(answer, b"\r\n\r\n")? + 4;
    let name = b"content-length: ";
    let at = memmem::find(&answer[..head], name).expect("answers with a length") + name.len();
    let digits = answer[at..].iter().take_while(|byte| byte.is_ascii_digit());
    let length = digits.fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    Some((head, head + length))
}

/// Asks the same for a while over many connections.
pub async fn pump(server: &Process, port: u16, request: Vec<u8>, time: Duration) -> Rate {
    let request = Arc::new(request);
    let counted_from = Instant::now() + WARM_UP;
    let until = counted_from + time;
    let one = |request: Arc<Vec<u8>>| async move {
        let mut connection = Connection::open(port).await;
        let mut times = Vec::new();
        loop {
            let asked = Instant::now();
            if asked >= until {
                return times;
            }
            connection.ask(&request).await;
            if asked >= counted_from {
                times.push(asked.elapsed().as_secs_f64() * 1_000.0);
            }
        }
    };
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| tokio::spawn(one(Arc::clone(&request))))
        .collect();
    tokio::time::sleep_until(counted_from.into()).await;
    let (began, before) = (Instant::now(), server.busy());
    tokio::time::sleep_until(until.into()).await;
    let (took, busy) = (began.elapsed().as_secs_f64(), server.busy() - before);
    let mut times = Vec::new();
    for client in clients {
        times.extend(client.await.unwrap());
    }
    Rate {
        per_second: times.len() as f64 / took,
        busy: busy / took,
        median: super::at(&mut times, 0.5),
    }
}
