//! What happens to a service that matters much, or little.

use super::RuleVerdict::{Firing, Quiet};
use super::*;

fn world(criticality: Criticality) -> World {
    World {
        criticality,
        ..World::default()
    }
}

/// The severity at which an evaluation opens an alert of this type.
fn severity(criticality: Criticality, kind: &AlertType, evaluation: &Evaluation) -> Severity {
    let mut world = world(criticality);
    world.after(evaluation);
    world
        .open(kind)
        .expect("is open")
        .severity
}

#[test]
fn every_alert_of_a_critical_service_is_a_step_graver_and_of_a_low_one_a_step_less() {
    use Severity::{Critical, Emergency, High, Low, Medium};

    let page = evaluation(&[(CRITICAL, Firing)]);
    let emergency = evaluation(&[(EMERGENCY, Firing)]);
    let slow = evaluation(&[(WARNING, Firing)]);
    let at_risk = budget(BudgetVerdict::AtRisk, &[]);
    let missed = budget(BudgetVerdict::Missed, &[]);
    let silent = unjudged(SloState::NoData, true);
    for (kind, evaluation, low, normal, critical) in [
        (AlertType::BurnRate, page, High, Critical, Emergency),
        (
            AlertType::BurnRate,
            emergency,
            Critical,
            Emergency,
            Emergency,
        ),
        (AlertType::SlowBurn, slow, Low, Medium, High),
        (AlertType::BudgetExhaustion, at_risk, Low, Medium, High),
        (AlertType::SloViolation, missed, Medium, High, Critical),
        (AlertType::NoData, silent, Medium, High, Critical),
    ] {
        let of = |criticality| severity(criticality, &kind, &evaluation);
        assert_eq!(of(Criticality::Low), low, "{kind}");
        assert_eq!(of(Criticality::Normal), normal, "{kind}");
        assert_eq!(of(Criticality::High), normal, "{kind}");
        assert_eq!(of(Criticality::Critical), critical, "{kind}");
    }
}

#[test]
fn the_message_says_why_and_only_where_it_made_a_difference() {
    let message = |criticality, rule| {
        let mut world = world(criticality);
        world.after(&evaluation(&[(rule, Firing)]));
        let page = world
            .open(&AlertType::BurnRate)
            .expect("a page");
        page.message.clone()
    };
    let plain = message(Criticality::Normal, CRITICAL);
    let service = crate::slo::tests::slo()
        .definition
        .service_name;
    assert_eq!(
        message(Criticality::Critical, CRITICAL),
        format!(
            "{plain}; emergency in place of critical, because the criticality of {service} is \
             critical"
        )
    );
    assert_eq!(
        message(Criticality::Low, CRITICAL),
        format!("{plain}; high in place of critical, because the criticality of {service} is low")
    );
    assert_eq!(
        message(Criticality::Critical, EMERGENCY),
        message(Criticality::Normal, EMERGENCY)
    );
}

#[test]
fn an_open_page_follows_its_service_and_is_not_told_again_where_nothing_changes() {
    let mut world = world(Criticality::Low);
    let both = evaluation(&[(CRITICAL, Firing)]);
    world.after(&both);
    assert!(world.after(&both).is_empty());
    world.criticality = Criticality::Critical;
    assert_eq!(world.after(&both).len(), 1);
    let page = world
        .open(&AlertType::BurnRate)
        .expect("a page");
    assert_eq!(page.severity, Severity::Emergency);
    assert!(world.after(&both).is_empty());
    assert_eq!(
        world
            .after(&evaluation(&[(CRITICAL, Quiet)]))
            .len(),
        1
    );
}
