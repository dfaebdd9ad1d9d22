//! What holds of every past.

use proptest::prelude::*;

use super::*;
use crate::correction::{Meaning, Overlay, Period, Scope};
use crate::method::{BudgetingMethod, SliceTarget};
use crate::name::CorrectionId;

/// Ten hours at most, with calm, noise, trouble and silence.
fn pasts() -> impl Strategy<Value = Past> {
    let stretch = prop_oneof![
        3 => (1_usize..90, 0_u64..=2).prop_map(|(slices, bad)| (slices, Some(bad))),
        2 => (1_usize..30, 5_u64..=100).prop_map(|(slices, bad)| (slices, Some(bad))),
        1 => (1_usize..20).prop_map(|slices| (slices, None)),
    ];
    prop::collection::vec(stretch, 1..10).prop_map(|stretches| {
        let begin = Past::new(SliceWidth::MINUTE).then(3, 0, 100);
        stretches
            .into_iter()
            .fold(begin, |past, (slices, bad)| match bad {
                Some(bad) => past.then(slices, bad, 100),
                None => past.then_silent(slices),
            })
    })
}

/// 99 % over six hours, so that its budget ends within the past.
fn six_hours(method: BudgetingMethod) -> Slo {
    let mut slo = slo();
    slo.definition.window = Window::Rolling(Span::hours(6));
    slo.definition.method = method;
    slo
}

fn candidates() -> [Candidate; 3] {
    [
        Candidate::new("default", PolicyChoice::Default),
        Candidate::new("google-sre", PolicyChoice::GoogleSre),
        paging("2", Span::minutes(30), Span::minutes(5)),
    ]
}

/// Agreed from the one minute to the other, counted from the beginning.
fn agreed(meaning: Meaning, from: i64, minutes: i64) -> Correction {
    Correction {
        id: CorrectionId(uuid::Uuid::from_u128(1)),
        scope: Scope::Slo(slo().id),
        meaning,
        period: Period::once(minute(from), minute(from + minutes)).expect("a period"),
        reason: "maintenance".to_owned(),
        created_by: None,
        created_at: minute(0),
        ended: None,
        cancelled: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Events that were agreed not to count, or to count as good, are replayed as if they had been
    /// measured so.
    #[test]
    fn a_corrected_past_is_replayed_as_one_that_was_measured_so(
        mut past in pasts(), from in 0_i64..300, minutes in 1_i64..300, drops: bool,
    ) {
        // Silence that was agreed on makes nothing stale, so it is not what was measured.
        let during = Interval::new(minute(from), minute(from + minutes));
        for hour in &mut past.hours {
            let silent: Vec<_> = hour.iter().filter(|(at, slice)| during.contains(*at) && !slice.is_measured()).collect();
            for (at, _) in silent {
                hour.set(at, Slice::Measured(Counts::NONE));
            }
        }
        let slo = six_hours(BudgetingMethod::Occurrences);
        let meaning = if drops { Meaning::DropEvents } else { Meaning::CountAsGood };
        let corrections = [agreed(meaning, from, minutes)];
        let overlay = Overlay::new(&corrections, past.all());
        let measured_so = Past {
            hours: past.hours.iter().map(|hour| overlay.correct_hour(hour)).collect(),
            ..past.clone()
        };
        let (settings, candidates) = (MonitorSettings::default(), candidates());
        let simulation = Simulation {
            corrections: &corrections,
            ..Simulation::new(&slo, &past.hours, past.all(), &candidates, &settings)
        };
        prop_assert_eq!(
            simulation.run().expect("can be replayed"),
            measured_so.simulate(&slo, &candidates)
        );
    }

    /// Of what was bad while it was agreed not to count nobody is told, and no event is left.
    #[test]
    fn time_that_was_agreed_not_to_count_raises_nothing(outage in 1_usize..200, all_bad in 50_u64..=100) {
        let past = Past::new(SliceWidth::MINUTE)
            .then(180, 0, 100)
            .then(outage, all_bad, 100)
            .then(120, 0, 100);
        let slo = six_hours(BudgetingMethod::Occurrences);
        let minutes = i64::try_from(outage).expect("few");
        let (settings, candidates) = (MonitorSettings::default(), candidates());
        let corrections = [agreed(Meaning::RemoveTime, 180, minutes)];
        let simulation = Simulation {
            corrections: &corrections,
            ..Simulation::new(&slo, &past.hours, past.all(), &candidates, &settings)
        };
        let found = simulation.run().expect("can be replayed");
        prop_assert!(found.events.is_empty(), "{:?}", found.events);
        prop_assert!(found.runs.iter().all(|run| run.alerts.is_empty()));
    }

    /// L16: shifting all timestamps by a multiple of the hour, in which slices are stored, shifts the
    /// results.
    #[test]
    fn l16_a_past_that_lies_elsewhere_tells_the_same(past in pasts(), hours in -500_i64..500) {
        let slo = six_hours(BudgetingMethod::Occurrences);
        let shift = TimeDelta::hours(hours);
        let moved: Vec<Hour> = past
            .hours
            .iter()
            .map(|hour| {
                let mut moved = Hour::unmeasured(hour.start() + shift, hour.width());
                for (start, slice) in hour.iter() {
                    moved.set(start + shift, slice);
                }
                moved
            })
            .collect();
        let settings = MonitorSettings::default();
        let candidates = candidates();
        let here = past.simulate(&slo, &candidates);
        let during = Interval::new(past.all().start() + shift, past.at + shift);
        let there = Simulation::new(&slo, &moved, during, &candidates, &settings).run().unwrap();
        let told = |found: &Simulated, shift: TimeDelta| -> Vec<_> {
            let alerts = found.runs.iter().flat_map(|run| &run.alerts);
            alerts
                .map(|alert| {
                    let ends = alert.ends_at.map(|at| at - shift);
                    (alert.kind.clone(), alert.gravest, alert.starts_at - shift, ends, alert.truth)
                })
                .collect()
        };
        prop_assert_eq!(told(&here, TimeDelta::zero()), told(&there, shift));
        let qualities = |found: &Simulated| -> Vec<_> {
            found.runs.iter().map(|run| (run.pages.clone(), run.burns.clone())).collect()
        };
        prop_assert_eq!(qualities(&here), qualities(&there));
        prop_assert_eq!((here.measured, here.slices), (there.measured, there.slices));
    }

    /// Candidates are tried beside each other and never on each other, and twice the same is the same.
    #[test]
    fn a_candidate_says_the_same_alone_and_in_company(past in pasts(), slices in any::<bool>()) {
        let method = if slices {
            BudgetingMethod::Timeslices(SliceTarget::ALL)
        } else {
            BudgetingMethod::Occurrences
        };
        let slo = six_hours(method);
        let candidates = candidates();
        let together = past.simulate(&slo, &candidates);
        for (run, candidate) in together.runs.iter().zip(&candidates) {
            let alone = past.simulate(&slo, std::slice::from_ref(candidate));
            prop_assert_eq!(&alone.runs[0], run);
            prop_assert_eq!(&alone.events, &together.events);
        }
    }

    /// However the beginning is cut off, a replay of the rest with what lay before says what the whole
    /// said of the rest: L23, for what is looked at late.
    #[test]
    fn l23_a_later_beginning_tells_what_the_whole_told_of_it(past in pasts(), cut in 0_i64..400) {
        let slo = six_hours(BudgetingMethod::Occurrences);
        let (settings, candidates) = (MonitorSettings::default(), candidates());
        let whole = past.simulate(&slo, &candidates);
        let during = Interval::new(minute(cut).min(past.at - TimeDelta::minutes(1)), past.at);
        let rest = Simulation::new(&slo, &past.hours, during, &candidates, &settings).run().unwrap();
        for (whole, rest) in whole.runs.iter().zip(&rest.runs) {
            let kept: Vec<_> = whole
                .alerts
                .iter()
                .filter(|alert| alert.starts_at >= during.start())
                .map(|alert| (alert.id, alert.starts_at, alert.ends_at, alert.spent()))
                .collect();
            let found: Vec<_> = rest
                .alerts
                .iter()
                .map(|alert| (alert.id, alert.starts_at, alert.ends_at, alert.spent()))
                .collect();
            prop_assert_eq!(kept, found);
        }
    }

    /// Every event spent enough, events do not touch, and what is scored adds up.
    #[test]
    fn figures_add_up(past in pasts()) {
        let slo = six_hours(BudgetingMethod::Occurrences);
        let found = past.simulate(&slo, &candidates());
        for event in &found.events {
            prop_assert!(event.spent() >= SpentShare::ONE_PERCENT);
        }
        for pair in found.events.windows(2) {
            prop_assert!(pair[1].during.start() - pair[0].during.end() > EVENT_PAUSE.as_delta());
        }
        let silent: i64 = found.gaps.iter().map(|gap| (gap.end() - gap.start()).num_minutes()).sum();
        prop_assert!(i64::from(found.slices - found.measured) >= silent);
        for run in &found.runs {
            let judged = run.pages.right + run.pages.wrong + run.pages.duplicates;
            prop_assert_eq!(usize::try_from(judged).unwrap(), run.count(Raised::is_page));
            prop_assert!(run.pages.detected() <= run.burns.detected());
            for (detection, event) in run.pages.detections.iter().zip(&found.events) {
                prop_assert!(detection.spent_before.is_none_or(|spent| spent <= event.spent()));
                prop_assert_eq!(detection.delay.is_some(), detection.alerts > 0);
            }
        }
    }
}
