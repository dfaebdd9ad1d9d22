//! Every text that people write is read or refused, and what is read is written so that it is read
//! again as the same.
#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use libfuzzer_sys::fuzz_target;
use sre_core::evidence::SignificanceLevel;
use sre_core::histogram::Bound;
use sre_core::latency::Latency;
use sre_core::method::SliceTarget;
use sre_core::policy::BudgetShare;
use sre_core::slice::SliceWidth;
use sre_core::target::{Factor, Target};
use sre_core::time::Span;
use sre_core::window::Anchor;

fn is_read_again<T: FromStr + Display + PartialEq + Debug>(text: &str) -> Option<T> {
    let read: T = text.parse().ok()?;
    let again = read.to_string().parse().ok();
    assert_eq!(again.as_ref(), Some(&read), "{text:?}");
    again
}

fuzz_target!(|text: &str| {
    if let Some(span) = is_read_again::<Span>(text) {
        assert!(span.as_seconds() > 0);
    }
    if let Some(target) = is_read_again::<Target>(text) {
        assert!((1..1_000_000_000).contains(&target.budget_ppb()));
    }
    if let Some(factor) = is_read_again::<Factor>(text) {
        assert!(factor.numerator() > 0 && factor.denominator() > 0);
    }
    is_read_again::<SliceWidth>(text);
    is_read_again::<SliceTarget>(text);
    is_read_again::<BudgetShare>(text);
    is_read_again::<SignificanceLevel>(text);
    is_read_again::<Latency>(text);
    is_read_again::<Bound>(text);
    is_read_again::<Anchor>(text);
});
