//! Tickets wait for the page of their SLO.

use sre_core::alert::{AlertType, Identity, Origin};
use sre_core::store::Store;

use super::{applied, groups, with_ops};
use crate::Verdict;
use crate::fixtures::{acknowledged, at, fires, identity, resolved};

/// While the page of an SLO is open, acknowledged or not, its tickets are not due; they become due
/// when it resolves, though nobody heard of the page.
pub async fn a_ticket_waits_for_the_page_of_its_slo(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let page = applied(store, fires(&identity(1, AlertType::BurnRate), &[], at(0))).await?;
    let kinds = [
        AlertType::SlowBurn,
        AlertType::BudgetExhaustion,
        AlertType::SloViolation,
    ];
    for kind in kinds {
        applied(store, fires(&identity(1, kind), &[ops], at(0))).await?;
    }
    assert_eq!(groups(store, 5).await?, []);
    let page = applied(store, acknowledged(&page, at(6))).await?;
    assert_eq!(groups(store, 6).await?, []);
    applied(store, resolved(&page, at(7))).await?;
    assert_eq!(groups(store, 7).await?.len(), 3);
    Ok(())
}

/// The end of a ticket waits with it, so that the order in which it is told is kept.
pub async fn the_end_of_a_ticket_waits_too(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let ticket = applied(
        store,
        fires(&identity(1, AlertType::SlowBurn), &[ops], at(0)),
    )
    .await?;
    super::deliver_next(store, 0, None).await?;
    let page = applied(store, fires(&identity(1, AlertType::BurnRate), &[], at(1))).await?;
    applied(store, resolved(&ticket, at(2))).await?;
    assert_eq!(groups(store, 3).await?, []);
    applied(store, resolved(&page, at(4))).await?;
    assert_eq!(groups(store, 4).await?.len(), 1);
    Ok(())
}

/// Neither the page of another SLO, nor a lack of data, nor a posted alert that is called like a
/// page or a ticket has anything to do with it.
pub async fn only_tickets_wait_and_only_for_their_own_page(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    applied(store, fires(&identity(2, AlertType::BurnRate), &[], at(0))).await?;
    let posted = |kind| Identity {
        origin: Origin::Posted,
        ..identity(1, kind)
    };
    applied(store, fires(&posted(AlertType::BurnRate), &[], at(0))).await?;
    applied(
        store,
        fires(&identity(1, AlertType::SlowBurn), &[ops], at(0)),
    )
    .await?;
    assert_eq!(
        groups(store, 0).await?.len(),
        1,
        "the ticket's own page is not open"
    );

    applied(
        store,
        fires(&identity(1, AlertType::BurnRate), &[ops], at(0)),
    )
    .await?;
    applied(store, fires(&identity(1, AlertType::NoData), &[ops], at(0))).await?;
    applied(store, fires(&posted(AlertType::SlowBurn), &[ops], at(0))).await?;
    assert_eq!(groups(store, 0).await?.len(), 3, "page, no data and posted");
    Ok(())
}
