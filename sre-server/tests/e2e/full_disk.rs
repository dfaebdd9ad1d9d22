//! A disk that is full: writes are refused, nothing is lost, and room is all that it takes to heal.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;
use sre_store_sqlite::{Options, SqliteStore};
use tempfile::TempDir;

use crate::client::Client;
use crate::process::Service;
use crate::waiting::{eventually, now, say, seconds};

#[tokio::test]
async fn a_full_disk_refuses_writes_loses_nothing_and_heals_without_a_restart() {
    let Some(disk) = SmallDisk::mount().await else {
        say("SKIPPED, NOT TESTED: full_disk: this user may not mount a file system of its own");
        return;
    };
    let pid = disk.holder.id().to_string();
    let mut service = Service::new()
        .inside(&["/usr/bin/nsenter", "--mount", "--target", &pid])
        .with("SRE_MONITOR_DATA_DIR", disk.inside.path().join("data"));
    let running = service.start().await;
    let client = &running.client;
    let pushed = Pushed::default();
    for _ in 0..20 {
        assert_eq!(pushed.push(client).await, 202, "there is room");
    }

    let filler = disk.fill();
    let refused = eventually("a write is refused", Duration::from_secs(30), || async {
        let status = pushed.push(client).await;
        (status != 202).then_some(status)
    })
    .await;
    assert!([503, 507].contains(&refused), "{refused}");
    for _ in 0..20 {
        let status = pushed.push(client).await;
        assert!([202, 503, 507].contains(&status), "{status}");
    }
    client
        .get("/health/live")
        .await
        .expect(200);
    client.get("/slo").await.expect(200);

    let freed = now();
    fs::remove_file(&filler).expect("the filler goes");
    eventually(
        "a write is taken again",
        Duration::from_secs(15),
        || async { (pushed.push(client).await == 202).then_some(()) },
    )
    .await;
    let healed = seconds(freed, now());
    pushed.are_there(client).await;
    running.stop().await;

    is_sound(&disk).await;
    let (acknowledged, refusals) = pushed.counted();
    say(&format!(
        "full disk: {acknowledged} acknowledged, all there; {refusals} refused, with {refused} and \
         more; healed after {healed:.1} s"
    ));
}

/// What is left on the disk is in order. SQLite looks for the file under its real name, which it has
/// for those alone who joined; so a copy is looked at.
async fn is_sound(disk: &SmallDisk) {
    let room = tempfile::tempdir().expect("a directory");
    for file in fs::read_dir(disk.outside().join("data")).expect("it can be listed") {
        let file = file.expect("a file");
        fs::copy(file.path(), room.path().join(file.file_name())).expect("a copy");
    }
    let path = room.path().join("sre-monitor.db");
    let store = SqliteStore::open(&path, Options::default())
        .await
        .expect("it opens");
    assert!(!store.is_new(), "there is no store on the disk");
    assert_eq!(
        store
            .check()
            .await
            .expect("it can be read"),
        Vec::<String>::new()
    );
    store.close().await;
}

/// Samples that were pushed, and the status of each.
#[derive(Debug, Default)]
struct Pushed(Mutex<BTreeMap<DateTime<Utc>, u16>>);

impl Pushed {
    /// Pushes one; what the service said.
    async fn push(&self, client: &Client) -> u16 {
        let at = DateTime::from_timestamp_micros(now().timestamp_micros()).expect("an instant");
        let sample = json!({
            "service_name": "pushed", "metric_name": "availability", "good": 1, "total": 1,
            "timestamp": at.to_rfc3339_opts(SecondsFormat::Micros, true),
            // So much that a page of the file does not hold many.
            "labels": {"filler": "x".repeat(500)},
        });
        let status = client
            .post("/service-metrics", &json!({"samples": [sample]}))
            .await
            .status;
        self.statuses().insert(at, status);
        status
    }

    /// What was acknowledged is stored, and what was refused is not.
    async fn are_there(&self, client: &Client) {
        let stored: Vec<DateTime<Utc>> = client
            .items("/service-metrics?service=pushed&metric=availability")
            .await
            .iter()
            .map(|item| {
                item["timestamp"]
                    .as_str()
                    .expect("a time")
                    .parse()
                    .expect("a time")
            })
            .collect();
        for (at, status) in self.statuses().iter() {
            assert_eq!(
                stored.contains(at),
                *status == 202,
                "{at} was answered with {status}"
            );
        }
    }

    /// How many were acknowledged, and how many were not.
    fn counted(&self) -> (usize, usize) {
        let statuses = self.statuses();
        let acknowledged = statuses
            .values()
            .filter(|status| **status == 202)
            .count();
        (acknowledged, statuses.len() - acknowledged)
    }

    fn statuses(&self) -> MutexGuard<'_, BTreeMap<DateTime<Utc>, u16>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file system of eight mebibytes that only one process, and those that join it, can see.
#[derive(Debug)]
struct SmallDisk {
    inside: TempDir,
    holder: Child,
}

impl SmallDisk {
    /// `None` where that is not allowed.
    async fn mount() -> Option<Self> {
        let inside = tempfile::tempdir().expect("a directory");
        let script =
            "mount -t tmpfs -o size=8m small \"$1\" && touch \"$1/mounted\" && exec sleep 600";
        let mut holder = Command::new("unshare")
            .args(["--mount", "sh", "-c", script, "sh"])
            .arg(inside.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let root = root(&holder, inside.path());
        let is_mounted = eventually("a mounted disk", Duration::from_secs(20), || {
            let ended = holder
                .try_wait()
                .expect("a child")
                .is_some();
            let is_there = root.join("mounted").exists();
            async move { (ended || is_there).then_some(!ended) }
        })
        .await;
        is_mounted.then_some(Self { inside, holder })
    }

    /// Where those who have not joined find it.
    fn outside(&self) -> PathBuf {
        root(&self.holder, self.inside.path())
    }

    /// Takes all room that is left.
    fn fill(&self) -> PathBuf {
        let path = self.outside().join("filler");
        let mut file = File::create(&path).expect("a file");
        for size in [65_536, 4_096, 1] {
            let block = vec![0; size];
            while file.write_all(&block).is_ok() {}
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// A path as the process sees it.
fn root(process: &Child, path: &Path) -> PathBuf {
    let below = path
        .strip_prefix("/")
        .expect("an absolute path");
    PathBuf::from(format!("/proc/{}/root", process.id())).join(below)
}
