use super::*;

fn target(text: &str) -> Target {
    text.parse().expect(text)
}

/// `docs/mathematics.md` 10, the table of `n_min`.
#[test]
fn with_so_many_events_one_bad_event_does_not_exceed_the_factor() {
    let factors = ["1", "2", "3", "5", "6", "10", "14.4"];
    for (text, needed) in [
        ("99", [100, 50, 34, 20, 17, 10, 7]),
        ("99.5", [200, 100, 67, 40, 34, 20, 14]),
        ("99.9", [1_000, 500, 334, 200, 167, 100, 70]),
        ("99.99", [10_000, 5_000, 3_334, 2_000, 1_667, 1_000, 695]),
    ] {
        let found = factors.map(|factor| {
            let factor: Factor = factor.parse().expect(factor);
            let events = events_needed(factor, target(text));
            let exceeds = |total| {
                let one = crate::count::Counts::events(total - 1, total).expect("legal");
                factor.is_exceeded_by(one, target(text))
            };
            assert!(!exceeds(events) && exceeds(events - 1), "{text} {factor}");
            events
        });
        assert_eq!(found, needed, "{text}");
    }
}

/// `docs/mathematics.md` 10.1: `ceil(ln .05/ln(1−eb))`.
#[test]
fn so_many_events_without_a_failure_prove_the_target() {
    for (text, events) in [
        ("90", 29),
        ("95", 59),
        ("99", 299),
        ("99.9", 2_995),
        ("99.99", 29_956),
    ] {
        assert_eq!(failure_free_events(target(text)), events, "{text}");
    }
}
