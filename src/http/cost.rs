//! What an answer says of its cost. In: a price and what limits the client. Out: `extensions.cost`. Must not know: how
//! prices are found.

use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Response, Value};
use axum::body::Bytes;

use super::rate::{Rates, Wait};
use super::refusal::Refusal;
use crate::auth::Caller;

/// How every answer ends that tells its cost: the fields of `cost`, of `extensions`, of the answer.
const END: &[u8] = b"}}}";

/// What an operation costs, and what the client may still ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Rows that it may read.
    pub price: u64,
    /// The most that one operation may.
    pub most: u64,
    /// Rows that are left to the client for now; none where nothing limits it.
    pub left: Option<u32>,
}

impl Cost {
    /// Takes a price from what the client may ask for.
    ///
    /// # Errors
    /// The client has to wait.
    pub fn charge(rates: &Rates, caller: &Caller, price: u64, most: u64) -> Result<Self, Refusal> {
        match rates.take(caller, price) {
            Ok(left) => Ok(Self { price, most, left }),
            Err(Wait(seconds)) => Err(Refusal::of_rate(
                seconds,
                format!("You have asked for too many rows lately; ask again in {seconds} seconds."),
            )),
        }
    }

    /// What is the same for everyone who asks the same.
    #[must_use]
    pub fn told(self) -> Value {
        let rows = [("price", self.price), ("maximum", self.most)];
        let fields: IndexMap<Name, Value> = rows
            .into_iter()
            .map(|(name, rows)| (Name::new(name), rows.into()))
            .collect();
        Value::Object(fields)
    }
}

/// Puts what is left to this client into an answer that tells its cost. Others may get the same answer, so it is
/// written only now.
#[must_use]
pub fn with_left(answer: Bytes, left: Option<u32>) -> Bytes {
    let (Some(left), Some(start)) = (left, answer.strip_suffix(END)) else {
        return answer;
    };
    [start, format!(",\"left\":{left}").as_bytes(), END]
        .concat()
        .into()
}

/// The same in an answer that is not written yet.
pub fn add_left(answer: &mut Response, left: Option<u32>) {
    let cost = answer.extensions.get_mut("cost");
    if let (Some(left), Some(Value::Object(fields))) = (left, cost) {
        fields.insert(Name::new("left"), left.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_in_the_answer() {
        let answer = r#"{"data":{"a":1},"extensions":{"cost":{"price":1,"maximum":9}}}"#;
        let told = with_left(answer.into(), Some(7));
        assert_eq!(
            told,
            r#"{"data":{"a":1},"extensions":{"cost":{"price":1,"maximum":9,"left":7}}}"#
        );
        assert_eq!(with_left(answer.into(), None), answer);
        assert_eq!(with_left("{}".into(), Some(7)), "{}");
    }
}
