//! The settings in force. In: flags, `FEEDGRAPH_*` variables, `feedgraph.toml` and defaults, in that order.
//! Out: one typed value, and where each part of it came from. Must not know: what is done with it.

mod file;
mod issuer;
mod layers;
mod settings;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

pub use file::FileValues;
pub use issuer::{Issuer, Jwks};
pub use layers::{Given, Layers, Origin, without_password};
pub use settings::{SETTINGS, Setting};

/// Values given as flags, by name of setting.
pub type Flags = HashMap<String, String>;

/// The file that is read when none is named.
pub const DEFAULT_FILE: &str = "feedgraph.toml";

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line of it.
    #[error("{}, line {line}: {message}", path.display())]
    Malformed {
        /// Its path.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// A value.
    #[error("{name} = \"{text}\" ({origin}) is not valid: expected {expected}")]
    BadValue {
        /// The setting.
        name: &'static str,
        /// Its value as it may be shown.
        text: String,
        /// Who said it.
        origin: Origin,
        /// What would be right.
        expected: &'static str,
    },
    /// No value.
    #[error("{name} is empty: expected {expected}")]
    Empty {
        /// The setting.
        name: &'static str,
        /// What would be right.
        expected: &'static str,
    },
}

/// All settings; the table in `settings.rs` describes them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is described in the table of settings")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Config {
    pub database: String,
    pub database_connections: u32,
    pub listen: SocketAddr,
    pub public_url: Option<Url>,
    pub cors_origins: Vec<String>,
    pub answer_cache_mib: u64,
    pub answer_max_age: Duration,
    pub trusted_proxies: Vec<IpNet>,
    pub rows_per_minute: u32,
    pub max_query_rows: u32,
    pub live_per_address: u32,
    pub introspection: bool,
    pub graphiql: bool,
    pub persisted_documents: Option<PathBuf>,
    pub persisted_only: bool,
    pub name: String,
    pub starter_feeds: bool,
    pub proposals: bool,
    pub poll: bool,
    pub poll_concurrency: usize,
    pub poll_per_host: u32,
    pub poll_host_spacing: Duration,
    pub poll_lease_seconds: i64,
    pub poll_min_seconds: i64,
    pub poll_max_seconds: i64,
    pub redirect_hold_days: i64,
    pub contact: Option<String>,
    pub user_agent: Option<String>,
    pub connect_timeout: Duration,
    pub first_byte_timeout: Duration,
    pub idle_timeout: Duration,
    pub fetch_timeout: Duration,
    pub max_feed_bytes: usize,
    pub max_redirects: usize,
    pub allow_networks: Vec<IpNet>,
    pub allow_ports: Vec<u16>,
    pub trusted_certificates: Option<PathBuf>,
    pub access_token_minutes: i64,
    pub refresh_token_days: i64,
    pub issuer: Option<Issuer>,
    pub audit_kept_days: i64,
    pub changes_kept_days: i64,
    pub revisions_kept: usize,
    pub kept_body_bytes: usize,
    pub websub: bool,
    pub icons: bool,
    pub metrics: Watching,
    pub log: String,
    pub log_format: LogFormat,
}

/// Where the numbers for Prometheus are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watching {
    /// Beside everything else.
    Here,
    /// At an address of their own.
    At(SocketAddr),
    /// Nowhere.
    Off,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one object a line.
    Json,
}

/// Reads the file and puts the layers together. The file is `named`, else
/// [`DEFAULT_FILE`] where that exists.
///
/// # Errors
/// When the file has a mistake.
pub fn gather(flags: &Flags, named: Option<&Path>) -> Result<Layers, ConfigError> {
    let from_environment = variable("FEEDGRAPH_CONFIG").map(PathBuf::from);
    let named = named.map(Path::to_owned).or(from_environment);
    let path = named.as_deref().unwrap_or(Path::new(DEFAULT_FILE));
    let file = FileValues::read(path, named.is_some())?;
    Ok(Layers::stack(flags, &variable, &file))
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where the environment is read"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Config {
    /// What holds when nobody says anything.
    ///
    /// # Errors
    /// Never, as a test shows.
    pub fn defaults() -> Result<Self, ConfigError> {
        let nothing = Layers::stack(&HashMap::new(), &|_| None, &FileValues::default());
        Self::from_layers(&nothing)
    }

    /// Reads the values.
    ///
    /// # Errors
    /// At the first one that is not valid.
    #[expect(clippy::too_many_lines, reason = "a line for each setting")]
    pub fn from_layers(layers: &Layers) -> Result<Self, ConfigError> {
        let is = Reader(layers);
        Ok(Self {
            database: layers.required(
                "database",
                "sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME",
                database,
            )?,
            database_connections: is.count("database_connections")?,
            listen: layers.required(
                "listen",
                "an address with a port, such as 127.0.0.1:8080",
                parse,
            )?,
            public_url: layers.optional(
                "public_url",
                "an absolute http or https URL",
                web_address,
            )?,
            cors_origins: is.list("cors_origins", "origins such as https://example.org, or *")?,
            answer_cache_mib: is.number("answer_cache_mib")?,
            answer_max_age: Duration::from_secs(is.number("answer_max_age_seconds")?),
            trusted_proxies: is.list("trusted_proxies", "networks such as 127.0.0.1/32")?,
            rows_per_minute: is.number("rows_per_minute")?,
            max_query_rows: is.count("max_query_rows")?,
            live_per_address: is.number("live_per_address")?,
            introspection: is.yes_or_no("introspection")?,
            graphiql: is.yes_or_no("graphiql")?,
            persisted_documents: layers.optional("persisted_documents", "a path", parse)?,
            persisted_only: is.yes_or_no("persisted_only")?,
            name: layers.required("name", "a text", parse)?,
            starter_feeds: is.yes_or_no("starter_feeds")?,
            proposals: is.yes_or_no("proposals")?,
            poll: is.yes_or_no("poll")?,
            poll_concurrency: is.count("poll_concurrency")?,
            poll_per_host: is.count("poll_per_host")?,
            poll_host_spacing: Duration::from_millis(is.number("poll_host_spacing_ms")?),
            poll_lease_seconds: is.count("poll_lease_seconds")?,
            poll_min_seconds: is.count("poll_min_seconds")?,
            poll_max_seconds: is.count("poll_max_seconds")?,
            redirect_hold_days: is.number("redirect_hold_days")?,
            contact: layers.optional("contact", "printable ASCII characters", printable)?,
            user_agent: layers.optional("user_agent", "printable ASCII characters", printable)?,
            connect_timeout: is.seconds("connect_timeout_seconds")?,
            first_byte_timeout: is.seconds("first_byte_timeout_seconds")?,
            idle_timeout: is.seconds("idle_timeout_seconds")?,
            fetch_timeout: is.seconds("fetch_timeout_seconds")?,
            max_feed_bytes: is.count("max_feed_bytes")?,
            max_redirects: is.number("max_redirects")?,
            allow_networks: is.list("allow_networks", "networks such as 10.0.0.0/8,::1/128")?,
            allow_ports: is.list("allow_ports", "port numbers such as 80,443")?,
            trusted_certificates: layers.optional("trusted_certificates", "a path", parse)?,
            access_token_minutes: is.count("access_token_minutes")?,
            refresh_token_days: is.count("refresh_token_days")?,
            issuer: issuer::read(layers)?,
            audit_kept_days: is.count("audit_kept_days")?,
            changes_kept_days: is.count("changes_kept_days")?,
            revisions_kept: is.count("revisions_kept")?,
            kept_body_bytes: is.number("kept_body_bytes")?,
            websub: is.yes_or_no("websub")?,
            icons: is.yes_or_no("icons")?,
            metrics: layers.required(
                "metrics",
                "here, off, or an address with a port, such as 127.0.0.1:9100",
                watching,
            )?,
            log: layers.required("log", "a level or a list of part=level", log_filter)?,
            log_format: layers.required("log_format", "text or json", log_format)?,
        })
    }
}

/// The common kinds of values.
struct Reader<'a>(&'a Layers);

impl Reader<'_> {
    fn yes_or_no(&self, name: &'static str) -> Result<bool, ConfigError> {
        self.0.required(name, "true or false", parse)
    }

    fn number<T: FromStr>(&self, name: &'static str) -> Result<T, ConfigError> {
        self.0.required(name, "a whole number", parse)
    }

    fn count<T: FromStr + PartialOrd + From<u8>>(
        &self,
        name: &'static str,
    ) -> Result<T, ConfigError> {
        let at_least_1 = |text: &str| parse::<T>(text).filter(|number| *number >= T::from(1));
        self.0
            .required(name, "a whole number from 1 on", at_least_1)
    }

    fn seconds(&self, name: &'static str) -> Result<Duration, ConfigError> {
        Ok(Duration::from_secs(self.count(name)?))
    }

    fn list<T: FromStr>(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<Vec<T>, ConfigError> {
        let items = |text: &str| text.split(',').map(|item| parse(item.trim())).collect();
        Ok(self.0.optional(name, expected, items)?.unwrap_or_default())
    }
}

fn parse<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn database(text: &str) -> Option<String> {
    let known = ["sqlite:", "postgres://", "postgresql://"];
    known
        .iter()
        .any(|start| text.starts_with(start))
        .then(|| text.to_owned())
}

fn web_address(text: &str) -> Option<Url> {
    parse(text).filter(|url: &Url| matches!(url.scheme(), "http" | "https"))
}

fn printable(text: &str) -> Option<String> {
    let is_printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    text.bytes().all(is_printable).then(|| text.to_owned())
}

fn log_filter(text: &str) -> Option<String> {
    parse::<tracing_subscriber::EnvFilter>(text).map(|_| text.to_owned())
}

fn watching(text: &str) -> Option<Watching> {
    match text {
        "here" => Some(Watching::Here),
        "off" => Some(Watching::Off),
        address => parse(address).map(Watching::At),
    }
}

fn log_format(text: &str) -> Option<LogFormat> {
    match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_flags(flags: &[(&str, &str)]) -> Layers {
        let flags = flags
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        let variable = |name: &str| (name == "FEEDGRAPH_NAME").then(|| "From outside".to_owned());
        Layers::stack(&flags.collect(), &variable, &FileValues::default())
    }

    #[test]
    fn the_defaults_are_valid() {
        let config = Config::defaults().unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.allow_networks, []);
        assert!(config.poll_min_seconds < config.poll_max_seconds);
    }

    #[test]
    fn flags_come_before_variables_before_defaults() {
        assert_eq!(
            Config::from_layers(&with_flags(&[])).unwrap().name,
            "From outside"
        );
        let layers = with_flags(&[("name", "By flag")]);
        assert_eq!(Config::from_layers(&layers).unwrap().name, "By flag");
        let origins = layers.all().iter().map(|given| given.origin.to_string());
        let origins: Vec<String> = origins.filter(|origin| origin != "default").collect();
        assert_eq!(origins, ["--name"]);
    }

    #[test]
    fn a_bad_value_is_told_with_its_origin_and_without_secrets() {
        let error = |name, text| {
            Config::from_layers(&with_flags(&[(name, text)]))
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            error("listen", "8080"),
            "listen = \"8080\" (--listen) is not valid: expected an address with a port, such as 127.0.0.1:8080"
        );
        assert!(error("poll_per_host", "0").ends_with("expected a whole number from 1 on"));
        assert!(error("poll", "yes").ends_with("expected true or false"));
        assert!(error("log", "feedgraph=loud").contains("log"));
        let shown = error("database", "mysql://ann:secret@host/db");
        assert!(
            shown.contains("ann:***@host") && !shown.contains("secret"),
            "{shown}"
        );
    }
}
