//! `sre-monitor simulate` as a process of its own, over slices of a file.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Runs it in a directory, with nothing in its environment.
fn simulate(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sre-monitor"))
        .arg("simulate")
        .args(args)
        .current_dir(folder)
        .env_clear()
        .output()
        .expect("the binary runs")
}

/// A day of 1000 requests a minute, of which a tenth fails from 12:00 to 12:20.
fn a_day() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let mut text = "time,good,total\n".to_owned();
    for minute in 0..1_440 {
        let good = if (720..740).contains(&minute) {
            900
        } else {
            1_000
        };
        let second = 1_767_225_600 + 60 * minute;
        writeln!(text, "{second},{good},1000").expect("memory takes it");
    }
    fs::write(folder.path().join("day.csv"), text).expect("written");
    let tight = r#"{"name": "tight", "rules":
        [{"level": "critical", "factor": 4, "long": "30m", "short": "5m"}]}"#;
    fs::write(folder.path().join("tight.json"), tight).expect("written");
    folder
}

#[test]
fn policies_stand_side_by_side_and_each_event_says_who_told_of_it() {
    let folder = a_day();
    let args = [
        "--slices",
        "day.csv",
        "--target",
        "99.9",
        "--policy",
        "default",
        "--policy-file",
        "tight.json",
    ];
    let output = simulate(folder.path(), &args);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let line = |beginning: &str| {
        text.lines()
            .find(|line| line.starts_with(beginning))
            .unwrap_or_else(|| panic!("no {beginning} in {text}"))
            .split_whitespace()
            .collect::<Vec<_>>()
    };
    // 10 over an hour is exceeded with the 7th minute, 4 over half an hour with the 2nd.
    assert_eq!(
        line("default")[..6],
        ["default", "1", "7.0", "1", "100", "%"]
    );
    assert_eq!(line("tight")[1], "1");
    let event = line("2026-01-01 12:00");
    assert_eq!(event[..5], ["2026-01-01", "12:00", "20m", "4.6", "%"]);
    assert_eq!(event[5..8], ["page", "after", "7m"]);
    assert!(
        event[9..].starts_with(&["page", "after", "2m"]),
        "{event:?}"
    );
    assert!(!folder.path().join("data").exists(), "no store is made");

    let json = simulate(folder.path(), &[&args[..], &["--output", "json"]].concat());
    let found: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(found["significant_events_total"], 1);
    assert_eq!(found["policies"][0]["pages_quality"]["recall"], 1);
}

#[test]
fn what_cannot_be_simulated_says_why() {
    let folder = a_day();
    for (args, why) in [
        (&["--slo", "nobody"][..], "there is no store at"),
        (&["--slices", "day.csv"], "--target"),
        (
            &["--slices", "none.csv", "--target", "99"],
            "none.csv cannot be read",
        ),
        (
            &["--slices", "tight.json", "--target", "99"],
            "line 1: expected time,good,total",
        ),
        (
            &["--slices", "day.csv", "--target", "99", "--policy", "best"],
            "--policy best",
        ),
        (
            &["--slices", "day.csv", "--target", "99", "--window", "90s"],
            "time_window",
        ),
        (
            &[
                "--slices", "day.csv", "--target", "90", "--policy", "default", "--policy",
                "default",
            ],
            "/policies/1",
        ),
        (
            &[
                "--slices",
                "day.csv",
                "--target",
                "99",
                "--policy-file",
                "day.csv",
            ],
            "is no JSON",
        ),
        (
            &[
                "--slices",
                "day.csv",
                "--target",
                "99",
                "--significant",
                "0",
            ],
            "at most 10000",
        ),
        (&[], "--slo"),
    ] {
        let output = simulate(folder.path(), args);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(told.contains(why), "{args:?}: {told}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}
