//! Sending beside looking: tries that are under way, and how long they may be.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;

use super::{Monitor, Ran, SOON};
use crate::monitor::{Sending, Sent};
use crate::name::DestinationId;
use crate::store::StoreError;
use crate::time::Clock;

/// Tries under way, of any destination.
pub(super) type Tries = FuturesUnordered<Try>;

/// One try of one message. It drives nothing while nobody polls it, and is given up by dropping it: its
/// attempt stays open in the store, so that the next is marked as a possible repeat.
pub(super) struct Try {
    destination: DestinationId,
    ends_by: DateTime<Utc>,
    sent: Pin<Box<dyn Future<Output = Result<Sent, StoreError>> + Send>>,
}

impl Monitor {
    /// Judges what is to be said, begins the tries of it, and drives these and those of earlier calls
    /// until all have ended or `enough` has; a program hands in a timer of a second.
    ///
    /// A try that has not ended by then goes on at the next call. While one of a destination is under
    /// way nothing more goes there, and all others are told; after the time that the builder was given
    /// ([`send_timeout`](super::MonitorBuilder::send_timeout)) it is given up and made again. At most
    /// some dozens are under way for one destination, those that were claimed together. Each is
    /// recorded as ended at the `now` of the call in which it ended; one that is given up is recorded as
    /// open, and what waits for a retry after an answer does not wait after none.
    ///
    /// It is one task's to call, beside another that calls [`Monitor::look_due`]. Dropped halfway, it
    /// leaves nothing that a later call does not find.
    ///
    /// # Errors
    ///
    /// Those of the store; what was done before stands.
    pub async fn send_due(
        &self,
        now: DateTime<Utc>,
        enough: impl Future<Output = ()> + Send,
    ) -> Result<Ran, StoreError> {
        self.register(now).await?;
        self.clock.set(now);
        let mut ran = Ran::at(now);
        let mut under_way = Tries::new();
        for one in std::mem::take(&mut *self.tries()) {
            if one.ends_by > now {
                under_way.push(one);
            } else {
                ran.given_up = ran.given_up.saturating_add(1);
            }
        }
        let busy: BTreeSet<DestinationId> = under_way
            .iter()
            .map(|one| one.destination)
            .collect();
        let dispatched = self
            .dispatcher
            .freeze_due(now, &|destination| busy.contains(&destination))
            .await;
        let has_more = match dispatched {
            Ok(dispatched) => {
                ran.error = dispatched.error;
                let begun = dispatched.sendings.into_iter();
                under_way.extend(begun.map(|sending| self.begin(sending, now)));
                dispatched.has_more
            }
            Err(error) => {
                *self.tries() = under_way;
                return Err(error);
            }
        };
        let mut enough = Box::pin(enough);
        loop {
            match select(under_way.next(), &mut enough).await {
                Either::Left((None, _)) | Either::Right(_) => break,
                Either::Left((Some(Ok(sent)), _)) => ran.sent.push(sent),
                Either::Left((Some(Err(error)), _)) => ran.error = Some(Arc::new(error)),
            }
        }
        if !has_more {
            ran.next_at = now + SOON.as_delta();
        }
        *self.tries() = under_way;
        Ok(ran)
    }

    fn begin(&self, sending: Sending, now: DateTime<Utc>) -> Try {
        let (dispatcher, clock) = (Arc::clone(&self.dispatcher), Arc::clone(&self.clock));
        let jitter = jitter_permille(&sending, now);
        Try {
            destination: sending.destination_id(),
            ends_by: now + self.send_timeout.as_delta(),
            sent: Box::pin(async move {
                dispatcher
                    .send(sending, jitter, clock.as_ref())
                    .await
            }),
        }
    }

    fn tries(&self) -> MutexGuard<'_, Tries> {
        self.tries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Future for Try {
    type Output = Result<Sent, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.sent.as_mut().poll(context)
    }
}

impl fmt::Debug for Try {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Try")
            .field("destination", &self.destination)
            .field("ends_by", &self.ends_by)
            .finish_non_exhaustive()
    }
}

/// The clock of tries: it shows the `now` of the last call, since a try may outlast the call that began it.
#[derive(Debug, Default)]
pub(super) struct Standing(AtomicI64);

impl Standing {
    fn set(&self, now: DateTime<Utc>) {
        self.0
            .store(now.timestamp_micros(), Ordering::Relaxed);
    }
}

impl Clock for Standing {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::Relaxed)).unwrap_or_default()
    }
}

/// Spreads repeated tries: another number for each delivery and instant, without randomness.
fn jitter_permille(sending: &Sending, now: DateTime<Utc>) -> u16 {
    let (high, low) = sending.delivery_id().0.as_u64_pair();
    let mixed = (high ^ low ^ now.timestamp_micros().cast_unsigned()).wrapping_mul(MIXER);
    u16::try_from((mixed >> 32) % 1_000).unwrap_or_default()
}

/// 2⁶⁴ ÷ the golden ratio, odd: multiplying by it spreads neighbours far apart (Knuth, volume 3, 6.4).
const MIXER: u64 = 0x9e37_79b9_7f4a_7c15;
