//! From settings to channels.

use std::sync::Arc;

use anyhow::Context as _;
use sre_core::notification::Notifier;
use sre_notify::{
    AlertmanagerConfig, AlertmanagerNotifier, EmailConfig, EmailNotifier, MailAddress,
    PagerDutyConfig, PagerDutyNotifier, SlackConfig, SlackNotifier, SmtpLogin, SmtpSecurity,
    WebhookConfig, WebhookNotifier,
};

use crate::config::{self, Config, MailSecurity, SEND_TIMEOUT};

/// The channels that are on; with mail a notifier for each recipient.
pub(super) fn notifiers(config: &Config) -> anyhow::Result<Vec<Arc<dyn Notifier>>> {
    let channels = &config.channels;
    let mut notifiers: Vec<Arc<dyn Notifier>> = Vec::new();
    if let Some(email) = &channels.email {
        let mails =
            EmailNotifier::all(&email_config(config, email)?).context("mail cannot be set up")?;
        notifiers.extend(
            mails
                .into_iter()
                .map(|mail| Arc::new(mail) as Arc<dyn Notifier>),
        );
    }
    if let Some(slack) = &channels.slack {
        let slack =
            SlackNotifier::new(slack_config(config, slack)?).context("Slack cannot be set up")?;
        notifiers.push(Arc::new(slack));
    }
    if let Some(pagerduty) = &channels.pagerduty {
        let pagerduty = PagerDutyNotifier::new(pagerduty_config(config, pagerduty)?)
            .context("PagerDuty cannot be set up")?;
        notifiers.push(Arc::new(pagerduty));
    }
    if let Some(alertmanager) = &channels.alertmanager {
        let alertmanager = AlertmanagerNotifier::new(alertmanager_config(config, alertmanager)?)
            .context("Alertmanager cannot be set up")?;
        notifiers.push(Arc::new(alertmanager));
    }
    if let Some(webhook) = &channels.webhook {
        let webhook = WebhookNotifier::new(webhook_config(config, webhook)?)
            .context("the webhook cannot be set up")?;
        notifiers.push(Arc::new(webhook));
    }
    Ok(notifiers)
}

fn webhook_config(
    config: &Config,
    webhook: &config::WebhookConfig,
) -> anyhow::Result<WebhookConfig> {
    let url = webhook.url.expose().clone();
    let secret = webhook
        .secret
        .as_ref()
        .map(|secret| secret.expose().parse());
    Ok(WebhookConfig {
        name: "webhook".to_owned(),
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

fn slack_config(config: &Config, slack: &config::SlackConfig) -> anyhow::Result<SlackConfig> {
    let url = slack.url.expose().clone();
    Ok(SlackConfig {
        name: "slack".to_owned(),
        url: url
            .try_into()
            .context("SLACK_WEBHOOK_URL cannot be used")?,
        channel: slack.channel.clone(),
        username: slack.username.clone(),
        timeout: SEND_TIMEOUT,
        links_base: config.links.own.clone(),
        dashboards_url: config.links.grafana.clone(),
    })
}

fn pagerduty_config(
    config: &Config,
    pagerduty: &config::PagerDutyConfig,
) -> anyhow::Result<PagerDutyConfig> {
    Ok(PagerDutyConfig {
        name: "pagerduty".to_owned(),
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
    alertmanager: &config::AlertmanagerConfig,
) -> anyhow::Result<AlertmanagerConfig> {
    let url = alertmanager.url.expose().clone();
    Ok(AlertmanagerConfig {
        name: "alertmanager".to_owned(),
        url: url
            .try_into()
            .context("ALERTMANAGER_URL cannot be used")?,
        timeout: SEND_TIMEOUT,
        links_base: config.links.own.clone(),
        dashboards_url: config.links.grafana.clone(),
    })
}

fn email_config(config: &Config, email: &config::EmailConfig) -> anyhow::Result<EmailConfig> {
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
        name: "email".to_owned(),
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
    })
}
