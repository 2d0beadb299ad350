//! Whether the program is alive, and whether it is ready. In: questions that the application answers. Out:
//! `/healthz` and `/readyz`, with the reason when something is wrong. Must not know: what is asked.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::future::{BoxFuture, join_all};
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::door::Door;

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Nothing when all is well; else what is wrong, in words that may be shown to anyone.
pub type Answer = Result<(), String>;

type Question = Box<dyn Fn() -> BoxFuture<'static, Answer> + Send + Sync>;

/// The questions that must all be answered well before this program should be sent requests.
#[derive(Default)]
pub struct Health {
    questions: Vec<(&'static str, Question)>,
}

impl Health {
    /// Asks one thing more.
    #[must_use]
    pub fn asking(
        mut self,
        name: &'static str,
        question: impl Fn() -> BoxFuture<'static, Answer> + Send + Sync + 'static,
    ) -> Self {
        self.questions.push((name, Box::new(question)));
        self
    }

    async fn ask(&self) -> Vec<(&'static str, Answer)> {
        let late = |_| Err(format!("no answer within {} s", PATIENCE.as_secs()));
        let answers = self.questions.iter().map(|(name, question)| async move {
            let answer = timeout(PATIENCE, question()).await.unwrap_or_else(late);
            (*name, answer)
        });
        join_all(answers).await
    }
}

/// The program runs.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// The program can serve: 200, or 503 with what is wrong; also 503 while it stops.
pub async fn ready(State(door): State<Arc<Door>>) -> Response {
    let answers = door.health.ask().await;
    let stopping = door.drain.is_stopping();
    let ready = !stopping && answers.iter().all(|(_, answer)| answer.is_ok());
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let mut body = Map::new();
    body.insert("ready".into(), Value::Bool(ready));
    let mut reasons = Map::new();
    for (name, answer) in answers {
        body.insert(name.into(), Value::Bool(answer.is_ok()));
        if let Err(reason) = answer {
            reasons.insert(name.into(), Value::String(reason));
        }
    }
    if stopping {
        reasons.insert("stopping".into(), Value::String("the program stops".into()));
    }
    if !reasons.is_empty() {
        body.insert("reasons".into(), Value::Object(reasons));
    }
    (status, Json(Value::Object(body))).into_response()
}
