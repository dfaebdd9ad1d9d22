//! Where we differ from Alertmanager. This is the whole list: everything else that a script shows is to be
//! the same. All but the last are on purpose.

/// One difference.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Difference {
    /// A message tells what is new, not the whole group again.
    OnlyNews,
    /// The end of an alert that was silenced meanwhile is told.
    EndsAreOwed,
    /// The same alert again, soon after its end, waits for the cooldown.
    Cooldown,
    /// A page does not wait for company.
    PagesDoNotWait,
    /// Alerts outlive the process.
    AlertsAreKept,
    /// What was sent outlives `kill -9`.
    DeliveriesAreKept,
    /// Silences outlive `kill -9`.
    SilencesAreKept,
    /// 429 is a reason to wait, not to give up.
    TooManyIsRetried,
    /// A try has a time limit of its own.
    TriesAreBounded,
    /// A group that was silent for its interval begins anew.
    GroupsBeginAnew,
    /// Known, and not meant: repeats to several receivers have one clock.
    RepeatsShareAClock,
}

impl Difference {
    pub(super) const ALL: [Self; 11] = [
        Self::OnlyNews,
        Self::EndsAreOwed,
        Self::Cooldown,
        Self::PagesDoNotWait,
        Self::AlertsAreKept,
        Self::DeliveriesAreKept,
        Self::SilencesAreKept,
        Self::TooManyIsRetried,
        Self::TriesAreBounded,
        Self::GroupsBeginAnew,
        Self::RepeatsShareAClock,
    ];

    /// Why it is so.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::OnlyNews => {
                "a message tells what its receiver does not know yet; Alertmanager tells the whole group \
                 again with every change, and whoever reads it has to find what is new"
            }
            Self::EndsAreOwed => {
                "whoever was told that it fires is told that it is over, also when it was silenced in \
                 between; Alertmanager never tells of it (alertmanager#226)"
            }
            Self::Cooldown => {
                "an alert that comes again within SLO_VIOLATION_COOLDOWN (10 minutes unless set) of what \
                 was told of it is told when that is over, if it still fires"
            }
            Self::PagesDoNotWait => {
                "who is called at night is called at once: `critical` and `emergency` do not wait for \
                 group_wait; what does follows when group_interval has passed"
            }
            Self::AlertsAreKept => {
                "alerts are in the store; Alertmanager has them in memory and knows none after a restart, \
                 so an end that is due then is not told (alertmanager#2370)"
            }
            Self::DeliveriesAreKept => {
                "what was sent is recorded before the next thing is done; Alertmanager writes it down every \
                 15 minutes and when it is stopped, and tells all again after kill -9"
            }
            Self::SilencesAreKept => {
                "a silence is on the disk when it is answered; Alertmanager writes silences down every 15 \
                 minutes and when it is stopped"
            }
            Self::TooManyIsRetried => {
                "429 pauses the channel for as long as Retry-After says; Alertmanager drops the message \
                 and tells at the next group_interval (alertmanager#2111, #2205)"
            }
            Self::TriesAreBounded => {
                "a try ends after `timeout` and is made again under the same id; Alertmanager has that \
                 word since 0.28, and waits for group_interval before"
            }
            Self::GroupsBeginAnew => {
                "what joins a group that has been silent for longer than group_interval waits group_wait \
                 for company; Alertmanager tells it at the next tick of a timer that began with the group"
            }
            Self::RepeatsShareAClock => {
                "a repeat is due repeat_interval after the last message that any receiver of the alert took, \
                 so one that was away delays the others' by as much"
            }
        }
    }
}
