//! The cases of Alertmanager's `TestMergeAlerts` as a table, and the laws.

use proptest::prelude::*;

use super::*;
use crate::time::at_second;

const NOW: i64 = 10_000;

/// Minutes around now: from, until, reported; and whether the end is a timeout.
type Said = (i64, i64, i64, bool);

fn spell((from, until, reported, is_timeout): Said) -> Spell {
    let minute = |minute| at_second(NOW + 60 * minute);
    Spell {
        starts_at: minute(from),
        ends_at: minute(until),
        is_timeout,
        reported_at: minute(reported),
        annotations: BTreeMap::from([("reported".to_owned(), reported.to_string())]),
    }
}

#[test]
fn two_reports_are_one_as_alertmanager_has_it() {
    for (case, one, other, from, until) in [
        (
            "both by timeout: the younger's end",
            (-1, 2, 0, true),
            (-1, 3, 1, true),
            -1,
            3,
        ),
        (
            "a timeout and then an end that was said",
            (-1, 3, 0, true),
            (0, 2, 1, false),
            -1,
            2,
        ),
        (
            "an end that was said and then a timeout",
            (-1, 3, 0, false),
            (0, 2, 1, true),
            -1,
            3,
        ),
        (
            "both said, the older's is later",
            (-1, 3, 0, false),
            (0, 2, 1, false),
            -1,
            3,
        ),
        (
            "both said, the younger's is later",
            (-1, 3, 0, false),
            (-1, 4, 1, false),
            -1,
            4,
        ),
        (
            "both over: the later end, the earlier beginning",
            (-3, -1, 0, false),
            (-4, -2, 1, false),
            -4,
            -1,
        ),
        (
            "going on, and then over",
            (-3, 2, 0, false),
            (-2, -1, 1, false),
            -3,
            -1,
        ),
        (
            "over, and then going on",
            (-4, -1, 0, false),
            (-3, 2, 1, false),
            -4,
            2,
        ),
    ] {
        let merged = spell(one).merged(spell(other), at_second(NOW));
        let merged = merged.expect(case);
        let expected = spell((from, until, 1, merged.is_timeout));
        assert_eq!(
            merged, expected,
            "{case}: what was said later is what is said"
        );
    }
}

/// Alertmanager marks the last end of the third case as a timeout; here an end that was said stays so.
#[test]
fn an_end_that_was_said_stays_one() {
    let merged = spell((-1, 3, 0, false)).merged(spell((0, 2, 1, true)), at_second(NOW));
    assert_eq!(merged.map(|both| both.is_timeout), Some(false));
}

fn said() -> impl Strategy<Value = Spell> {
    (-10_i64..10, 0_i64..10, -5_i64..5, any::<bool>()).prop_map(
        |(from, lasting, reported, timeout)| spell((from, from + lasting, reported, timeout)),
    )
}

proptest! {
    #[test]
    fn the_order_of_two_reports_matters_not(one in said(), other in said()) {
        let now = at_second(NOW);
        let plain = |merged: Option<Spell>| merged.map(|both| (both.starts_at, both.ends_at, both.is_timeout, both.reported_at));
        prop_assert_eq!(
            plain(one.clone().merged(other.clone(), now)),
            plain(other.merged(one, now))
        );
    }

    #[test]
    fn a_merge_covers_both_beginnings_and_ends_where_one_of_them_does(one in said(), other in said()) {
        let Some(both) = one.clone().merged(other.clone(), at_second(NOW)) else {
            prop_assert!(!one.overlaps(&other));
            return Ok(());
        };
        prop_assert_eq!(both.starts_at, one.starts_at.min(other.starts_at));
        prop_assert!([one.ends_at, other.ends_at].contains(&both.ends_at));
        prop_assert_eq!(one.clone().merged(one.clone(), at_second(NOW)), Some(one), "a repeat is no news");
    }
}
