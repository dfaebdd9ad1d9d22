//! Secrets never leave: every channel fails, and whoever is told a secret says it back.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::process::Service;
use crate::tokens;
use crate::waiting::eventually;

/// Every secret holds this word, and nothing else does.
const WORD: &str = "CANARY";
/// A secret as it travels: `ops:CANARY-alertmanager-…` and `\0sre\0CANARY-smtp-…`, the first 18 bytes.
const ENCODED: [&str; 3] = [
    "b3BzOkNBTkFSWS1hbGVydG1h",
    "AHNyZQBDQU5BUlktc210cC1l",
    "AHNyZQBDQU5BUlktc210cC1m",
];
/// Whoever tries every channel is done within this.
const SOON: Duration = Duration::from_mins(1);

/// Takes requests and mails, keeps what it is told, and says it back in a refusal.
#[derive(Debug)]
struct Parrot {
    address: String,
    heard: Arc<Mutex<String>>,
}

impl Parrot {
    async fn of_http() -> Self {
        Self::start(|socket, heard| Box::pin(answer(socket, heard))).await
    }

    async fn of_mail() -> Self {
        Self::start(|socket, heard| Box::pin(refuse_mail(socket, heard))).await
    }

    async fn start(
        serve: fn(TcpStream, Arc<Mutex<String>>) -> futures_util::future::BoxFuture<'static, ()>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener
            .local_addr()
            .expect("an address")
            .to_string();
        let heard = Arc::<Mutex<String>>::default();
        let kept = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&kept)));
            }
        });
        Self { address, heard }
    }

    fn heard(&self) -> String {
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn keep(heard: &Mutex<String>, text: &str) {
    heard
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push_str(text);
}

/// 500, and the whole request, its beginning first.
async fn answer(mut socket: TcpStream, heard: Arc<Mutex<String>>) {
    let mut bytes = vec![0; 64 * 1024];
    let mut length = 0;
    while let Ok(Ok(read @ 1..)) = tokio::time::timeout(
        Duration::from_millis(200),
        socket.read(&mut bytes[length..]),
    )
    .await
    {
        length += read;
    }
    let said = String::from_utf8_lossy(&bytes[..length]).into_owned();
    keep(&heard, &said);
    let answer = format!(
        "HTTP/1.1 500 Internal Server Error\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{said}",
        said.len()
    );
    let _ = socket
        .write_all(answer.as_bytes())
        .await;
}

/// Takes no login for now, and says which.
async fn refuse_mail(socket: TcpStream, heard: Arc<Mutex<String>>) {
    let mut socket = BufReader::new(socket);
    let _ = socket
        .write_all(b"220 localhost\r\n")
        .await;
    let mut line = String::new();
    while let Ok(1..) = socket.read_line(&mut line).await {
        keep(&heard, &line);
        let reply = if line.starts_with("EHLO") {
            "250-localhost\r\n250 AUTH PLAIN\r\n".to_owned()
        } else {
            format!("454 4.7.0 not now: {}\r\n", line.trim_end())
        };
        let _ = socket.write_all(reply.as_bytes()).await;
        line.clear();
    }
}

/// A service with every secret that there is, each once in a variable and once in a file.
fn service(http: &str, mail: &str, token: &str) -> Service {
    let mut service = Service::new();
    let room = service.room().to_owned();
    let file = |name: &str, text: &str| {
        let path = room.join(name);
        fs::write(&path, text).expect("written");
        path.to_string_lossy().into_owned()
    };
    let key = |from: &str| {
        format!("whsec_CANARYwebhookkey{from}00000000000000000000000000").as_str()[..38].to_owned()
    };
    let config = format!(
        "global:\n  smtp_smarthost: {mail}\n  smtp_from: sre@example.org\n  smtp_tls: none\n  \
         smtp_auth_username: sre\n  smtp_auth_password_file: {smtp}\nreceivers:\n- name: filed\n  \
         slack_configs: [{{api_url_file: {slack}, text: '{{{{ headline }}}}'}}]\n  \
         webhook_configs: [{{url_file: {webhook}, secret_file: {secret}}}]\n  \
         email_configs: [{{to: ann@example.org}}]\n  \
         pagerduty_configs: [{{routing_key_file: {pagerduty}, url: 'http://{http}/pagerduty'}}]\n  \
         alertmanager_configs: [{{url_file: {alertmanager}}}]\n- name: named\n  \
         slack_configs: [{{api_url_env: MY_SLACK}}]\nroute:\n  receiver: filed\n  routes:\n  \
         - {{receiver: slack, continue: true}}\n  - {{receiver: webhook, continue: true}}\n  \
         - {{receiver: email, continue: true}}\n  - {{receiver: pagerduty, continue: true}}\n  \
         - {{receiver: alertmanager, continue: true}}\n  - {{receiver: named, continue: true}}\n  \
         - {{receiver: filed}}\n",
        smtp = file("smtp", "CANARY-smtp-file"),
        slack = file(
            "slack",
            &format!("http://{http}/services/CANARY-slack-file")
        ),
        webhook = file(
            "webhook",
            &format!("http://{http}/hook?key=CANARY-webhook-file")
        ),
        secret = file("secret", &key("file")),
        pagerduty = file("pagerduty", "CANARYpagerdutyfile0000000000000"),
        alertmanager = file(
            "alertmanager",
            &format!("http://ops:CANARY-alertmanager-file@{http}/")
        ),
    );
    let config = file("routes.yaml", &config);
    let tokens = file("tokens", token);
    let (host, port) = mail
        .split_once(':')
        .expect("an address");
    for (name, value) in [
        ("SRE_MONITOR_CONFIG", config),
        ("SRE_MONITOR_API_TOKENS_FILE", tokens),
        ("RUST_LOG", "trace".to_owned()),
        (
            "MY_SLACK",
            format!("http://{http}/services/CANARY-slack-named"),
        ),
        (
            "SLACK_WEBHOOK_URL",
            format!("http://{http}/services/CANARY-slack-env"),
        ),
        (
            "WEBHOOK_URL",
            format!("http://{http}/hook/CANARY-webhook-env"),
        ),
        ("WEBHOOK_SECRET", key("envi")),
        ("SMTP_HOST", host.to_owned()),
        ("SMTP_PORT", port.to_owned()),
        ("SMTP_TLS", "none".to_owned()),
        ("SMTP_USERNAME", "sre".to_owned()),
        ("SMTP_PASSWORD", "CANARY-smtp-env".to_owned()),
        ("FROM_EMAIL", "sre@example.org".to_owned()),
        ("TO_EMAILS", "bob@example.org".to_owned()),
        (
            "PAGERDUTY_ROUTING_KEY",
            "CANARYpagerdutyenv00000000000000".to_owned(),
        ),
        ("PAGERDUTY_URL", format!("http://{http}/pagerduty")),
        (
            "ALERTMANAGER_URL",
            format!("http://ops:CANARY-alertmanager-env@{http}/"),
        ),
        (
            "SRE_MONITOR_HEARTBEAT_URL",
            format!("http://{http}/ping/CANARY-heartbeat"),
        ),
        ("SRE_MONITOR_HEARTBEAT_INTERVAL", "1s".to_owned()),
        (
            "PROMETHEUS_URL",
            format!("http://ops:CANARY-prometheus@{http}/"),
        ),
    ] {
        service = service.with(name, value);
    }
    service
}

/// Every address that can be read, those of `alert` among them.
fn addresses(alert: &str) -> Vec<String> {
    let document: Value =
        serde_json::from_str(include_str!("../../../docs/openapi.json")).expect("JSON");
    let mut paths: Vec<String> = document["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .filter(|(path, verbs)| verbs.get("get").is_some() && !path.contains('{'))
        .map(|(path, _)| path.clone())
        .collect();
    assert!(paths.len() > 15, "{paths:?}");
    paths.extend(
        [
            "/ui/alerts",
            "/ui/services",
            "/ui/status",
            "/ui/incidents",
            "/ui/messages",
            "/ui/silences",
        ]
        .map(str::to_owned),
    );
    paths.push(format!("/alerts/{alert}/notifications"));
    paths.push(format!("/ui/alerts/{alert}"));
    paths
}

/// All that is in the files of a folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .map(|path| (path.display().to_string(), fs::read(&path).expect("a file")))
        .collect()
}

#[tokio::test]
async fn no_secret_is_in_any_answer_log_or_store_while_every_channel_fails() {
    let (http, mail) = (Parrot::of_http().await, Parrot::of_mail().await);
    let made = tokens::make("admin", "ann");
    let mut service = service(&http.address, &mail.address, &made.line);
    let running = service.start().await;
    let client = running.client.clone();
    let ask = |verb: &str, path: &str, body: &str| {
        let request = format!(
            "{verb} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            made.token,
            body.len()
        );
        let client = client.clone();
        async move { client.raw(request).await }
    };
    let body = r#"{"service_name":"checkout","alert_type":"canary","severity":"critical","message":"hello"}"#;
    let opened = ask("POST", "/alerts", body).await;
    assert!(opened.starts_with("HTTP/1.1 201"), "{opened}");
    let (_, after) = opened
        .split_once("\"id\":\"")
        .expect("an id");
    let alert = &after[..36];

    // Every secret is sent to where it belongs: only then is there something to keep.
    for needle in [
        "slack-file",
        "slack-env",
        "slack-named",
        "webhook-file",
        "webhook-env",
        "heartbeat",
        "CANARYpagerdutyfile",
        "CANARYpagerdutyenv",
    ] {
        eventually(needle, SOON, || {
            let heard = http.heard();
            async move { heard.contains(needle).then_some(()) }
        })
        .await;
    }
    eventually("basic authorization", SOON, || {
        let heard = http.heard();
        async move { (heard.matches(ENCODED[0]).count() >= 2).then_some(()) }
    })
    .await;
    for needle in &ENCODED[1..] {
        eventually(needle, SOON, || {
            let heard = mail.heard();
            async move { heard.contains(needle).then_some(()) }
        })
        .await;
    }
    // What came back is recorded: a second try of each has begun, or the first is judged.
    eventually("every try is recorded", SOON, || async {
        let page = ask("GET", &format!("/alerts/{alert}/notifications"), "").await;
        (page.matches("[redacted]").count() >= 6).then_some(())
    })
    .await;

    let is_secret = |text: &str| {
        text.contains(WORD)
            || text.contains(made.token.as_str())
            || ENCODED
                .iter()
                .any(|secret| text.contains(secret))
    };
    let mut answered = 0;
    for path in addresses(alert) {
        let answer = ask("GET", &path, "").await;
        answered += usize::from(answer.starts_with("HTTP/1.1 200"));
        assert!(!is_secret(&answer), "{path}: {answer}");
    }
    assert!(answered > 15, "{answered}");
    for (name, bytes) in files(service.data()) {
        assert!(!is_secret(&String::from_utf8_lossy(&bytes)), "{name}");
    }
    let log = running.whole_log();
    assert!(
        log.contains("\"TRACE\"") || log.contains("TRACE"),
        "the log is whole"
    );
    for line in log.lines() {
        assert!(!is_secret(line), "{line}");
    }
    running.stop().await;
}
