//! P3: what burns of a million SLOs, over nine windows, beside reading the same bytes.

use std::hint::black_box;

use sre_benches::fixture::WINDOWS;
use sre_benches::measure::compare;
use sre_core::count::Counts;
use sre_core::fleet::Fleet;
use sre_core::slice::Sums;
use sre_core::target::{Factor, Target};

use super::verdict::{Part, Verdict};

pub(crate) fn p3(pairs: usize) -> Verdict {
    let (fleet, columns, budgets) = million();
    let compared = compare(
        pairs.div_ceil(20),
        || {
            let burning: usize = WINDOWS
                .iter()
                .map(|window| {
                    black_box(&fleet)
                        .burning(*window, Factor::whole(10))
                        .count()
                })
                .sum();
            black_box(burning);
        },
        || {
            for (bad, total) in &columns {
                black_box(sum(bad).wrapping_add(sum(total)));
                black_box(
                    black_box(&budgets)
                        .iter()
                        .fold(0, |sum: u32, one| sum.wrapping_add(*one)),
                );
            }
        },
    );
    Verdict {
        name: "P3",
        figure: compared.work / 1e6,
        unit: "ms",
        ratio: compared.ratio,
        goal: "2",
        attempt: 1,
        parts: vec![
            Part::at_most(
                "nine windows of a million SLOs, times reading the same bytes",
                compared.ratio,
                2.0,
                "",
            ),
            Part::told(format!(
                "reading {} MB: {:.2} ms",
                SLOS * 9 * 20 / 1_000_000,
                compared.floor / 1e6
            )),
        ],
    }
}

fn sum(column: &[u64]) -> u64 {
    black_box(column)
        .iter()
        .fold(0, |sum, one| sum.wrapping_add(*one))
}

/// Bad and total of one window, SLO beside SLO.
type Columns = (Vec<u64>, Vec<u64>);

/// A million SLOs of which one in a thousand burns, and plain columns of the same size.
fn million() -> (Fleet, Vec<Columns>, Vec<u32>) {
    let mut fleet = Fleet::new(WINDOWS.to_vec());
    let target: Target = "99.9".parse().expect("a target");
    for n in 0..SLOS {
        let bad = if n.is_multiple_of(1_000) { 50 } else { 1 };
        let counts = Counts::events(1_000 - bad, 1_000).expect("legal");
        fleet.push(
            target,
            &[Sums {
                counts,
                measured: 60,
            }; 9],
        );
    }
    let length = usize::try_from(SLOS).expect("a million");
    let column = |n: u64| (vec![n; length], vec![n + 1; length]);
    (fleet, (0..9).map(column).collect(), vec![1; length])
}

const SLOS: u64 = 1_000_000;
