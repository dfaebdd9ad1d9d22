//! What was decided of an SLO lately: its states as a strip, and its changes in words.

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};
use sre_core::evaluation::SloState;
use sre_core::store::{HistoryItem, Page};
use sre_core::time::Interval;

use crate::api::slo::look::Found;
use crate::context::Context;
use crate::http::ApiError;
use crate::page::chart::{Stretch, strip};
use crate::page::{mark, moment};

/// How far back the strip reaches at most.
const LENGTH_MAX: TimeDelta = TimeDelta::days(1);

/// How many records are read for it: a day of an SLO that is recorded every minute, and a few.
const RECORDS_MAX: i32 = 1_500;

/// How many changes are told.
const CHANGES_SHOWN: usize = 12;

/// Records further apart than so many times their distance leave a hole.
const HOLE: i32 = 3;

/// States of the last hours.
pub(super) struct Past {
    during: Interval,
    stretches: Vec<Stretch>,
}

impl Past {
    /// Reads as much as one page may.
    pub(super) async fn read(
        context: &Context,
        found: &Found,
        now: DateTime<Utc>,
    ) -> Result<Self, ApiError> {
        let interval = context
            .settings
            .validation_interval
            .as_delta();
        let reach = LENGTH_MAX.min(interval * RECORDS_MAX);
        let during = Interval::new(now - reach, now);
        let limit = Page::<DateTime<Utc>>::LIMIT_MAX;
        let (mut items, mut from) = (Vec::new(), during.start());
        loop {
            let part = context
                .evaluations
                .history(found.slo.id, Interval::new(from, now), limit)
                .await?;
            let is_last = part.len() < usize::try_from(limit.get()).unwrap_or(usize::MAX);
            let last = part.last().map(instant);
            items.extend(part);
            match last {
                Some(last) if !is_last && last >= from => {
                    from = last + TimeDelta::microseconds(1);
                }
                _ => break,
            }
        }
        Ok(Self {
            stretches: stretches(&items, during, interval * HOLE),
            during,
        })
    }

    /// How far back it reaches, in words.
    pub(super) fn length(&self) -> String {
        match self.during.end() - self.during.start() {
            LENGTH_MAX => "24 hours".to_owned(),
            length => moment::lasting(length),
        }
    }

    pub(super) fn render(&self) -> Markup {
        let changes: Vec<_> = self
            .stretches
            .windows(2)
            .filter_map(|pair| match pair {
                [before, after] => Some((before.state, after)),
                _ => None,
            })
            .rev()
            .take(CHANGES_SHOWN)
            .collect();
        html! {
            @if self.stretches.iter().all(|stretch| stretch.state.is_none()) {
                div.empty { p { "Nothing was recorded." } }
            } @else {
                figure { (strip(&self.stretches, self.during)) }
                @if changes.is_empty() {
                    p.quiet { "Its state did not change." }
                } @else {
                    ol.changes {
                        @for (before, after) in changes {
                            li { (moment::at(after.during.start())) " " (word(before)) " → " (named(after.state)) }
                        }
                    }
                }
            }
        }
    }
}

fn word(state: Option<SloState>) -> &'static str {
    state.map_or("not evaluated", mark::state_word)
}

fn named(state: Option<SloState>) -> Markup {
    html! {
        @match state { Some(state) => { (mark::state(state)) } None => { span.quiet { "not evaluated" } } }
    }
}

fn instant(item: &HistoryItem) -> DateTime<Utc> {
    match item {
        HistoryItem::Calculation(held) => held.slot,
        HistoryItem::Gap(held) => held.during.start(),
    }
}

/// Stretches of one state each. A record holds until the next, but not for longer than `hole`.
fn stretches(items: &[HistoryItem], during: Interval, hole: TimeDelta) -> Vec<Stretch> {
    let mut out: Vec<Stretch> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let next = items
            .get(index + 1)
            .map_or(during.end(), instant);
        let (state, until) = match item {
            HistoryItem::Calculation(held) => (Some(held.state), next.min(held.slot + hole)),
            HistoryItem::Gap(held) => (None, held.during.end().min(next)),
        };
        push(
            &mut out,
            Interval::new(instant(item), until).intersection(during),
            state,
        );
        push(
            &mut out,
            Interval::new(until, next).intersection(during),
            None,
        );
    }
    out
}

/// Adds a stretch, or lengthens the last one where it says the same.
fn push(out: &mut Vec<Stretch>, during: Interval, state: Option<SloState>) {
    if during.is_empty() {
        return;
    }
    match out.last_mut() {
        Some(last) if last.state == state => last.during = last.during.hull(during),
        _ => out.push(Stretch { during, state }),
    }
}

#[cfg(test)]
mod tests {
    use sre_core::store::{Calculation, Outcome};
    use sre_core::time::at_second;

    use super::*;

    fn record(second: i64, state: SloState) -> HistoryItem {
        HistoryItem::Calculation(Calculation {
            slot: at_second(second),
            outcome: Outcome::Measured,
            state,
            counts: None,
            evaluation: None,
        })
    }

    #[test]
    fn a_state_holds_until_the_next_record_and_a_pause_is_a_hole() {
        let items = [
            record(0, SloState::Met),
            record(60, SloState::Met),
            record(120, SloState::AtRisk),
            record(900, SloState::Met),
        ];
        let during = Interval::new(at_second(0), at_second(960));
        let found: Vec<_> = stretches(&items, during, TimeDelta::seconds(180))
            .into_iter()
            .map(|held| (held.during.start().timestamp(), held.state))
            .collect();
        assert_eq!(
            found,
            [
                (0, Some(SloState::Met)),
                (120, Some(SloState::AtRisk)),
                (300, None),
                (900, Some(SloState::Met)),
            ]
        );
    }
}
