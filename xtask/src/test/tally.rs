//! How many tests passed, failed and were skipped, as runners say it.

use std::fmt;
use std::ops::AddAssign;

/// What came of some tests.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tally {
    /// They did what they promise.
    pub(crate) passed: u64,
    /// They did not, or did not end.
    pub(crate) failed: u64,
    /// They were not run.
    pub(crate) skipped: u64,
}

impl Tally {
    /// Reads the closing line of cargo-nextest:
    /// `Summary [   1.2s] 9 tests run: 6 passed (1 slow), 1 failed, 1 timed out, 3 skipped`.
    pub(crate) fn of_nextest(line: &str) -> Option<Self> {
        let rest = line
            .trim_start()
            .strip_prefix("Summary [")?;
        let (_, counts) = rest.split_once("run:")?;
        let mut tally = Self::default();
        for part in without_parentheses(counts).split(',') {
            let Some((count, kind)) = number_and_word(part) else {
                continue;
            };
            match kind {
                "passed" => tally.passed += count,
                "skipped" => tally.skipped += count,
                _ => tally.failed += count,
            }
        }
        Some(tally)
    }

    /// Reads a closing line of the test harness that comes with Rust:
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in …`.
    pub(crate) fn of_libtest(line: &str) -> Option<Self> {
        let rest = line.strip_prefix("test result: ")?;
        let (_, counts) = rest.split_once(". ")?;
        let mut tally = Self::default();
        for part in counts.split(';') {
            let Some((count, kind)) = number_and_word(part) else {
                continue;
            };
            match kind {
                "passed" | "measured" => tally.passed += count,
                "failed" => tally.failed += count,
                "ignored" | "filtered out" => tally.skipped += count,
                _ => {}
            }
        }
        Some(tally)
    }

    /// Whether something ran and nothing failed.
    pub(crate) fn is_success(self) -> bool {
        self.passed > 0 && self.failed == 0
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

/// `3 timed out` as its number and its words.
fn number_and_word(part: &str) -> Option<(u64, &str)> {
    let (number, word) = part.trim().split_once(' ')?;
    Some((number.parse().ok()?, word.trim()))
}

/// Details such as `(1 slow, 2 flaky)` repeat what was counted already.
fn without_parentheses(text: &str) -> String {
    let mut depth = 0_usize;
    let mut kept = String::new();
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(character),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: u64, failed: u64, skipped: u64) -> Tally {
        Tally {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn the_closing_line_of_nextest_is_read_in_all_its_forms() {
        let cases = [
            (
                "     Summary [   0.005s] 3 tests run: 3 passed, 0 skipped",
                Some(tally(3, 0, 0)),
            ),
            (
                "     Summary [   0.1s] 1 test run: 1 passed, 7 skipped",
                Some(tally(1, 0, 7)),
            ),
            (
                "     Summary [  61.2s] 9 tests run: 6 passed (1 slow, 1 flaky), 1 failed, \
                 1 timed out, 1 exec failed, 3 skipped",
                Some(tally(6, 3, 3)),
            ),
            (
                "     Summary [   2.0s] 2/9 tests run: 1 passed, 1 failed, 0 skipped",
                Some(tally(1, 1, 0)),
            ),
            (
                "     Summary [   0.000s] 0 tests run: 0 passed, 4 skipped",
                Some(tally(0, 0, 4)),
            ),
            ("        PASS [   0.004s] xtask tally::tests::a", None),
            ("Summary of the day", None),
        ];
        for (line, expected) in cases {
            assert_eq!(Tally::of_nextest(line), expected, "{line}");
        }
    }

    #[test]
    fn the_closing_line_of_the_harness_is_read_in_all_its_forms() {
        let cases = [
            (
                "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; \
                 finished in 0.00s",
                Some(tally(3, 0, 3)),
            ),
            (
                "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; \
                 finished in 1.50s",
                Some(tally(1, 2, 0)),
            ),
            ("test tally::tests::a ... ok", None),
            ("running 3 tests", None),
        ];
        for (line, expected) in cases {
            assert_eq!(Tally::of_libtest(line), expected, "{line}");
        }
    }

    #[test]
    fn the_summary_has_its_exact_shape() {
        let tally = Tally {
            passed: 12,
            failed: 0,
            skipped: 3,
        };
        assert_eq!(tally.to_string(), "12 passed, 0 failed, 3 skipped");
    }

    #[test]
    fn nothing_run_is_no_success() {
        assert!(!Tally::default().is_success());
        assert!(
            !Tally {
                skipped: 9,
                ..Tally::default()
            }
            .is_success()
        );
        assert!(
            !Tally {
                passed: 9,
                failed: 1,
                skipped: 0
            }
            .is_success()
        );
        assert!(
            Tally {
                passed: 1,
                failed: 0,
                skipped: 9
            }
            .is_success()
        );
    }
}
