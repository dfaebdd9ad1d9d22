//! Lists of SLOs, in parts.

use sre_core::slo::Slo;
use sre_core::store::{Catalog, Page, SloQuery};

use super::definitions::delete;
use crate::Verdict;
use crate::fixtures::{at, slo, start_of};
use crate::tools::{all, limit};

/// A store without SLOs lists none.
pub async fn an_empty_store_lists_no_slos(store: &dyn Catalog) -> Verdict {
    assert_eq!(
        store
            .list(&SloQuery::default(), all())
            .await?,
        []
    );
    Ok(())
}

/// Those that are there are counted, disabled ones too; deleted ones are not.
pub async fn deleted_slos_are_not_counted(store: &dyn Catalog) -> Verdict {
    assert_eq!(store.count().await?, 0);
    for n in 1..=3 {
        insert(store, &slo(n).build()).await?;
    }
    insert(store, &slo(4).disabled().build()).await?;
    assert_eq!(store.count().await?, 4);
    delete(store, &slo(2).version(2).deleted(at(5)).build()).await?;
    assert_eq!(store.count().await?, 3);
    Ok(())
}

/// SLOs are listed in the order of their ids, whatever the order in which they came.
pub async fn slos_are_listed_in_the_order_of_their_ids(store: &dyn Catalog) -> Verdict {
    for n in [3, 1 << 120, 1, 2, 1 << 64] {
        insert(store, &slo(n).build()).await?;
    }
    let expected = [1, 2, 3, 1 << 64, 1 << 120].map(|n| slo(n).build());
    assert_eq!(
        store
            .list(&SloQuery::default(), all())
            .await?,
        expected
    );
    Ok(())
}

/// Parts of a list follow each other without a hole and without an overlap.
pub async fn pages_of_slos_tile_the_list(store: &dyn Catalog) -> Verdict {
    for n in 1..=7 {
        insert(store, &slo(n).build()).await?;
    }
    let mut listed = Vec::new();
    let mut page = Page::first(limit(3));
    loop {
        let part = store
            .list(&SloQuery::default(), page)
            .await?;
        assert!(part.len() <= 3, "a part of {}", part.len());
        let Some(last) = part.last() else { break };
        page.after = Some(last.id);
        listed.extend(part);
    }
    assert_eq!(
        listed,
        (1..=7)
            .map(|n| slo(n).build())
            .collect::<Vec<_>>()
    );
    Ok(())
}

/// The key after which a part begins need not be stored any more.
pub async fn a_page_may_begin_after_an_unknown_id(store: &dyn Catalog) -> Verdict {
    insert(store, &slo(1).build()).await?;
    insert(store, &slo(5).build()).await?;
    let page = Page {
        after: Some(slo(3).build().id),
        limit: limit(10),
    };
    assert_eq!(
        store
            .list(&SloQuery::default(), page)
            .await?,
        [slo(5).build()]
    );
    Ok(())
}

/// However much is asked for, a list holds a thousand items at most.
pub async fn a_list_of_slos_has_a_maximum(store: &dyn Catalog) -> Verdict {
    let slos = (1..=1_001).map(|n| slo(n).build());
    let seeds: Vec<_> = slos
        .map(|slo| (slo.clone(), start_of(&slo)))
        .collect();
    store.seed(&seeds).await?;
    let page = Page {
        after: None,
        limit: limit(u32::MAX),
    };
    assert_eq!(
        store
            .list(&SloQuery::default(), page)
            .await?
            .len(),
        1_000
    );
    Ok(())
}

/// A list of one service holds no other's.
pub async fn slos_are_listed_by_service(store: &dyn Catalog) -> Verdict {
    let other = slo(2).service("search").build();
    insert(store, &slo(1).build()).await?;
    insert(store, &other).await?;
    let service = Some(other.definition.service_name.clone());
    let listed = store
        .list(
            &SloQuery {
                service,
                ..SloQuery::default()
            },
            all(),
        )
        .await?;
    assert_eq!(listed, [other]);
    Ok(())
}

/// A list by label holds those with exactly this name and value, not part of either, and not a
/// pattern.
pub async fn slos_are_listed_by_label(store: &dyn Catalog) -> Verdict {
    let wanted = slo(1)
        .label("team", "pay_%")
        .label("tier", "1")
        .build();
    insert(store, &wanted).await?;
    insert(store, &slo(2).label("team", "payments").build()).await?;
    insert(
        store,
        &slo(3)
            .label("team.name", "pay_%")
            .build(),
    )
    .await?;
    insert(store, &slo(4).build()).await?;
    let label = Some(("team".to_owned(), "pay_%".to_owned()));
    let listed = store
        .list(
            &SloQuery {
                label,
                ..SloQuery::default()
            },
            all(),
        )
        .await?;
    assert_eq!(listed, [wanted]);
    Ok(())
}

/// A label's name is a name and no path into anything.
pub async fn a_label_with_special_characters_is_found(store: &dyn Catalog) -> Verdict {
    for (n, name) in (1..).zip(["a.b", "a\"b", "a'b", "$", "ä b", "[0]", ""]) {
        let wanted = slo(n).label(name, "wert 'ä\"").build();
        insert(store, &wanted).await?;
        let label = Some((name.to_owned(), "wert 'ä\"".to_owned()));
        let listed = store
            .list(
                &SloQuery {
                    label,
                    ..SloQuery::default()
                },
                all(),
            )
            .await?;
        assert_eq!(listed, [wanted], "by {name:?}");
    }
    Ok(())
}

/// A disabled SLO is listed: people see it and may enable it.
pub async fn a_disabled_slo_is_listed(store: &dyn Catalog) -> Verdict {
    let disabled = slo(1).disabled().build();
    insert(store, &disabled).await?;
    assert_eq!(
        store
            .list(&SloQuery::default(), all())
            .await?,
        [disabled]
    );
    Ok(())
}

/// A deleted SLO is still found by its id, and listed only to those who ask for deleted ones.
pub async fn a_deleted_slo_stays_findable(store: &dyn Catalog) -> Verdict {
    insert(store, &slo(1).build()).await?;
    let deleted = slo(1).version(2).deleted(at(5)).build();
    delete(store, &deleted).await?;
    assert_eq!(store.find(deleted.id).await?, Some(deleted.clone()));
    assert_eq!(
        store
            .list(&SloQuery::default(), all())
            .await?,
        []
    );
    let query = SloQuery {
        with_deleted: true,
        ..SloQuery::default()
    };
    assert_eq!(store.list(&query, all()).await?, [deleted]);
    Ok(())
}

async fn insert(store: &dyn Catalog, slo: &Slo) -> Verdict {
    store.insert(slo, &start_of(slo)).await
}
