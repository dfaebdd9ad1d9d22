//! The published tables (`docs/mathematics.md` 8.1 and 8.3), as a simulation of 99.9 % over 30 days finds them.
//! In steps of `d`, a rule fires at `(floor(T ÷ d) + 1) × d` and resets at `ceil(R ÷ d) × d`.

use super::*;

/// Slices from the first bad one to the one that raised the page, and from the last bad one to the one
/// that ended it.
type Times = (Option<i64>, Option<i64>);

/// What an outage of so many slices with so many bad events of 10 000 does to each candidate, after
/// `before` slices of a background.
fn outage(
    width: SliceWidth,
    candidates: &[Candidate],
    (quiet, background): (usize, u64),
    (slices, bad): (usize, u64),
    after: usize,
) -> Vec<Times> {
    let past = Past::new(width)
        .then(quiet, background, 10_000)
        .then(slices, bad, 10_000)
        .then(after, background, 10_000);
    let step = width.span().as_secs_i64();
    let begin = START + i64::try_from(quiet).expect("short") * step;
    let end = begin + i64::try_from(slices).expect("short") * step;
    let slo = month(width);
    let settings = MonitorSettings::default();
    let during = Interval::new(at_second(begin), past.at);
    let simulation = Simulation::new(&slo, &past.hours, during, candidates, &settings);
    let found = simulation.run().expect("a past");
    let grid = settings.grid(&slo);
    let times = found.runs.iter().map(|run| {
        let page = run
            .alerts
            .iter()
            .find(|alert| alert.is_page());
        let fires = page.map(|page| (page.as_of.timestamp() - begin) / step);
        let resets = page.and_then(|page| page.ends_at);
        let resets = resets.map(|at| (grid.closed_at(at).timestamp() - end) / step);
        (fires, resets)
    });
    times.collect()
}

/// `docs/mathematics.md` 8.1, "Discrete simulation (10 s steps)".
#[test]
fn detection_and_reset_equal_the_table_in_steps_of_ten_seconds() {
    let fast = [paging("14.4", Span::hours(1), Span::minutes(5))];
    let slow = [paging("6", Span::hours(6), Span::minutes(30))];
    for (candidates, background, bad, fires, resets) in [
        (&fast, 0, 10_000, Some(60), Some(300)),
        (&fast, 0, 1_000, Some(520), Some(260)),
        (&fast, 0, 200, Some(2_600), Some(90)),
        (&fast, 0, 100, None, None),
        (&fast, 20, 500, Some(940), Some(230)),
        (&slow, 0, 10_000, Some(130), Some(1_790)),
        (&slow, 0, 1_000, Some(1_300), Some(1_700)),
        (&slow, 0, 200, Some(6_490), Some(1_260)),
        (&slow, 0, 100, Some(12_970), Some(720)),
        (&slow, 20, 500, Some(1_810), Some(1_650)),
    ] {
        let long = if candidates == &fast { 360 } else { 2_160 };
        let lasting = fires.map_or(long, |seconds: usize| seconds / 10);
        let found = outage(
            SliceWidth::TEN_SECONDS,
            candidates,
            (long, background),
            (lasting, bad),
            181,
        );
        let steps = |seconds: Option<usize>| seconds.map(|s| i64::try_from(s).unwrap() / 10);
        assert_eq!(
            found,
            [(steps(fires), resets.map(|seconds| seconds / 10))],
            "{} at {bad}",
            candidates[0].name
        );
    }
}

/// A row: an error ratio of 10 000, and minutes of each rule; infinite where it never happens.
type Row = (u64, [f64; 4], [f64; 4]);

/// `docs/mathematics.md` 8.3: per error ratio of 10 000 the minutes after which the rules 1h/14.4, 6h/6, 24h/3
/// and 3d/1 fire, and those after which their short windows are clean.
const TABLE: [Row; 12] = {
    const NEVER: f64 = f64::INFINITY;
    [
        (
            10_000,
            [0.864, 2.16, 4.32, 4.32],
            [4.928, 29.82, 119.64, 359.64],
        ),
        (
            5_000,
            [1.728, 4.32, 8.64, 8.64],
            [4.857, 29.64, 119.28, 359.28],
        ),
        (1_000, [8.64, 21.6, 43.2, 43.2], [4.28, 28.2, 116.4, 356.4]),
        (500, [17.28, 43.2, 86.4, 86.4], [3.56, 26.4, 112.8, 352.8]),
        (200, [43.2, 108.0, 216.0, 216.0], [1.4, 21.0, 102.0, 342.0]),
        (
            145,
            [59.59, 148.97, 297.93, 297.93],
            [0.0345, 17.59, 95.17, 335.17],
        ),
        (
            144,
            [NEVER, 150.0, 300.0, 300.0],
            [NEVER, 17.5, 95.0, 335.0],
        ),
        (
            100,
            [NEVER, 216.0, 432.0, 432.0],
            [NEVER, 12.0, 84.0, 324.0],
        ),
        (
            60,
            [NEVER, NEVER, 720.0, 720.0],
            [NEVER, NEVER, 60.0, 300.0],
        ),
        (
            30,
            [NEVER, NEVER, NEVER, 1_440.0],
            [NEVER, NEVER, NEVER, 240.0],
        ),
        (
            20,
            [NEVER, NEVER, NEVER, 2_160.0],
            [NEVER, NEVER, NEVER, 180.0],
        ),
        (10, [NEVER; 4], [NEVER; 4]),
    ]
};

#[test]
fn every_rule_of_the_google_policy_detects_as_published() {
    let candidates = [
        paging("14.4", Span::hours(1), Span::minutes(5)),
        paging("6", Span::hours(6), Span::minutes(30)),
        paging("3", Span::hours(24), Span::hours(2)),
        paging("1", Span::days(3), Span::hours(6)),
    ];
    for (bad, fires, resets) in TABLE {
        let fires = fires.map(|at| {
            at.is_finite()
                .then(|| whole(at.floor()) + 1)
        });
        let resets = resets.map(|at| at.is_finite().then(|| whole(at.ceil())));
        let slowest = fires.iter().flatten().max();
        // What never fires at a budget that is spent exactly does not within the longest window.
        let lasting = slowest.map_or(4_321, |minutes| usize::try_from(*minutes).unwrap());
        let found = outage(
            SliceWidth::MINUTE,
            &candidates,
            (3 * 1_440, 0),
            (lasting, bad),
            361,
        );
        let expected: Vec<Times> = fires.into_iter().zip(resets).collect();
        assert_eq!(found, expected, "{bad} of 10 000");
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a whole number of minutes")]
fn whole(minutes: f64) -> i64 {
    minutes as i64
}

/// L18, `docs/mathematics.md` 8.1: what is gone at detection is `b·w/P`, whatever the error ratio; in steps it is
/// exceeded by less than one slice.
#[test]
fn a_rule_fires_when_its_share_of_the_budget_is_gone_whatever_the_error_ratio() {
    let candidates = [paging("14.4", Span::hours(1), Span::minutes(5))];
    for bad in [200, 500, 1_000, 2_000] {
        let past = Past::new(SliceWidth::MINUTE)
            .then(120, 0, 10_000)
            .then(60, bad, 10_000);
        let found = past.simulate(&month(SliceWidth::MINUTE), &candidates);
        let page = &found.runs[0].alerts[0];
        let share = page
            .spent()
            .expect("a rule")
            .millionths();
        // 14.4 × 1 h ÷ 720 h = 2 %, and a slice of 10 000 events at 432 000 allowed a month.
        let slice = bad * 1_000_000 / 432_000;
        assert!(share > 20_000 && share <= 20_000 + slice + 1, "{share}");
    }
}
