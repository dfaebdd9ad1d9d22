//! What Prometheus' own tool says of the page.

use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::metrics::{measured, page};
use super::*;

#[tokio::test]
async fn promtool_finds_nothing_to_say() {
    let (world, _) = measured().await;
    worked(&world, "evaluator", &Outcome::Succeeded);
    let metrics = &world.context.metrics;
    metrics.on_activation("evaluator", true, Duration::from_millis(2));
    metrics.set_active_connections(2);
    metrics.set_insecure_mode(false);
    world.get("/alerts").await;
    let page = page(&world).await;
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool starts");
    let mut stdin = promtool.stdin.take().expect("a pipe");
    stdin
        .write_all(page.as_bytes())
        .await
        .expect("it reads");
    drop(stdin);
    let answer = promtool
        .wait_with_output()
        .await
        .expect("it ends");
    let said = String::from_utf8_lossy(&answer.stderr).into_owned();
    assert!(answer.status.success() && said.is_empty(), "{said}\n{page}");
}
