//! Tickets wait for the page of their SLO.

use sre_core::alert::{AlertType, Identity, Origin};
use sre_core::notification::DeadReason;
use sre_core::store::{Recorded, Store};

use super::{applied, deliver_next, group, groups, opened, record, send, with_ops};
use crate::Verdict;
use crate::fixtures::{acknowledged, at, fires, first_try, identity, resolved};

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
    deliver_next(store, 0, None).await?;
    let page = applied(store, fires(&identity(1, AlertType::BurnRate), &[], at(1))).await?;
    applied(store, resolved(&ticket, at(2))).await?;
    assert_eq!(groups(store, 3).await?, []);
    applied(store, resolved(&page, at(4))).await?;
    assert_eq!(groups(store, 4).await?.len(), 1);
    Ok(())
}

/// Whoever was told of the page is told of its end first, and only then of what remains.
pub async fn a_ticket_waits_until_the_end_of_the_page_is_told(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let page = opened(store, 1).await?;
    deliver_next(store, 0, None).await?;
    let ticket = fires(&identity(1, AlertType::SlowBurn), &[ops], at(1));
    let ticket = applied(store, ticket).await?;
    applied(store, resolved(&page, at(2))).await?;
    let end = send(store, 2).await?;
    assert_eq!(end.delivery.parts()[0].alert_id, page.id);
    assert_eq!(groups(store, 2).await?, [], "the end is under way");
    let result = Recorded::Retry {
        at: at(9),
        is_unknown: true,
    };
    record(store, &first_try(&end), 3, result).await?;
    assert_eq!(groups(store, 3).await?, [], "the end is tried again");
    let again = super::try_at(store, 9).await?;
    let dead = Recorded::Dead {
        reason: DeadReason::Refused,
    };
    record(store, &again, 9, dead).await?;
    assert_eq!(group(store, 9).await?.alert.id, ticket.id);
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
