//! Settings become a typed configuration, or a complete list of what is wrong with them.
//!
//! A service that half-starts, or that silently leaves out what it does not understand, is found
//! out on the day it was needed. So everything is read before anything is opened: each text becomes
//! its type at once, every fault is told in one go ([`Faults`]), and what this version cannot do is
//! refused by name. [`Config::read`] is pure; [`Env`] is the one place that reads the environment.
//!
//! [`SETTINGS`] is the one table of names, bounds, defaults and meanings: parsing, `--help`,
//! `sre-monitor config` and `docs/configuration.md` are made from it. A new setting is one row
//! there, one line in the part that reads it, and the documentation written anew.
//!
//! ```
//! use sre_server::app::Language;
//! use sre_server::config::{Config, Env};
//!
//! match Config::read(&Env, &Language) {
//!     Ok((config, _warnings)) => assert!(config.server.address.port() > 0),
//!     Err(faults) => assert!(faults.iter().count() > 0),
//! }
//! ```

mod channels;
mod derived;
mod evaluation;
mod fault;
mod file;
mod mask;
mod names;
mod parse;
mod process;
mod reader;
mod server;
mod setting;
mod source;
mod sources;
mod store;
mod table;

pub use self::channels::{
    AlertmanagerConfig, Channels, EmailConfig, MailLogin, MailSecurity, PagerDutyConfig,
    SlackConfig, WebhookConfig,
};
pub(crate) use self::derived::SEND_TIMEOUT;
pub use self::evaluation::EvaluationConfig;
pub use self::fault::{Fault, Faults, Warning};
pub use self::file::{
    ChannelConfig, ChannelWording, FileConfig, FileFault, Place, Proofreader, ReceiverConfig,
    Secrets, TemplateFilesConfig, TemplateText, Typo, Wording, read as read_file,
};
pub use self::process::{LogConfig, LogFormat};
pub use self::reader::{Effective, Origin};
pub use self::server::{Links, ServerConfig, TokensConfig};
pub use self::setting::{Kind, Section, Setting, WhenUnset};
pub use self::source::{Env, Settings, Surroundings};
pub use self::sources::{CollectionConfig, ProbeConfig, PrometheusConfig};
pub use self::store::{Defaults, PoolConfig, RetentionConfig, StoreConfig, StoreLocation};
pub use self::table::SETTINGS;

use sre_core::time::Span;
use url::Url;

use self::names::WithoutServiceLinks;
use self::reader::Reader;
use crate::secret::Secret;

/// Everything the process needs to know at its start. Its `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens, and what it takes.
    pub server: ServerConfig,
    /// Links that are added to what is shown and sent.
    pub links: Links,
    /// Where everything is kept.
    pub store: StoreConfig,
    /// For how long it is kept.
    pub retention: RetentionConfig,
    /// What a new store receives.
    pub defaults: Defaults,
    /// What is collected, and how often.
    pub collection: CollectionConfig,
    /// The server of metrics, when there is one.
    pub prometheus: Option<PrometheusConfig>,
    /// How SLOs are evaluated, and what holds where they say nothing.
    pub evaluation: EvaluationConfig,
    /// The channels that variables switch on.
    pub channels: Channels,
    /// What the configuration file says; nothing where there is none.
    pub file: FileConfig,
    /// Whether everything is decided and recorded, and nothing sent.
    pub shadow: bool,
    /// What is asked while evaluation is on time.
    pub heartbeat_url: Option<Secret<Url>>,
    /// How often.
    pub heartbeat_interval: Span,
    /// The name of this process, unique among its replicas.
    pub replica_id: String,
    /// What is logged, and how.
    pub log: LogConfig,
    /// Every setting of the table with its value, safe to show, and where it comes from.
    pub effective: Vec<Effective>,
}

impl Config {
    /// Reads everything, and says what is odd; `proofreader` looks through the templates of the file.
    ///
    /// # Errors
    /// All settings that cannot be used, together.
    pub fn read(
        settings: &dyn Settings,
        proofreader: &dyn Proofreader,
    ) -> Result<(Self, Vec<Warning>), Faults> {
        let settings = WithoutServiceLinks::new(settings);
        let mut reader = Reader::new(&settings);
        if settings.hides_port() {
            reader.warn(
                "SRE_MONITOR_PORT is read as unset: it is what Kubernetes sets for a Service named \
                 sre-monitor; set it in the manifest, or `enableServiceLinks: false`",
            );
        }
        for (name, near) in names::unknown(&settings) {
            let near = near
                .map(|near| format!("; is {near} meant?"))
                .unwrap_or_default();
            reader.warn(format!("{name} is no setting{near}"));
        }

        let server = server::read(&mut reader);
        let links = server::read_links(&mut reader, &server);
        let store = store::read(&mut reader);
        let retention = store::read_retention(&mut reader);
        let defaults = store::read_defaults(&mut reader);
        let prometheus = sources::read_prometheus(&mut reader);
        let collection = sources::read_collection(&mut reader);
        let evaluation = evaluation::read(&mut reader);
        retention.check(&mut reader, evaluation.default_window.span());
        let shadow = reader.value("SRE_MONITOR_SHADOW", parse::flag);
        let heartbeat_url = reader.optional("SRE_MONITOR_HEARTBEAT_URL", parse::url);
        let heartbeat_interval = reader.value("SRE_MONITOR_HEARTBEAT_INTERVAL", parse::span);
        let channels = channels::read(&mut reader);
        let file = read_config_file(&mut reader, &channels, proofreader);
        channels::warn_of_silence(&mut reader, &channels, &file, shadow);
        let replica_id = process::read_replica_id(&mut reader);
        let log = process::read_log(&mut reader);

        let (effective, warnings) = reader.finish()?;
        let config = Self {
            server,
            links,
            store,
            retention,
            defaults,
            collection,
            prometheus,
            evaluation,
            channels,
            file,
            shadow,
            heartbeat_url: heartbeat_url.map(Secret::new),
            heartbeat_interval,
            replica_id,
            log,
            effective,
        };
        Ok((config, warnings))
    }
}

/// The file that `SRE_MONITOR_CONFIG` names; one that is missing is refused, since whoever named it
/// counts on it.
fn read_config_file(
    reader: &mut Reader<'_>,
    channels: &Channels,
    proofreader: &dyn Proofreader,
) -> FileConfig {
    const NAME: &str = "SRE_MONITOR_CONFIG";
    let Some(path) = reader.optional(NAME, parse::path) else {
        return FileConfig::default();
    };
    let Some(text) = reader.file(NAME, &path) else {
        return FileConfig::default();
    };
    let read = file::read(&text, Secrets::Read(reader.settings()), &channels.names());
    let proofread = read.and_then(|mut file| {
        file.proofread(reader.settings(), &path, proofreader)?;
        Ok(file)
    });
    match proofread {
        Ok(config) => {
            if config.route.is_none() && !config.receivers.is_empty() {
                reader.warn(format!(
                    "nobody in {} is told of anything: it has receivers and no route",
                    path.display()
                ));
            }
            config
        }
        Err(faults) => {
            for fault in faults {
                reader.refuse_file(NAME, &path, fault);
            }
            FileConfig::default()
        }
    }
}
