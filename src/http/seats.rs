//! How many live connections each client may hold. In: addresses. Out: seats, free again when they are dropped. Must
//! not know: what the connections carry.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _};

use super::rate::network;
use super::refusal::Refusal;

/// How soon to try again; connections end when they do.
const RETRY_SECONDS: u64 = 30;

/// The seats; cheap to clone.
#[derive(Clone, Debug)]
pub struct Seats {
    taken: Arc<Mutex<HashMap<IpAddr, u32>>>,
    most: u32,
}

/// A seat, held as long as a connection lives.
#[derive(Debug)]
pub struct Seat(Option<(Seats, IpAddr)>);

impl Seats {
    /// So many for each address; 0 is no limit.
    #[must_use]
    pub fn new(most: u32) -> Self {
        Self {
            taken: Arc::default(),
            most,
        }
    }

    /// Takes a seat. Programs on this machine need none.
    ///
    /// # Errors
    /// All are taken.
    pub fn take(&self, address: Option<IpAddr>) -> Result<Seat, Refusal> {
        let limited = address.filter(|address| self.most > 0 && !address.is_loopback());
        let Some(address) = limited.map(network) else {
            return Ok(Seat(None));
        };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(address).or_default();
        if *count >= self.most {
            let most = self.most;
            return Err(Refusal::of_rate(
                RETRY_SECONDS,
                format!("One address may hold {most} live connections; close one first."),
            ));
        }
        *count += 1;
        Ok(Seat(Some((self.clone(), address))))
    }
}

/// A stream whose seat is given back when it is dropped.
pub struct Seated<T> {
    stream: BoxStream<'static, T>,
    _seat: Seat,
}

/// Puts a stream on a seat.
pub fn seated<T>(stream: impl Stream<Item = T> + Send + 'static, seat: Seat) -> Seated<T> {
    Seated {
        stream: stream.boxed(),
        _seat: seat,
    }
}

impl<T> Stream for Seated<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.stream.poll_next_unpin(context)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some((seats, address)) = self.0.take() else {
            return;
        };
        let mut taken = seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_counted_by_address_and_given_back() {
        let seats = Seats::new(2);
        let address = Some("203.0.113.7".parse().unwrap());
        let first = seats.take(address).unwrap();
        let _second = seats.take(address).unwrap();
        assert_eq!(seats.take(address).unwrap_err().status, 429);
        assert!(seats.take(Some("203.0.113.8".parse().unwrap())).is_ok());
        assert!(seats.take(Some("127.0.0.1".parse().unwrap())).is_ok());
        drop(first);
        assert!(seats.take(address).is_ok());
        assert_eq!(seats.taken.lock().unwrap().len(), 1);
    }
}
