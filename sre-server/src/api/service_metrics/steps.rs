//! Counts of a metric, summed over steps of time.

use std::collections::BTreeMap;

use sre_core::count::Counts;
use sre_core::sample::{Sample, SampleValue};
use sre_core::time::{Span, at_second};

use super::read_back::Asked;
use super::view::SampleView;
use crate::context::Context;
use crate::http::ApiError;
use crate::http::fault::Fault;

/// How many samples are looked at for one answer: a month of one series a minute.
const SAMPLES_MAX: u32 = 50_000;

/// How many steps one answer holds, as many as a page.
const STEPS_MAX: i64 = 1_000;

/// The sums, by the instant at which a step begins.
type Sums = BTreeMap<i64, Counts>;

/// The sums of all series by steps that begin at whole multiples of `step`.
///
/// # Errors
///
/// Invalid (422) where the metric has numbers (their average would mean nothing, their least and
/// greatest are in the list itself), where there are too many steps or samples, and where a sum does
/// not fit; those of the store.
pub(super) async fn sums(
    context: &Context,
    asked: &Asked,
    step: Span,
) -> Result<Vec<SampleView>, ApiError> {
    let seconds = step.as_secs_i64();
    let stretch = asked.during.end() - asked.during.start();
    if stretch.num_seconds() / seconds >= STEPS_MAX {
        return Err(fault(format!(
            "gives more than {STEPS_MAX} items; take a longer one"
        )));
    }
    let (service, metric) = (&asked.service, &asked.metric);
    let limit = SAMPLES_MAX + 1;
    let samples = context
        .samples
        .series(service, metric, asked.during, limit)
        .await?;
    if samples.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
        let detail = format!("would sum more than {SAMPLES_MAX} samples; ask for less time");
        return Err(fault(detail));
    }
    let mut sums = Sums::new();
    for sample in &samples {
        add(&mut sums, sample, seconds)?;
    }
    let views = sums
        .into_iter()
        .map(|(start, counts)| SampleView::of_step(service, metric, at_second(start), counts));
    Ok(views.collect())
}

fn add(sums: &mut Sums, sample: &Sample, seconds: i64) -> Result<(), ApiError> {
    let SampleValue::Counts(counts) = sample.value else {
        return Err(fault("sums counts, and this metric has numbers"));
    };
    let start = sample
        .at
        .timestamp()
        .div_euclid(seconds)
        * seconds;
    let sum = sums
        .entry(start)
        .or_insert(Counts::NONE);
    *sum = sum
        .checked_add(counts)
        .ok_or_else(|| fault("makes a sum that does not fit; take a shorter one"))?;
    Ok(())
}

fn fault(detail: impl std::fmt::Display) -> ApiError {
    ApiError::Invalid(vec![Fault::parameter("step", detail)])
}
