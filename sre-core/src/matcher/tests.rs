use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::alert::{
    Alert, AlertType, Identity, LifecycleSettings, Moment, Opening, Origin, Severity,
};
use crate::name::SloId;
use crate::time::at_second;

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn matchers(text: &str) -> Matchers {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What `amtool config routes test` of Alertmanager 0.25 answers for labels
/// `{service="checkout", zone="a1", note="say \"hi\""}`: does a route with these matchers take them?
const AS_AMTOOL: [(&str, bool); 24] = [
    (r#"service="checkout""#, true),
    ("service=checkout", true),
    (r#"service!="checkout""#, false),
    (r#"service!="cart""#, true),
    // A missing label equals the empty string.
    (r#"owner="""#, true),
    (r#"owner!="""#, false),
    (r#"owner!="shop""#, true),
    (r#"owner=~".*""#, true),
    (r#"owner=~".+""#, false),
    (r#"owner!~".+""#, true),
    // Expressions speak of the whole value.
    (r#"service=~"check""#, false),
    (r#"service=~"check.*""#, true),
    (r#"service=~"cart|checkout""#, true),
    (r#"service=~"cart|check""#, false),
    (r#"service=~"^checkout$""#, true),
    (r#"service!~"cart|check""#, true),
    (r#"zone=~"[a-c]\d""#, true),
    (r#"zone=~"[a-c]\\d""#, true),
    (r#"zone=~"A1""#, false),
    (r#"zone=~"(?i)A1""#, true),
    (r#"note="say \"hi\"""#, true),
    (r#"note=~"say .*""#, true),
    (r#"{service="checkout",zone="a1"}"#, true),
    (r#"{service="checkout", zone="b1",}"#, false),
];

#[test]
fn matchers_choose_what_those_of_alertmanager_choose() {
    let labels = labels(&[
        ("service", "checkout"),
        ("zone", "a1"),
        ("note", "say \"hi\""),
    ]);
    for (text, expected) in AS_AMTOOL {
        assert_eq!(matchers(text).matches(&labels), expected, "{text}");
    }
}

#[test]
fn what_is_not_a_matcher_is_refused_with_its_reason() {
    for text in ["", "service", "service checkout", "{a=\"b\"", "=x", "1a=b"] {
        assert!(
            matches!(
                text.parse::<Matcher>(),
                Err(MatcherError::Operator | MatcherError::Name)
            ),
            "{text}"
        );
    }
    for text in [r#"a="b"#, r#"a=b""#, r#"a="b"c"#, r#"a="b"c""#, r#"a=b"c"#] {
        assert_eq!(text.parse::<Matcher>(), Err(MatcherError::Quote), "{text}");
    }
    for text in [
        "a=~(",
        "a=~[",
        "a=~*",
        r#"a=~"b)|(?:c""#,
        r#"a!~"(?:\w{99}){99}""#,
    ] {
        assert!(
            matches!(text.parse::<Matcher>(), Err(MatcherError::Expression(_))),
            "{text}"
        );
    }
    let long = "x".repeat(VALUE_LENGTH_MAX + 1);
    assert_eq!(
        Matcher::new("a", MatchOperator::Equal, long),
        Err(MatcherError::TooLong)
    );
    let many = vec!["a=b"; MATCHERS_MAX + 1].join(",");
    assert_eq!(many.parse::<Matchers>(), Err(MatcherError::TooMany));
}

#[test]
fn a_brace_without_its_other_is_refused_and_none_at_all_chooses_everything() {
    assert_eq!("{a=b".parse::<Matchers>(), Err(MatcherError::Operator));
    assert_eq!("a=b,,c=d".parse::<Matchers>(), Err(MatcherError::Name));
    for text in ["", "{}", " { } "] {
        assert!(matchers(text).is_empty() && matchers(text).matches(&labels(&[])));
    }
}

#[test]
fn an_expression_that_makes_others_backtrack_is_answered_at_once() {
    let wicked = matchers(r#"a=~"(a+)+$""#);
    let value = format!("{}!", "a".repeat(VALUE_LENGTH_MAX));
    assert!(!wicked.matches(&labels(&[("a", &value)])));
}

#[test]
fn the_four_labels_of_an_alert_are_hidden_by_none_of_its_own() {
    let slo = SloId(uuid::Uuid::from_u128(7));
    let identity = Identity {
        origin: Origin::Posted,
        service_name: "checkout".parse().expect("a name"),
        alert_type: AlertType::BurnRate,
        slo_id: Some(slo),
        labels: labels(&[
            ("service", "cart"),
            ("severity", "low"),
            ("alertname", "x"),
            ("slo_id", "x"),
            ("zone", "a"),
        ]),
    };
    let alert = opened(identity.clone());
    let id = slo.0.to_string();
    let all = BTreeMap::from([
        ("service", "checkout"),
        ("severity", "critical"),
        ("alertname", "burn_rate"),
        ("slo_id", id.as_str()),
        ("zone", "a"),
    ]);
    assert_eq!(alert.match_labels().all(), all);
    assert!(matchers(r#"alertname="burn_rate",zone="a""#).matches(&alert.match_labels()));
    let without = opened(Identity {
        slo_id: None,
        ..identity
    });
    assert_eq!(without.match_labels().label("slo_id"), "");
    assert!(
        !without
            .match_labels()
            .all()
            .contains_key("slo_id")
    );
}

fn opened(identity: Identity) -> Alert {
    let opening = Opening {
        identity,
        episode: 1,
        severity: Severity::Critical,
        message: String::new(),
        rules: Vec::new(),
    };
    let settings = LifecycleSettings::default();
    let moment = Moment {
        now: at_second(0),
        slot: None,
        routes: crate::routing::Audience::NOBODY,
        settings: &settings,
    };
    Alert::open(opening, &moment).alert
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_it_was(
        name in "[a-z_:][a-z0-9_:]{0,8}|\\PC{1,8}",
        place in 0..2_usize,
        value in "[a-z\"\\\\\n,{}=~ ]{0,12}|\\PC{0,12}",
        more in "[a-z,\"\\\\]{0,4}",
    ) {
        let operator = [MatchOperator::Equal, MatchOperator::NotEqual][place];
        let one = Matcher::new(name, operator, value).expect("a matcher");
        prop_assert_eq!(one.to_string().parse::<Matcher>(), Ok(one.clone()));
        let other = Matcher::new("other", MatchOperator::NotEqual, more).expect("a matcher");
        let both = Matchers::new(vec![one, other]).expect("two");
        prop_assert_eq!(both.to_string().parse::<Matchers>(), Ok(both));
    }

    #[test]
    fn an_operator_and_its_opposite_never_agree(value in "[ab|.*]{0,6}", label in "[ab]{0,3}") {
        let labels = labels(&[("a", &label)]);
        for (one, other) in [
            (MatchOperator::Equal, MatchOperator::NotEqual),
            (MatchOperator::Matches, MatchOperator::MatchesNot),
        ] {
            let (Ok(one), Ok(other)) =
                (Matcher::new("a", one, &*value), Matcher::new("a", other, &*value))
            else {
                continue;
            };
            prop_assert_ne!(one.matches(&labels), other.matches(&labels));
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,24}|[a=~!\"\\\\,{} ]{0,24}") {
        let _ = text.parse::<Matchers>();
    }
}
