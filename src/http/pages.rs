//! The few files that the doors give. In: paths. Out: GraphiQL and the schema, from inside the binary, with
//! entity tags (RFC 9110, section 13.1.2). Must not know: GraphQL.

use std::sync::{Arc, LazyLock};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::door::{Door, bearer};
use super::respond;

/// What the GraphiQL page may do: run its own files and talk to where it came from.
const PAGE_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self' data:; worker-src 'self' blob:; connect-src 'self' ws: wss:; frame-ancestors 'none'; \
    base-uri 'none'; form-action 'none'";

struct File {
    content_type: &'static str,
    bytes: &'static [u8],
    tag: String,
}

impl File {
    fn new(content_type: &'static str, bytes: &'static [u8]) -> Self {
        Self {
            content_type,
            bytes,
            tag: tag(bytes),
        }
    }
}

static PAGE: LazyLock<File> = LazyLock::new(|| {
    File::new(
        "text/html; charset=utf-8",
        include_bytes!("graphiql/index.html"),
    )
});
static SCRIPT: LazyLock<File> = LazyLock::new(|| {
    File::new(
        "text/javascript; charset=utf-8",
        include_bytes!("graphiql/graphiql.js"),
    )
});
static STYLE: LazyLock<File> = LazyLock::new(|| {
    File::new(
        "text/css; charset=utf-8",
        include_bytes!("graphiql/graphiql.css"),
    )
});

/// `/graphiql`.
pub async fn graphiql(State(door): State<Arc<Door>>, headers: HeaderMap) -> Response {
    if !door.settings.graphiql {
        return StatusCode::NOT_FOUND.into_response();
    }
    give(&headers, &PAGE)
}

/// `/graphiql/`: its files are named relative to the page without the slash.
pub async fn graphiql_slash() -> Redirect {
    Redirect::permanent("../graphiql")
}

/// `/graphiql/{file}`.
pub async fn graphiql_file(
    State(door): State<Arc<Door>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    match name.as_str() {
        _ if !door.settings.graphiql => StatusCode::NOT_FOUND.into_response(),
        "graphiql.js" => give(&headers, &SCRIPT),
        "graphiql.css" => give(&headers, &STYLE),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `/schema.graphql`.
pub async fn schema(State(door): State<Arc<Door>>, headers: HeaderMap) -> Response {
    let caller = match door.caller(bearer(&headers), None).await {
        Ok(caller) => caller,
        Err(refusal) => return respond::stream_refusal(&refusal),
    };
    if !door.may_introspect(caller.principal.as_ref()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let sdl = door.engine.sdl();
    let tag = tag(sdl.as_bytes());
    if known(&headers, &tag) {
        return with_tag(StatusCode::NOT_MODIFIED.into_response(), &tag);
    }
    let response = (
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
        sdl.to_owned(),
    );
    with_tag(response.into_response(), &tag)
}

fn give(headers: &HeaderMap, file: &File) -> Response {
    if known(headers, &file.tag) {
        return with_tag(StatusCode::NOT_MODIFIED.into_response(), &file.tag);
    }
    let response = (
        [
            (header::CONTENT_TYPE, file.content_type),
            (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        ],
        file.bytes,
    );
    with_tag(response.into_response(), &file.tag)
}

/// Weak, since the same file is also sent compressed.
fn tag(bytes: &[u8]) -> String {
    format!("W/\"{}\"", digest(bytes))
}

/// A hash that may stand in a tag.
pub(super) fn digest(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}

/// Whether a request says that it has what this tag stands for.
pub(super) fn known(headers: &HeaderMap, tag: &str) -> bool {
    let asked = headers.get(header::IF_NONE_MATCH);
    let Some(asked) = asked.and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let strong = |text: &str| text.trim().trim_start_matches("W/").to_owned();
    asked
        .split(',')
        .any(|one| one.trim() == "*" || strong(one) == strong(tag))
}

fn with_tag(mut response: Response, tag: &str) -> Response {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, value);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
