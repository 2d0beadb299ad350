//! Every setting there is. In: nothing. Out: a table, from which the flags, the variables, the keys of the
//! file and their descriptions are made. Must not know: what the values mean to the parts.

/// One setting.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// As in the file; `--name-with-hyphens` as a flag, `FEEDGRAPH_NAME` as a variable.
    pub name: &'static str,
    /// What the value is, in one word.
    pub value: &'static str,
    /// The value when nobody gives one; empty for none.
    pub default: &'static str,
    /// What it is for, one sentence, with the unit.
    pub help: &'static str,
}

impl Setting {
    /// The flag, without the two hyphens.
    #[must_use]
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    /// The environment variable.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("FEEDGRAPH_{}", self.name.to_uppercase())
    }
}

const fn setting(
    name: &'static str,
    value: &'static str,
    default: &'static str,
    help: &'static str,
) -> Setting {
    Setting {
        name,
        value,
        default,
        help,
    }
}

/// All settings, in the order in which they are shown.
pub const SETTINGS: &[Setting] = &[
    setting(
        "database",
        "URL",
        "sqlite://feedgraph.db",
        "Where everything is kept: sqlite://PATH, or postgres://USER:PASSWORD@HOST/NAME.",
    ),
    setting(
        "database_connections",
        "COUNT",
        "8",
        "Most connections to the database at once.",
    ),
    setting(
        "listen",
        "ADDRESS",
        "127.0.0.1:8080",
        "Address and port to serve at; 0.0.0.0:8080 serves other machines too.",
    ),
    setting(
        "public_url",
        "URL",
        "",
        "Address at which clients see this server, when it is behind another; else that of `listen`.",
    ),
    setting(
        "cors_origins",
        "ORIGIN,…",
        "",
        "Origins whose web pages may read answers, such as https://example.org; * for all.",
    ),
    setting(
        "answer_cache_mib",
        "MIB",
        "32",
        "Memory for answers to public queries, in MiB; 0 keeps none.",
    ),
    setting(
        "answer_max_age_seconds",
        "SECONDS",
        "0",
        "How long browsers and proxies may use the answer to a public GET before they ask again.",
    ),
    setting(
        "trusted_proxies",
        "CIDR,…",
        "",
        "Proxies whose X-Forwarded-For is believed, such as 127.0.0.1/32; nobody's when left out.",
    ),
    setting(
        "rows_per_minute",
        "ROWS",
        "1000000",
        "Most rows that one address, and one account, may ask for in a minute; 0 for no limit.",
    ),
    setting(
        "max_query_rows",
        "ROWS",
        "100000",
        "Most rows that one operation may ask for.",
    ),
    setting(
        "live_per_address",
        "COUNT",
        "100",
        "Most live connections of one address; 0 for no limit.",
    ),
    setting(
        "introspection",
        "BOOL",
        "true",
        "Whether everyone may ask for the schema; with false only editors may.",
    ),
    setting(
        "graphiql",
        "BOOL",
        "true",
        "Whether the page GraphiQL is served.",
    ),
    setting(
        "persisted_documents",
        "PATH",
        "",
        "Manifest of documents that clients may send by their id: Apollo's form, or an object of documents by ids.",
    ),
    setting(
        "persisted_only",
        "BOOL",
        "false",
        "Whether only the documents of the manifest are taken.",
    ),
    setting(
        "name",
        "TEXT",
        "Feedgraph",
        "Name of this server; the planet of a new database is called so too.",
    ),
    setting(
        "starter_feeds",
        "BOOL",
        "true",
        "Whether `serve` follows the starter list when the database is new.",
    ),
    setting(
        "proposals",
        "BOOL",
        "true",
        "Whether anyone may propose sources to the editors, five an hour from one address.",
    ),
    setting(
        "poll",
        "BOOL",
        "true",
        "Whether `serve` polls feeds; with false it only serves what other nodes polled.",
    ),
    setting(
        "poll_concurrency",
        "COUNT",
        "32",
        "Most feeds polled at once by this node.",
    ),
    setting(
        "poll_per_host",
        "COUNT",
        "2",
        "Most feeds of one host polled at once.",
    ),
    setting(
        "poll_host_spacing_ms",
        "MILLISECONDS",
        "500",
        "Shortest time between two requests to one host.",
    ),
    setting(
        "poll_lease_seconds",
        "SECONDS",
        "120",
        "How long the feeds that a node has in hand are kept from others when it dies.",
    ),
    setting(
        "poll_min_seconds",
        "SECONDS",
        "3600",
        "Shortest time between two polls of one feed.",
    ),
    setting(
        "poll_max_seconds",
        "SECONDS",
        "86400",
        "Longest time between two polls of one feed that works.",
    ),
    setting(
        "redirect_hold_days",
        "DAYS",
        "3",
        "How long a feed's permanent redirects must lead to one place before that is its address.",
    ),
    setting(
        "contact",
        "TEXT",
        "",
        "An e-mail address or URL at which publishers reach whoever runs this server; sent in User-Agent.",
    ),
    setting(
        "user_agent",
        "TEXT",
        "",
        "What publishers see as User-Agent; else \"Feedgraph/VERSION (+public_url; contact)\".",
    ),
    setting(
        "connect_timeout_seconds",
        "SECONDS",
        "10",
        "Longest wait for a publisher's name, connection and TLS.",
    ),
    setting(
        "first_byte_timeout_seconds",
        "SECONDS",
        "20",
        "Longest wait for the headers of a publisher's answer.",
    ),
    setting(
        "idle_timeout_seconds",
        "SECONDS",
        "15",
        "Longest silence within a publisher's answer.",
    ),
    setting(
        "fetch_timeout_seconds",
        "SECONDS",
        "60",
        "Longest time for one fetch, redirects included.",
    ),
    setting(
        "max_feed_bytes",
        "BYTES",
        "10485760",
        "Most bytes of one feed, after decompression.",
    ),
    setting(
        "max_redirects",
        "COUNT",
        "8",
        "Most redirects followed for one fetch.",
    ),
    setting(
        "allow_networks",
        "CIDR,…",
        "",
        "Networks to fetch from although they are not public, such as 10.0.0.0/8; for intranets.",
    ),
    setting(
        "allow_ports",
        "PORT,…",
        "",
        "Ports to fetch from; else 80, 443 and those from 1024 on without databases and the like.",
    ),
    setting(
        "trusted_certificates",
        "PATH",
        "",
        "A PEM file of certificate authorities to trust besides those of the system; for intranets.",
    ),
    setting(
        "access_token_minutes",
        "MINUTES",
        "15",
        "How long an access token is good for.",
    ),
    setting(
        "refresh_token_days",
        "DAYS",
        "30",
        "How long a session lasts that is not used.",
    ),
    setting(
        "issuer",
        "TEXT",
        "",
        "An outside issuer whose JWTs are believed too: its `iss`, such as https://id.example.org/realms/planet.",
    ),
    setting(
        "issuer_audience",
        "TEXT",
        "feedgraph",
        "The `aud` that the outside issuer's tokens must be for.",
    ),
    setting(
        "issuer_jwks",
        "URL",
        "",
        "Where the outside issuer publishes its keys (JWKS): a URL, or the path of a file.",
    ),
    setting(
        "issuer_algorithms",
        "NAME,…",
        "RS256,ES256,EdDSA",
        "The only signatures of the outside issuer that are believed.",
    ),
    setting(
        "issuer_role_claim",
        "NAME",
        "roles",
        "The claim with the roles: a text or a list; a dot leads inside, as in realm_access.roles.",
    ),
    setting(
        "issuer_roles",
        "WORD=ROLE,…",
        "",
        "What the words of that claim mean, such as planet-admins=ADMIN; else the roles' own names.",
    ),
    setting(
        "issuer_default_role",
        "ROLE",
        "",
        "What those may do whom that claim gives no role; else their tokens are not believed.",
    ),
    setting(
        "issuer_name_claim",
        "NAME",
        "preferred_username",
        "The claim that accounts of the outside issuer are named after.",
    ),
    setting(
        "audit_kept_days",
        "DAYS",
        "365",
        "How long it is kept who changed what.",
    ),
    setting(
        "changes_kept_days",
        "DAYS",
        "30",
        "How long the change log is kept, and with it the cursors of clients.",
    ),
    setting(
        "revisions_kept",
        "COUNT",
        "10",
        "Most earlier versions kept of an edited entry.",
    ),
    setting(
        "kept_body_bytes",
        "BYTES",
        "2097152",
        "Most bytes of a feed's last body kept, compressed, for `feedgraph reparse`; 0 keeps none.",
    ),
    setting(
        "websub",
        "BOOL",
        "true",
        "Whether hubs may push feeds (WebSub), once `public_url` says where they reach this server.",
    ),
    setting(
        "icons",
        "BOOL",
        "true",
        "Whether icons of sources are looked for and kept.",
    ),
    setting(
        "metrics",
        "WHERE",
        "here",
        "Where Prometheus finds /metrics: here, beside everything else; an address of its own; or off.",
    ),
    setting(
        "log",
        "FILTER",
        "info,sea_orm_migration=warn",
        "What is logged: error, warn, info, debug or trace, for single parts as in info,feedgraph::poll=debug.",
    ),
    setting(
        "log_format",
        "FORMAT",
        "text",
        "How logs are written: text or json.",
    ),
];

/// The setting of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The setting whose name is most like a wrong one.
#[must_use]
pub fn most_like(wrong: &str) -> Option<&'static Setting> {
    let likeness = |setting: &Setting| strsim::jaro_winkler(setting.name, wrong);
    let best = SETTINGS
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    best.filter(|setting| likeness(setting) > 0.8)
}
