//! Alertmanager's own acceptance suite.

use super::super::super::differences::Difference;
use super::super::super::scenario::{Answers, Pushed, Route, Scenario, Step, UNIT, Want, Webhook};
use super::super::super::told::Told;
use super::script;

pub(super) fn all() -> Vec<Scenario> {
    vec![
        merge(),
        repeat(),
        retry(),
        batching(),
        resolved(),
        resolved_filter(),
        cold_start(),
        reload(),
        webhook_timeout(),
    ]
}

/// The earliest start holds, the words that came last, and the latest end; what begins again after its
/// end is another episode.
fn merge() -> Scenario {
    let test = |starts| Pushed::since("test", starts);
    let steps = vec![
        (1.0, vec![test(0.8)]),
        (1.2, vec![test(0.7)]),
        (2.9, vec![test(2.0).saying("v1")]),
        (3.6, vec![test(1.5).saying("v2")]),
        (4.6, vec![test(3.0).until(4.5).saying("v3")]),
        (4.7, vec![test(2.9).until(4.7).saying("v3")]),
        (5.3, vec![test(5.2)]),
    ];
    Scenario {
        route: Route {
            repeat: 0.0,
            ..script("merge", 0.0).route
        },
        steps: pushes(steps),
        wants: vec![
            Want::same(2.0, 2.85, &[Told::firing("test", 0.7)]),
            Want::same(3.0, 3.9, &[Told::firing("test", 0.7).saying("v1")]),
            Want::same(4.0, 4.95, &[Told::firing("test", 0.7).saying("v2")]),
            Want::same(5.0, 5.95, &[Told::resolved("test", 0.7, 4.7).saying("v3")]),
            Want::same(6.0, 6.95, &[Told::firing("test", 5.2)]),
        ],
        ..script("merge", 6.95)
    }
}

/// What goes on is told again; what is over is not.
fn repeat() -> Scenario {
    let steps = vec![
        (1.0, vec![Pushed::since("test", 1.0)]),
        (3.5, vec![Pushed::since("test", 1.0).until(3.0)]),
    ];
    Scenario {
        route: Route {
            repeat: 0.0,
            ..script("repeat", 0.0).route
        },
        steps: pushes(steps),
        wants: vec![
            Want::same(2.0, 2.9, &[Told::firing("test", 1.0)]),
            Want::same(3.0, 3.9, &[Told::firing("test", 1.0)]),
            Want::same(4.0, 4.95, &[Told::resolved("test", 1.0, 3.0)]),
        ],
        ..script("repeat", 6.0)
    }
}

/// One receiver fails for a while: it is told in the end, and the other neither sooner nor more often.
fn retry() -> Scenario {
    let failing = Webhook {
        answers: Answers::With("500 Internal Server Error", 3.0),
        ..Webhook::default()
    };
    Scenario {
        route: Route {
            repeat: 3.0,
            ..script("retry", 0.0).route
        },
        webhooks: vec![Webhook::default(), failing],
        steps: pushes(vec![(1.0, vec![Pushed::since("test", 1.0)])]),
        wants: vec![
            Want::same(2.0, 2.9, &[Told::firing("test", 1.0)]),
            Want::differing(
                [5.0, 5.95],
                &[Told::firing("test", 1.0)],
                &[],
                Difference::RepeatsShareAClock,
            ),
            // Ours waits for up to eight seconds before the fourth try.
            Want::same(3.0, 5.6, &[Told::firing("test", 1.0)]).of(1),
        ],
        ..script("retry", 5.95)
    }
}

/// What joins goes in one message, with everything that the group has.
fn batching() -> Scenario {
    let steps = vec![
        (1.1, vec![Pushed::since("test1", 1.0)]),
        (1.7, vec![Pushed::since("test5", 1.0)]),
        (
            2.6,
            vec![
                Pushed::since("test2", 1.5),
                Pushed::since("test3", 1.5),
                Pushed::since("test4", 1.6),
            ],
        ),
    ];
    let first = [Told::firing("test1", 1.0), Told::firing("test5", 1.0)];
    let joined = [
        Told::firing("test2", 1.5),
        Told::firing("test3", 1.5),
        Told::firing("test4", 1.6),
    ];
    let all = [&first[..], &joined[..]].concat();
    Scenario {
        route: Route {
            group_by: "[]",
            ..script("batching", 0.0).route
        },
        steps: pushes(steps),
        wants: vec![
            Want::same(2.0, 2.9, &first),
            Want::differing([3.0, 4.5], &all, &joined, Difference::OnlyNews),
        ],
        ..script("batching", 6.0)
    }
}

/// Three alerts end by themselves when nobody posts them again, and are told of together.
fn resolved() -> Scenario {
    let names = ["v1", "v2", "v3"];
    Scenario {
        route: Route {
            interval: 3.0,
            ..script("resolved", 0.0).route
        },
        steps: pushes(vec![(
            1.0,
            names
                .map(|name| Pushed::since(name, 1.0).until(4.0))
                .to_vec(),
        )]),
        wants: vec![
            Want::same(2.0, 2.9, &names.map(|name| Told::firing(name, 1.0))),
            Want::same(5.0, 5.9, &names.map(|name| Told::resolved(name, 1.0, 4.0))),
        ],
        ..script("resolved", 7.0)
    }
}

/// Ends that a receiver does not want are not told, and are remembered all the same.
fn resolved_filter() -> Scenario {
    let steps = vec![
        (
            1.0,
            vec![
                Pushed::since("v1", 1.0),
                Pushed::since("v2", 1.0).until(6.0),
            ],
        ),
        (
            3.0,
            vec![
                Pushed::since("v1", 1.0).until(3.0),
                Pushed::since("v3", 3.0),
            ],
        ),
    ];
    let first = [Told::firing("v1", 1.0), Told::firing("v2", 1.0)];
    let v3 = Told::firing("v3", 3.0);
    Scenario {
        route: Route {
            interval: 3.0,
            ..script("resolved_filter", 0.0).route
        },
        webhooks: vec![
            Webhook {
                says: ", send_resolved: true",
                ..Webhook::default()
            },
            Webhook {
                says: ", send_resolved: false",
                ..Webhook::default()
            },
        ],
        steps: pushes(steps),
        wants: vec![
            Want::same(2.0, 2.9, &first),
            Want::differing(
                [5.0, 5.9],
                &[
                    Told::resolved("v1", 1.0, 3.0),
                    Told::firing("v2", 1.0),
                    v3.clone(),
                ],
                &[Told::resolved("v1", 1.0, 3.0), v3.clone()],
                Difference::OnlyNews,
            ),
            Want::differing(
                [8.0, 8.95],
                &[Told::resolved("v2", 1.0, 6.0), v3.clone()],
                &[Told::resolved("v2", 1.0, 6.0)],
                Difference::OnlyNews,
            ),
            Want::same(2.0, 2.9, &first).of(1),
            Want::differing(
                [5.0, 5.9],
                &[Told::firing("v2", 1.0), v3.clone()],
                &[v3],
                Difference::OnlyNews,
            )
            .of(1),
        ],
        ..script("resolved_filter", 9.5)
    }
}

/// A restart tells nothing a second time, and forgets nothing.
fn cold_start() -> Scenario {
    let mut steps = pushes(vec![
        (1.0, vec![Pushed::since("test1", 1.0)]),
        (4.5, vec![Pushed::since("test2", 4.5)]),
    ]);
    steps.insert(1, (3.0, Step::Restart));
    Scenario {
        steps,
        wants: vec![
            Want::same(2.0, 2.9, &[Told::firing("test1", 1.0)]),
            Want::same(5.5, 6.4, &[Told::firing("test2", 4.5)]),
        ],
        ..script("cold_start", 8.0)
    }
}

/// Nor does a file that is read again.
fn reload() -> Scenario {
    let mut steps = pushes(vec![
        (1.0, vec![Pushed::since("test1", 1.0)]),
        (4.0, vec![Pushed::since("test2", 4.0)]),
    ]);
    steps.insert(1, (2.9, Step::Reload));
    Scenario {
        route: Route {
            interval: 3.0,
            ..script("reload", 0.0).route
        },
        steps,
        wants: vec![
            Want::same(2.0, 2.85, &[Told::firing("test1", 1.0)]),
            Want::differing(
                [5.0, 6.8],
                &[Told::firing("test1", 1.0), Told::firing("test2", 4.0)],
                &[Told::firing("test2", 4.0)],
                Difference::OnlyNews,
            ),
        ],
        ..script("reload", 8.0)
    }
}

/// A receiver that hangs is tried again.
fn webhook_timeout() -> Scenario {
    let hanging = Webhook {
        answers: Answers::Late(3.5, 3.0),
        timeout: Some(UNIT),
        ..Webhook::default()
    };
    let told = [Told::firing("test", 1.0)];
    Scenario {
        route: Route {
            interval: 6.0,
            ..script("webhook_timeout", 0.0).route
        },
        webhooks: vec![hanging],
        steps: pushes(vec![(1.0, vec![Pushed::since("test", 1.0)])]),
        wants: vec![
            // Theirs is the first try, answered after three and a half units.
            Want::differing([2.0, 2.9], &told, &[], Difference::TriesAreBounded),
            Want::differing([3.0, 5.4], &[], &told, Difference::TriesAreBounded),
        ],
        ..script("webhook_timeout", 7.0)
    }
}

fn pushes(pushes: Vec<(f64, Vec<Pushed>)>) -> Vec<(f64, Step)> {
    pushes
        .into_iter()
        .map(|(at, alerts)| (at, Step::Push(alerts)))
        .collect()
}
