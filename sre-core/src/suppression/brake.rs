//! The brake: when most of what one source measures falls silent together, the source is the trouble,
//! and it is told once.
//!
//! What is silent is open and recorded as ever; only its beginning is kept back, while an alert of
//! type [`NO_DATA_BRAKE`] is open that says the same of all. It is that alert that holds, so what is
//! kept back was told in another way; where nobody raised it, nothing is held for longer than
//! [`BRAKE_WAIT`].

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::alert::{Alert, AlertType, Origin};
use crate::notification::Reason;
use crate::suppression::RECHECK;
use crate::time::Span;

/// The type of the alert that most of what a source measures has no data.
pub const NO_DATA_BRAKE: &str = "no_data_brake";

/// The label of such an alert that names the source.
pub const BRAKE_SOURCE: &str = "source";

/// So many silent SLOs of one source are company: two are told one by one as quickly.
pub const BRAKE_AT: usize = 3;

/// What falls silent within so long has one cause, for all that is known: SLOs notice it after three
/// of their expected intervals, and those may differ.
pub const BRAKE_WITHIN: Span = Span::hours(1);

/// How long the first of a source that has enough SLOs waits for company: the slots of SLOs that see
/// the same minute lie at most a quarter of it apart, and then it is to be evaluated and stored.
pub const BRAKE_WAIT: Span = Span::seconds(30);

/// Whether `silent` SLOs are most of the `measured` ones of a source.
#[must_use]
pub const fn is_mostly_silent(measured: usize, silent: usize) -> bool {
    silent >= BRAKE_AT && silent.saturating_mul(2) > measured
}

/// Whether most of the `measured` SLOs of a source fell silent within [`BRAKE_WITHIN`] of each other,
/// at these instants.
///
/// ```
/// use sre_core::suppression::fell_silent_together;
/// use sre_core::time::at_second;
///
/// let at = |seconds: &[i64]| seconds.iter().copied().map(at_second).collect::<Vec<_>>();
/// assert!(fell_silent_together(5, &at(&[0, 10, 20])));
/// assert!(!fell_silent_together(6, &at(&[0, 10, 20])), "half is not most");
/// assert!(!fell_silent_together(2, &at(&[0, 10])), "two are told one by one");
/// assert!(!fell_silent_together(3, &at(&[0, 10, 3_601])), "not together");
/// ```
#[must_use]
pub fn fell_silent_together(measured: usize, since: &[DateTime<Utc>]) -> bool {
    let mut since = since.to_vec();
    since.sort_unstable();
    since
        .iter()
        .enumerate()
        .any(|(place, first)| {
            let until = *first + BRAKE_WITHIN.as_delta();
            let together = since
                .iter()
                .skip(place)
                .take_while(|at| **at <= until)
                .count();
            is_mostly_silent(measured, together)
        })
}

/// How the source of a silent SLO stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BrakeStanding {
    /// Whether its brake is pulled: it was told that most of it is silent.
    pub is_pulled: bool,
    /// How many of its SLOs were ever measured.
    pub measured: usize,
}

impl BrakeStanding {
    /// Until when the beginning of silence, decided at `decided_at`, is kept back at least; `None`
    /// where it is told.
    #[must_use]
    pub fn holds(self, decided_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.is_pulled {
            return Some(now + RECHECK.as_delta());
        }
        let until = decided_at + BRAKE_WAIT.as_delta();
        (self.measured >= BRAKE_AT && decided_at <= now && now < until).then_some(until)
    }
}

/// Whether this news is the beginning of silence, for somebody who has not heard of it. All else
/// passes the brake: ends above all.
#[must_use]
pub fn is_braked_news(alert: &Alert, reason: Reason) -> bool {
    is_silence(alert) && matches!(reason, Reason::First | Reason::Escalated)
}

/// Whether the alert says that an SLO has no data.
#[must_use]
pub fn is_silence(alert: &Alert) -> bool {
    alert.identity.origin == Origin::Generated && *alert.alert_type() == AlertType::NoData
}

/// The sources whose brake these alerts pull.
#[must_use]
pub fn pulled_sources<'a>(brakes: impl IntoIterator<Item = &'a Alert>) -> BTreeSet<&'a str> {
    brakes
        .into_iter()
        .filter(|alert| alert.is_open())
        .filter_map(|alert| alert.labels().get(BRAKE_SOURCE))
        .map(String::as_str)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at_second;

    #[test]
    fn a_first_silence_waits_for_company_only_where_it_may_have_some() {
        let standing = |is_pulled, measured| BrakeStanding {
            is_pulled,
            measured,
        };
        let decided = at_second(100);
        let held = |standing: BrakeStanding, now| standing.holds(decided, at_second(now));
        assert_eq!(held(standing(false, 2), 100), None);
        assert_eq!(held(standing(false, 3), 100), Some(at_second(130)));
        assert_eq!(held(standing(false, 3), 129), Some(at_second(130)));
        assert_eq!(held(standing(false, 3), 130), None);
        assert_eq!(held(standing(false, 3), 99), None, "the clock went back");
        assert_eq!(held(standing(true, 3), 500), Some(at_second(530)));
    }

    #[test]
    fn an_end_passes_the_brake() {
        use crate::alert::{Identity, LifecycleSettings, Moment, Opening, Severity};
        use crate::routing::Audience;

        let settings = LifecycleSettings::default();
        let moment = Moment {
            now: at_second(0),
            slot: None,
            routes: Audience::NOBODY,
            settings: &settings,
        };
        let slo = crate::name::SloId(uuid::Uuid::from_u128(1));
        let opening = Opening {
            identity: Identity::generated(
                "checkout".parse().expect("a name"),
                slo,
                AlertType::NoData,
            ),
            episode: 1,
            severity: Severity::High,
            message: String::new(),
            rules: Vec::new(),
        };
        let alert = Alert::open(opening, &moment).alert;
        for reason in Reason::ALL {
            let is_held = matches!(reason, Reason::First | Reason::Escalated);
            assert_eq!(is_braked_news(&alert, reason), is_held, "{reason:?}");
        }
    }

    #[test]
    fn the_brake_is_let_go_when_half_of_a_source_has_data_again() {
        assert!(is_mostly_silent(4, 3));
        assert!(!is_mostly_silent(4, 2));
        assert!(!is_mostly_silent(2, 2));
        assert!(!is_mostly_silent(6, 3));
        assert!(is_mostly_silent(0, 3), "more silent than known of");
    }
}
