//! From settings to channels.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use sre_core::monitor::Router;
use sre_core::name::DestinationId;
use sre_core::notification::{Fallback, Notifier};
use sre_core::routing::Receiver;
use sre_core::store::Services;
use sre_notify::{
    AlertmanagerConfig, AlertmanagerNotifier, EmailConfig, EmailNotifier, MailAddress,
    PagerDutyConfig, PagerDutyNotifier, SlackConfig, SlackNotifier, SmtpLogin, SmtpSecurity,
    Templates, WebhookConfig, WebhookNotifier,
};

use super::templates::templates;
use super::without_ends::WithoutEnds;
use crate::config::{self, ChannelConfig, Config, MailSecurity, ReceiverConfig, SEND_TIMEOUT};
use crate::metrics::TemplateCount;

/// Everyone whom messages go to, by the receivers that routes know.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Each destination once, whoever names it.
    pub(super) notifiers: Vec<Arc<dyn Notifier>>,
    /// Who is behind which name.
    receivers: BTreeMap<String, Receiver>,
    /// How often the templates of which channel failed.
    pub(super) template_errors: Vec<TemplateCount>,
}

impl Told {
    /// The channels that variables switch on, each a receiver of its name, and the receivers of the file.
    pub(super) fn new(config: &Config) -> anyhow::Result<Self> {
        let mut told = Self::default();
        let channels = &config.channels;
        if let Some(email) = &channels.email {
            told.add("email", None, mails(config, "email", email, None)?);
        }
        if let Some(slack) = &channels.slack {
            let notifier = self::slack(config, "slack", slack, None)?;
            told.add("slack", None, vec![notifier]);
        }
        if let Some(webhook) = &channels.webhook {
            told.add(
                "webhook",
                None,
                vec![self::webhook(config, "webhook", webhook)?],
            );
        }
        if let Some(pagerduty) = &channels.pagerduty {
            told.add(
                "pagerduty",
                None,
                vec![self::pagerduty(config, "pagerduty", pagerduty)?],
            );
        }
        if let Some(alertmanager) = &channels.alertmanager {
            let notifier = self::alertmanager(config, "alertmanager", alertmanager)?;
            told.add("alertmanager", None, vec![notifier]);
        }
        for receiver in &config.file.receivers {
            let mut notifiers = Vec::new();
            for (name, channel) in &receiver.channels {
                let templates = told.words(config, receiver, name)?;
                let made = match channel {
                    ChannelConfig::Email(email) => mails(config, name, email, templates),
                    ChannelConfig::Slack(slack) => {
                        self::slack(config, name, slack, templates).map(|one| vec![one])
                    }
                    ChannelConfig::Webhook(webhook) => {
                        self::webhook(config, name, webhook).map(|one| vec![one])
                    }
                    ChannelConfig::PagerDuty(pagerduty) => {
                        self::pagerduty(config, name, pagerduty).map(|one| vec![one])
                    }
                    ChannelConfig::Alertmanager(alertmanager) => {
                        self::alertmanager(config, name, alertmanager).map(|one| vec![one])
                    }
                };
                let made = made.with_context(|| format!("receiver {}", receiver.name))?;
                if receiver.without_ends.contains(name) {
                    notifiers.extend(made.into_iter().map(WithoutEnds::told));
                } else {
                    notifiers.extend(made);
                }
            }
            told.add(&receiver.name, receiver.fallback.clone(), notifiers);
        }
        Ok(told)
    }

    /// The words of a channel of the file; their failures are counted.
    fn words(
        &mut self,
        config: &Config,
        receiver: &ReceiverConfig,
        name: &str,
    ) -> anyhow::Result<Option<Templates>> {
        let own = receiver
            .wordings
            .iter()
            .find(|own| own.name == name);
        let Some(own) = own else {
            return Ok(None);
        };
        let templates = templates(own.channel, &own.wording, &config.file.templates)
            .map_err(|faults| {
                faults
                    .into_iter()
                    .next()
                    .map_or_else(|| anyhow::anyhow!("no template"), anyhow::Error::from)
            })
            .with_context(|| format!("the templates of {name}"))?;
        if let Some(templates) = &templates {
            let errors = templates.errors();
            self.template_errors
                .push(TemplateCount {
                    channel: own.channel,
                    receiver: receiver.name.clone(),
                    count: Box::new(move || errors.count()),
                });
        }
        Ok(templates)
    }

    fn add(&mut self, receiver: &str, fallback: Option<String>, notifiers: Vec<Arc<dyn Notifier>>) {
        let destinations = notifiers
            .iter()
            .map(|notifier| notifier.destination().id)
            .collect();
        self.receivers.insert(
            receiver.to_owned(),
            Receiver {
                destinations,
                fallback,
            },
        );
        for notifier in notifiers {
            let id = notifier.destination().id;
            if !self
                .notifiers
                .iter()
                .any(|known| known.destination().id == id)
            {
                self.notifiers.push(notifier);
            }
        }
    }

    /// The destinations that variables name.
    fn of_variables(&self, config: &Config) -> impl Iterator<Item = DestinationId> {
        config
            .channels
            .names()
            .into_iter()
            .filter_map(|name| self.receivers.get(name))
            .flat_map(|receiver| receiver.destinations.iter().copied())
    }

    /// Who is told in place of whom: of channels of variables, the one that is named for every other;
    /// of receivers, the one that each names.
    pub(super) fn fallbacks(&self, config: &Config) -> Vec<Fallback> {
        let quick_retries = config.channels.retry_count;
        let (to, others): (Vec<_>, Vec<_>) = self
            .of_variables(config)
            .partition(|id| self.channel_of(*id) == config.channels.fallback);
        let named = config
            .channels
            .fallback
            .map_or_else(Vec::new, |_| others);
        let by_variable = named
            .into_iter()
            .map(|of| (of, to.clone()));
        let by_receiver = self
            .receivers
            .values()
            .flat_map(|receiver| {
                let to = receiver
                    .fallback
                    .as_ref()
                    .and_then(|name| self.receivers.get(name));
                let pairs = to.map(|to| {
                    let of = receiver.destinations.iter();
                    of.map(|of| (*of, to.destinations.clone()))
                });
                pairs.into_iter().flatten()
            });
        // One address may stand in several receivers, and in the fallback of its own.
        let named = by_variable.chain(by_receiver);
        Fallback::merged(named.map(|(of, to)| Fallback {
            of,
            to,
            quick_retries,
        }))
    }

    fn channel_of(&self, id: DestinationId) -> Option<&str> {
        self.notifiers
            .iter()
            .map(|notifier| notifier.destination())
            .find(|destination| destination.id == id)
            .map(|destination| destination.channel.as_ref())
    }

    /// Where alerts go: as the file's routes say, or everything to the channels of variables.
    pub(super) fn router(
        &self,
        config: &Config,
        services: Arc<dyn Services>,
    ) -> anyhow::Result<Router> {
        let tree = config
            .file
            .tree(self.receivers.clone())
            .context("the routes of SRE_MONITOR_CONFIG cannot be used")?;
        if let Some(tree) = tree {
            return Ok(Router::by(tree, services));
        }
        let instead = self.fallbacks(config);
        let everyone: Vec<_> = self
            .of_variables(config)
            .filter(|id| {
                !instead
                    .iter()
                    .any(|fallback| fallback.to.contains(id))
            })
            .collect();
        Ok(Router::from(everyone))
    }
}

/// A notifier for each recipient.
fn mails(
    config: &Config,
    name: &str,
    email: &config::EmailConfig,
    templates: Option<Templates>,
) -> anyhow::Result<Vec<Arc<dyn Notifier>>> {
    let mails = EmailNotifier::all(&EmailConfig {
        templates,
        ..email_config(config, name, email)?
    })
    .context("mail cannot be set up")?;
    Ok(mails
        .into_iter()
        .map(|mail| Arc::new(mail) as Arc<dyn Notifier>)
        .collect())
}

fn slack(
    config: &Config,
    name: &str,
    slack: &config::SlackConfig,
    templates: Option<Templates>,
) -> anyhow::Result<Arc<dyn Notifier>> {
    let slack = SlackNotifier::new(SlackConfig {
        templates,
        ..slack_config(config, name, slack)?
    })
    .context("Slack cannot be set up")?;
    Ok(Arc::new(slack))
}

fn webhook(
    config: &Config,
    name: &str,
    webhook: &config::WebhookConfig,
) -> anyhow::Result<Arc<dyn Notifier>> {
    let webhook = WebhookNotifier::new(webhook_config(config, name, webhook)?)
        .context("the webhook cannot be set up")?;
    Ok(Arc::new(webhook))
}

fn pagerduty(
    config: &Config,
    name: &str,
    pagerduty: &config::PagerDutyConfig,
) -> anyhow::Result<Arc<dyn Notifier>> {
    let pagerduty = PagerDutyNotifier::new(pagerduty_config(config, name, pagerduty)?)
        .context("PagerDuty cannot be set up")?;
    Ok(Arc::new(pagerduty))
}

fn alertmanager(
    config: &Config,
    name: &str,
    alertmanager: &config::AlertmanagerConfig,
) -> anyhow::Result<Arc<dyn Notifier>> {
    let alertmanager = AlertmanagerNotifier::new(alertmanager_config(config, name, alertmanager)?)
        .context("Alertmanager cannot be set up")?;
    Ok(Arc::new(alertmanager))
}

fn webhook_config(
    config: &Config,
    name: &str,
    webhook: &config::WebhookConfig,
) -> anyhow::Result<WebhookConfig> {
    let url = webhook.url.expose().clone();
    let secret = webhook
        .secret
        .as_ref()
        .map(|secret| secret.expose().parse());
    Ok(WebhookConfig {
        name: name.to_owned(),
        url: url
            .try_into()
            .context("WEBHOOK_URL cannot be used")?,
        format: webhook
            .format
            .parse()
            .context("WEBHOOK_FORMAT cannot be used")?,
        secret: secret
            .transpose()
            .context("WEBHOOK_SECRET cannot be used")?,
        timeout: webhook.timeout,
        links_base: config.links.own.clone(),
        dashboards_url: config.links.grafana.clone(),
    })
}

fn slack_config(
    config: &Config,
    name: &str,
    slack: &config::SlackConfig,
) -> anyhow::Result<SlackConfig> {
    let url = slack.url.expose().clone();
    Ok(SlackConfig {
        name: name.to_owned(),
        url: url
            .try_into()
            .context("SLACK_WEBHOOK_URL cannot be used")?,
        channel: slack.channel.clone(),
        username: slack.username.clone(),
        timeout: SEND_TIMEOUT,
        links_base: config.links.own.clone(),
        dashboards_url: config.links.grafana.clone(),
        templates: None,
    })
}

fn pagerduty_config(
    config: &Config,
    name: &str,
    pagerduty: &config::PagerDutyConfig,
) -> anyhow::Result<PagerDutyConfig> {
    Ok(PagerDutyConfig {
        name: name.to_owned(),
        url: pagerduty
            .url
            .clone()
            .try_into()
            .context("PAGERDUTY_URL cannot be used")?,
        routing_key: pagerduty
            .routing_key
            .expose()
            .parse()
            .context("PAGERDUTY_ROUTING_KEY cannot be used")?,
        timeout: SEND_TIMEOUT,
        links_base: config.links.own.clone(),
        dashboards_url: config.links.grafana.clone(),
    })
}

fn alertmanager_config(
    config: &Config,
    name: &str,
    alertmanager: &config::AlertmanagerConfig,
) -> anyhow::Result<AlertmanagerConfig> {
    let url = alertmanager.url.expose().clone();
    Ok(AlertmanagerConfig {
        name: name.to_owned(),
        url: url
            .try_into()
            .context("ALERTMANAGER_URL cannot be used")?,
        timeout: SEND_TIMEOUT,
        links_base: config.links.own.clone(),
        dashboards_url: config.links.grafana.clone(),
    })
}

fn email_config(
    config: &Config,
    name: &str,
    email: &config::EmailConfig,
) -> anyhow::Result<EmailConfig> {
    let security = match email.security {
        MailSecurity::StartTls => SmtpSecurity::StartTls,
        MailSecurity::Implicit => SmtpSecurity::Implicit,
        MailSecurity::Clear => SmtpSecurity::Clear,
    };
    let login = email
        .login
        .as_ref()
        .map(|login| SmtpLogin {
            username: login.username.clone(),
            password: login.password.expose().clone().into(),
        });
    let to: Result<Vec<MailAddress>, _> = email
        .to
        .iter()
        .map(|address| address.parse())
        .collect();
    Ok(EmailConfig {
        name: name.to_owned(),
        host: email.host.clone(),
        port: email.port,
        security,
        ca_pem: email
            .ca_pem
            .clone()
            .map(String::into_bytes),
        login,
        from: email
            .from
            .parse()
            .context("FROM_EMAIL cannot be used")?,
        to: to.context("TO_EMAILS cannot be used")?,
        timeout: SEND_TIMEOUT,
        links_base: config.links.own.clone(),
        dashboards_url: config.links.grafana.clone(),
        templates: None,
    })
}
