//! What is reported and flaps: held open, and steady by time.

use super::*;
use crate::alert::{HOLD_MAX, Report, Reported, report};

/// A reporter that says by turns that it is wrong and that it is over.
struct Reporter {
    alert: Alert,
    second: i64,
    said: Vec<String>,
}

impl Reporter {
    fn new() -> Self {
        let settings = LifecycleSettings::default();
        let mut reporter = Self {
            alert: firing(posted()),
            second: NOW - 600,
            said: Vec::new(),
        };
        reporter.alert = reporter
            .alert
            .resolve(
                ResolveReason::Manual,
                None,
                None,
                &moment(NOW - 100_000, &settings, &[]),
            )
            .expect("open")
            .alert;
        reporter
    }

    fn at(&self) -> DateTime<Utc> {
        at_second(self.second)
    }

    fn take(&mut self, update: AlertUpdate) {
        let kinds: BTreeSet<&str> = update
            .intents
            .iter()
            .map(|intent| intent.kind.as_str())
            .collect();
        self.said
            .extend(kinds.into_iter().map(str::to_owned));
        self.alert = update.alert;
    }

    /// Says after ten minutes that it is wrong.
    fn wrong(&mut self, severity: Severity) {
        self.second += 600;
        let settings = LifecycleSettings::default();
        let said = Report {
            identity: posted(),
            severity,
            message: "again".to_owned(),
            value: None,
            threshold: None,
            expires_in: None,
        };
        let at = moment(self.second, &settings, &ROUTES);
        match report(Some(self.alert.clone()), said, &at) {
            Reported::Opened(update) | Reported::Repeated(update) => self.take(*update),
        }
    }

    /// Says after ten minutes that it is over.
    fn over(&mut self) {
        self.second += 600;
        let settings = LifecycleSettings::default();
        let at = moment(self.second, &settings, &ROUTES);
        let update = self
            .alert
            .clone()
            .over(ResolveReason::Manual, None, None, &at)
            .expect("open");
        self.take(update);
    }

    /// Lets time pass until nothing is due any more within so long.
    fn wait(&mut self, seconds: i64) {
        let settings = LifecycleSettings::default();
        let until = at_second(self.second + seconds);
        while let Some(due) = self
            .alert
            .next_action(&settings, Audience::NOBODY)
            .filter(|due| *due <= until)
        {
            self.second = self.second.max(due.timestamp());
            let at = moment(self.second, &settings, &ROUTES);
            let update = self
                .alert
                .clone()
                .moved_by_time(&at)
                .expect("due");
            self.take(update);
        }
    }
}

fn flapping() -> Reporter {
    let mut reporter = Reporter::new();
    for _ in 0..3 {
        reporter.wrong(Severity::Low);
        reporter.over();
    }
    let said = ["fire", "resolve", "fire", "resolve", "fire", "flap_start"];
    assert_eq!(reporter.said, said);
    assert!(reporter.alert.is_open() && reporter.alert.is_flapping());
    reporter.said.clear();
    reporter
}

#[test]
fn what_is_reported_by_turns_is_held_open_and_told_once() {
    let mut reporter = flapping();
    let (id, occurrences) = (reporter.alert.id, reporter.alert.occurrences);
    reporter.wrong(Severity::Low);
    reporter.over();
    reporter.wrong(Severity::Low);
    assert_eq!(reporter.said, Vec::<String>::new());
    assert_eq!(
        (reporter.alert.id, reporter.alert.occurrences),
        (id, occurrences + 2)
    );
    assert_eq!(reporter.alert.state, AlertState::Firing);
}

#[test]
fn what_was_over_when_it_grew_steady_ends_then() {
    let mut reporter = flapping();
    reporter.wait(HOLD_MAX.as_secs_i64());
    assert_eq!(reporter.said, ["flap_end", "resolve"]);
    assert!(!reporter.alert.is_open());
    // Steady once three of the six changes are older than three hours.
    assert_eq!(reporter.at(), at_second(NOW + 1_200 + 3 * 3_600));
}

#[test]
fn what_was_wrong_when_it_grew_steady_goes_on() {
    let mut reporter = flapping();
    reporter.wrong(Severity::Low);
    reporter.wait(HOLD_MAX.as_secs_i64());
    assert_eq!(reporter.said, ["flap_end"]);
    assert!(reporter.alert.is_open() && !reporter.alert.is_flapping());
    // And ends when its reporter says so: one change in a long while.
    reporter.over();
    assert_eq!(reporter.said, ["flap_end", "resolve"]);
}

#[test]
fn what_never_grows_steady_is_told_as_it_is_after_four_hours() {
    let mut reporter = flapping();
    let begun = reporter.second;
    while reporter.said.is_empty() {
        assert!(
            reporter.second < begun + 2 * HOLD_MAX.as_secs_i64(),
            "it is told by then"
        );
        reporter.wrong(Severity::Low);
        reporter.wait(600);
        if reporter.said.is_empty() {
            reporter.over();
            reporter.wait(600);
        }
    }
    assert_eq!(
        reporter
            .said
            .first()
            .map(String::as_str),
        Some("flap_end")
    );
    assert_eq!(reporter.second, begun + HOLD_MAX.as_secs_i64());
}

/// A person who ends it twice means it.
#[test]
fn what_is_said_to_be_over_twice_in_a_row_ends() {
    let mut reporter = flapping();
    reporter.over();
    assert_eq!(reporter.said, ["resolve"]);
    assert!(!reporter.alert.is_open());
}

#[test]
fn a_graver_report_is_told_while_it_flaps() {
    let mut reporter = flapping();
    reporter.wrong(Severity::Critical);
    assert_eq!(reporter.said, ["update"]);
    assert!(reporter.alert.is_flapping() && reporter.alert.flaps.cleared.is_none());
}

/// The history of an episode before is over the line already, so that the next report begins it.
#[test]
fn a_graver_report_is_told_by_which_it_begins_to_flap() {
    let mut reporter = flapping();
    reporter.over();
    reporter.wrong(Severity::Low);
    assert_eq!(reporter.said, ["resolve", "fire"]);
    reporter.said.clear();
    let before = DestinationId(Uuid::from_u128(77));
    reporter
        .alert
        .destinations
        .insert(before);
    reporter.wrong(Severity::Critical);
    assert!(reporter.alert.is_flapping());
    assert_eq!(
        (reporter.alert.severity, reporter.alert.message.as_str()),
        (Severity::Critical, "again")
    );
    assert_eq!(
        reporter.said,
        ["flap_start", "update"],
        "graver to whom routes lead, and to the others that it flaps"
    );
}

/// Six changes over a week are six faults, and not one that flaps.
#[test]
fn what_changes_seldom_does_not_flap() {
    let mut reporter = Reporter::new();
    for _ in 0..10 {
        reporter.wrong(Severity::Low);
        reporter.second += 3_600;
        reporter.over();
        reporter.second += 3_600;
    }
    assert!(!reporter.alert.is_open());
    assert!(
        !reporter
            .said
            .contains(&"flap_start".to_owned()),
        "{:?}",
        reporter.said
    );
}

/// The first fire is always told: an episode begins to flap only once it is open.
#[test]
fn an_episode_that_opens_is_told_however_often_it_did() {
    let mut reporter = Reporter::new();
    for round in 0..40 {
        let before = reporter.alert.id;
        reporter.wrong(Severity::Critical);
        if reporter.alert.id != before {
            assert_eq!(
                reporter.said.last().map(String::as_str),
                Some("fire"),
                "{round}"
            );
        }
        reporter.over();
        reporter.wait(0);
    }
}
