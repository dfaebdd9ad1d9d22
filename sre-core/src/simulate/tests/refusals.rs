//! What cannot be simulated, and says so.

use super::*;

fn run(
    past: &Past,
    during: Interval,
    candidates: &[Candidate],
) -> Result<Simulated, SimulationError> {
    let (slo, settings) = (month(past.width), MonitorSettings::default());
    Simulation::new(&slo, &past.hours, during, candidates, &settings).run()
}

fn default() -> [Candidate; 1] {
    [Candidate::new("default", PolicyChoice::Default)]
}

#[test]
fn nothing_measured_is_no_simulation() {
    let silent = Past::new(SliceWidth::MINUTE).then_silent(60);
    assert_eq!(
        run(&silent, silent.all(), &default()),
        Err(SimulationError::NoData)
    );
    let past = Past::new(SliceWidth::MINUTE).then(60, 0, 10);
    let before = Interval::ending(minute(0), Span::hours(2));
    assert_eq!(run(&past, before, &default()), Err(SimulationError::NoData));
    let within = Interval::new(minute(1), minute(1) + TimeDelta::seconds(59));
    assert_eq!(run(&past, within, &default()), Err(SimulationError::NoData));
}

#[test]
fn a_simulation_is_bounded() {
    let past = Past::new(SliceWidth::MINUTE).then(60, 0, 10);
    assert_eq!(
        run(&past, past.all(), &[]),
        Err(SimulationError::NoCandidate)
    );
    let many = vec![Candidate::new("default", PolicyChoice::Default); CANDIDATES_MAX + 1];
    assert_eq!(
        run(&past, past.all(), &many),
        Err(SimulationError::TooManyCandidates)
    );
    let long = Interval::new(minute(0), minute(400 * 1_440 + 1));
    assert_eq!(run(&past, long, &default()), Err(SimulationError::TooLong));
    let year = Interval::new(minute(0), minute(400 * 1_440));
    let refused = run(&past, year, &many[1..]);
    assert_eq!(
        refused,
        Err(SimulationError::TooMany {
            evaluations: 8 * 400 * 1_440
        })
    );
}

/// What policies would have said of hours of which only the sum is kept cannot be known; windows may
/// reach back into them.
#[test]
fn sums_of_hours_are_refused_where_slices_are_needed_and_taken_where_windows_reach_back() {
    let mut past = Past::new(SliceWidth::MINUTE).then(180, 1, 1_000);
    for hour in past.hours.iter_mut().take(2) {
        *hour = hour.summed().unwrap();
    }
    assert_eq!(
        run(&past, past.all(), &default()),
        Err(SimulationError::TooCoarse {
            earliest: minute(120)
        })
    );
    let during = Interval::new(minute(120), past.at);
    let found = run(&past, during, &default()).unwrap();
    assert_eq!((found.during, found.slices), (during, 60));
}

#[test]
fn the_stretch_is_cut_to_whole_slices_and_to_where_data_begins() {
    let past = Past::new(SliceWidth::MINUTE)
        .then_silent(10)
        .then(50, 0, 1_000);
    let asked = Interval::new(
        minute(0) - TimeDelta::seconds(30),
        minute(60) - TimeDelta::seconds(1),
    );
    let found = run(&past, asked, &default()).unwrap();
    assert_eq!(found.during, Interval::new(minute(10), minute(59)));
}

/// A replay that is given up tells of what it saw, and of nothing after.
#[test]
fn a_replay_is_driven_hour_by_hour() {
    let past = Past::new(SliceWidth::MINUTE).then(150, 0, 1_000);
    let (slo, settings, candidates) = (
        month(SliceWidth::MINUTE),
        MonitorSettings::default(),
        default(),
    );
    let simulation = Simulation::new(&slo, &past.hours, past.all(), &candidates, &settings);
    let mut replay = simulation.begin().unwrap();
    assert_eq!(replay.advance(), Ok(true));
    assert_eq!(replay.at(), minute(60));
    let found = replay.finish();
    assert_eq!((found.slices, found.during.end()), (60, minute(60)));
    let mut replay = simulation.begin().unwrap();
    let steps: Vec<_> = std::iter::repeat_with(|| replay.advance())
        .take(3)
        .collect();
    assert_eq!(steps, [Ok(true), Ok(true), Ok(false)]);
}

/// As production: a slice that would overflow the sum stays unmeasured.
#[test]
fn a_sum_that_does_not_fit_is_no_panic() {
    let most = crate::count::Count::SAMPLE_MAX.whole_events();
    let past = Past::new(SliceWidth::MINUTE).then(30, most, most);
    let found = run(&past, past.all(), &default()).unwrap();
    assert!(found.measured < 30);
    assert_eq!(found.slices, 30);
}
