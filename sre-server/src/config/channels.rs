//! Who is told: a channel is on when its address is set and `ENABLE_…` is not `false`.

mod alertmanager;
mod email;
mod pagerduty;
mod slack;
mod webhook;

pub use self::alertmanager::AlertmanagerConfig;
pub(super) use self::email::is_loopback;
pub use self::email::{EmailConfig, MailLogin, MailSecurity};
pub use self::pagerduty::PagerDutyConfig;
pub use self::slack::SlackConfig;
pub use self::webhook::WebhookConfig;

use super::file::FileConfig;
use super::parse;
use super::reader::Reader;

/// The channels that are on.
#[derive(Clone, Debug, Default)]
pub struct Channels {
    /// The webhook.
    pub webhook: Option<WebhookConfig>,
    /// Mail.
    pub email: Option<EmailConfig>,
    /// Slack.
    pub slack: Option<SlackConfig>,
    /// PagerDuty.
    pub pagerduty: Option<PagerDutyConfig>,
    /// An Alertmanager that is there already.
    pub alertmanager: Option<AlertmanagerConfig>,
    /// The channel that is told only where another one does not take a message.
    pub fallback: Option<&'static str>,
    /// The quick retries before the fallback is told.
    pub retry_count: u32,
}

impl Channels {
    /// The names of those that are on: in the configuration file they are receivers.
    pub fn names(&self) -> Vec<&'static str> {
        [
            (self.webhook.is_some(), "webhook"),
            (self.email.is_some(), "email"),
            (self.slack.is_some(), "slack"),
            (self.pagerduty.is_some(), "pagerduty"),
            (self.alertmanager.is_some(), "alertmanager"),
        ]
        .into_iter()
        .filter_map(|(is_on, name)| is_on.then_some(name))
        .collect()
    }

    /// Whether nobody is told.
    pub const fn is_silent(&self) -> bool {
        self.webhook.is_none()
            && self.email.is_none()
            && self.slack.is_none()
            && self.pagerduty.is_none()
            && self.alertmanager.is_none()
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Channels {
    let channels = Channels {
        webhook: webhook::read(reader),
        email: email::read(reader),
        slack: slack::read(reader),
        pagerduty: pagerduty::read(reader),
        alertmanager: alertmanager::read(reader),
        fallback: reader.optional(FALLBACK, parse::choice),
        retry_count: reader.value("WEBHOOK_RETRY_COUNT", parse::number),
    };
    check_fallback(reader, &channels);
    channels
}

/// The variable that names the fallback.
const FALLBACK: &str = "SRE_MONITOR_FALLBACK";

/// A fallback has to be on, and to have something to fall back from.
fn check_fallback(reader: &mut Reader<'_>, channels: &Channels) {
    let Some(named) = channels
        .fallback
        .filter(|_| !reader.is_faulty())
    else {
        return;
    };
    let on = [
        ("email", channels.email.is_some()),
        ("slack", channels.slack.is_some()),
        ("webhook", channels.webhook.is_some()),
        ("pagerduty", channels.pagerduty.is_some()),
        ("alertmanager", channels.alertmanager.is_some()),
    ];
    if !on.contains(&(named, true)) {
        reader.refuse(FALLBACK, format!("{named} is the fallback and is not on"));
    } else if on
        .iter()
        .filter(|(_, is_on)| *is_on)
        .count()
        == 1
    {
        reader.refuse(
            FALLBACK,
            format!("{named} is the only channel: a fallback is told in place of another one"),
        );
    }
}

/// Without a channel an alert is recorded, and nobody knows. While something is wrong it cannot be
/// said which channels would be on.
pub(super) fn warn_of_silence(
    reader: &mut Reader<'_>,
    channels: &Channels,
    file: &FileConfig,
    shadow: bool,
) {
    if reader.is_faulty() {
        return;
    }
    if shadow {
        reader.warn("nobody is told of alerts: SRE_MONITOR_SHADOW is true");
    } else if channels.is_silent() && file.route.is_none() {
        reader.warn(
            "nobody is told of alerts: no channel is on; set SLACK_WEBHOOK_URL, SMTP_HOST or \
             WEBHOOK_URL",
        );
    }
}

/// How a channel is switched.
struct Switch {
    /// What people call it.
    channel: &'static str,
    /// The variable that switches it.
    enable: &'static str,
    /// The variables that address it; one that is given is enough to mean it.
    addresses: &'static [&'static str],
    /// What else is set for it.
    others: &'static [&'static str],
}

impl Switch {
    /// Whether the channel is on, once all its variables were read. One that is enabled without an
    /// address is refused; settings of one that has no address are warned of.
    fn is_on(&self, reader: &mut Reader<'_>, enabled: Option<bool>) -> bool {
        let is_addressed = self
            .addresses
            .iter()
            .any(|name| is_given(reader, name));
        let on = enabled != Some(false) && is_addressed;
        reader.computed(self.enable, on.to_string());
        if enabled == Some(true) && !is_addressed {
            let cause = format!(
                "{} is enabled without an address; set {}",
                self.channel,
                self.addresses.join(" and "),
            );
            reader.refuse(self.enable, cause);
        }
        if enabled.is_none() && !is_addressed {
            self.warn_of_idle(reader);
        }
        on
    }

    /// What is set for a channel without an address was meant for something. One that is switched off
    /// in so many words may keep its settings.
    fn warn_of_idle(&self, reader: &mut Reader<'_>) {
        let idle: Vec<&str> = self
            .others
            .iter()
            .copied()
            .filter(|name| reader.is_set(name))
            .collect();
        for name in idle {
            let address = self.addresses.first().unwrap_or(&"");
            reader.warn(format!("{name} has no effect: {address} is unset"));
        }
    }
}

/// Whether a variable was given, right or wrong.
fn is_given(reader: &Reader<'_>, name: &str) -> bool {
    reader.is_set(name) || !reader.are_sound(&[&format!("{name}_FILE")])
}

/// Whether `ENABLE_…` says something.
fn enabled(reader: &mut Reader<'_>, name: &str) -> Option<bool> {
    reader.optional(name, parse::flag)
}
