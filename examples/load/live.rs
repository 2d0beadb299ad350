//! Many live clients over graphql-transport-ws, as small as may be. In: a port, a number. Out: sockets that all follow new entries,
//! and how many have had an event, and when the last one did. Must not know: how entries come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use memchr::memmem;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::servers::micros;

/// Sockets that are being opened at once.
const AT_ONCE: usize = 64;
/// When something has gone wrong.
const LONGEST: Duration = Duration::from_mins(1);
const HELLO: &str = "GET /graphql/ws HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
    sec-websocket-protocol: graphql-transport-ws\r\n\r\n";
const SUBSCRIBE: &str = r#"{"type":"subscribe","id":"news","payload":{"query":"subscription { entryAdded { cursor entry { id title url publishedAt source { title } authors { name } } } }"}}"#;
const TEXT: u8 = 1;
const PING: u8 = 9;
const PONG: u8 = 10;

/// The clients; they leave with the value.
pub struct Clients {
    seen: Arc<Seen>,
    count: usize,
    tasks: tokio::task::JoinSet<()>,
}

/// What came in.
#[derive(Default)]
struct Seen {
    count: AtomicUsize,
    last: AtomicU64,
    all: Notify,
}

struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

impl Clients {
    /// So many, all subscribed.
    pub async fn connect(port: u16, count: usize) -> Self {
        let seen = Arc::new(Seen::default());
        let mut tasks = tokio::task::JoinSet::new();
        let mut opening = futures::stream::iter(0..count)
            .map(|_| Client::open(port))
            .buffer_unordered(AT_ONCE);
        while let Some(client) = opening.next().await {
            tasks.spawn(client.listen(Arc::clone(&seen), count));
        }
        drop(opening);
        Self { seen, count, tasks }
    }

    /// When the last of all clients had the next event, in microseconds; `count` is how many events there were, with it.
    pub async fn all_have(&mut self, event: usize) -> u128 {
        let had = async {
            while self.seen.count.load(Ordering::Acquire) < event * self.count {
                self.seen.all.notified().await;
            }
        };
        tokio::select! {
            had = timeout(LONGEST, had) => had.expect("all clients have the event"),
            _ = self.tasks.join_next() => panic!("a client was cut off"),
        }
        self.seen.last.load(Ordering::Acquire).into()
    }
}

impl Client {
    async fn open(port: u16) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream.write_all(HELLO.as_bytes()).await.unwrap();
        let mut client = Self {
            stream,
            buffer: vec![0; 2 * 1024],
            filled: 0,
        };
        let head = loop {
            client.read().await;
            if let Some(end) = memmem::find(&client.buffer[..client.filled], b"\r\n\r\n") {
                break end + 4;
            }
        };
        assert!(client.buffer.starts_with(b"HTTP/1.1 101"));
        client.forget(head);
        for (say, hear) in [
            (r#"{"type":"connection_init"}"#, "connection_ack"),
            (SUBSCRIBE, ""),
            (r#"{"type":"ping"}"#, "pong"),
        ] {
            client.say(TEXT, say.as_bytes()).await;
            if !hear.is_empty() {
                let message = client.hear().await;
                assert!(memmem::find(&message, hear.as_bytes()).is_some());
            }
        }
        client
    }

    async fn listen(mut self, seen: Arc<Seen>, clients: usize) {
        loop {
            let message = self.hear().await;
            assert!(memmem::find(&message, br#""data":{"entryAdded""#).is_some());
            let now = u64::try_from(micros()).unwrap();
            seen.last.fetch_max(now, Ordering::AcqRel);
            let count = seen.count.fetch_add(1, Ordering::AcqRel) + 1;
            if count.is_multiple_of(clients) {
                seen.all.notify_one();
            }
        }
    }

    /// The next message; pings are answered.
    async fn hear(&mut self) -> Vec<u8> {
        loop {
            while let Some((head, end)) = extent(&self.buffer[..self.filled]) {
                let kind = self.buffer[0] & 15;
                let message = self.buffer[head..end].to_vec();
                self.forget(end);
                match kind {
                    TEXT => return message,
                    PING => self.say(PONG, &message).await,
                    other => panic!("a frame of kind {other}"),
                }
            }
            self.read().await;
        }
    }

    async fn read(&mut self) {
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.filled * 2, 0);
        }
        let free = &mut self.buffer[self.filled..];
        let read = self.stream.read(free).await.unwrap();
        assert_ne!(read, 0, "the server has closed the socket");
        self.filled += read;
    }

    fn forget(&mut self, bytes: usize) {
        self.buffer.copy_within(bytes..self.filled, 0);
        self.filled -= bytes;
    }

    /// Sends a frame, masked with zeros.
    async fn say(&mut self, kind: u8, payload: &[u8]) {
        let mut frame = vec![128 | kind];
        match u8::try_from(payload.len()) {
            Ok(short) if short < 126 => frame.push(128 | short),
            _ => {
                frame.push(0xfe);
                frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        self.stream.write_all(&frame).await.unwrap();
    }
}

/// Where the first frame's payload begins, and where it ends, if all of it is there.
fn extent(bytes: &[u8]) -> Option<(usize, usize)> {
    let (head, length) = match bytes {
        [_, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([*high, *low]))),
        [_, 126, ..] | [] | [_] => return None,
        [_, short, ..] => (2, usize::from(*short)),
    };
    (bytes.len() >= head + length).then_some((head, head + length))
}
