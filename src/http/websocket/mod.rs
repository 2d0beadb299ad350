//! `/graphql/ws`: the graphql-transport-ws protocol. In: a socket. Out: operations' events, and a close code
//! whenever the server ends it. One task reads, executes and writes; nothing is read from an operation
//! before the last message was taken, so a slow client costs no memory. Must not know: how operations are
//! executed.

mod close;
mod message;
mod operations;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::{Extensions, HeaderMap, header};
use axum::response::Response;
use tokio::time::{Instant, sleep_until, timeout};

use super::address;
use super::door::{Door, bearer};
use super::events::Event;
use super::refusal::Refusal;
use super::respond;
use close::Close;
use message::{Dialect, FromClient};
use operations::{Happening, Operations};

const PROTOCOL: &str = "graphql-transport-ws";
/// The name under which clients offer its forerunner.
const FORMER: &str = "graphql-ws";
/// Enough for what most clients send; larger messages grow it. The library's own choice is 128 KiB a client.
const BUFFER: usize = 1024;
/// How long to wait for the other side's close frame.
const GOODBYE: Duration = Duration::from_secs(2);

/// The handler of `/graphql/ws`.
pub async fn serve(
    State(door): State<Arc<Door>>,
    extensions: Extensions,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        return respond::stream_refusal(&Refusal::bad_request(
            "Here is a WebSocket that speaks graphql-transport-ws.",
        ));
    };
    let address = address::client(&extensions, &headers, &door.settings.trusted_proxies);
    let seat = match door.seats.take(address) {
        Ok(seat) => seat,
        Err(refusal) => return respond::stream_refusal(&refusal),
    };
    let token = bearer(&headers).map(str::to_owned);
    let limit = door.settings.message_bytes;
    let offers_former = offers(&headers, FORMER);
    upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(16 * 1024 * 1024)
        .max_message_size(limit)
        .max_frame_size(limit)
        .on_upgrade(move |socket| {
            let held = door.drain.hold();
            async move {
                let mut connection = Connection::new(door, socket, address, token);
                connection.offers_former = offers_former;
                connection.run().await;
                drop((held, seat));
            }
        })
}

/// Whether the client offers a protocol.
fn offers(headers: &HeaderMap, protocol: &str) -> bool {
    let lines = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let mut offered = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    offered.any(|one| one.trim() == protocol)
}

struct Connection {
    door: Arc<Door>,
    socket: WebSocket,
    address: Option<IpAddr>,
    /// From the payload of `connection_init`, or from the request that opened the socket.
    token: Option<String>,
    accepted: bool,
    dialect: Dialect,
    offers_former: bool,
    operations: Operations,
    /// When to look whether `connection_init` came, and from then on, when to ping.
    tick: Instant,
    /// Nothing came since the last ping.
    silent: bool,
}

impl Connection {
    fn new(
        door: Arc<Door>,
        socket: WebSocket,
        address: Option<IpAddr>,
        token: Option<String>,
    ) -> Self {
        Self {
            tick: Instant::now() + door.settings.init_timeout,
            door,
            socket,
            address,
            token,
            accepted: false,
            dialect: Dialect::Present,
            offers_former: false,
            operations: Operations::default(),
            silent: false,
        }
    }

    async fn run(mut self) {
        let why = self.live().await.err().unwrap_or(Close::Gone);
        self.operations.end_all();
        self.close(why).await;
    }

    /// Ends by an error alone.
    async fn live(&mut self) -> Result<(), Close> {
        if self.socket.protocol().is_none() {
            return Err(Close::SUBPROTOCOL);
        }
        let drain = self.door.drain.clone();
        let (stopping, tick) = (drain.stopping(), sleep_until(self.tick));
        tokio::pin!(stopping, tick);
        loop {
            if tick.deadline() != self.tick {
                tick.as_mut().reset(self.tick);
            }
            tokio::select! {
                () = &mut stopping => return Err(Close::STOPPING),
                message = self.socket.recv() => self.receive(message).await?,
                (id, happening) = self.operations.next() => self.deliver(&id, happening).await?,
                () = &mut tick => self.ticked().await?,
            }
        }
    }

    async fn receive(
        &mut self,
        message: Option<Result<Message, axum::Error>>,
    ) -> Result<(), Close> {
        self.silent = false;
        match message {
            Some(Ok(Message::Text(text))) => {
                if self.offers_former && Dialect::is_former(&text) {
                    self.dialect = Dialect::Former;
                }
                let message = message::read(&text, self.dialect).ok_or(Close::INVALID_MESSAGE)?;
                self.obey(message).await
            }
            Some(Ok(Message::Binary(_))) => Err(Close::INVALID_MESSAGE),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Close::Gone),
        }
    }

    async fn obey(&mut self, message: FromClient) -> Result<(), Close> {
        match message {
            // In a box, which a connection that has begun does not carry about.
            FromClient::Init { token } => Box::pin(self.begin(token)).await,
            FromClient::Ping { payload } => self.say(message::pong(payload.as_ref())).await,
            FromClient::Pong => Ok(()),
            FromClient::Terminate => Err(Close::Gone),
            FromClient::Subscribe { .. } if !self.accepted => Err(Close::UNAUTHORIZED),
            FromClient::Subscribe { id, .. } if self.operations.has(&id) => {
                Err(Close::duplicate(&id))
            }
            FromClient::Subscribe { id, params } => {
                if self.operations.len() >= self.door.settings.operations_per_socket {
                    let refusal = Refusal::of_limit("Too many operations on one connection.");
                    let Event::Refused(errors) = Event::refused(&refusal) else {
                        return Err(Close::INTERNAL);
                    };
                    return self.say(message::error(&id, &errors)).await;
                }
                let caller = (self.token.clone(), self.address);
                self.operations.begin(id, &self.door, params, caller);
                Ok(())
            }
            FromClient::Complete { id } => {
                self.operations.end(&id);
                Ok(())
            }
        }
    }

    /// A token that is given must be good: unlike with single requests, nothing later would tell.
    async fn begin(&mut self, token: Option<String>) -> Result<(), Close> {
        if self.accepted {
            return Err(Close::TOO_MANY_INITS);
        }
        self.token = token.or(self.token.take());
        let caller = self.door.caller(self.token.as_deref(), self.address).await;
        if caller.map_err(|_| Close::INTERNAL)?.token_refused {
            return Err(Close::FORBIDDEN);
        }
        self.accepted = true;
        self.tick = Instant::now() + self.door.settings.heartbeat;
        self.say(message::ACK.to_owned()).await
    }

    async fn deliver(&mut self, id: &str, happening: Happening) -> Result<(), Close> {
        match happening {
            Happening::Event(Event::Next(result)) => {
                self.say(message::next(id, &result, self.dialect)).await
            }
            Happening::Event(Event::Refused(errors)) => {
                self.operations.end(id);
                self.say(message::error(id, &errors)).await
            }
            Happening::Event(Event::Expired) => Err(Close::FORBIDDEN),
            Happening::Event(Event::Stopping) => Err(Close::STOPPING),
            Happening::End => {
                self.operations.end(id);
                self.say(message::complete(id)).await
            }
        }
    }

    async fn ticked(&mut self) -> Result<(), Close> {
        if !self.accepted {
            return Err(Close::INIT_TIMEOUT);
        }
        if self.silent {
            return Err(Close::TERMINATED);
        }
        self.silent = true;
        self.tick = Instant::now() + self.door.settings.heartbeat;
        self.send(Message::Ping(axum::body::Bytes::new())).await
    }

    async fn say(&mut self, text: String) -> Result<(), Close> {
        self.send(Message::Text(Utf8Bytes::from(text))).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Close> {
        match timeout(self.door.settings.write_timeout, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Close::Gone),
            Err(_) => Err(Close::TERMINATED),
        }
    }

    /// Says goodbye, or answers the other side's, and waits a moment, so that the frame is not lost with
    /// the connection.
    async fn close(mut self, why: Close) {
        let frame = match why {
            Close::With { code, reason } => Some(CloseFrame {
                code,
                reason: Utf8Bytes::from(reason.into_owned()),
            }),
            Close::Gone => None,
        };
        let goodbye = async {
            if let Some(frame) = frame {
                self.socket.send(Message::Close(Some(frame))).await.ok();
            }
            while let Some(Ok(_)) = self.socket.recv().await {}
        };
        timeout(GOODBYE, goodbye).await.ok();
    }
}
