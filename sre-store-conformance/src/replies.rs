//! The laws of [`Replies`](sre_core::store::Replies).

use sre_core::store::{ClaimedReply, Kept, REPLIES_KEPT, Reply, ReplyKey, Store, StoreError};

use crate::Verdict;
use crate::fixtures::{at, at_micros};
use crate::tools::{MANY, is_applied};

/// A key that nobody has used is given, under an epoch.
pub async fn a_new_key_is_claimed(store: &dyn Store) -> Verdict {
    begin(store, "a", 0).await?;
    begin(store, "b", 0).await?;
    Ok(())
}

/// The answer is given again, whole, for as long as keys stand.
pub async fn a_kept_answer_is_given_again(store: &dyn Store) -> Verdict {
    let epoch = begin(store, "a", 0).await?;
    assert!(is_applied(
        store
            .keep_reply(&key("a"), epoch, &reply())
            .await?
    ));
    for second in [1, 61, 86_400] {
        let again = claim(store, "a", FIRST, second).await?;
        assert_eq!(again, ClaimedReply::Answered(reply()), "{second}");
    }
    Ok(())
}

/// An answer without headers and without a body is one, too.
pub async fn an_empty_answer_is_kept(store: &dyn Store) -> Verdict {
    let empty = Reply {
        status: 204,
        headers: Vec::new(),
        body: Vec::new(),
    };
    let epoch = begin(store, "a", 0).await?;
    store
        .keep_reply(&key("a"), epoch, &empty)
        .await?;
    assert_eq!(
        claim(store, "a", FIRST, 1).await?,
        ClaimedReply::Answered(empty)
    );
    Ok(())
}

/// While somebody does it nobody else does.
pub async fn a_claimed_key_is_under_way_until_the_claim_ends(store: &dyn Store) -> Verdict {
    begin(store, "a", 0).await?;
    assert_eq!(claim(store, "a", FIRST, 59).await?, ClaimedReply::UnderWay);
    let taken = claim(store, "a", FIRST, 60).await?;
    assert!(matches!(taken, ClaimedReply::Begun { .. }), "{taken:?}");
    Ok(())
}

/// Another request under the same key is told so, whatever became of the first.
pub async fn a_key_stands_for_one_request(store: &dyn Store) -> Verdict {
    let epoch = begin(store, "a", 0).await?;
    assert_eq!(claim(store, "a", OTHER, 1).await?, ClaimedReply::Differs);
    store
        .release_reply(&key("a"), epoch)
        .await?;
    assert_eq!(claim(store, "a", OTHER, 2).await?, ClaimedReply::Differs);
    let epoch = begin(store, "a", 3).await?;
    store
        .keep_reply(&key("a"), epoch, &reply())
        .await?;
    assert_eq!(claim(store, "a", OTHER, 4).await?, ClaimedReply::Differs);
    Ok(())
}

/// Callers do not see one another's keys.
pub async fn a_key_belongs_to_its_scope(store: &dyn Store) -> Verdict {
    let epoch = begin(store, "a", 0).await?;
    store
        .keep_reply(&key("a"), epoch, &reply())
        .await?;
    let others = ReplyKey {
        scope: "grafana".to_owned(),
        ..key("a")
    };
    let claimed = store
        .claim_reply(&others, OTHER, at(1), at(61))
        .await?;
    assert!(matches!(claimed, ClaimedReply::Begun { .. }), "{claimed:?}");
    Ok(())
}

/// What was given up is done by whoever asks next.
pub async fn a_released_key_is_given_again(store: &dyn Store) -> Verdict {
    let first = begin(store, "a", 0).await?;
    assert!(is_applied(
        store
            .release_reply(&key("a"), first)
            .await?
    ));
    let second = begin(store, "a", 1).await?;
    assert!(second > first);
    Ok(())
}

/// Who comes back after the claim was given to another changes nothing.
pub async fn a_late_holder_of_a_key_is_superseded(store: &dyn Store) -> Verdict {
    let late = begin(store, "a", 0).await?;
    let epoch = begin(store, "a", 60).await?;
    assert!(!is_applied(
        store
            .keep_reply(&key("a"), late, &reply())
            .await?
    ));
    assert!(!is_applied(
        store
            .release_reply(&key("a"), late)
            .await?
    ));
    assert_eq!(claim(store, "a", FIRST, 61).await?, ClaimedReply::UnderWay);
    assert!(is_applied(
        store
            .keep_reply(&key("a"), epoch, &reply())
            .await?
    ));
    Ok(())
}

/// An answer never changes, and is never given up.
pub async fn a_kept_answer_never_changes(store: &dyn Store) -> Verdict {
    let epoch = begin(store, "a", 0).await?;
    store
        .keep_reply(&key("a"), epoch, &reply())
        .await?;
    let other = Reply {
        status: 409,
        ..reply()
    };
    assert!(!is_applied(
        store
            .keep_reply(&key("a"), epoch, &other)
            .await?
    ));
    assert!(!is_applied(
        store
            .release_reply(&key("a"), epoch)
            .await?
    ));
    assert_eq!(
        claim(store, "a", FIRST, 1).await?,
        ClaimedReply::Answered(reply())
    );
    Ok(())
}

/// A key that nobody knows has no holder.
pub async fn an_unknown_key_cannot_be_kept(store: &dyn Store) -> Verdict {
    assert!(!is_applied(
        store
            .keep_reply(&key("a"), 1, &reply())
            .await?
    ));
    assert!(!is_applied(
        store
            .release_reply(&key("a"), 1)
            .await?
    ));
    Ok(())
}

/// After a day the key is as new, for any request, and its old holder is superseded.
pub async fn a_key_is_forgotten_after_a_day(store: &dyn Store) -> Verdict {
    let old = begin(store, "a", 0).await?;
    store
        .keep_reply(&key("a"), old, &reply())
        .await?;
    let later = at_micros(86_400, 1);
    let claimed = store
        .claim_reply(&key("a"), OTHER, later, later + REPLIES_KEPT)
        .await?;
    assert!(
        matches!(claimed, ClaimedReply::Begun { epoch } if epoch > old),
        "{claimed:?}"
    );
    assert!(!is_applied(
        store
            .keep_reply(&key("a"), old, &reply())
            .await?
    ));
    Ok(())
}

/// Old answers are pruned in batches; one that began at the instant stays.
pub async fn old_answers_are_pruned_in_batches(store: &dyn Store) -> Verdict {
    for (name, second) in [("a", 0), ("b", 1), ("c", 2), ("d", 10)] {
        let epoch = begin(store, name, second).await?;
        store
            .keep_reply(&key(name), epoch, &reply())
            .await?;
    }
    assert_eq!(
        store
            .prune(Kept::Replies, at(10), 2)
            .await?,
        2
    );
    assert_eq!(
        store
            .prune(Kept::Replies, at(10), MANY)
            .await?,
        1
    );
    assert_eq!(
        store
            .prune(Kept::Replies, at(10), MANY)
            .await?,
        0
    );
    assert_eq!(
        claim(store, "d", FIRST, 11).await?,
        ClaimedReply::Answered(reply())
    );
    begin(store, "a", 11).await?;
    Ok(())
}

const FIRST: [u8; 32] = [1; 32];
const OTHER: [u8; 32] = [2; 32];

fn key(key: &str) -> ReplyKey {
    ReplyKey {
        scope: "ci".to_owned(),
        key: key.to_owned(),
    }
}

fn reply() -> Reply {
    Reply {
        status: 201,
        headers: vec![
            ("location".to_owned(), "/slo/1".to_owned()),
            ("etag".to_owned(), "\"v1\"".to_owned()),
        ],
        body: vec![0, 159, b'{', 255],
    }
}

async fn claim(
    store: &dyn Store,
    name: &str,
    fingerprint: [u8; 32],
    second: i64,
) -> Result<ClaimedReply, StoreError> {
    store
        .claim_reply(&key(name), fingerprint, at(second), at(second + 60))
        .await
}

/// Claims a key that can be had; its epoch.
async fn begin(store: &dyn Store, name: &str, second: i64) -> Result<u64, StoreError> {
    let claimed = claim(store, name, FIRST, second).await?;
    let ClaimedReply::Begun { epoch } = claimed else {
        panic!("{claimed:?}");
    };
    Ok(epoch)
}
