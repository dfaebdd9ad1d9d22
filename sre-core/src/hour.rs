//! An hour of slices: the unit in which a ledger is stored, packed into a few bytes a slice.
//!
//! A minute of a quiet service costs one to three bytes, so that thirty days of an SLO stay under
//! 8 KiB a day in any store. The open hour is written again at every slot: it is a few hundred
//! bytes, the write is part of the evaluator's one commit, and no second form of row exists.

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::count::{Count, Counts};
use crate::slice::{Slice, SliceWidth, Sums};
use crate::time::{HOUR, Interval, Span};

/// The slices of one aligned hour, or, beyond the retention of fine slices, their sum.
///
/// ```
/// use sre_core::count::Counts;
/// use sre_core::hour::Hour;
/// use sre_core::slice::{Slice, SliceWidth};
/// use sre_core::time::at_second;
///
/// let mut hour = Hour::unmeasured(at_second(5_000), SliceWidth::MINUTE);
/// assert_eq!(hour.start(), at_second(3_600));
/// hour.set(at_second(3_660), Slice::Measured(Counts::events(997, 1_000)?));
/// let bytes = hour.pack();
/// assert_eq!(bytes.len(), 1 + 59 + 3); // a tag, a byte where nobody measured, three for the slice
/// assert_eq!(Hour::unpack(hour.start(), hour.width(), &bytes)?, hour);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "Packed", try_from = "Packed"))]
pub struct Hour {
    start: DateTime<Utc>,
    width: SliceWidth,
    content: Content,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Content {
    Fine(Vec<Slice>),
    Summed(Sums),
}

/// An hour as it is stored.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize, serde::Serialize)]
struct Packed {
    start: DateTime<Utc>,
    width: SliceWidth,
    bytes: Vec<u8>,
}

#[cfg(feature = "serde")]
impl From<Hour> for Packed {
    fn from(hour: Hour) -> Self {
        Self {
            start: hour.start,
            width: hour.width,
            bytes: hour.pack(),
        }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<Packed> for Hour {
    type Error = UnpackError;

    fn try_from(packed: Packed) -> Result<Self, UnpackError> {
        Self::unpack(packed.start, packed.width, &packed.bytes)
    }
}

/// Why bytes are not a packed hour.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a packed hour of slices")]
pub struct UnpackError;

impl Hour {
    /// The hour in which `at` lies, nothing measured yet.
    #[must_use]
    pub fn unmeasured(at: DateTime<Utc>, width: SliceWidth) -> Self {
        let content = Content::Fine(vec![Slice::Unmeasured; width.per_hour()]);
        Self {
            start: Self::floor(at),
            width,
            content,
        }
    }

    /// The hour as one sum, without its fine slices; `None` when the sum does not fit.
    #[must_use]
    pub fn summed(&self) -> Option<Self> {
        Some(Self {
            content: Content::Summed(self.sums()?),
            ..*self
        })
    }

    /// A summed hour with another sum; a fine one as it is.
    pub(crate) fn summed_as(&self, change: impl FnOnce(Sums) -> Sums) -> Self {
        let content = match &self.content {
            Content::Summed(sums) => Content::Summed(change(*sums)),
            fine @ Content::Fine(_) => fine.clone(),
        };
        Self { content, ..*self }
    }

    /// Whether the fine slices are still known.
    #[must_use]
    pub const fn is_fine(&self) -> bool {
        matches!(self.content, Content::Fine(_))
    }

    /// The start of the hour in which `at` lies.
    #[must_use]
    pub fn floor(at: DateTime<Utc>) -> DateTime<Utc> {
        crate::time::at_second(
            at.timestamp()
                .div_euclid(i64::from(HOUR))
                * i64::from(HOUR),
        )
    }

    /// The first instant of the hour.
    #[must_use]
    pub const fn start(&self) -> DateTime<Utc> {
        self.start
    }

    /// The stretch of the hour.
    #[must_use]
    pub fn interval(&self) -> Interval {
        Interval::ending(self.start + Span::hours(1).as_delta(), Span::hours(1))
    }

    /// The length of its slices.
    #[must_use]
    pub const fn width(&self) -> SliceWidth {
        self.width
    }

    /// The slices in order, as many as the width makes in an hour; none of a summed hour.
    #[must_use]
    pub fn slices(&self) -> &[Slice] {
        match &self.content {
            Content::Fine(slices) => slices,
            Content::Summed(_) => &[],
        }
    }

    /// The slices with the instants at which they begin.
    pub fn iter(&self) -> impl Iterator<Item = (DateTime<Utc>, Slice)> + '_ {
        let first = self.width.index_of(self.start);
        (first..)
            .zip(self.slices())
            .map(|(index, slice)| (self.width.interval(index).start(), *slice))
    }

    /// Replaces the slice that begins at `at`. Instants outside of the hour, and all of a summed
    /// hour, change nothing.
    pub fn set(&mut self, at: DateTime<Utc>, slice: Slice) {
        let offset = self.width.index_of(at) - self.width.index_of(self.start);
        let Content::Fine(slices) = &mut self.content else {
            return;
        };
        if let Some(held) = usize::try_from(offset)
            .ok()
            .and_then(|n| slices.get_mut(n))
        {
            *held = slice;
        }
    }

    /// The slice in which `at` lies; unmeasured outside of the hour.
    #[must_use]
    pub fn slice_at(&self, at: DateTime<Utc>) -> Slice {
        let offset = self.width.index_of(at) - self.width.index_of(self.start);
        usize::try_from(offset)
            .ok()
            .and_then(|n| self.slices().get(n))
            .copied()
            .unwrap_or_default()
    }

    /// The sum of the hour, `None` when it does not fit.
    #[must_use]
    pub fn sums(&self) -> Option<Sums> {
        match &self.content {
            Content::Fine(slices) => slices
                .iter()
                .try_fold(Sums::default(), |sums, slice| {
                    sums.checked_add_slice(*slice)
                }),
            Content::Summed(sums) => Some(*sums),
        }
    }

    /// The hour as bytes: a tag that says whether counts are whole events, then a variable-length
    /// integer a slice, zero for unmeasured, else total + 1, and where total is not zero another
    /// for bad. A summed hour is its tag, total, bad and the number of measured slices.
    #[must_use]
    pub fn pack(&self) -> Vec<u8> {
        let slices = match &self.content {
            Content::Fine(slices) => slices,
            Content::Summed(sums) => return pack_sums(*sums),
        };
        let unit = Count::ONE.millionths();
        let whole = slices.iter().all(|slice| {
            let counts = slice.counts();
            counts
                .bad()
                .millionths()
                .is_multiple_of(unit)
                && counts
                    .total()
                    .millionths()
                    .is_multiple_of(unit)
        });
        let (tag, unit) = if whole {
            (WHOLE_EVENTS, unit)
        } else {
            (MILLIONTHS, 1)
        };
        let mut bytes = Vec::with_capacity(1 + 3 * slices.len());
        bytes.push(tag);
        for slice in slices {
            let Slice::Measured(counts) = slice else {
                bytes.push(0);
                continue;
            };
            push_varint(
                &mut bytes,
                u128::from(counts.total().millionths() / unit) + 1,
            );
            if !counts.total().is_zero() {
                push_varint(&mut bytes, u128::from(counts.bad().millionths() / unit));
            }
        }
        bytes
    }

    /// Reads what [`Hour::pack`] wrote for the hour of `at` with slices of `width`.
    ///
    /// # Errors
    ///
    /// [`UnpackError`] for anything else, bad above total and trailing bytes included.
    pub fn unpack(at: DateTime<Utc>, width: SliceWidth, bytes: &[u8]) -> Result<Self, UnpackError> {
        let (tag, mut rest) = bytes.split_first().ok_or(UnpackError)?;
        let unit = match *tag {
            WHOLE_EVENTS => Count::ONE.millionths(),
            MILLIONTHS => 1,
            SUMMED => return Self::unpack_sums(at, width, rest),
            _ => return Err(UnpackError),
        };
        let count = |n: u128| {
            u64::try_from(n)
                .ok()
                .and_then(|n| n.checked_mul(unit))
                .map(Count::from_millionths)
                .ok_or(UnpackError)
        };
        let mut slices = vec![Slice::Unmeasured; width.per_hour()];
        for slice in &mut slices {
            let Some(total) = take_varint(&mut rest)?.checked_sub(1) else {
                continue;
            };
            let bad = if total == 0 {
                0
            } else {
                take_varint(&mut rest)?
            };
            let counts = Counts::with_bad(count(bad)?, count(total)?).map_err(|_| UnpackError)?;
            *slice = Slice::Measured(counts);
        }
        let content = Content::Fine(slices);
        let hour = Self {
            start: Self::floor(at),
            width,
            content,
        };
        if rest.is_empty() {
            Ok(hour)
        } else {
            Err(UnpackError)
        }
    }

    fn unpack_sums(
        at: DateTime<Utc>,
        width: SliceWidth,
        mut bytes: &[u8],
    ) -> Result<Self, UnpackError> {
        let mut take = || {
            take_varint(&mut bytes)?
                .try_into()
                .map_err(|_| UnpackError)
        };
        let (total, bad, measured): (u64, u64, u64) = (take()?, take()?, take()?);
        let (total, bad) = (Count::from_millionths(total), Count::from_millionths(bad));
        let counts = Counts::with_bad(bad, total).map_err(|_| UnpackError)?;
        let measured = u32::try_from(measured).map_err(|_| UnpackError)?;
        let is_possible = measured as usize <= width.per_hour() && bytes.is_empty();
        let content = Content::Summed(Sums { counts, measured });
        let hour = Self {
            start: Self::floor(at),
            width,
            content,
        };
        if is_possible {
            Ok(hour)
        } else {
            Err(UnpackError)
        }
    }
}

fn pack_sums(sums: Sums) -> Vec<u8> {
    let mut bytes = vec![SUMMED];
    push_varint(&mut bytes, u128::from(sums.counts.total().millionths()));
    push_varint(&mut bytes, u128::from(sums.counts.bad().millionths()));
    push_varint(&mut bytes, u128::from(sums.measured));
    bytes
}

/// Appends seven bits a byte, the lowest first; the high bit says that more follow.
fn push_varint(bytes: &mut Vec<u8>, mut value: u128) {
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or(0x7f);
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

/// Takes what [`push_varint`] appended off the front.
fn take_varint(bytes: &mut &[u8]) -> Result<u128, UnpackError> {
    let mut value = 0_u128;
    // 2^64 + 1 needs ten bytes.
    for shift in (0..70).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(UnpackError)?;
        *bytes = rest;
        value |= u128::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(UnpackError)
}

/// Counts are whole events.
const WHOLE_EVENTS: u8 = 1;
/// Counts are millionths of an event.
const MILLIONTHS: u8 = 2;
/// One sum in millionths of an event instead of slices.
const SUMMED: u8 = 3;

#[cfg(test)]
mod tests;
