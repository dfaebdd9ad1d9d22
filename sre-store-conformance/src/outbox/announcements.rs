//! Notices: announced once, told once, and recorded like everything else.

use sre_core::notification::{Lane, Notice, Withheld};
use sre_core::store::{Attempt, Judged, Kept, NoticeRecord, Recorded, Store, StoreError};

use super::{delivered, expired, recorded, refused, try_at, with_ops};
use crate::Verdict;
use crate::fixtures::{announced, at, attempt, destination, first_try, notice, resend};
use crate::tools::{MANY, is_applied};

/// Announces something to `ops`.
async fn noted(store: &dyn Store) -> Result<Notice, StoreError> {
    let notice = notice(1, with_ops(store).await?, at(0));
    store
        .add_notices(std::slice::from_ref(&notice))
        .await?;
    Ok(notice)
}

async fn due(store: &dyn Store, second: i64) -> Result<Vec<Notice>, StoreError> {
    Ok(store
        .due_notices(at(second), MANY)
        .await?
        .notices)
}

async fn found(store: &dyn Store, notice: &Notice) -> Result<NoticeRecord, StoreError> {
    let found = store.find_notice(notice.id).await?;
    Ok(found.expect("it is stored"))
}

/// A notice is due at once, as it was written; announced again it is the same notice, whatever has
/// become of it.
pub async fn a_notice_is_told_once(store: &dyn Store) -> Verdict {
    let notice = noted(store).await?;
    assert_eq!(due(store, 0).await?, std::slice::from_ref(&notice));
    let frozen = announced(&notice, at(0));
    let judged = Judged::Send(frozen.clone());
    assert!(is_applied(store.settle(&judged, at(0)).await?));
    assert!(!is_applied(store.settle(&judged, at(0)).await?));
    super::record(store, &first_try(&frozen), 1, delivered()).await?;
    store
        .add_notices(std::slice::from_ref(&notice))
        .await?;
    assert_eq!(due(store, 600).await?, []);
    let record = found(store, &notice).await?;
    assert_eq!(record.notice, notice);
    assert_eq!(
        (record.state.as_str(), &record.reason),
        ("delivered", &None)
    );
    let (delivery, attempts) = &record.deliveries[0];
    assert_eq!(
        (delivery.id, delivery.sent_at),
        (frozen.delivery.id, Some(at(1)))
    );
    assert_eq!(attempts.len(), 1);
    Ok(())
}

/// Fields that are not there, and text in every script, come back as they were written.
pub async fn a_notice_is_kept_as_it_was_written(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let bare = Notice {
        service_name: None,
        severity: None,
        title: "🔥 \"quoted\"\n\u{202e}".to_owned(),
        text: String::new(),
        link_path: None,
        data: [("ключ".to_owned(), "\\ \u{7f}".to_owned())].into(),
        ..notice(2, ops, at(0))
    };
    store
        .add_notices(std::slice::from_ref(&bare))
        .await?;
    assert_eq!(due(store, 0).await?, std::slice::from_ref(&bare));
    assert_eq!(found(store, &bare).await?.notice, bare);
    Ok(())
}

/// A notice that nobody stored is not found.
pub async fn an_unknown_notice_is_not_found(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    assert_eq!(
        store
            .find_notice(notice(7, ops, at(0)).id)
            .await?,
        None
    );
    Ok(())
}

/// A withheld notice says why, and is not due again.
pub async fn a_withheld_notice_says_why(store: &dyn Store) -> Verdict {
    let notice = noted(store).await?;
    let judged = Judged::WithholdNotice {
        notice: notice.id,
        rule: Withheld::Shadow,
    };
    assert!(is_applied(store.settle(&judged, at(0)).await?));
    assert!(!is_applied(store.settle(&judged, at(1)).await?));
    let record = found(store, &notice).await?;
    assert_eq!(
        (record.state.as_str(), record.reason.as_deref()),
        ("withheld", Some("shadow"))
    );
    assert!(record.deliveries.is_empty());
    assert_eq!(due(store, 600).await?, []);
    Ok(())
}

/// A holder that died leaves the message to the next, marked; given up, the notice is dead.
pub async fn a_notice_is_tried_until_it_is_given_up(store: &dyn Store) -> Verdict {
    let notice = noted(store).await?;
    let frozen = announced(&notice, at(0));
    store
        .settle(&Judged::Send(frozen.clone()), at(0))
        .await?;
    let second = try_at(store, 60).await?;
    assert_eq!(second.delivery, frozen.delivery);
    assert!(second.is_possible_duplicate);
    super::record(store, &second, 61, refused(70)).await?;
    super::record(store, &try_at(store, 70).await?, 71, expired()).await?;
    let record = found(store, &notice).await?;
    assert_eq!(
        (record.state.as_str(), record.reason.as_deref()),
        ("dead", Some("expired"))
    );
    assert_eq!(record.deliveries[0].1.len(), 3);
    Ok(())
}

/// The minimal form of a refused notice carries it on.
pub async fn a_refused_notice_is_carried_by_its_minimal_form(store: &dyn Store) -> Verdict {
    let notice = noted(store).await?;
    let frozen = announced(&notice, at(0));
    store
        .settle(&Judged::Send(frozen.clone()), at(0))
        .await?;
    let resend = resend(&frozen.delivery, at(1));
    let result = Recorded::Degraded { resend };
    super::record(store, &first_try(&frozen), 1, result).await?;
    super::record(store, &try_at(store, 1).await?, 2, delivered()).await?;
    let record = found(store, &notice).await?;
    assert_eq!(
        (record.state.as_str(), record.deliveries.len()),
        ("delivered", 2)
    );
    Ok(())
}

/// A notice waits for its lane.
pub async fn a_notice_waits_for_its_lane(store: &dyn Store) -> Verdict {
    let first = noted(store).await?;
    let frozen = announced(&first, at(0));
    store
        .settle(&Judged::Send(frozen.clone()), at(0))
        .await?;
    let paused = Attempt {
        lane: Lane::PausedUntil(at(60)),
        ..attempt(&first_try(&frozen), at(1), refused(90))
    };
    recorded(store, paused).await?;
    let second = notice(2, first.destination_id, at(2));
    store
        .add_notices(std::slice::from_ref(&second))
        .await?;
    assert_eq!(due(store, 59).await?, []);
    assert_eq!(due(store, 60).await?, [second]);
    Ok(())
}

/// What is meant for a destination that is gone ends, and so does what is announced to it later.
pub async fn a_notice_to_a_removed_destination_ends(store: &dyn Store) -> Verdict {
    let before = noted(store).await?;
    store
        .register_destinations(&[destination("boss")], at(5))
        .await?;
    let after = notice(2, before.destination_id, at(6));
    store
        .add_notices(std::slice::from_ref(&after))
        .await?;
    for notice in [before, after] {
        let record = found(store, &notice).await?;
        assert_eq!(
            (record.state.as_str(), record.reason.as_deref()),
            ("dead", Some("destination_removed"))
        );
    }
    Ok(())
}

/// A notice that has ended is forgotten in its time, and one that waits is not.
pub async fn old_notices_are_forgotten(store: &dyn Store) -> Verdict {
    let told = noted(store).await?;
    let frozen = announced(&told, at(0));
    store
        .settle(&Judged::Send(frozen.clone()), at(0))
        .await?;
    super::record(store, &first_try(&frozen), 1, delivered()).await?;
    let waits = notice(2, told.destination_id, at(0));
    store
        .add_notices(std::slice::from_ref(&waits))
        .await?;
    assert_eq!(
        store
            .prune(Kept::Notices, at(0), MANY)
            .await?,
        0
    );
    assert_eq!(
        store
            .prune(Kept::Notices, at(60), MANY)
            .await?,
        1
    );
    assert_eq!(store.find_notice(told.id).await?, None);
    assert_eq!(due(store, 60).await?, [waits]);
    Ok(())
}
