//! Sending a form, as hubs are asked. In: a URL and fields. Out: what the answer says. Must not know: hubs.
//!
//! Under the same guard and limits as fetching; the answer's body is not read.

use reqwest::header::CONTENT_TYPE;
use url::Url;
use url::form_urlencoded::Serializer;

use super::client::{Fetcher, Turn};
use super::failure::{classify, timed_out};
use super::headers;
use super::outcome::{Answer, Failure};
use super::redirect::Chain;

impl Fetcher {
    /// Posts a form. Redirects that keep the method (307, 308) are followed, to further hosts once `turn` is done with
    /// their names. One that wants to be left alone is not asked: then the redirect's own answer says for how long.
    ///
    /// # Errors
    /// When no answer can be had.
    pub async fn submit(
        &self,
        url: &Url,
        fields: &[(&str, &str)],
        turn: Turn<'_>,
    ) -> Result<Answer, Failure> {
        let limit = self.0.settings.total_timeout;
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let sent = tokio::time::timeout(limit, self.send(url, body, turn)).await;
        sent.unwrap_or_else(|_| Err(timed_out("the server did not answer", limit)))
    }

    async fn send(&self, url: &Url, body: String, turn: Turn<'_>) -> Result<Answer, Failure> {
        let mut chain = Chain::new(url.clone());
        loop {
            self.0.guard.check_url(chain.current())?;
            let request = self
                .0
                .client
                .post(chain.current().clone())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body.clone());
            let response = request.send().await.map_err(|error| classify(&error))?;
            let (status, headers) = (response.status().as_u16(), response.headers());
            let mut answer = headers::answer(status, headers, chain.current(), None);
            if !matches!(status, 307 | 308) {
                return Ok(answer);
            }
            if let Some(rest) = self.0.go_on(&mut chain, status, headers, turn).await? {
                answer.retry_after = Some(rest);
                return Ok(answer);
            }
        }
    }
}
