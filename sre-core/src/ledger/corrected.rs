//! The second ledger of an SLO: the same history, with what was agreed not to count taken out.

use std::borrow::Cow;
use std::sync::Arc;

use super::edges::Edges;
use super::{FINE_HOURS, Ledger, LedgerError, hour_number, hour_start, signed};
use crate::correction::Overlay;
use crate::hour::Hour;

impl Ledger {
    /// The same history, corrected: a second ledger, which corrects whatever is put in from now on as
    /// well. `hours` are those that the overlay touches, as they were measured; the last ones, which
    /// are held slice by slice, may be left out.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Overflow`].
    pub fn corrected(&self, overlay: &Arc<Overlay>, hours: &[Hour]) -> Result<Self, LedgerError> {
        let mut corrected = self.clone();
        // What is attached was not corrected: it is fetched again where a window begins.
        corrected.edges = Edges::of(self.width);
        corrected.overlay = Some(Arc::clone(overlay));
        for hour in hours {
            corrected.set_hour(hour)?;
        }
        let mut start = hour_start(hour_number(self.end()) - signed(FINE_HOURS));
        while start < self.end() {
            if let Some(hour) = self.fine_hour(start)
                && overlay.touches(hour.interval())
            {
                corrected.set_hour(&hour)?;
            }
            start = hour_start(hour_number(start).saturating_add(1));
        }
        Ok(corrected)
    }

    /// Has what is put in from now on corrected by an overlay that reaches further, and says the same
    /// of what is held.
    pub fn extend_overlay(&mut self, overlay: Arc<Overlay>) {
        self.overlay = Some(overlay);
    }

    /// By what its slices are corrected; `None` of a ledger of what was measured.
    #[must_use]
    pub fn overlay(&self) -> Option<&Overlay> {
        self.overlay.as_deref()
    }

    pub(super) fn corrected_hour<'a>(&self, hour: &'a Hour) -> Cow<'a, Hour> {
        match &self.overlay {
            Some(overlay) => Cow::Owned(overlay.correct_hour(hour)),
            None => Cow::Borrowed(hour),
        }
    }
}
