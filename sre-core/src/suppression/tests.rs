use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::alert::{
    AlertState, AlertType, Identity, LifecycleSettings, Moment, Opening, Origin, ResolveReason,
    Severity,
};
use crate::correction::Period;
use crate::routing::Audience;
use crate::service::{Service, Weight};
use crate::silence::SilenceRequest;
use crate::time::at_second;

fn alert(service: &str, severity: Severity, began: i64, ended: Option<i64>) -> Alert {
    let settings = LifecycleSettings::default();
    let moment = |second| Moment {
        now: at_second(second),
        slot: None,
        routes: Audience::everyone(&[]),
        settings: &settings,
    };
    let identity = Identity {
        origin: Origin::Posted,
        service_name: service.parse().expect("a name"),
        alert_type: AlertType::BurnRate,
        slo_id: None,
        labels: BTreeMap::new(),
    };
    let opening = Opening {
        identity,
        episode: 1,
        severity,
        message: String::new(),
        rules: Vec::new(),
    };
    let fired = Alert::open(opening, &moment(began)).alert;
    match ended {
        None => fired,
        Some(ended) => {
            fired
                .resolve(ResolveReason::Condition, None, None, &moment(ended))
                .expect("it is open")
                .alert
        }
    }
}

fn service(name: &str, stands_on: &[(&str, u32)]) -> Service {
    Service {
        dependencies: stands_on
            .iter()
            .map(|(name, weight)| {
                let weight = Weight::from_millionths(*weight).expect("a weight");
                (name.parse().expect("a name"), weight)
            })
            .collect(),
        ..Service::named(name.parse().expect("a name"))
    }
}

fn silence(matchers: &str, from: i64, to: i64) -> Silence {
    let asked = SilenceRequest {
        matchers: matchers.parse().expect("matchers"),
        starts_at: at_second(from),
        ends_at: at_second(to),
        recurrence: None,
        created_by: "ada".to_owned(),
        comment: "it moves".to_owned(),
    };
    Silence::new(SilenceId(Uuid::from_u128(1)), asked, at_second(from)).expect("a silence")
}

fn maintenance(name: &str, from: i64, to: i64) -> Maintenance {
    Maintenance {
        id: MaintenanceId(Uuid::from_u128(2)),
        version: 1,
        services: BTreeSet::from([name.parse().expect("a name")]),
        matchers: crate::matcher::Matchers::default(),
        period: Period::once(at_second(from), at_second(to)).expect("a period"),
        comment: "it moves".to_owned(),
        created_by: "ada".to_owned(),
        created_at: at_second(from),
        ended_at: None,
        ended_by: None,
    }
}

/// The hold in words.
fn held(
    inhibition: &Inhibition,
    alert: &Alert,
    decided: i64,
    now: i64,
) -> Option<(&'static str, i64)> {
    inhibition
        .holds(alert, at_second(decided), at_second(now))
        .map(|held| (held.by.kind(), held.until.timestamp()))
}

const SHOP: &[(&str, &[(&str, u32)])] = &[
    (
        "checkout",
        &[("cart", 1_000_000), ("mail", 0), ("checkout", 1)],
    ),
    ("cart", &[("postgres", 500_000)]),
];

fn shop(pages: &[&Alert]) -> Inhibition {
    let services: Vec<Service> = SHOP
        .iter()
        .map(|(name, stands_on)| service(name, stands_on))
        .collect();
    Inhibition::new(
        &services,
        pages
            .iter()
            .filter_map(|page| Upstream::of(page)),
    )
}

#[test]
fn a_fire_waits_only_where_the_service_stands_on_something() {
    let quiet = shop(&[]);
    let fire = |name| alert(name, Severity::Critical, 100, None);
    assert_eq!(
        held(&quiet, &fire("checkout"), 100, 100),
        Some(("wait", 130))
    );
    assert_eq!(
        held(&quiet, &fire("checkout"), 100, 129),
        Some(("wait", 130))
    );
    assert_eq!(held(&quiet, &fire("checkout"), 100, 130), None);
    for name in ["postgres", "mail", "unknown"] {
        assert_eq!(held(&quiet, &fire(name), 100, 100), None, "{name}");
    }
}

#[test]
fn an_emergency_waits_for_nothing_that_may_come_but_is_held_by_what_is_there() {
    let emergency = alert("checkout", Severity::Emergency, 100, None);
    assert_eq!(held(&shop(&[]), &emergency, 100, 100), None);
    let page = alert("cart", Severity::Critical, 90, None);
    assert_eq!(
        held(&shop(&[&page]), &emergency, 100, 100),
        Some(("alarm", 400))
    );
}

#[test]
fn a_page_below_holds_for_as_long_as_it_fires_and_the_extension_after_it() {
    let fire = alert("checkout", Severity::Critical, 100, None);
    let page = alert("cart", Severity::Critical, 90, None);
    assert_eq!(
        held(&shop(&[&page]), &fire, 100, 9_000),
        Some(("alarm", 9_300))
    );
    let over = alert("cart", Severity::Critical, 90, Some(9_000));
    assert_eq!(
        held(&shop(&[&over]), &fire, 100, 9_001),
        Some(("extension", 9_300))
    );
    assert_eq!(
        held(&shop(&[&over]), &fire, 100, 9_299),
        Some(("extension", 9_300))
    );
    assert_eq!(held(&shop(&[&over]), &fire, 100, 9_300), None);
}

/// Who would be told instead was told nothing.
#[test]
fn a_page_that_is_pending_or_was_cleared_as_such_holds_nothing() {
    let fire = alert("checkout", Severity::Emergency, 100, None);
    let since = at_second(90);
    let pending = Alert {
        state: AlertState::Pending { since },
        ..alert("cart", Severity::Emergency, 90, None)
    };
    let cleared = Alert {
        state: AlertState::Resolved {
            at: at_second(100),
            reason: ResolveReason::ClearedPending,
            by: None,
        },
        ..pending.clone()
    };
    for page in [&pending, &cleared] {
        assert_eq!(held(&shop(&[page]), &fire, 100, 101), None, "{page:?}");
    }
}

#[test]
fn only_pages_of_what_it_stands_on_directly_and_by_weight_hold() {
    let fire = alert("checkout", Severity::Critical, 100, None);
    let others = [
        alert("cart", Severity::High, 90, None),
        alert("postgres", Severity::Emergency, 90, None),
        alert("mail", Severity::Emergency, 90, None),
        alert("checkout", Severity::Emergency, 90, None),
    ];
    for other in &others {
        assert_eq!(held(&shop(&[other]), &fire, 100, 1_000), None, "{other:?}");
    }
    let middle = alert("cart", Severity::Critical, 100, None);
    let lowest = alert("postgres", Severity::Critical, 95, None);
    let all = shop(&[&fire, &middle, &lowest]);
    let kinds = [&fire, &middle, &lowest].map(|alert| held(&all, alert, 100, 1_000));
    assert_eq!(
        kinds,
        [Some(("alarm", 1_300)), Some(("alarm", 1_300)), None]
    );
}

proptest! {
    /// Whatever stands on whatever: of the services that fire one at least is told, so that no ring
    /// keeps everybody untold.
    #[test]
    fn somebody_is_always_told(edges in proptest::collection::btree_set((0..6_usize, 0..6_usize), 0..20)) {
        let names = ["a", "b", "c", "d", "e", "f"];
        let services: Vec<Service> = names
            .iter()
            .enumerate()
            .map(|(from, name)| {
                let stands_on: Vec<(&str, u32)> = edges
                    .iter()
                    .filter(|(one, _)| *one == from)
                    .map(|(_, to)| (names[*to], 1))
                    .collect();
                service(name, &stands_on)
            })
            .collect();
        let pages = names.map(|name| alert(name, Severity::Critical, 0, None));
        let inhibition = Inhibition::new(&services, pages.iter().filter_map(Upstream::of));
        let told = pages.iter().filter(|page| held(&inhibition, page, 0, 1_000).is_none());
        prop_assert!(told.count() > 0, "{edges:?}");
    }

    /// No end of an alert is kept back by anything, and whatever is kept back is judged again later.
    #[test]
    fn no_end_is_kept_back_and_everything_else_has_an_end(
        now in 0..200_i64,
        silent in (0..100_i64, 1..100_i64),
        maintained in (0..100_i64, 1..100_i64),
        upstream in (0..100_i64, proptest::option::of(100..200_i64)),
        place in 0..3_usize,
    ) {
        let severity = [Severity::High, Severity::Critical, Severity::Emergency][place];
        let fired = alert("checkout", severity, 50, None);
        let page = alert("cart", Severity::Critical, upstream.0, upstream.1);
        let suppressions = Suppressions::new(
            vec![silence("service=checkout", silent.0, silent.0 + silent.1)],
            vec![maintenance("checkout", maintained.0, maintained.0 + maintained.1)],
            shop(&[&page]),
            at_second(now),
        );
        let withholds = |reason| suppressions.withholds(&fired, reason, at_second(50), at_second(now));
        prop_assert_eq!(withholds(Reason::AllResolved), None);
        for reason in Reason::ALL {
            if let Some(held) = withholds(reason) {
                prop_assert!(held.until > at_second(now), "{:?}", held);
                prop_assert!(matches!(held.by.rule(),
                    Withheld::Silenced | Withheld::Inhibited | Withheld::Maintenance));
                prop_assert_eq!(held.by.to_string().parse::<Holder>(), Ok(held.by));
            }
        }
    }
}

#[test]
fn of_several_wishes_the_one_that_lasts_longest_holds_and_all_are_shown() {
    let fired = alert("checkout", Severity::Critical, 0, None);
    let suppressions = Suppressions::new(
        vec![
            silence("service=checkout", 0, 60),
            silence("service=cart", 0, 600),
        ],
        vec![maintenance("checkout", 0, 90)],
        Inhibition::default(),
        at_second(30),
    );
    let held = suppressions.withholds(&fired, Reason::First, at_second(0), at_second(30));
    let held = held.expect("two wishes");
    assert_eq!((held.by.kind(), held.until), ("maintenance", at_second(90)));
    let kinds: Vec<&str> = suppressions
        .of(&fired, at_second(30))
        .map(|held| held.by.kind())
        .collect();
    assert_eq!(kinds, ["silence", "maintenance"]);
}

#[test]
fn a_raised_severity_passes_what_it_stands_on_but_no_wish() {
    let fired = alert("checkout", Severity::Critical, 0, None);
    let page = alert("cart", Severity::Critical, 0, None);
    let held = |silences, reason| {
        Suppressions::new(silences, Vec::new(), shop(&[&page]), at_second(30))
            .withholds(&fired, reason, at_second(0), at_second(30))
            .map(|held| held.by.kind())
    };
    assert_eq!(held(Vec::new(), Reason::First), Some("alarm"));
    assert_eq!(held(Vec::new(), Reason::SeverityRaised), None);
    let wish = vec![silence("service=checkout", 0, 60)];
    assert_eq!(held(wish, Reason::SeverityRaised), Some("silence"));
}

#[test]
fn a_rule_holds_what_matches_its_target_and_shares_its_labels() {
    let rule = InhibitRule {
        name: "an emergency".to_owned(),
        inhibits_emergency: true,
        source: "severity=emergency"
            .parse()
            .expect("matchers"),
        target: "severity=~\"high|emergency\""
            .parse()
            .expect("matchers"),
        equal: vec!["service".to_owned(), "zone".to_owned()],
    };
    let source = alert("checkout", Severity::Emergency, 0, None);
    let mut target = alert("checkout", Severity::High, 1, None);
    target.id = AlertId(Uuid::from_u128(7));
    let elsewhere = alert("cart", Severity::High, 1, None);
    let over = alert("checkout", Severity::Emergency, 0, Some(5));
    assert!(rule.inhibits(&source, &target), "both lack the zone");
    assert!(!rule.inhibits(&source, &elsewhere) && !rule.inhibits(&over, &target));
    let mut both = source.clone();
    both.id = target.id;
    assert!(!rule.inhibits(&source, &source) && !rule.inhibits(&source, &both));
}

/// Labels of which some are missing, on either side of the rules.
fn labelled(place: u128, zone: &str, team: &str, severity: Severity, ended: bool) -> Alert {
    let mut alert = alert("checkout", severity, 0, ended.then_some(5));
    alert.id = AlertId(Uuid::from_u128(place));
    alert.identity.labels = [("zone", zone), ("team", team)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    alert
}

proptest! {
    #[test]
    fn what_rules_keep_back_is_what_each_pair_of_alerts_says(
        alerts in prop::collection::vec(
            (
                prop::sample::select(vec!["", "a", "b"]),
                prop::sample::select(vec!["", "x", "y"]),
                prop::sample::select(vec![Severity::Low, Severity::Critical, Severity::Emergency]),
                any::<bool>(),
            ),
            1..8,
        ),
        sides in (
            prop::sample::select(vec!["severity=critical", "zone=a", "team!=x", "zone=~\"a|b\""]),
            prop::sample::select(vec!["severity!=critical", "zone=a", "team=x", "severity=~\".*\""]),
        ),
        equal in prop::sample::subsequence(vec!["zone", "team", "missing"], 0..=3),
        inhibits_emergency in any::<bool>(),
    ) {
        let alerts: Vec<Alert> = (1..)
            .zip(&alerts)
            .map(|(place, (zone, team, severity, ended))| {
                labelled(place, zone, team, *severity, *ended)
            })
            .collect();
        let rule = InhibitRule {
            name: "a rule".to_owned(),
            source: sides.0.parse().expect("matchers"),
            target: sides.1.parse().expect("matchers"),
            equal: equal.into_iter().map(str::to_owned).collect(),
            inhibits_emergency,
        };
        let now = at_second(10);
        let suppressions = Suppressions::default()
            .ruled(Rulings::new(std::slice::from_ref(&rule), &alerts));
        for target in &alerts {
            let expected = alerts
                .iter()
                .filter(|source| rule.inhibits(source, target))
                .map(|source| Holder::Rule { rule: rule.id(), source: source.id })
                .next();
            let held = suppressions.withholds(target, Reason::First, now, now);
            prop_assert_eq!(held.map(|held| held.by), expected);
            prop_assert_eq!(suppressions.withholds(target, Reason::AllResolved, now, now), None);
            if let Some(held) = held {
                prop_assert_eq!(held.until, now + RECHECK.as_delta());
                prop_assert_eq!(held.by.to_string().parse::<Holder>(), Ok(held.by));
                prop_assert!(inhibits_emergency || target.severity < Severity::Emergency);
            }
        }
    }
}
