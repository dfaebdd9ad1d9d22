//! Who runs the tests, and how each says what came of it.

use std::fmt;
use std::process::Command;

use super::peers::Peer;
use super::pypi;
use super::tally::Tally;
use crate::{environment, tool};

/// A program that runs tests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Runner {
    /// `cargo nextest run`: a process for each test.
    Nextest,
    /// `cargo test`, where nextest is not installed.
    Libtest,
    /// `cargo test --doc`, which nextest does not do.
    Doctests,
}

impl Runner {
    /// The better one of those that this machine has.
    pub(crate) fn installed() -> Self {
        if tool::has_cargo("nextest") {
            Self::Nextest
        } else {
            Self::Libtest
        }
    }

    /// Runs all tests but those that need one of `missing`.
    pub(crate) fn command(self, missing: &[&Peer]) -> Command {
        let all = [
            "--workspace",
            "--all-features",
            "--locked",
            "--no-fail-fast",
        ];
        let mut command = match self {
            Self::Nextest => tool::cargo(&["nextest", "run"]),
            Self::Libtest => tool::cargo(&["test", "--lib", "--bins", "--tests"]),
            Self::Doctests => tool::cargo(&["test", "--doc"]),
        };
        command
            .args(all)
            .env("PATH", environment::path_with(pypi::folders()));
        if missing.is_empty() {
            return command;
        }
        match self {
            Self::Nextest => {
                let needy: Vec<_> = missing
                    .iter()
                    .map(|peer| filter(peer))
                    .collect();
                command.args(["-E", &format!("not ({})", needy.join(" | "))]);
            }
            Self::Libtest | Self::Doctests => {
                command.arg("--");
                for peer in missing {
                    command.args(["--skip", peer.needed_by]);
                }
            }
        }
        command
    }

    /// Lists the tests that need `peer`, to standard output.
    pub(crate) fn list(self, peer: &Peer) -> Command {
        let all = ["--workspace", "--all-features", "--locked"];
        match self {
            Self::Nextest => {
                let mut command = tool::cargo(&["nextest", "list"]);
                command
                    .args(all)
                    .args(["-T", "oneline", "-E", &filter(peer)]);
                command
            }
            Self::Libtest | Self::Doctests => {
                let mut command = tool::cargo(&["test", "--lib", "--bins", "--tests"]);
                command
                    .args(all)
                    .args(["--", "--list", peer.needed_by]);
                command
            }
        }
    }

    /// The names of tests in what [`Self::list`] printed.
    pub(crate) fn listed(self, output: &str) -> Vec<&str> {
        output
            .lines()
            .filter_map(|line| match self {
                Self::Nextest => Some(line.trim()).filter(|line| !line.is_empty()),
                Self::Libtest | Self::Doctests => line.strip_suffix(": test"),
            })
            .collect()
    }

    /// What `line` says of the end, when it is one of this runner's closing lines.
    pub(crate) fn closing_line(self, line: &str) -> Option<Tally> {
        match self {
            Self::Nextest => Tally::of_nextest(line),
            Self::Libtest | Self::Doctests => Tally::of_libtest(line),
        }
    }

    /// All closing lines together: nextest has one for everything, the harness one a program.
    ///
    /// A failed test's output may hold what looks like nextest's line; the last is nextest's own.
    pub(crate) fn sum(self, closing: &[Tally]) -> Tally {
        match self {
            Self::Nextest => closing
                .last()
                .copied()
                .unwrap_or_default(),
            Self::Libtest | Self::Doctests => {
                let mut sum = Tally::default();
                for tally in closing {
                    sum += *tally;
                }
                sum
            }
        }
    }
}

impl fmt::Display for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nextest => "cargo nextest",
            Self::Libtest => "cargo test",
            Self::Doctests => "cargo test --doc",
        })
    }
}

/// Nextest's expression for the tests that need `peer`.
fn filter(peer: &Peer) -> String {
    format!("test(~{})", peer.needed_by)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: Peer = Peer {
        name: "Something",
        binary: "something",
        debian_package: "something",
        needed_by: "with_something::",
    };

    fn tally(passed: u64) -> Tally {
        Tally {
            passed,
            ..Tally::default()
        }
    }

    #[test]
    fn nextest_says_it_once_and_the_harness_for_every_program() {
        let closing = [tally(2), tally(3)];
        assert_eq!(Runner::Nextest.sum(&closing), tally(3));
        assert_eq!(Runner::Libtest.sum(&closing), tally(5));
        assert_eq!(Runner::Doctests.sum(&[]), tally(0));
    }

    #[test]
    fn tests_of_a_missing_peer_are_left_out() {
        let nextest = tool::shown(&Runner::Nextest.command(&[&PEER, &PEER]));
        assert!(
            nextest.ends_with("-E not (test(~with_something::) | test(~with_something::))"),
            "{nextest}"
        );
        let libtest = tool::shown(&Runner::Libtest.command(&[&PEER]));
        assert!(libtest.ends_with("-- --skip with_something::"), "{libtest}");
    }

    #[test]
    fn the_lock_file_is_never_changed_by_a_test_run() {
        for runner in [Runner::Nextest, Runner::Libtest, Runner::Doctests] {
            assert!(tool::shown(&runner.command(&[])).contains(" --locked"));
            assert!(tool::shown(&runner.list(&PEER)).contains(" --locked"));
        }
    }

    #[test]
    fn names_are_read_from_both_kinds_of_lists() {
        assert_eq!(
            Runner::Nextest.listed("crate::it with_something::a\n\n"),
            ["crate::it with_something::a"]
        );
        assert_eq!(
            Runner::Libtest.listed("with_something::a: test\n\n1 test, 0 benchmarks\n"),
            ["with_something::a"]
        );
    }
}
