//! What Alertmanager's suite leaves out: silences, kills, refusals, and the rules that are ours.

use super::super::super::differences::Difference;
use super::super::super::scenario::{Answers, Pushed, Route, Scenario, Step, Want, Webhook};
use super::super::super::told::Told;
use super::script;

pub(super) fn all() -> Vec<Scenario> {
    vec![
        silenced_end(),
        end_after_a_restart(),
        kill_after_the_send(),
        kill_after_a_silence(),
        too_many_requests(),
        page(),
        cooldown(),
        joining_late(),
        never_told(),
    ]
}

/// It fires, is silenced, ends, and the silence is expired.
fn silenced_end() -> Scenario {
    Scenario {
        steps: vec![
            push(1.0, Pushed::since("test", 1.0)),
            (3.0, Step::Silence("test")),
            push(3.5, Pushed::since("test", 1.0).until(3.4)),
            (5.0, Step::Expire),
        ],
        wants: vec![
            Want::same(2.0, 2.9, &[Told::firing("test", 1.0)]),
            Want::differing(
                [3.5, 7.0],
                &[],
                &[Told::resolved("test", 1.0, 3.4)],
                Difference::EndsAreOwed,
            ),
        ],
        ..script("silenced_end", 7.0)
    }
}

/// It ends just after a clean restart, and whoever posted it says nothing more.
fn end_after_a_restart() -> Scenario {
    Scenario {
        steps: vec![
            push(1.0, Pushed::since("test", 1.0).until(4.5)),
            (3.0, Step::Restart),
        ],
        wants: vec![
            Want::same(2.0, 2.9, &[Told::firing("test", 1.0)]),
            Want::differing(
                [4.5, 5.9],
                &[],
                &[Told::resolved("test", 1.0, 4.5)],
                Difference::AlertsAreKept,
            ),
        ],
        ..script("end_after_a_restart", 7.0)
    }
}

/// `kill -9` after the receiver has answered; Prometheus posts the alert again.
fn kill_after_the_send() -> Scenario {
    Scenario {
        steps: vec![
            push(1.0, Pushed::since("test", 1.0)),
            (3.0, Step::Kill),
            push(4.0, Pushed::since("test", 1.0)),
        ],
        wants: vec![
            Want::same(2.0, 2.9, &[Told::firing("test", 1.0)]),
            Want::differing(
                [3.0, 6.5],
                &[Told::firing("test", 1.0)],
                &[],
                Difference::DeliveriesAreKept,
            ),
        ],
        ..script("kill_after_the_send", 6.5)
    }
}

/// A silence is acknowledged; `kill -9` comes half a unit later, and then what it is about.
fn kill_after_a_silence() -> Scenario {
    Scenario {
        steps: vec![
            (1.0, Step::Silence("test")),
            (1.5, Step::Kill),
            push(3.0, Pushed::since("test", 3.0)),
        ],
        wants: vec![Want::differing(
            [3.0, 6.0],
            &[Told::firing("test", 3.0)],
            &[],
            Difference::SilencesAreKept,
        )],
        ..script("kill_after_a_silence", 6.0)
    }
}

/// The receiver asks for a pause.
fn too_many_requests() -> Scenario {
    let busy = Webhook {
        answers: Answers::With("429 Too Many Requests\r\nretry-after: 2", 2.5),
        ..Webhook::default()
    };
    let told = [Told::firing("test", 1.0)];
    Scenario {
        route: Route {
            interval: 4.0,
            ..script("too_many_requests", 0.0).route
        },
        webhooks: vec![busy],
        steps: vec![push(1.0, Pushed::since("test", 1.0))],
        wants: vec![
            Want::differing([2.5, 5.0], &[], &told, Difference::TooManyIsRetried),
            Want::differing([6.0, 6.9], &told, &[], Difference::TooManyIsRetried),
        ],
        ..script("too_many_requests", 7.5)
    }
}

/// A page opens a group in which something else waits.
fn page() -> Scenario {
    let (page, test) = ([Told::firing("page", 1.5)], [Told::firing("test", 1.0)]);
    let both = [&page[..], &test[..]].concat();
    Scenario {
        steps: vec![
            push(1.0, Pushed::since("test", 1.0)),
            push(1.5, Pushed::since("page", 1.5).paging()),
        ],
        wants: vec![
            Want::differing([1.5, 1.95], &[], &page, Difference::PagesDoNotWait),
            Want::differing([2.0, 3.5], &both, &test, Difference::PagesDoNotWait),
        ],
        ..script("page", 4.5)
    }
}

/// It is back three units after its end was told.
fn cooldown() -> Scenario {
    Scenario {
        steps: vec![
            push(1.0, Pushed::since("test", 1.0)),
            push(2.9, Pushed::since("test", 1.0).until(2.8)),
            push(5.0, Pushed::since("test", 5.0)),
        ],
        wants: vec![
            Want::same(2.0, 2.85, &[Told::firing("test", 1.0)]),
            Want::same(2.9, 4.0, &[Told::resolved("test", 1.0, 2.8)]),
            Want::differing(
                [5.0, 7.5],
                &[Told::firing("test", 5.0)],
                &[],
                Difference::Cooldown,
            ),
        ],
        cooldown: Some("10m"),
        ..script("cooldown", 7.5)
    }
}

/// Another alert joins just before a tick of a group that has long been silent.
fn joining_late() -> Scenario {
    Scenario {
        route: Route {
            interval: 2.0,
            ..script("joining_late", 0.0).route
        },
        steps: vec![
            push(1.0, Pushed::since("test1", 1.0)),
            push(5.5, Pushed::since("test2", 5.5)),
        ],
        wants: vec![
            Want::same(2.0, 2.9, &[Told::firing("test1", 1.0)]),
            Want::differing(
                [6.0, 6.4],
                &[Told::firing("test1", 1.0), Told::firing("test2", 5.5)],
                &[],
                Difference::GroupsBeginAnew,
            ),
            Want::differing(
                [6.45, 7.4],
                &[],
                &[Told::firing("test2", 5.5)],
                Difference::GroupsBeginAnew,
            ),
        ],
        ..script("joining_late", 9.0)
    }
}

/// What fires and clears within `group_wait` is not told at all.
fn never_told() -> Scenario {
    Scenario {
        steps: vec![
            push(1.0, Pushed::since("test", 1.0)),
            push(1.5, Pushed::since("test", 1.0).until(1.4)),
        ],
        ..script("never_told", 4.0)
    }
}

fn push(at: f64, alert: Pushed) -> (f64, Step) {
    (at, Step::Push(vec![alert]))
}
