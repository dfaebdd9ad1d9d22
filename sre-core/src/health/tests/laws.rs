//! What holds whatever the inputs are.

use proptest::prelude::*;

use super::*;

/// So many services, named by their number; dependencies as pairs with a weight in hundredths.
#[derive(Clone, Debug)]
struct World {
    evidence: Vec<Evidence>,
    edges: Vec<(usize, usize, u32)>,
}

impl World {
    fn assess(&self) -> Vec<ServiceHealth> {
        self.assess_in((0..self.evidence.len()).collect())
    }

    /// The health of all, by name, handed in in this order.
    fn assess_in(&self, order: Vec<usize>) -> Vec<ServiceHealth> {
        let known = order
            .into_iter()
            .map(|place| (self.service(place), self.evidence[place].clone()))
            .collect();
        assess(known, at_second(0))
    }

    fn service(&self, place: usize) -> Service {
        let edges = self.edges.iter();
        let mut service = Service::named(numbered(place));
        for (_, to, hundredths) in edges.filter(|(from, to, _)| *from == place && to != from) {
            let weight = Weight::from_millionths(hundredths * 10_000).expect("a weight");
            let held = service
                .dependencies
                .entry(numbered(*to))
                .or_insert(weight);
            *held = weight.max(*held);
        }
        service
    }
}

fn numbered(place: usize) -> ServiceName {
    name(&format!("s{place}"))
}

/// What is left by the list of deductions, whether or not it is shown as a score.
fn left(health: &ServiceHealth) -> u16 {
    1_000
        - health
            .deductions
            .iter()
            .map(|lost| lost.points.tenths())
            .sum::<u16>()
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let slos = prop::collection::vec((0_u64..20, 0_u64..120, any::<bool>()), 0..3);
    let checks = prop::collection::vec((any::<bool>(), any::<bool>()), 0..4);
    let raised = prop::collection::vec(0_u32..3, 5);
    (slos, checks, raised).prop_map(|(slos, checks, raised)| Evidence {
        slos: slos
            .into_iter()
            .enumerate()
            .map(|(n, (consumed, burned, is_stale))| SloEvidence {
                slo_id: SloId(Uuid::from_u128(n as u128)),
                is_stale,
                ..slo(&format!("slo {n}"), consumed, burned)
            })
            .collect(),
        checks: checks
            .into_iter()
            .enumerate()
            .map(|(n, (is_up, is_stale))| CheckEvidence {
                is_stale,
                ..check(&format!("probe {n}"), is_up)
            })
            .collect(),
        alerts: alerts(
            &SEVERITIES
                .into_iter()
                .zip(raised)
                .filter(|(_, count)| *count > 0)
                .collect::<Vec<_>>(),
        ),
        open_incidents: 0,
    })
}

prop_compose! {
    fn worlds()(count in 1_usize..6)(
        evidence in prop::collection::vec(evidence(), count),
        edges in prop::collection::vec((0..count, 0..count, 0_u32..=100), 0..10),
    ) -> World {
        World { evidence, edges }
    }
}

/// Makes one input of one service worse; whether there was anything to make worse.
fn worsen(world: &mut World, place: usize, kind: usize, amount: u64) -> bool {
    let count = world.evidence.len();
    let evidence = &mut world.evidence[place % count];
    match kind % 7 {
        0 => {
            let Some(slo) = evidence.slos.first_mut() else {
                return false;
            };
            let bad = slo
                .budget
                .map_or(0, |budget| budget.counts().bad().whole_events());
            slo.budget = Some(budget((bad + amount).min(10_000)));
        }
        1 => {
            let Some(slo) = evidence.slos.last_mut() else {
                return false;
            };
            let bad = slo.burn.map_or(0, |burn| {
                burn.budget
                    .counts()
                    .bad()
                    .whole_events()
            });
            slo.burn = Some(Burn {
                window: Span::hours(1),
                budget: budget((bad + amount).min(10_000)),
            });
        }
        2 => {
            let up = evidence
                .checks
                .iter_mut()
                .find(|check| check.is_up());
            let Some(check) = up else { return false };
            check.counts = Counts::events(0, 1).expect("legal");
        }
        3 => {
            let severity = SEVERITIES[usize::try_from(amount).expect("small") % 5];
            *evidence
                .alerts
                .raised
                .entry(severity)
                .or_default() += 1;
        }
        4 => {
            // An alert gets graver.
            let Some((severity, count)) = evidence.alerts.raised.pop_first() else {
                return false;
            };
            if count > 1 {
                evidence
                    .alerts
                    .raised
                    .insert(severity, count - 1);
            }
            let graver = SEVERITIES[(severity as usize + 1).min(4)];
            *evidence
                .alerts
                .raised
                .entry(graver)
                .or_default() += 1;
        }
        5 => {
            let Some(edge) = world.edges.first_mut() else {
                return false;
            };
            edge.2 = (edge.2 + u32::try_from(amount).expect("small")).min(100);
        }
        _ => {
            let to = usize::try_from(amount).expect("small") % count;
            world
                .edges
                .push((place % count, to, 70));
        }
    }
    true
}

proptest! {
    #[test]
    fn score_and_deductions_are_a_hundred_together(world in worlds()) {
        for health in world.assess() {
            let shown = health.score.map_or_else(|| left(&health), Points::tenths);
            prop_assert_eq!(shown, left(&health));
            prop_assert!(health.deductions.iter().all(|lost| lost.points > Points::ZERO));
            prop_assert!(health.deductions.is_sorted_by_key(|lost| lost.reason));
            let is_lost = !health.deductions.is_empty();
            prop_assert_eq!(health.probable_cause.is_some(), is_lost);
        }
    }

    #[test]
    fn a_worse_input_never_raises_a_score(
        world in worlds(), place in 0_usize..6, kind in 0_usize..7, amount in 1_u64..60,
    ) {
        let mut worse = world.clone();
        prop_assume!(worsen(&mut worse, place, kind, amount));
        for (before, after) in world.assess().iter().zip(worse.assess()) {
            prop_assert!(left(&after) <= left(before), "{before:#?}\n{after:#?}");
        }
    }

    #[test]
    fn going_quiet_never_raises_a_score(world in worlds(), place in 0_usize..6) {
        let mut quiet = world.clone();
        let count = quiet.evidence.len();
        let before = &world.evidence[place % count];
        let evidence = &mut quiet.evidence[place % count];
        for slo in &mut evidence.slos {
            (slo.budget, slo.burn, slo.state) = (None, None, SloState::NoData);
        }
        evidence.checks.clear();
        *evidence = std::mem::take(evidence).holding(before, at_second(60));
        for (before, after) in world.assess().iter().zip(quiet.assess()) {
            prop_assert_eq!(left(&after), left(before));
            prop_assert!(after.score <= before.score, "unknown is no score");
        }
    }

    #[test]
    fn the_order_in_which_services_come_changes_nothing(world in worlds()) {
        let backwards = (0..world.evidence.len()).rev().collect();
        prop_assert_eq!(world.assess(), world.assess_in(backwards));
    }

    #[test]
    fn a_failure_counts_once_however_many_paths_lead_to_it(
        world in worlds(), copies in 1_usize..4,
    ) {
        let mut twice = world.clone();
        for _ in 0..copies {
            twice.edges.extend(world.edges.iter().copied());
        }
        prop_assert_eq!(world.assess(), twice.assess());
    }

    #[test]
    fn a_service_is_never_worse_than_the_worst_of_what_it_stands_on_and_itself(world in worlds()) {
        let apart = World { edges: Vec::new(), ..world.clone() };
        let own: Vec<u16> = apart.assess().iter().map(left).collect();
        let least = own.iter().copied().min().unwrap_or(1_000);
        for (health, own) in world.assess().iter().zip(own) {
            prop_assert!(left(health) <= own);
            prop_assert!(left(health) >= least);
        }
    }
}

const SEVERITIES: [Severity; 5] = [
    Severity::Low,
    Severity::Medium,
    Severity::High,
    Severity::Critical,
    Severity::Emergency,
];
