use proptest::prelude::*;

use super::*;

fn weight(millionths: u32) -> Weight {
    Weight::from_millionths(millionths).expect("a weight")
}

fn node(tenths: u16, dependencies: &[(usize, u32)]) -> Node {
    Node {
        degradation: Points::from_tenths(tenths.into()),
        dependencies: dependencies
            .iter()
            .map(|(place, millionths)| (*place, weight(*millionths)))
            .collect(),
    }
}

/// What is left of each, in tenths.
fn scores(nodes: &[Node]) -> Vec<u16> {
    spread(nodes)
        .iter()
        .zip(nodes)
        .map(|(reach, node)| {
            let own = Points::HUNDRED.less(node.degradation);
            let ceiling = reach
                .as_ref()
                .map_or(Points::HUNDRED, Reach::ceiling);
            own.min(ceiling).tenths()
        })
        .collect()
}

#[test]
fn trouble_takes_the_worst_path_and_a_cycle_amplifies_nothing() {
    // api, auth, cache, db, web: own health .9, 1, .5, .2, 1.
    let (api, auth, cache, db, web) = (0, 1, 2, 3, 4);
    let mut nodes = vec![node(0, &[]); 5];
    nodes[api] = node(100, &[(db, 1_000_000), (cache, 200_000)]);
    nodes[auth] = node(0, &[(api, 800_000)]);
    nodes[cache] = node(500, &[]);
    nodes[db] = node(800, &[(auth, 500_000)]);
    nodes[web] = node(0, &[(api, 1_000_000), (auth, 500_000)]);
    assert_eq!(scores(&nodes), [200, 360, 500, 200, 200]);
    let reached = spread(&nodes);
    let path = |place: usize| {
        reached[place]
            .as_ref()
            .map(|reach| reach.path.clone())
    };
    assert_eq!(path(web), Some(vec![api, db]));
    assert_eq!(path(auth), Some(vec![api, db]));
    assert_eq!(path(cache), None);
}

#[test]
fn a_cleared_fault_does_not_keep_itself_alive_in_a_cycle() {
    let ring = |own| vec![node(own, &[(1, 1_000_000)]), node(0, &[(0, 1_000_000)])];
    assert_eq!(scores(&ring(600)), [400, 400]);
    assert_eq!(scores(&ring(0)), [1_000, 1_000]);
}

#[test]
fn of_equal_paths_the_shorter_and_then_the_first_is_named() {
    let whole = 1_000_000;
    let nodes = [
        node(0, &[(1, whole), (2, whole), (3, whole)]),
        node(0, &[(3, whole)]),
        node(0, &[(4, whole)]),
        node(300, &[]),
        node(300, &[]),
    ];
    let reached = spread(&nodes);
    assert_eq!(
        reached[0]
            .as_ref()
            .map(|reach| reach.path.as_slice()),
        Some(&[3][..])
    );
}

#[test]
fn a_weight_of_nothing_hands_nothing_on() {
    assert_eq!(spread(&[node(0, &[(1, 0)]), node(1_000, &[])])[0], None);
}

#[test]
fn ten_thousand_services_in_a_ring_are_walked_once() {
    let count = 10_000;
    let nodes: Vec<Node> = (0..count)
        .map(|place| {
            let next = |step: usize| ((place + step) % count, 1_000_000);
            node(
                u16::from(place == 0) * 700,
                &[next(1), next(17), next(4_999)],
            )
        })
        .collect();
    assert!(
        scores(&nodes)
            .iter()
            .all(|score| *score == 300)
    );
}

/// Round after round until nothing changes: slow, and plainly what is meant.
fn slowly(nodes: &[Node]) -> Vec<u64> {
    let own: Vec<u64> = nodes
        .iter()
        .map(|node| u64::from(node.degradation.tenths()) * UNIT)
        .collect();
    let mut worst = own.clone();
    for _ in nodes {
        for (place, node) in nodes.iter().enumerate() {
            for (dependency, weight) in &node.dependencies {
                let handed =
                    u128::from(worst[*dependency]) * u128::from(weight.millionths()) / MILLION;
                worst[place] = worst[place].max(u64::try_from(handed).expect("fits"));
            }
        }
    }
    worst
}

prop_compose! {
    fn graphs()(count in 1_usize..9)(
        nodes in prop::collection::vec(
            (0_u16..=1_000, prop::collection::vec((0..count, 0_u32..=1_000_000), 0..5)),
            count,
        ),
    ) -> Vec<Node> {
        nodes
            .iter()
            .map(|(tenths, dependencies)| node(if tenths % 2 == 0 { *tenths } else { 0 }, dependencies))
            .collect()
    }
}

proptest! {
    #[test]
    fn one_walk_finds_what_a_fixed_point_does(nodes in graphs()) {
        let own = |place: usize| u64::from(nodes[place].degradation.tenths()) * UNIT;
        for (place, (reach, slow)) in spread(&nodes).iter().zip(slowly(&nodes)).enumerate() {
            let handed = reach.as_ref().map_or(0, |reach| reach.value);
            prop_assert_eq!(handed.max(own(place)), slow);
        }
    }

    #[test]
    fn a_path_hands_on_what_its_end_lost_by_the_weights_along_it(nodes in graphs()) {
        for (place, reach) in spread(&nodes).iter().enumerate() {
            let Some(reach) = reach else { continue };
            let end = *reach.path.last().expect("a path has an end");
            prop_assert_ne!(end, place);
            let mut edges: Vec<(usize, usize)> = vec![(place, reach.path[0])];
            edges.extend(reach.path.windows(2).map(|pair| (pair[0], pair[1])));
            let mut value = u64::from(nodes[end].degradation.tenths()) * UNIT;
            for (from, to) in edges.into_iter().rev() {
                let weights = nodes[from].dependencies.iter().filter(|(known, _)| *known == to);
                let best = weights.map(|(_, weight)| *weight).max().expect("an edge");
                let product = u128::from(value) * u128::from(best.millionths()) / MILLION;
                value = u64::try_from(product).expect("fits");
            }
            prop_assert_eq!(value, reach.value);
        }
    }
}
