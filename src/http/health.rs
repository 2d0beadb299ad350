//! Whether the program is alive, and whether it is ready. In: questions that the application answers. Out:
//! `/healthz` and `/readyz`. Must not know: what is asked.

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

type Question = Box<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// The questions that must all be answered by yes before this program should be sent requests.
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
        question: impl Fn() -> BoxFuture<'static, bool> + Send + Sync + 'static,
    ) -> Self {
        self.questions.push((name, Box::new(question)));
        self
    }

    async fn ask(&self) -> Vec<(&'static str, bool)> {
        let answers = self.questions.iter().map(|(name, question)| async move {
            let yes = timeout(PATIENCE, question()).await.unwrap_or(false);
            (*name, yes)
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
    let ready = !stopping && answers.iter().all(|(_, yes)| *yes);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let mut body = Map::new();
    body.insert("ready".into(), Value::Bool(ready));
    for (name, yes) in answers {
        body.insert(name.into(), Value::Bool(yes));
    }
    (status, Json(Value::Object(body))).into_response()
}
