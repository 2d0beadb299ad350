//! Reads a body within bounds. In: an answer whose headers were read. Out: the decompressed bytes, or why not.
//! Must not know: feeds.
//!
//! Decompression is done here and not by the client, since the client has no limit on what comes out, does
//! not count what came in, and lets zstd take 128 MB for its window.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use bytes::Bytes;
use entity::PollErrorKind;
use futures::{Stream, StreamExt};
use reqwest::Response;
use reqwest::header::CONTENT_ENCODING;
use tokio::io::{AsyncBufRead, AsyncReadExt, BufReader};
use tokio_util::io::StreamReader;

use super::failure::{classify, failure, timed_out};
use super::outcome::Failure;

/// What is sent as `Accept-Encoding`, and can be read.
pub const ENCODINGS: &str = "gzip, br, zstd";

/// log2 of the largest zstd window that is legal over HTTP (RFC 9659): 8 MB.
const ZSTD_WINDOW_LOG: u32 = 23;

/// The most room taken before anything was read.
const FIRST_ROOM: usize = 64 * 1024;

type Reader = Pin<Box<dyn AsyncBufRead + Send>>;

/// What bounds a body.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Most bytes, before and after decompression.
    pub max_bytes: usize,
    /// Longest silence.
    pub idle: Duration,
}

/// Reads a body to its end. The second value counts bytes as they crossed the network.
///
/// # Errors
/// Too large, too slow, cut short, or compressed in a way that cannot be read.
pub async fn read(response: Response, bounds: Bounds) -> Result<(Bytes, u64), Failure> {
    let expected = response.content_length().unwrap_or_default();
    if usize::try_from(expected).unwrap_or(usize::MAX) > bounds.max_bytes {
        return Err(too_large(bounds.max_bytes));
    }
    let encodings = encodings(&response)?;
    let wire = Arc::new(AtomicU64::new(0));
    let raw = counted(response.bytes_stream(), Arc::clone(&wire), bounds.max_bytes);
    let mut reader: Reader = Box::pin(StreamReader::new(raw));
    for encoding in encodings.iter().rev() {
        reader = decoder(*encoding, reader);
    }
    let room = usize::try_from(expected).unwrap_or_default();
    let body = read_within(reader, bounds, room).await?;
    Ok((body, wire.load(Ordering::Relaxed)))
}

async fn read_within(mut reader: Reader, bounds: Bounds, room: usize) -> Result<Bytes, Failure> {
    let mut body = Vec::with_capacity(room.min(FIRST_ROOM));
    loop {
        make_room(&mut body, bounds.max_bytes);
        let read = tokio::time::timeout(bounds.idle, reader.read_buf(&mut body)).await;
        match read {
            Err(_) => return Err(timed_out("the body went silent: nothing came", bounds.idle)),
            Ok(Err(error)) => return Err(broken(&error, bounds.max_bytes)),
            Ok(Ok(0)) => return Ok(Bytes::from(body)),
            Ok(Ok(_)) if body.len() > bounds.max_bytes => return Err(too_large(bounds.max_bytes)),
            Ok(Ok(_)) => {}
        }
    }
}

/// Doubles the room, but never beyond the limit and the byte that breaks it: while a body is moved to a larger
/// place, both places together stay below twice the limit.
fn make_room(body: &mut Vec<u8>, max_bytes: usize) {
    if body.len() == body.capacity() {
        let most = max_bytes.saturating_add(1).saturating_sub(body.len());
        body.reserve_exact(body.len().max(FIRST_ROOM).min(most).max(1));
    }
}

#[derive(Clone, Copy)]
enum Encoding {
    Gzip,
    Brotli,
    Zstd,
}

/// The encodings in the order in which they were applied (RFC 9110, section 8.4).
fn encodings(response: &Response) -> Result<Vec<Encoding>, Failure> {
    let values = response.headers().get_all(CONTENT_ENCODING).iter();
    let names = values.flat_map(|value| value.to_str().unwrap_or("?").split(','));
    let mut encodings = Vec::new();
    for name in names {
        encodings.push(match name.trim().to_ascii_lowercase().as_str() {
            "" | "identity" | "utf-8" => continue,
            "gzip" | "x-gzip" => Encoding::Gzip,
            "br" => Encoding::Brotli,
            "zstd" => Encoding::Zstd,
            _ => {
                return Err(unreadable(
                    "the body is compressed in a way that was not asked for",
                ));
            }
        });
        if encodings.len() > 2 {
            return Err(unreadable("the body is compressed again and again"));
        }
    }
    Ok(encodings)
}

/// Packed data may come in several parts, one after the other (RFC 1952, section 2.2; RFC 8878, section 3): all of
/// them are the body.
fn decoder(encoding: Encoding, reader: Reader) -> Reader {
    match encoding {
        Encoding::Gzip => {
            let mut decoder = GzipDecoder::new(reader);
            decoder.multiple_members(true);
            Box::pin(BufReader::new(decoder))
        }
        Encoding::Brotli => Box::pin(BufReader::new(BrotliDecoder::new(reader))),
        Encoding::Zstd => {
            let window = [DParameter::window_log_max(ZSTD_WINDOW_LOG)];
            let mut decoder = ZstdDecoder::with_params(reader, &window);
            decoder.multiple_members(true);
            Box::pin(BufReader::new(decoder))
        }
    }
}

/// The raw body, counted; ends with an error once it is over the limit.
fn counted(
    body: impl Stream<Item = reqwest::Result<Bytes>>,
    wire: Arc<AtomicU64>,
    max_bytes: usize,
) -> impl Stream<Item = io::Result<Bytes>> {
    let most = u64::try_from(max_bytes).unwrap_or(u64::MAX);
    body.map(move |chunk| {
        let chunk = chunk.map_err(io::Error::other)?;
        let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        let so_far = wire
            .fetch_add(length, Ordering::Relaxed)
            .saturating_add(length);
        if so_far > most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(chunk)
    })
}

fn broken(error: &io::Error, max_bytes: usize) -> Failure {
    let network = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<reqwest::Error>());
    if let Some(error) = network {
        return classify(error);
    }
    match error.kind() {
        io::ErrorKind::FileTooLarge => too_large(max_bytes),
        io::ErrorKind::UnexpectedEof => failure(
            PollErrorKind::Connect,
            "the body is cut short: its compressed data does not end",
        ),
        _ => unreadable("the compressed body cannot be unpacked"),
    }
}

fn too_large(max_bytes: usize) -> Failure {
    let message = format!("the body is larger than {} KiB", max_bytes / 1024);
    failure(PollErrorKind::TooLarge, &message)
}

fn unreadable(message: &str) -> Failure {
    failure(PollErrorKind::Malformed, message)
}
