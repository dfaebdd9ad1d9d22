//! Notices on their way.

use sre_core::notification::{Notice, NoticeKind};
use sre_core::store::Notices;

use super::*;

impl Desk {
    async fn announce(&self, kind: NoticeKind) -> Notice {
        let notice = Notice {
            id: Notice::id(kind, b"this one", sink()),
            kind,
            ..fixtures::notice(1, sink(), self.world.now)
        };
        self.world
            .store
            .add_notices(std::slice::from_ref(&notice))
            .await
            .expect("the store answers");
        notice
    }

    async fn fate(&self, notice: &Notice) -> (String, Option<String>) {
        let record = self
            .world
            .store
            .find_notice(notice.id)
            .await
            .expect("the store answers")
            .expect("it is stored");
        (record.state, record.reason)
    }
}

#[tokio::test]
async fn a_notice_is_told_once() {
    let desk = Desk::new().await;
    let notice = desk
        .announce(NoticeKind::IncidentOpened)
        .await;
    desk.announce(NoticeKind::IncidentOpened)
        .await;
    assert_eq!(desk.at(0).await, ["delivered"]);
    assert!(desk.at(600).await.is_empty());
    assert_eq!(desk.notifier.bodies(), ["incident.opened: incident 1"]);
    assert_eq!(desk.fate(&notice).await, ("delivered".to_owned(), None));
}

#[tokio::test]
async fn in_shadow_a_notice_is_recorded_and_not_sent() {
    let desk = Desk::over(World::new(), true).await;
    let notice = desk
        .announce(NoticeKind::ChannelTest)
        .await;
    assert!(desk.at(0).await.is_empty());
    let withheld = ("withheld".to_owned(), Some("shadow".to_owned()));
    assert_eq!(desk.fate(&notice).await, withheld);
    assert!(desk.notifier.received().is_empty());
}

#[tokio::test]
async fn a_refused_notice_is_followed_by_a_minimal_one_and_then_given_up() {
    let desk = Desk::new().await;
    let notice = desk
        .announce(NoticeKind::ChannelTest)
        .await;
    desk.notifier
        .answers([status(413, None), status(413, None)]);
    assert_eq!(desk.at(0).await, ["degraded", "dead"]);
    assert_eq!(
        desk.notifier.bodies()[1],
        "minimal channel.test: incident 1"
    );
    let dead = ("dead".to_owned(), Some("refused".to_owned()));
    assert_eq!(desk.fate(&notice).await, dead);
}

/// A test yields to what matters.
#[tokio::test]
async fn what_matters_goes_before_a_test() {
    let desk = Desk::new().await;
    desk.announce(NoticeKind::ChannelTest)
        .await;
    desk.announce(NoticeKind::MonitorBlind)
        .await;
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    desk.at(0).await;
    let bodies = desk.notifier.bodies();
    assert!(bodies[2].starts_with("channel.test"), "{bodies:?}");
}
