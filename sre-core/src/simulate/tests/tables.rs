//! The published tables (`slo-math.md` 8.1 and 8.3), as a simulation of 99.9 % over 30 days finds them.
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

/// `slo-math.md` 8.1, "Discrete simulation (10 s steps)".
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

/// `slo-math.md` 8.3: per error ratio of 10 000 the minutes after which the rules 1h/14.4, 6h/6, 24h/3
/// and 3d/1 fire, and those after which their short windows are clean.
const TABLE: [(u64, [Option<f64>; 4], [Option<f64>; 4]); 12] = {
    const NEVER: Option<f64> = None;
    const fn at(minutes: f64) -> Option<f64> {
        Some(minutes)
    }
    [
        (
            10_000,
            [at(0.864), at(2.16), at(4.32), at(4.32)],
            [at(4.928), at(29.82), at(119.64), at(359.64)],
        ),
        (
            5_000,
            [at(1.728), at(4.32), at(8.64), at(8.64)],
            [at(4.857), at(29.64), at(119.28), at(359.28)],
        ),
        (
            1_000,
            [at(8.64), at(21.6), at(43.2), at(43.2)],
            [at(4.28), at(28.2), at(116.4), at(356.4)],
        ),
        (
            500,
            [at(17.28), at(43.2), at(86.4), at(86.4)],
            [at(3.56), at(26.4), at(112.8), at(352.8)],
        ),
        (
            200,
            [at(43.2), at(108.0), at(216.0), at(216.0)],
            [at(1.4), at(21.0), at(102.0), at(342.0)],
        ),
        (
            145,
            [at(59.59), at(148.97), at(297.93), at(297.93)],
            [at(0.0345), at(17.59), at(95.17), at(335.17)],
        ),
        (
            144,
            [NEVER, at(150.0), at(300.0), at(300.0)],
            [NEVER, at(17.5), at(95.0), at(335.0)],
        ),
        (
            100,
            [NEVER, at(216.0), at(432.0), at(432.0)],
            [NEVER, at(12.0), at(84.0), at(324.0)],
        ),
        (
            60,
            [NEVER, NEVER, at(720.0), at(720.0)],
            [NEVER, NEVER, at(60.0), at(300.0)],
        ),
        (
            30,
            [NEVER, NEVER, NEVER, at(1_440.0)],
            [NEVER, NEVER, NEVER, at(240.0)],
        ),
        (
            20,
            [NEVER, NEVER, NEVER, at(2_160.0)],
            [NEVER, NEVER, NEVER, at(180.0)],
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
        let fires = fires.map(|at| at.map(|minutes| whole(minutes.floor()) + 1));
        let resets = resets.map(|at| at.map(|minutes| whole(minutes.ceil())));
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

/// L18, `slo-math.md` 8.1: what is gone at detection is `b·w/P`, whatever the error ratio; in steps it is
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
