//! The table of settings: the one place where a variable is named, bounded and explained.

use sre_core::time::Span;
use sre_core::window::Window;

use super::setting::WhenUnset::{Computed, Is, Unset};
use super::setting::{Kind, Section, Setting};

/// Every setting. Parsing, `--help`, `sre-monitor config`, `docs/configuration.md` and the warning
/// about an unknown `SRE_MONITOR_*` are all read from here.
pub const SETTINGS: &[Setting] = &[
    // Server
    Setting::new(
        "SRE_MONITOR_HOST",
        Section::Server,
        Kind::Address,
        Is("127.0.0.1"),
        "The address to listen on. One that other machines can reach is refused unless \
         callers need tokens \
         (`SRE_MONITOR_API_TOKENS_FILE`) or `SRE_MONITOR_ALLOW_ANONYMOUS` is `true`.",
    ),
    Setting::new(
        "SRE_MONITOR_PORT",
        Section::Server,
        Kind::Number {
            min: 0,
            max: 65_535,
        },
        Is("8080"),
        "The port to listen on; `0` takes a free one.",
    ),
    Setting::new(
        "SRE_MONITOR_HOST_NAMES",
        Section::Server,
        Kind::HostNames,
        Unset,
        "The names under which clients reach the service. Loopback names and IP addresses always \
         are; a request for another name is answered with 421.",
    ),
    Setting::new(
        "SRE_MONITOR_ALLOW_ANONYMOUS",
        Section::Server,
        Kind::Flag,
        Is("false"),
        "`true` lets everybody who can reach the address read and write, without a token. Where \
         there is a file of tokens it has no effect.",
    ),
    Setting::new(
        "SRE_MONITOR_API_TOKENS_FILE",
        Section::Server,
        Kind::Path,
        Unset,
        "A file of hashed bearer tokens, a line each: name, role (`read`, `ack`, `write`, `admin`), \
         SHA-256, expiry; `sre-monitor token new` makes one. With it every caller needs a token, \
         except for `/health`, `/health/live` and `/health/ready`. Changes are taken within \
         seconds; a file that cannot be used leaves the tokens as they were.",
    ),
    Setting::new(
        "REQUEST_TIMEOUT",
        Section::Server,
        Kind::Span {
            min: Span::SECOND,
            max: Span::minutes(10),
        },
        Is("30"),
        "How long a whole request may take.",
    ),
    Setting::new(
        "SRE_MONITOR_MAX_BODY_BYTES",
        Section::Server,
        Kind::Number {
            min: 1_024,
            max: 64 * MIB,
        },
        Is("1048576"),
        "The largest request body, in bytes. `POST /service-metrics` takes 16 MiB, or this when \
         it is more.",
    ),
    Setting::new(
        "SRE_MONITOR_PROBE_PORT",
        Section::Server,
        Kind::Number {
            min: 1,
            max: 65_535,
        },
        Unset,
        "A second port, for `/health`, `/health/live`, `/health/ready` and `/metrics` only.",
    ),
    Setting::new(
        "SRE_MONITOR_PUBLIC_URL",
        Section::Server,
        Kind::Url,
        Computed("`http://` and the address it listens on"),
        "Where people reach this service: links in messages begin with it. Everybody sees it, so it \
         carries no credentials.",
    ),
    Setting::new(
        "GRAFANA_URL",
        Section::Server,
        Kind::Url,
        Unset,
        "Where the dashboards are: links to them are added to what is shown and sent. Everybody \
         sees it, so it carries no credentials.",
    ),
    // Store and retention
    Setting::new(
        "DATABASE_URL",
        Section::Store,
        Kind::Database,
        Computed("an embedded SQLite file, `sre-monitor.db` in `SRE_MONITOR_DATA_DIR`"),
        "The store. `postgres://` is not built in this version.",
    )
    .secret(),
    Setting::new(
        "SRE_MONITOR_DATA_DIR",
        Section::Store,
        Kind::Path,
        Is("./data"),
        "The directory of the embedded store; it is made when it is missing.",
    ),
    Setting::new(
        "SRE_MONITOR_AUTO_MIGRATE",
        Section::Store,
        Kind::Flag,
        Is("true"),
        "Whether `serve` brings the schema up to date; with `false` it does not start before `sre-monitor \
         migrate` did.",
    ),
    Setting::new(
        "DB_MAX_CONNECTIONS",
        Section::Store,
        Kind::Number { min: 1, max: 1_000 },
        Is("20"),
        "The most connections to the store.",
    ),
    Setting::new(
        "DB_MIN_CONNECTIONS",
        Section::Store,
        Kind::Number { min: 0, max: 1_000 },
        Is("5"),
        "The connections kept open when nobody needs them; at most `DB_MAX_CONNECTIONS`.",
    ),
    Setting::new(
        "DB_CONNECTION_TIMEOUT",
        Section::Store,
        Kind::Span {
            min: Span::SECOND,
            max: Span::minutes(10),
        },
        Is("30"),
        "How long connecting at start may take. A request waits for a connection for 3 s at most.",
    ),
    Setting::new(
        "METRICS_RETENTION_DAYS",
        Section::Store,
        Kind::Number { min: 1, max: 3_650 },
        Is("30"),
        "For how many days raw samples are kept; slices and calculations outlive them.",
    ),
    Setting::new(
        "SRE_MONITOR_SLICE_RETENTION_DAYS",
        Section::Store,
        Kind::Days,
        Is("92,400"),
        "For how many days fine slices are kept, and hour sums.",
    ),
    Setting::new(
        "SRE_MONITOR_DEFAULTS",
        Section::Store,
        Kind::Choice(&["all", "none"]),
        Is("all"),
        "What a new, empty store receives: the default SLOs, or nothing.",
    ),
    Setting::new(
        "SRE_MONITOR_CONFIG",
        Section::Alerts,
        Kind::Path,
        Unset,
        "A YAML file of receivers and the routes that lead to them (see `docs/routing.md`).",
    ),
    // Sources
    Setting::new(
        "PROMETHEUS_URL",
        Section::Sources,
        Kind::Url,
        Unset,
        "A server of the Prometheus query API; unset means no Prometheus.",
    )
    .secret(),
    Setting::new(
        "PROMETHEUS_ENDPOINT",
        Section::Sources,
        Kind::Url,
        Unset,
        "Another name of `PROMETHEUS_URL`, which wins when both are set.",
    )
    .secret(),
    Setting::new(
        "PROMETHEUS_SCRAPE_INTERVAL",
        Section::Sources,
        Kind::Span {
            min: Span::SECOND,
            max: Span::hours(1),
        },
        Is("60s"),
        "How often Prometheus scrapes; used only for PromQL that cannot be read as counters.",
    ),
    Setting::new(
        "API_GATEWAY_URL",
        Section::Sources,
        Kind::Url,
        Unset,
        "Checks service `api-gateway` by HTTP at this URL. It is shown, so it carries no \
         credentials.",
    ),
    Setting::new(
        "MONITORING_COLLECTION_INTERVAL",
        Section::Sources,
        Kind::Span {
            min: Span::SECOND,
            max: Span::hours(1),
        },
        Is("60"),
        "How often health checks are made and recipes queried.",
    ),
    // SLOs, budgets and burn rates
    Setting::new(
        "SLO_VALIDATION_INTERVAL",
        Section::Evaluation,
        Kind::Span {
            min: Span::SECOND,
            max: Span::hours(1),
        },
        Is("300"),
        "How often an SLO's calculation is recorded. Alerts do not wait for it: they are judged \
         at every slice.",
    ),
    Setting::new(
        "SRE_MONITOR_EVALUATION_DELAY",
        Section::Evaluation,
        Kind::Span {
            min: Span::SECOND,
            max: Span::minutes(10),
        },
        Is("10s"),
        "How long after its end a slice closes, so that what was scraped in it has arrived.",
    ),
    Setting::new(
        "SLO_DEFAULT_TIME_WINDOW",
        Section::Evaluation,
        Kind::Window {
            min: Span::minutes(2),
            max: Window::MAX,
        },
        Is("30d"),
        "The window of an SLO that names none.",
    ),
    Setting::new(
        "SRE_MONITOR_MIN_COVERAGE",
        Section::Evaluation,
        Kind::Share,
        Is("0.8"),
        "The share of slices that must be measured; under it a status is `insufficient_data`.",
    ),
    Setting::new(
        "ERROR_BUDGET_CALCULATION_INTERVAL",
        Section::Evaluation,
        Kind::Span {
            min: Span::SECOND,
            max: Span::days(1),
        },
        Is("3600"),
        "How often an SLO's budget is recorded.",
    ),
    Setting::new(
        "ERROR_BUDGET_DEFAULT_PERCENTAGE",
        Section::Evaluation,
        Kind::Percentage,
        Is("1.0"),
        "The error budget of an SLO that names no target: 1.0 is a target of 99 %.",
    ),
    Setting::new(
        "BURN_RATE_WARNING_THRESHOLD",
        Section::Evaluation,
        Kind::Factor,
        Is("2.0"),
        "The burn rate from which the level is `warning`, and beyond which a ticket is opened.",
    ),
    Setting::new(
        "BURN_RATE_CRITICAL_THRESHOLD",
        Section::Evaluation,
        Kind::Factor,
        Is("5.0"),
        "The same for `critical`, which pages; more than the warning threshold.",
    ),
    Setting::new(
        "BURN_RATE_EMERGENCY_THRESHOLD",
        Section::Evaluation,
        Kind::Factor,
        Is("10.0"),
        "The same for `emergency`, which pages; more than the critical threshold.",
    ),
    // Alerts
    Setting::new(
        "SLO_VIOLATION_COOLDOWN",
        Section::Alerts,
        Kind::Span {
            min: Span::SECOND,
            max: Span::days(30),
        },
        Is("600"),
        "For how long after a delivered message the same alert is not told again, unless it \
         becomes more severe or resolves.",
    ),
    // Incidents
    Setting::new(
        "SRE_MONITOR_INCIDENT_ALERTS",
        Section::Alerts,
        Kind::Number { min: 1, max: 1_000 },
        Is("3"),
        "How many alerts of one service and its neighbours make an incident. A critical alert opens \
         one by itself.",
    ),
    Setting::new(
        "SRE_MONITOR_INCIDENT_WINDOW",
        Section::Alerts,
        Kind::Span {
            min: Span::SECOND,
            max: Span::days(1),
        },
        Is("10m"),
        "Within which time they have begun.",
    ),
    Setting::new(
        "SRE_MONITOR_INCIDENT_QUIET",
        Section::Alerts,
        Kind::Span {
            min: Span::SECOND,
            max: Span::days(7),
        },
        Is("10m"),
        "How long all alerts of an incident that nobody touched must be over before it is resolved.",
    ),
    Setting::new(
        "SRE_MONITOR_INCIDENT_ACK_TIMEOUT",
        Section::Alerts,
        Kind::Span {
            min: Span::minutes(1),
            max: Span::days(7),
        },
        Is("30m"),
        "How long an incident stays acknowledged without any activity.",
    ),
    Setting::new(
        "SRE_MONITOR_SHADOW",
        Section::Alerts,
        Kind::Flag,
        Is("false"),
        "`true` decides and records everything, and sends nothing.",
    ),
    Setting::new(
        "SRE_MONITOR_HEARTBEAT_URL",
        Section::Alerts,
        Kind::Url,
        Unset,
        "Asked with GET while slots are evaluated on time and messages are sent: its silence is the alarm.",
    )
    .secret(),
    Setting::new(
        "SRE_MONITOR_HEARTBEAT_INTERVAL",
        Section::Alerts,
        Kind::Span {
            min: Span::SECOND,
            max: Span::days(1),
        },
        Is("60"),
        "How often `SRE_MONITOR_HEARTBEAT_URL` is asked.",
    ),
    Setting::new(
        "SRE_MONITOR_FALLBACK",
        Section::Alerts,
        Kind::Choice(&["email", "slack", "webhook", "pagerduty", "alertmanager"]),
        Unset,
        "The channel that is told only where another one does not take a message: at once when that is \
         given up, else after a minute or `WEBHOOK_RETRY_COUNT` quick retries. Unset, every channel is \
         told of everything.",
    ),
    // Alerts by webhook
    Setting::new(
        "ENABLE_WEBHOOK_ALERTS",
        Section::Webhook,
        Kind::Flag,
        Computed("`true` when `WEBHOOK_URL` is set"),
        "`false` keeps the webhook off although its address is set.",
    ),
    Setting::new(
        "WEBHOOK_URL",
        Section::Webhook,
        Kind::Url,
        Unset,
        "Where alerts are posted to.",
    )
    .secret(),
    Setting::new(
        "WEBHOOK_FORMAT",
        Section::Webhook,
        Kind::Choice(&["standard", "alertmanager", "cloudevents"]),
        Is("standard"),
        "What is posted: our own facts as Standard Webhooks have them, what Alertmanager posts to its \
         webhooks (version 4), or events of CloudEvents 1.0. Headers and signature are the same.",
    ),
    Setting::new(
        "WEBHOOK_SECRET",
        Section::Webhook,
        Kind::WebhookKey,
        Unset,
        "The Standard Webhooks key that signs what is sent; unset sends it unsigned.",
    )
    .secret(),
    Setting::new(
        "WEBHOOK_TIMEOUT",
        Section::Webhook,
        Kind::Span {
            min: Span::SECOND,
            max: Span::minutes(5),
        },
        Is("30"),
        "How long one try may take.",
    ),
    Setting::new(
        "WEBHOOK_RETRY_COUNT",
        Section::Webhook,
        Kind::Number { min: 0, max: 100 },
        Is("3"),
        "The quick retries, of any channel, before the fallback (`SRE_MONITOR_FALLBACK`) is told as \
         well. Retries go on for as long as a message is of use.",
    ),
    // Alerts by mail
    Setting::new(
        "ENABLE_EMAIL_ALERTS",
        Section::Email,
        Kind::Flag,
        Computed("`true` when `SMTP_HOST` or `TO_EMAILS` is set"),
        "`false` keeps mail off although its address is set.",
    ),
    Setting::new(
        "SMTP_HOST",
        Section::Email,
        Kind::Text,
        Unset,
        "The mail server, a name or an IP address. With it `FROM_EMAIL` and `TO_EMAILS` are needed.",
    ),
    Setting::new(
        "SMTP_PORT",
        Section::Email,
        Kind::Number {
            min: 1,
            max: 65_535,
        },
        Is("587"),
        "The mail server's port.",
    ),
    Setting::new(
        "SMTP_TLS",
        Section::Email,
        Kind::Choice(&["starttls", "implicit", "none"]),
        Is("starttls"),
        "How the way to the mail server is secured. `starttls` never falls back to clear; `implicit` \
         is TLS from the first byte, usually on port 465; with `none` a password is only sent to this \
         machine.",
    ),
    Setting::new(
        "SMTP_CA_FILE",
        Section::Email,
        Kind::Path,
        Unset,
        "CA certificates in PEM that are trusted for the mail server, beside those of the system.",
    ),
    Setting::new(
        "SMTP_USERNAME",
        Section::Email,
        Kind::Text,
        Unset,
        "The account at the mail server; with it `SMTP_PASSWORD`.",
    ),
    Setting::new(
        "SMTP_PASSWORD",
        Section::Email,
        Kind::Text,
        Unset,
        "The account's password.",
    )
    .secret(),
    Setting::new(
        "FROM_EMAIL",
        Section::Email,
        Kind::Emails,
        Unset,
        "The sender's address, one. Its domain is that of every `Message-ID`.",
    ),
    Setting::new(
        "TO_EMAILS",
        Section::Email,
        Kind::Emails,
        Unset,
        "Who is written to, up to 50 addresses. Each is a destination of its own: `email`, `email-2`, and so on.",
    ),
    // Alerts by Slack
    Setting::new(
        "ENABLE_SLACK_ALERTS",
        Section::Slack,
        Kind::Flag,
        Computed("`true` when `SLACK_WEBHOOK_URL` is set"),
        "`false` keeps Slack off although its address is set.",
    ),
    Setting::new(
        "SLACK_WEBHOOK_URL",
        Section::Slack,
        Kind::Url,
        Unset,
        "The incoming webhook of a Slack channel, or of what answers like Slack: 200 and `ok`.",
    )
    .secret(),
    Setting::new(
        "SLACK_CHANNEL",
        Section::Slack,
        Kind::Text,
        Unset,
        "The channel to post to. Webhooks of Slack apps post where they were installed, whatever this is.",
    ),
    Setting::new(
        "SLACK_USERNAME",
        Section::Slack,
        Kind::Text,
        Unset,
        "The name to post under. Webhooks of Slack apps post as the app, whatever this is.",
    ),
    // Alerts by PagerDuty
    Setting::new(
        "ENABLE_PAGERDUTY_ALERTS",
        Section::PagerDuty,
        Kind::Flag,
        Computed("`true` when `PAGERDUTY_ROUTING_KEY` is set"),
        "`false` keeps PagerDuty off although its key is set.",
    ),
    Setting::new(
        "PAGERDUTY_ROUTING_KEY",
        Section::PagerDuty,
        Kind::RoutingKey,
        Unset,
        "The integration key of a service of PagerDuty, of the type *Events API v2*.",
    )
    .secret(),
    Setting::new(
        "PAGERDUTY_URL",
        Section::PagerDuty,
        Kind::Url,
        Is("https://events.pagerduty.com/v2/enqueue"),
        "Where events are posted to; `https://events.eu.pagerduty.com/v2/enqueue` for accounts in Europe.",
    ),
    // Alerts by Alertmanager
    Setting::new(
        "ENABLE_ALERTMANAGER_ALERTS",
        Section::Alertmanager,
        Kind::Flag,
        Computed("`true` when `ALERTMANAGER_URL` is set"),
        "`false` keeps Alertmanager off although its address is set.",
    ),
    Setting::new(
        "ALERTMANAGER_URL",
        Section::Alertmanager,
        Kind::Url,
        Unset,
        "An Alertmanager that alerts are posted to, without `/api/v2`; name and password in it are sent \
         as basic authentication. Never this service itself.",
    )
    .secret(),
    // Process and logs
    Setting::new(
        "SRE_MONITOR_REPLICA_ID",
        Section::Process,
        Kind::Text,
        Computed("host name and process id"),
        "The name of this process in logs, claims and `/workers`.",
    ),
    Setting::new(
        "RUST_LOG",
        Section::Process,
        Kind::LogFilter,
        Is("info"),
        "What is logged.",
    ),
    Setting::new(
        "SRE_MONITOR_LOG_FORMAT",
        Section::Process,
        Kind::Choice(&["json", "pretty"]),
        Computed("`pretty` on a terminal, else `json`"),
        "How log lines look.",
    ),
];

const MIB: u32 = 1_048_576;

/// The row of `name`.
pub(super) fn setting(name: &str) -> &'static Setting {
    SETTINGS
        .iter()
        .find(|setting| setting.name == name)
        .expect("what is read stands in the table")
}

/// Where `name` stands in the table, the name of a file with the setting it belongs to.
pub(super) fn position(name: &str) -> usize {
    let at = |name: &str| {
        SETTINGS
            .iter()
            .position(|setting| setting.name == name)
    };
    at(name)
        .or_else(|| name.strip_suffix("_FILE").and_then(at))
        .unwrap_or(SETTINGS.len())
}
