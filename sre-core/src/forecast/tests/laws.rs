//! Laws of forecasts, and a future that is played slice by slice.

use super::*;

prop_compose! {
    /// Two to five days of slices, a window of half a day to a day and a half inside.
    fn pasts()(
        past in prop::collection::vec((0_u64..4, 5_u64..30), 200..480),
        halves in 1_u32..4,
    ) -> Case {
        Case::new(past, Span::hours(12 * halves), "90")
    }
}

prop_compose! {
    /// The same with all slices of an hour alike.
    fn even_pasts()(
        hours in prop::collection::vec((0_u64..4, 5_u64..30), 60..120),
        halves in 1_u32..4,
    ) -> Case {
        let past = hours.into_iter().flat_map(|hour| [hour; 4]).collect();
        Case::new(past, Span::hours(12 * halves), "90")
    }
}

fn paces() -> impl Strategy<Value = (u64, u64)> {
    (0_u64..400, 400_u64..2_000)
}

proptest! {
    /// With slices alike within each hour the played future ends in the slice that was foretold.
    #[test]
    fn a_future_that_is_played_ends_in_the_slice_of_its_forecast(
        case in even_pasts(), (bad, total) in paces(),
    ) {
        prop_assume!(case.budget().remaining_exactly() > 0);
        let pace = per_day(bad, total);
        let played = case.played(pace).iter().position(|remaining| *remaining <= 0);
        let Some(seconds) = case.time_left(pace) else {
            prop_assert_eq!(played, None);
            return Ok(());
        };
        // Whole seconds are told, rounded down: the edge of a slice may stand for the end of it, or
        // for less than a second of the next.
        let (after, is_edge) = (seconds as usize / 900, seconds % 900 == 0);
        let before = after - usize::from(is_edge && after > 0);
        prop_assert!(played == Some(before) || played == Some(after), "{played:?}, {seconds} s");
    }

    /// Whatever the slices are, nothing is wrong at the edge of any hour: before the end something is
    /// left, and after it nothing.
    #[test]
    fn at_the_edges_of_hours_a_forecast_is_exact(case in pasts(), (bad, total) in paces()) {
        prop_assume!(case.budget().remaining_exactly() > 0);
        let pace = per_day(bad, total);
        let played = case.played(pace);
        // The past begins on the hour, and so do the edges.
        let begin = case.past.len() - case.held().len();
        let is_edge = |slice: &usize| (begin + slice + 1).is_multiple_of(4) || *slice + 1 == played.len();
        let edges: Vec<usize> = (0..played.len()).filter(is_edge).collect();
        let first = edges.iter().find(|slice| played[**slice] <= 0);
        let end = case.time_left(pace).map(|seconds| seconds as usize);
        match (first, end) {
            (Some(slice), Some(end)) => {
                let before = edges.iter().rev().find(|edge| *edge < slice).map_or(0, |edge| edge + 1);
                prop_assert!(before * 900 <= end && end <= (slice + 1) * 900);
            }
            (first, end) => prop_assert_eq!((first, end), (None, None)),
        }
    }

    /// L30: more bad, in the past or at the pace, never puts the end off.
    #[test]
    fn more_bad_never_puts_the_end_off(
        case in pasts(), (bad, total) in paces(), at in 0_usize..1_000, more in 0_u64..200,
    ) {
        let end = |left: Option<u32>| left.unwrap_or(u32::MAX);
        let before = end(case.time_left(per_day(bad, total)));
        let faster = end(case.time_left(per_day((bad + more).min(total), total)));
        prop_assert!(faster <= before);
        let mut worse = Case { past: case.past.clone(), ..case };
        let at = at % worse.past.len();
        let slice = &mut worse.past[at];
        slice.0 = (slice.0 + 1).min(slice.1);
        prop_assert!(end(worse.time_left(per_day(bad, total))) <= before);
    }

    /// L30: while the future comes as it was foretold, the end stays where it is.
    #[test]
    fn at_a_constant_pace_the_end_stays_where_it_is(
        case in even_pasts(), bad in 0_u64..4, total in 5_u64..30, hours in 1_usize..12,
    ) {
        prop_assume!(case.budget().remaining_exactly() > 0);
        let pace = Pace::new(counts(&[(bad, total)]), 900).expect("a slice");
        let later = Case {
            past: [case.past.clone(), vec![(bad, total); 4 * hours]].concat(),
            ..case
        };
        let passed = u32::try_from(3_600 * hours).expect("small");
        match case.time_left(pace) {
            Some(end) if end > passed => prop_assert_eq!(later.time_left(pace), Some(end - passed)),
            Some(_) => {}
            None => prop_assert_eq!(later.time_left(pace), None),
        }
    }
}
