//! What a stretch of time cost an SLO: from its stored slices, exact to the slice, or to the hour
//! where only sums are kept.

use chrono::{DateTime, Utc};

use crate::budget::ErrorBudget;
use crate::correction::{Correction, Overlay};
use crate::count::Counts;
use crate::hour::Hour;
use crate::slice::Sums;
use crate::slo::Slo;
use crate::store::{Evaluations, StoreError};
use crate::time::Interval;

/// What a stretch cost an SLO.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Spending {
    /// The stretch, widened to whole slices.
    pub during: Interval,
    /// What was counted in it.
    pub counts: Counts,
    /// What of that lies in the SLO's window: not what a stretch over the edge of a month left in the
    /// month before.
    pub in_window: Counts,
    /// The budget of the SLO's window in which the stretch ends: up to there of a rolling window, of
    /// a calendar window all that is known by now.
    pub budget: ErrorBudget,
}

impl Spending {
    /// `100 × bad in the stretch and the window ÷ allowed in the window`, for showing; `None` where the window
    /// allows nothing because nothing happened in it.
    #[must_use]
    pub fn percentage_of_budget(&self) -> Option<f64> {
        let allowed = self.budget.allowed();
        let bad = self
            .budget
            .grain()
            .as_f64(self.in_window.bad());
        (allowed > 0.0).then(|| 100.0 * bad / allowed)
    }

    /// What was counted in the stretch, in millionths of an event or slice: for showing.
    #[must_use]
    pub const fn shown(&self) -> Counts {
        self.budget.grain().shown(self.counts)
    }
}

/// What `during` cost the SLO, by today's definition and `corrections`; `None` where nothing of it was
/// measured.
///
/// # Errors
///
/// Those of the store; a sum that does not fit is [`StoreError::Corrupt`].
pub async fn spending(
    store: &dyn Evaluations,
    slo: &Slo,
    corrections: &[Correction],
    during: Interval,
) -> Result<Option<Spending>, StoreError> {
    let definition = &slo.definition;
    let width = definition.slice;
    let during = Interval::new(width.floor(during.start()), width.ceil(during.end()));
    let window = definition.window_at(during.end());
    let all = during.hull(window);
    let mut hours = store
        .hours(slo.id, definition.generation(), width, all)
        .await?;
    let overlay = Overlay::new(corrections, all);
    for hour in &mut hours {
        *hour = overlay.correct_hour(hour);
    }
    let too_large = || StoreError::Corrupt {
        table: "slo_slices",
        column: "counts",
        row: slo.id.to_string(),
        source: "their sum does not fit".into(),
    };
    let spent = sum(&hours, during).ok_or_else(too_large)?;
    let charged = sum(&hours, during.intersection(window)).ok_or_else(too_large)?;
    let all = sum(&hours, window).ok_or_else(too_large)?;
    Ok((spent.measured > 0).then(|| Spending {
        during,
        counts: spent.counts,
        in_window: charged.counts,
        budget: ErrorBudget::new(all.counts, definition.target)
            .counted_in(definition.method.grain()),
    }))
}

/// The sum of the slices that begin in `during`, and of summed hours that touch it; `None` when it
/// does not fit.
fn sum(hours: &[Hour], during: Interval) -> Option<Sums> {
    let begins = |at: DateTime<Utc>| during.contains(at);
    hours
        .iter()
        .try_fold(Sums::default(), |sums, hour| {
            if hour.is_fine() {
                let mut slices = hour
                    .iter()
                    .filter(|(at, _)| begins(*at));
                return slices.try_fold(sums, |sums, (_, slice)| sums.checked_add_slice(slice));
            }
            let touches = !hour
                .interval()
                .intersection(during)
                .is_empty();
            if touches {
                sums.checked_add(hour.sums()?)
            } else {
                Some(sums)
            }
        })
}
