//! The reference library of Standard Webhooks for Python, which shares nothing with what signs.

use std::process::Stdio;

use serde_json::json;
use sre_core::notification::{Notifier, Reason};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::fixtures::{SECRET, message, news, outgoing, page};
use crate::formats::{FORMATS, of};
use crate::signature::machine_now;
use crate::sink::{Request, Sink, answer};

/// Reads key, headers and body, and says whether the library takes them.
const VERIFIER: &str = "
import base64, json, sys
from standardwebhooks import Webhook, WebhookVerificationError

asked = json.load(sys.stdin)
try:
    Webhook(asked['secret']).verify(base64.b64decode(asked['body']), asked['headers'])
    print('accepted')
except WebhookVerificationError:
    print('refused')
";

async fn verdict(request: &Request, secret: &str) -> String {
    let mut process = Command::new("standardwebhooks-python")
        .args(["-c", VERIFIER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it runs");
    let headers: serde_json::Map<_, _> = request
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let asked = json!({
        "secret": secret,
        "headers": headers,
        "body": base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &request.body),
    });
    let mut stdin = process.stdin.take().expect("piped");
    stdin
        .write_all(asked.to_string().as_bytes())
        .await
        .expect("written");
    drop(stdin);
    let output = process
        .wait_with_output()
        .await
        .expect("it ends");
    assert!(output.status.success());
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .to_owned()
}

#[tokio::test]
async fn the_reference_library_accepts_every_form_and_refuses_what_was_changed() {
    for format in FORMATS {
        let sink = Sink::that(answer("204 No Content", "", "")).await;
        let webhook = of(format, &format!("http://127.0.0.1:{}/hook", sink.port));
        let alert = page();
        let news = [news(&alert, Reason::First)];
        let body = webhook.render(&message(&news));
        webhook
            .send(&outgoing(&body, machine_now()))
            .await;
        let request = sink.seen().remove(0);
        assert_eq!(request.body, body);
        assert_eq!(verdict(&request, SECRET).await, "accepted", "{format}");
        let mut changed = request.clone();
        changed.body.push(b' ');
        assert_eq!(verdict(&changed, SECRET).await, "refused", "{format}");
        let other = "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB";
        assert_eq!(verdict(&request, other).await, "refused", "{format}");
    }
}
