//! SLOs come to be: one by one, or all at once in a new store.

use std::collections::BTreeMap;

use sre_core::indicator::Indicator;
use sre_core::latency::LatencyUnit;
use sre_core::method::BudgetingMethod;
use sre_core::policy::{BurnLevel, BurnRule, PolicyChoice};
use sre_core::slice::SliceWidth;
use sre_core::slo::{ManagedBy, Slo};
use sre_core::source::{
    CounterPart, CounterRatio, LatencyQuery, OnAbsent, Query, QueryRatio, ThresholdQuery,
};
use sre_core::store::{Catalog, Seeded, SloChange, Start, StoreError};
use sre_core::target::Factor;
use sre_core::threshold::{Operator, Threshold};
use sre_core::time::Span;
use sre_core::window::{CalendarUnit, CalendarWindow, Window};

use crate::Verdict;
use crate::fixtures::{at, at_micros, labels, slo, start_of};
use crate::tools::all;

/// What was inserted is found as it was written.
pub async fn an_inserted_slo_is_found(store: &dyn Catalog) -> Verdict {
    let slo = slo(1).build();
    store
        .insert(&slo, &start_of(&slo))
        .await?;
    assert_eq!(store.find(slo.id).await?, Some(slo));
    Ok(())
}

/// An id that was never inserted is no error and nothing.
pub async fn an_unknown_slo_is_not_found(store: &dyn Catalog) -> Verdict {
    assert_eq!(store.find(slo(1).build().id).await?, None);
    Ok(())
}

/// Every field of a definition comes back, whatever it holds.
pub async fn every_field_of_a_definition_is_kept(store: &dyn Catalog) -> Verdict {
    let plain = slo(1).build();
    let rule = BurnRule {
        level: BurnLevel::Critical,
        factor: "14.4"
            .parse::<Factor>()
            .expect("a factor"),
        long: Span::hours(1),
        short: Span::minutes(5),
        min_share: "0.02".parse().ok(),
    };
    let mut definition = plain.definition.clone();
    "Zahlung „schnell“ · 支払い 🚀 '\"\\ %_".clone_into(&mut definition.name);
    "line\nbreak\tand tab, \u{7f} and \u{202e}".clone_into(&mut definition.description);
    definition.metric_name = "latency_p95".parse().expect("a name");
    definition.indicator = Indicator::Prometheus(Query::Counters(CounterRatio {
        part: CounterPart::Bad("http_total{code=~\"5..\", zone='a'}".to_owned()),
        total: "http_total".to_owned(),
    }));
    definition.target = "99.999999".parse().expect("a target");
    definition.window = Window::Rolling(Span::days(400));
    definition.threshold = Threshold::new(Operator::Lte, -0.1).ok();
    definition.method = BudgetingMethod::Timeslices("99.5".parse().expect("a target"));
    definition.slice = SliceWidth::TEN_SECONDS;
    definition.expected_interval = Some(Span::minutes(5));
    definition.on_absent = OnAbsent::Bad;
    definition.min_events = 9_007_199_254_740_993;
    definition.min_bad = 0;
    definition.significance_level = "0.0001".parse().ok();
    definition.min_coverage_permille = Some(1_000);
    definition.labels = labels(&[("team", "zählen"), ("", "empty name"), ("empty value", "")]);
    definition.links = labels(&[("runbook", "https://example.org/?q=a&b=%20")]);
    definition.burn_policy = PolicyChoice::Custom(vec![rule]);
    let slo = Slo {
        definition,
        managed_by: ManagedBy::Config,
        version: 7,
        created_at: at_micros(-1, 1),
        updated_at: at_micros(1, 999_999),
        ..plain
    };
    store
        .insert(&slo, &start_of(&slo))
        .await?;
    assert_eq!(store.find(slo.id).await?, Some(slo.clone()));
    // A window of the calendar has parts of its own.
    let months = CalendarWindow::new(CalendarUnit::Month)
        .of(2)
        .expect("two months")
        .from_anchor("2024-01-31".parse().expect("a date"))
        .in_zone(
            "Australia/Lord_Howe"
                .parse()
                .expect("a zone"),
        );
    let mut by_calendar = crate::fixtures::slo(2).build();
    by_calendar.definition.window = Window::Calendar(months);
    store
        .insert(&by_calendar, &start_of(&by_calendar))
        .await?;
    assert_eq!(store.find(by_calendar.id).await?, Some(by_calendar));
    Ok(())
}

/// Whatever a source is asked comes back to the letter: a threshold of a latency exactly, a line with
/// all of its digits.
pub async fn every_query_of_an_indicator_is_kept(store: &dyn Catalog) -> Verdict {
    let ratio = QueryRatio {
        part: CounterPart::Bad("sum(\n  increase(a{b=~\"5..\"}[{{window}}])\n)".to_owned()),
        total: "sum(increase(a[{{window}}]))".to_owned(),
    };
    let latency = LatencyQuery {
        histogram: "http_request_duration_seconds".to_owned(),
        selector: "job=\"支払い\",path='/a'".to_owned(),
        threshold: "0.300000001"
            .parse()
            .expect("a latency"),
        unit: LatencyUnit::Milliseconds,
    };
    let line = Threshold::new(Operator::Gte, 0.1 + 0.2).expect("finite");
    let threshold = ThresholdQuery {
        query: "max(queue)".to_owned(),
        line,
    };
    let queries = [
        Query::Ratio(ratio),
        Query::Latency(latency),
        Query::Threshold(threshold),
    ];
    for (n, query) in (1..).zip(queries) {
        let mut asking = slo(n).build();
        asking.definition.indicator = Indicator::Prometheus(query);
        store
            .insert(&asking, &start_of(&asking))
            .await?;
        assert_eq!(store.find(asking.id).await?, Some(asking));
    }
    Ok(())
}

/// Texts of four kibibytes and a hundred labels are kept whole.
pub async fn long_texts_are_kept_whole(store: &dyn Catalog) -> Verdict {
    let mut slo = slo(1).named(&"é".repeat(2_048)).build();
    slo.definition.description = "x".repeat(4_096);
    let label = |n: u32| (format!("label_{n}"), "v".repeat(4_096));
    slo.definition.labels = (0..100)
        .map(label)
        .collect::<BTreeMap<_, _>>();
    store
        .insert(&slo, &start_of(&slo))
        .await?;
    assert_eq!(store.find(slo.id).await?, Some(slo));
    Ok(())
}

/// Of two SLOs of a service that are not deleted no two have the same name; nothing of the refused
/// one is stored.
pub async fn a_name_is_unique_among_the_slos_of_a_service(store: &dyn Catalog) -> Verdict {
    let (first, second) = (slo(1).named("fast").build(), slo(2).named("fast").build());
    store
        .insert(&first, &start_of(&first))
        .await?;
    let refused = store
        .insert(&second, &start_of(&second))
        .await;
    assert!(
        matches!(refused, Err(StoreError::Conflict { what: "name" })),
        "{refused:?}"
    );
    assert_eq!(store.find(second.id).await?, None);
    Ok(())
}

/// The same name may be used by another service, and in another case by the same one.
pub async fn a_name_belongs_to_its_service(store: &dyn Catalog) -> Verdict {
    for slo in [
        slo(1).named("fast").build(),
        slo(2)
            .named("fast")
            .service("search")
            .build(),
        slo(3).named("Fast").build(),
    ] {
        store
            .insert(&slo, &start_of(&slo))
            .await?;
    }
    assert_eq!(
        store
            .list(&<_>::default(), all())
            .await?
            .len(),
        3
    );
    Ok(())
}

/// A disabled SLO keeps its name: it may be enabled again.
pub async fn a_disabled_slo_keeps_its_name(store: &dyn Catalog) -> Verdict {
    let (disabled, second) = (
        slo(1).named("fast").disabled().build(),
        slo(2).named("fast").build(),
    );
    store
        .insert(&disabled, &start_of(&disabled))
        .await?;
    let refused = store
        .insert(&second, &start_of(&second))
        .await;
    assert!(
        matches!(refused, Err(StoreError::Conflict { what: "name" })),
        "{refused:?}"
    );
    Ok(())
}

/// A deleted SLO gives its name back.
pub async fn a_deleted_slo_gives_its_name_back(store: &dyn Catalog) -> Verdict {
    let first = slo(1).named("fast").build();
    store
        .insert(&first, &start_of(&first))
        .await?;
    let deleted = slo(1)
        .named("fast")
        .version(2)
        .deleted(at(5))
        .build();
    delete(store, &deleted).await?;
    let second = slo(2).named("fast").build();
    store
        .insert(&second, &start_of(&second))
        .await
}

/// An id is used once, for ever: that of a deleted SLO too. It is looked at before the name.
pub async fn an_id_is_used_once(store: &dyn Catalog) -> Verdict {
    let slo = slo(1).build();
    store
        .insert(&slo, &start_of(&slo))
        .await?;
    let again = store
        .insert(&slo, &start_of(&slo))
        .await;
    assert!(
        matches!(again, Err(StoreError::Conflict { what: "id" })),
        "{again:?}"
    );
    delete(
        store,
        &Slo {
            version: 2,
            deleted_at: Some(at(5)),
            ..slo.clone()
        },
    )
    .await?;
    let again = store
        .insert(&slo, &start_of(&slo))
        .await;
    assert!(
        matches!(again, Err(StoreError::Conflict { what: "id" })),
        "{again:?}"
    );
    Ok(())
}

/// A store that has never held an SLO is planted with all of them.
pub async fn a_new_store_is_seeded(store: &dyn Catalog) -> Verdict {
    let seeds = seeds();
    assert_eq!(store.seed(&seeds).await?, Seeded::Planted);
    let slos: Vec<Slo> = seeds
        .into_iter()
        .map(|(slo, _)| slo)
        .collect();
    assert_eq!(
        store
            .list(&<_>::default(), all())
            .await?,
        slos
    );
    Ok(())
}

/// What a user deleted does not come back: a store that once held an SLO is not seeded.
pub async fn a_store_that_was_emptied_is_not_seeded(store: &dyn Catalog) -> Verdict {
    let only = slo(1).build();
    store
        .insert(&only, &start_of(&only))
        .await?;
    delete(store, &slo(1).version(2).deleted(at(5)).build()).await?;
    assert_eq!(store.seed(&seeds()).await?, Seeded::WasNotNew);
    assert_eq!(
        store
            .list(&<_>::default(), all())
            .await?,
        []
    );
    Ok(())
}

/// Seeding twice plants once.
pub async fn a_seeded_store_is_not_seeded_again(store: &dyn Catalog) -> Verdict {
    assert_eq!(store.seed(&seeds()).await?, Seeded::Planted);
    assert_eq!(store.seed(&seeds()).await?, Seeded::WasNotNew);
    Ok(())
}

/// Seeds that collide plant none of them, and the store is still new.
pub async fn seeds_that_collide_plant_nothing(store: &dyn Catalog) -> Verdict {
    let twins = [slo(1).named("fast").build(), slo(2).named("fast").build()];
    let refused = store
        .seed(&twins.map(|slo| (slo.clone(), start_of(&slo))))
        .await;
    assert!(
        matches!(refused, Err(StoreError::Conflict { what: "name" })),
        "{refused:?}"
    );
    assert_eq!(store.seed(&seeds()).await?, Seeded::Planted);
    Ok(())
}

/// SLOs that a service would bring along, in the order of their ids.
fn seeds() -> Vec<(Slo, Start)> {
    let slos = (1..=3).map(|n| slo(n).build());
    slos.map(|slo| (slo.clone(), start_of(&slo)))
        .collect()
}

/// Replaces an SLO by its deleted form, one version later.
pub(crate) async fn delete(store: &dyn Catalog, deleted: &Slo) -> Verdict {
    let expected_version = deleted.version - 1;
    let change = SloChange {
        slo: deleted,
        expected_version,
        restart: None,
        backfill: None,
        alerts: &[],
    };
    store.update(&change).await
}
