use proptest::prelude::*;

use super::*;
use crate::name::ServiceName;
use crate::time::at_second;

fn service(n: u32) -> ServiceName {
    format!("service-{n}")
        .parse()
        .expect("a name")
}

fn news(service_name: &ServiceName, severity: Severity, reason: Reason) -> Sendable {
    Sendable {
        group: GroupKey::of_service(service_name),
        pace: Pace::Prompt,
        since: at_second(0),
        severity,
        reason,
    }
}

fn said_of(service_name: &ServiceName, severity: Severity) -> Said {
    let window = GroupWindow {
        began_at: at_second(0),
        severity,
    };
    Said {
        messages: 1,
        groups: [(GroupKey::of_service(service_name), window)].into(),
        digest: None,
    }
}

fn first(service_name: &ServiceName) -> Sendable {
    news(service_name, Severity::High, Reason::First)
}

#[test]
fn what_comes_first_goes_at_once_and_together() {
    let one = service(1);
    let plan = plan(&Said::default(), &[first(&one), first(&one)], at_second(7));
    let message = Planned {
        news: vec![0, 1],
        window_at: Some(at_second(7)),
    };
    assert_eq!(plan.messages, [message]);
    assert!(plan.held.is_empty() && plan.digest.is_empty());
}

#[test]
fn what_joins_waits_until_the_window_ends_and_no_longer() {
    let (one, other) = (service(1), service(2));
    let said = said_of(&one, Severity::High);
    let held = plan(&said, &[first(&one), first(&other)], at_second(29));
    assert_eq!(held.held, [(0, at_second(30), Withheld::Grouped)]);
    assert_eq!(held.messages.len(), 1, "another service does not wait");
    let free = plan(&said, &[first(&one)], at_second(30));
    assert_eq!(
        free.messages[0].window_at,
        Some(at_second(30)),
        "a new window"
    );
}

#[test]
fn ends_falls_and_ended_acknowledgements_never_wait() {
    let one = service(1);
    let said = said_of(&one, Severity::Emergency);
    for reason in [
        Reason::AllResolved,
        Reason::SeverityFell,
        Reason::AckTimeout,
    ] {
        let news = [news(&one, Severity::Critical, reason)];
        assert!(
            plan(&said, &news, at_second(1))
                .held
                .is_empty(),
            "{reason:?}"
        );
    }
    let end = [news(&one, Severity::High, Reason::AllResolved)];
    let message = plan(&said, &end, at_second(1))
        .messages
        .remove(0);
    assert_eq!(message.window_at, None, "an end holds nothing back");
}

#[test]
fn a_page_that_is_graver_than_what_was_said_does_not_wait_and_leaves_the_window_as_it_is() {
    let one = service(1);
    let cases = [
        (Severity::High, Severity::Critical, true),
        (Severity::Critical, Severity::Emergency, true),
        (Severity::Critical, Severity::Critical, false),
        (Severity::Emergency, Severity::Critical, false),
        (Severity::Low, Severity::High, false),
    ];
    for (before, severity, goes) in cases {
        for reason in [Reason::First, Reason::SeverityRaised] {
            let plan = plan(
                &said_of(&one, before),
                &[news(&one, severity, reason)],
                at_second(9),
            );
            assert_eq!(plan.held.is_empty(), goes, "{severity} after {before}");
            let window_at = plan
                .messages
                .first()
                .map(|message| message.window_at);
            assert_eq!(window_at, goes.then_some(Some(at_second(0))));
        }
    }
}

#[test]
fn more_than_ten_messages_become_one_digest_of_all_that_is_due() {
    let services: Vec<ServiceName> = (0..12).map(service).collect();
    let all: Vec<Sendable> = services.iter().map(first).collect();
    let calm = plan(&Said::default(), &all[..10], at_second(0));
    assert_eq!((calm.messages.len(), calm.digest.len()), (10, 0));
    let storm = plan(&Said::default(), &all[..11], at_second(0));
    assert_eq!((storm.messages.len(), storm.digest.len()), (0, 11));
    let after = Said {
        messages: 10,
        ..said_of(&services[11], Severity::High)
    };
    let storm = plan(
        &after,
        &[first(&services[0]), first(&services[11])],
        at_second(5),
    );
    assert_eq!(
        storm.digest,
        [0, 1],
        "what was held back is told with the rest"
    );
}

#[test]
fn after_a_digest_all_wait_for_the_next_but_a_graver_page() {
    let one = service(1);
    let said = Said {
        messages: 10,
        groups: BTreeMap::new(),
        digest: Some(GroupWindow {
            began_at: at_second(0),
            severity: Severity::Critical,
        }),
    };
    let sendable = [
        news(&one, Severity::Critical, Reason::First),
        news(&one, Severity::Emergency, Reason::First),
        news(&one, Severity::Emergency, Reason::AllResolved),
    ];
    let plan = plan(&said, &sendable, at_second(10));
    let held = |place| (place, at_second(30), Withheld::Digest);
    assert_eq!(plan.held, [held(0), held(2)]);
    assert_eq!(plan.messages.len(), 1);
    assert_eq!(plan.messages[0].news, [1]);
}

/// Half a minute for company, five minutes between two messages.
fn written() -> Pace {
    Pace::Written {
        wait: Some(Span::seconds(30)),
        interval: Span::minutes(5),
    }
}

/// News on a written route.
fn routed(severity: Severity, reason: Reason) -> Sendable {
    Sendable {
        pace: written(),
        ..news(&service(1), severity, reason)
    }
}

#[test]
fn the_first_message_of_a_written_group_waits_for_company_unless_it_is_a_page() {
    let one = routed(Severity::High, Reason::First);
    let late = Sendable {
        since: at_second(20),
        ..one
    };
    let held = plan(&Said::default(), &[one, late], at_second(29));
    let wait = |place| (place, at_second(30), Withheld::Grouped);
    assert_eq!(held.held, [wait(0), wait(1)], "the first decides");
    let free = plan(&Said::default(), &[one, late], at_second(30));
    assert_eq!(free.messages[0].news, [0, 1]);
    let page = routed(Severity::Critical, Reason::First);
    let paged = plan(&Said::default(), &[one, page], at_second(0));
    assert_eq!(paged.messages[0].news, [0, 1], "it takes the others along");
}

#[test]
fn between_two_messages_of_a_written_group_lies_its_interval_for_ends_too() {
    let said = said_of(&service(1), Severity::High);
    let goes = |severity, reason, second| {
        plan(&said, &[routed(severity, reason)], at_second(second))
            .held
            .is_empty()
    };
    for reason in [Reason::First, Reason::Recurred, Reason::AllResolved] {
        assert!(!goes(Severity::High, reason, 299), "{reason:?}");
        assert!(goes(Severity::High, reason, 330), "{reason:?}");
    }
    for reason in [Reason::SeverityFell, Reason::AckTimeout, Reason::Escalated] {
        assert!(goes(Severity::High, reason, 1), "{reason:?}");
    }
    assert!(goes(Severity::Critical, Reason::First, 1), "a graver page");
}

proptest! {
    /// Whatever was said and is to be said: each of the news is said once or held once, nothing is
    /// held longer than a window, and never more than eleven messages go within one.
    #[test]
    fn nothing_is_lost_and_nothing_waits_for_ever(
        messages in 0_u32..14,
        digest in proptest::option::of(0_i64..40),
        windows in proptest::collection::btree_map(0_u32..14, 0_i64..40, 0..10),
        due in proptest::collection::vec((0_u32..14, 0_usize..5, 0_usize..8), 0..40),
        is_written in proptest::bool::ANY,
    ) {
        let severities = [
            Severity::Low, Severity::Medium, Severity::High, Severity::Critical, Severity::Emergency,
        ];
        let reasons = [
            Reason::First, Reason::SeverityRaised, Reason::SeverityFell, Reason::AckTimeout,
            Reason::Recurred, Reason::Repeat, Reason::AllResolved, Reason::Escalated,
        ];
        let pace = if is_written { written() } else { Pace::Prompt };
        let window = |second| GroupWindow { began_at: at_second(second), severity: Severity::High };
        let said = Said {
            messages,
            groups: windows
                .into_iter()
                .map(|(n, second)| (GroupKey::of_service(&service(n)), window(second)))
                .collect(),
            digest: digest.map(window),
        };
        let names: Vec<ServiceName> = due.iter().map(|(n, ..)| service(*n)).collect();
        let sendable: Vec<Sendable> = due
            .iter()
            .zip(&names)
            .map(|((_, severity, reason), name)| Sendable {
                pace,
                since: at_second(35),
                ..news(name, severities[*severity], reasons[*reason])
            })
            .collect();
        let now = at_second(40);
        let plan = plan(&said, &sendable, now);
        let mut places: Vec<usize> = plan.messages.iter().flat_map(|message| message.news.clone())
            .chain(plan.digest.clone())
            .chain(plan.held.iter().map(|(place, ..)| *place))
            .collect();
        places.sort_unstable();
        prop_assert_eq!(places, (0..sendable.len()).collect::<Vec<_>>());
        for (_, until, _) in &plan.held {
            let longest = if is_written { 300 } else { 30 };
            prop_assert!(*until > now && *until <= now + TimeDelta::seconds(longest));
        }
        if plan.digest.is_empty() && digest.is_none_or(|second| second <= 10) {
            prop_assert!(plan.messages.is_empty() || messages as usize + plan.messages.len() <= STORM);
        }
    }
}

#[test]
fn where_the_receiver_groups_every_alert_goes_at_once_and_by_itself() {
    let plan = Plan::of_each(12);
    let alone: Vec<Planned> = (0..12)
        .map(|place| Planned {
            news: vec![place],
            window_at: None,
        })
        .collect();
    assert_eq!(plan.messages, alone);
    assert!(plan.held.is_empty() && plan.digest.is_empty());
}
