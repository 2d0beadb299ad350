//! The parameters of a GraphQL request. In: a JSON body or a query string. Out: [`Params`], each of its own
//! type (GraphQL over HTTP, section 5). Must not know: the schema, HTTP statuses other than 400.

use serde_json::{Map, Value};

use super::refusal::Refusal;

/// A request as the client wrote it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params {
    /// The document; empty where it is only named.
    pub query: String,
    /// The name of a document that the server has (GraphQL over HTTP, appendix on persisted documents).
    pub document_id: Option<String>,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// Values for its variables.
    pub variables: Map<String, Value>,
    /// What else the client says; Apollo's hash of the document among it.
    pub extensions: Map<String, Value>,
}

/// Reads a body. Batches are refused: HTTP/2 carries many requests as well, each with its own limits.
///
/// # Errors
/// A request error that says what is wrong: no JSON, no object, a parameter of a wrong type, no query.
pub fn from_json(body: &[u8]) -> Result<Params, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => from_object(object),
        Ok(Value::Array(_)) => Err(Refusal::bad_request(
            "Batches are not taken; send one request at a time.",
        )),
        Ok(_) => Err(Refusal::bad_request("The body must be a JSON object.")),
        Err(error) => Err(Refusal::bad_request(format!(
            "The body is not valid JSON (line {}, column {}).",
            error.line(),
            error.column()
        ))),
    }
}

/// Reads a JSON object; parameters that the specification does not name are ignored.
///
/// # Errors
/// As [`from_json`].
pub fn from_object(mut object: Map<String, Value>) -> Result<Params, Refusal> {
    let extensions = map(object.remove("extensions"), "extensions")?;
    let document_id = text(object.remove("documentId"), "documentId")?;
    let is_named = document_id.is_some() || extensions.contains_key("persistedQuery");
    let query = match object.remove("query") {
        Some(Value::String(query)) => query,
        Some(Value::Null) | None if is_named => String::new(),
        Some(Value::Null) | None => {
            return Err(Refusal::bad_request("The parameter `query` is missing."));
        }
        Some(_) => return Err(wrong("query", "a string")),
    };
    Ok(Params {
        query,
        document_id,
        operation_name: text(object.remove("operationName"), "operationName")?,
        variables: map(object.remove("variables"), "variables")?,
        extensions,
    })
}

fn text(value: Option<Value>, name: &str) -> Result<Option<String>, Refusal> {
    match value {
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(Value::Null) | None => Ok(None),
        Some(_) => Err(wrong(name, "a string or null")),
    }
}

/// Reads the query string of a GET; `variables` and `extensions` are JSON in it.
///
/// # Errors
/// As [`from_json`], and for a parameter that is given twice.
pub fn from_query(query: &str) -> Result<Params, Refusal> {
    let mut object = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let value = match name.as_ref() {
            "query" | "operationName" | "documentId" => Value::String(value.into_owned()),
            "variables" | "extensions" if value.is_empty() => Value::Null,
            "variables" | "extensions" => serde_json::from_str(&value).map_err(|_| {
                Refusal::bad_request(format!("The parameter `{name}` is not valid JSON."))
            })?,
            _ => continue,
        };
        if object.insert(name.clone().into_owned(), value).is_some() {
            return Err(Refusal::bad_request(format!(
                "The parameter `{name}` is given twice."
            )));
        }
    }
    from_object(object)
}

fn map(value: Option<Value>, name: &str) -> Result<Map<String, Value>, Refusal> {
    match value {
        Some(Value::Object(map)) => Ok(map),
        Some(Value::Null) | None => Ok(Map::new()),
        Some(_) => Err(wrong(name, "an object or null")),
    }
}

fn wrong(name: &str, expected: &str) -> Refusal {
    Refusal::bad_request(format!("The parameter `{name}` must be {expected}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(result: Result<Params, Refusal>) -> String {
        result.unwrap_err().errors[0].message.clone()
    }

    #[test]
    fn a_body_is_read_parameter_by_parameter() {
        let params = from_json(
            br#"{"query":"{a}","operationName":"N","variables":{"x":[1,null]},"extensions":null,"other":1}"#,
        )
        .unwrap();
        assert_eq!(params.query, "{a}");
        assert_eq!(params.operation_name.as_deref(), Some("N"));
        assert_eq!(params.variables["x"], serde_json::json!([1, null]));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let check = |body: &str, expected: &str| {
            assert_eq!(message(from_json(body.as_bytes())), expected, "{body}");
        };
        check("{", "The body is not valid JSON (line 1, column 1).");
        check("[{}]", "Batches are not taken; send one request at a time.");
        check("7", "The body must be a JSON object.");
        check("{}", "The parameter `query` is missing.");
        check(r#"{"query":7}"#, "The parameter `query` must be a string.");
        check(
            r#"{"query":"","variables":[]}"#,
            "The parameter `variables` must be an object or null.",
        );
        check(
            r#"{"query":"","extensions":"x"}"#,
            "The parameter `extensions` must be an object or null.",
        );
        check(
            r#"{"query":"","operationName":{}}"#,
            "The parameter `operationName` must be a string or null.",
        );
        check(
            r#"{"documentId":7}"#,
            "The parameter `documentId` must be a string or null.",
        );
        assert!(from_json(b"{\"query\":\"\xff\"}").is_err());
        assert!(from_json(br#"{"query":"\ud800"}"#).is_err());
    }

    #[test]
    fn a_document_may_be_named_only() {
        let named = from_json(br#"{"extensions":{"persistedQuery":{"version":1}}}"#).unwrap();
        assert!(named.query.is_empty() && named.extensions.contains_key("persistedQuery"));
        let named = from_query("documentId=x1&operationName=A").unwrap();
        assert_eq!(named.document_id.as_deref(), Some("x1"));
    }

    #[test]
    fn a_query_string_is_read_like_a_body() {
        let params = from_query(
            "query=query+N%28%24a%3AInt%29%7Ba%7D&operationName=N&variables=%7B%22a%22%3A1%7D",
        )
        .unwrap();
        assert_eq!(params.query, "query N($a:Int){a}");
        assert_eq!(params.operation_name.as_deref(), Some("N"));
        assert_eq!(params.variables["a"], 1);
        assert_eq!(
            message(from_query("query=a&variables=%7B")),
            "The parameter `variables` is not valid JSON."
        );
        assert_eq!(
            message(from_query("query=a&query=b")),
            "The parameter `query` is given twice."
        );
    }
}
