//! Laws of detection and reset, for any rule and any outage.

use super::*;

/// A rule of some factor and share on windows of some length, with its line.
fn any_rule() -> impl Strategy<Value = (BurnRule, Line)> {
    (
        1_u32..5_000,
        1_u32..100_000_000,
        2_u32..10_000,
        1_u32..100,
        prop::option::of(1_u32..=1_000_000),
    )
        .prop_map(|(hundredths, budget, long, short, share)| {
            let factor = Factor::whole(hundredths)
                .scaled(1, 100)
                .expect("fits");
            let long = Span::seconds(long * 60);
            let short = Span::seconds((long.as_seconds() * short / 100).max(60));
            let min_share = share.map(|share| {
                let text = format!("{}.{:06}", share / 1_000_000, share % 1_000_000);
                text.parse().expect("a share")
            });
            let rule = BurnRule {
                min_share,
                ..BurnRule::new(BurnLevel::Critical, factor, long, short)
            };
            let target = Target::from_budget_ppb(budget).expect("legal");
            (rule, rule.line(target, MONTH))
        })
}

fn any_outage() -> impl Strategy<Value = Outage> {
    (0..=BILLION, 0..=BILLION).prop_map(|(baseline, error_ratio)| Outage {
        baseline: ErrorRatio(baseline),
        error_ratio: ErrorRatio(error_ratio),
    })
}

proptest! {
    /// L17: detection time falls in the error ratio, and so it does in what was bad before.
    #[test]
    fn l17_a_graver_outage_is_detected_no_later((rule, line) in any_rule(), outage in any_outage(), more: u32) {
        let graver = Outage {
            error_ratio: ErrorRatio::from_ppb(outage.error_ratio.0.saturating_add(more)),
            ..outage
        };
        let found = outage.crosses(&line, rule.long);
        if let Some(found) = found {
            prop_assert!(graver.crosses(&line, rule.long).expect("seen too") <= found);
        }
    }

    /// L17: it falls in the target, and grows in the factor and in the window.
    #[test]
    fn l17_a_higher_line_is_crossed_no_sooner(
        hundredths in 100_u32..5_000, more in 0_u32..1_000, budget in 1_u32..1_000_000, minutes in 1_u32..1_000,
        outage in any_outage(),
    ) {
        let found = |hundredths: u32, budget: u32, minutes: u32| {
            let factor = Factor::whole(hundredths).scaled(1, 100).expect("fits");
            let rule = BurnRule::new(BurnLevel::Critical, factor, Span::minutes(minutes), Span::minutes(1));
            let line = rule.line(Target::from_budget_ppb(budget).expect("legal"), MONTH);
            outage.crosses(&line, rule.long)
        };
        let is_no_sooner = |later: Option<Seconds>| {
            later.is_none_or(|later| found(hundredths, budget, minutes).is_some_and(|sooner| sooner <= later))
        };
        prop_assert!(is_no_sooner(found(hundredths + more, budget, minutes)));
        prop_assert!(is_no_sooner(found(hundredths, budget + more, minutes)));
        prop_assert!(is_no_sooner(found(hundredths, budget, minutes + more)));
    }

    /// L17: without a baseline `T(e) × e` is constant.
    #[test]
    fn l17_detection_times_the_error_ratio_is_constant((rule, line) in any_rule(), ppb in 1..BILLION / 2) {
        let at = |ppb| Outage::of(ErrorRatio(ppb)).crosses(&line, rule.long);
        if let (Some(once), Some(twice)) = (at(ppb), at(ppb * 2)) {
            prop_assert_eq!(once, Seconds::new(2 * twice.numerator, twice.denominator));
        }
    }

    /// L18: what is spent at detection is the line's own share, whatever the outage.
    #[test]
    fn l18_the_budget_spent_at_detection_does_not_depend_on_the_outage((rule, line) in any_rule(), outage in any_outage()) {
        let found = outage.crosses(&line, rule.long);
        if let Some(found) = found.filter(|found| *found > Seconds::ZERO) {
            let (e, before) = (outage.error_ratio.as_f64(), outage.baseline.as_f64());
            let (t, long) = (found.as_f64(), f64::from(rule.long.as_seconds()));
            let lost = e * t + before * (long - t);
            prop_assert!((lost - line.as_f64() * long).abs() <= 1e-6 * lost.max(1e-3));
        }
    }

    /// L19: of one window, detection and reset make the window.
    #[test]
    fn l19_detection_and_reset_make_the_window((rule, line) in any_rule(), outage in any_outage()) {
        if let Some(clears) = outage.clears(&line, rule.long) {
            let found = outage.crosses(&line, rule.long).expect("seen");
            prop_assert_eq!(found.left_of(rule.long), clears);
            prop_assert!(found <= Seconds::whole(rule.long));
        }
    }

    /// L20: an AND pair fires no earlier than either window and clears no later than either.
    #[test]
    fn l20_a_pair_fires_after_both_windows_and_clears_before_both((rule, line) in any_rule(), outage in any_outage()) {
        let [long, short] = [rule.long, rule.short].map(|window| outage.crosses(&line, window));
        prop_assert!(long >= short);
        let [long, short] = [rule.long, rule.short].map(|window| outage.clears(&line, window));
        prop_assert!(short <= long);
    }

    /// L36: no panic and no overflow, for any rule, outage, guard and traffic; a step is never before
    /// what it is the step of.
    #[test]
    fn any_outage_has_an_answer(
        factor in (1_u64..1 << 34, 1_u64..1 << 34), budget in 1..BILLION, long: u32, short: u32, window: u32,
        share in prop::option::of(1_u32..=1_000_000), outage in any_outage(), width: u32,
        min_bad: u64, total: u64, seconds: u32, is_any_bad: bool,
    ) {
        let min_share = share.map(|share| format!("{}.{:06}", share / 1_000_000, share % 1_000_000));
        let rule = BurnRule {
            level: BurnLevel::Warning,
            factor: Factor::try_from(factor).expect("in range"),
            long: Span::seconds(long),
            short: Span::seconds(short),
            min_share: min_share.map(|share| share.parse().expect("a share")),
        };
        let target = Target::from_budget_ppb(budget).expect("legal");
        let line = rule.line(target, Span::seconds(window));
        let guards = Guards {
            min_bad,
            significance_level: "0.0001".parse().ok(),
            traffic: Traffic { total: Count::from_millionths(total), seconds },
            is_any_bad,
        };
        let width = Span::seconds(width);
        for found in [
            outage.crosses(&line, rule.long),
            outage.crosses(&line, rule.short),
            outage.clears(&line, rule.short),
            outage.persuades(&rule, &line, &guards),
            outage.exhausts(target, Span::seconds(window)),
        ].into_iter().flatten() {
            prop_assert!(found.as_f64() >= 0.0);
            prop_assert!(found.step_reached(width) <= found.step_above(width));
        }
    }

    /// Comparing is that of the fractions.
    #[test]
    fn fractions_compare_by_value(a in 0_u64.., b in 1_u64.., c in 0_u64.., d in 1_u64..) {
        let [a, b, c, d] = [a, b, c, d].map(u128::from);
        prop_assert_eq!(Seconds::new(a, b).cmp(&Seconds::new(c, d)), (a * d).cmp(&(c * b)));
    }
}

proptest! {
    /// L21: rules joined by *or* fire when the first of them does, and end when the last of those does
    /// that fired; pages and tickets each by themselves.
    #[test]
    fn l21_what_rules_make_together_begins_with_the_first_and_ends_with_the_last(
        held in proptest::collection::vec((any_rule(), 1_usize..4), 0..6), outage in any_outage(),
    ) {
        let rules: Vec<_> = held
            .into_iter()
            .map(|((rule, _), level)| BurnRule { level: BurnLevel::ALL[level], ..rule })
            .collect();
        let definition = crate::slo::tests::definition();
        // As if all of them could stand.
        let policy = crate::policy::BurnPolicy {
            name: "custom",
            rules: rules.clone(),
            left_out: Vec::new(),
        };
        let found = detect(&definition, &policy, outage, None);
        for pages in [true, false] {
            let (mut first, mut last, mut is_endless) = (None, None, false);
            for rule in rules.iter().filter(|rule| rule.level.pages() == pages) {
                let line = rule.line(definition.target, definition.window.span());
                let Some(fires) = outage.crosses(&line, rule.long) else { continue };
                first = Some(first.map_or(fires, |first: Seconds| first.min(fires)));
                match outage.clears(&line, rule.short) {
                    Some(clears) => last = Some(last.map_or(clears, |last: Seconds| last.max(clears))),
                    None => is_endless = true,
                }
            }
            let (begins, ends) = if pages {
                (found.page(), found.page_clears())
            } else {
                (found.ticket(), found.ticket_clears())
            };
            prop_assert_eq!(begins.and_then(|rule| rule.fires), first);
            prop_assert_eq!(ends, last.filter(|_| !is_endless));
        }
    }
}
