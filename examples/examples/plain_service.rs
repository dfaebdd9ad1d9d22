//! A service that knows how it keeps its promise: one SLO, one recorder, no runtime, no store.
//!
//! Threads answer requests and count them; whoever has the time closes a slice every ten seconds and
//! asks. Here the time is made up, so that an hour is over at once: from minute 30 on one request in
//! fifty fails.
//!
//! ```sh
//! cargo run -p sre-examples --example plain_service
//! ```

use std::error::Error;
use std::io::{Write, stdout};
use std::thread;

use sre_core::budget::ErrorBudget;
use sre_core::recorder::{Event, SloRecorder};
use sre_core::slice::SliceWidth;
use sre_core::slo::Slo;
use sre_core::time::{Span, at_second};

fn main() -> Result<(), Box<dyn Error>> {
    run(&mut stdout().lock())
}

fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let slo = Slo::builder("checkout", "availability")
        .target_percentage("99.9")?
        .rolling(Span::hours(24))
        .slice(SliceWidth::TEN_SECONDS)
        .build()?;
    let recorder = SloRecorder::new(slo);
    // Monday, 2026-03-02 00:00 UTC.
    let begin = 1_772_409_600;
    recorder.tick(at_second(begin));

    for slice in 0..360 {
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| answer_requests(slice, &recorder));
            }
        });
        let now = at_second(begin + 10 * (slice + 1));
        recorder.tick(now);
        if slice % 60 == 59 {
            let status = recorder.status(now)?;
            let left = status
                .budget
                .and_then(ErrorBudget::remaining_percentage)
                .map_or("-".to_owned(), |left| format!("{left:.1} %"));
            let firing: Vec<_> = status
                .rules
                .iter()
                .filter(|outcome| outcome.verdict == sre_core::evaluation::RuleVerdict::Firing)
                .map(|outcome| outcome.rule.level.as_str())
                .collect();
            writeln!(
                out,
                "{} {:<8} budget left {left:>9}  firing {firing:?}",
                now.format("%H:%M"),
                status.state
            )?;
        }
    }
    Ok(())
}

/// What one thread does in one slice.
fn answer_requests(slice: i64, recorder: &SloRecorder) {
    for request in 0..500 {
        let fails = slice >= 180 && request % 50 == 0;
        recorder.record(Event::good_if(!fails));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_tells_of_the_trouble_and_what_it_cost() {
        let mut out = Vec::new();
        super::run(&mut out).expect("it runs");
        let told = String::from_utf8(out).expect("text");
        let lines: Vec<_> = told.lines().collect();
        assert_eq!(lines.len(), 6, "{told}");
        assert!(
            lines[2].contains("met") && lines[2].contains("100.0 %"),
            "{told}"
        );
        // 10 of 40 minutes at 2 %, of 0.1 % allowed: five times the budget so far.
        assert!(
            lines[3].contains("violated") && lines[3].contains("-400.0 %"),
            "{told}"
        );
        assert!(lines[3].contains("emergency"), "{told}");
    }
}
