//! How long an SLO looks back, and how often it expects to be measured.

use serde_json::Value;
use sre_core::slice::SliceWidth;
use sre_core::time::Span;
use sre_core::window::Window;

use super::definition::note;
use crate::http::Fields;

/// A rolling window of whole slices: at least two, and as long as hour sums are kept at most.
pub(super) fn window(
    fields: &mut Fields,
    slice: Option<SliceWidth>,
    default: Span,
) -> Option<Span> {
    let is_given = fields.is_given("time_window");
    let window = match fields.optional("time_window").value() {
        None => default,
        Some(Value::String(text)) => match text.parse() {
            Ok(span) => span,
            Err(error) => return note(fields, "time_window", error),
        },
        Some(Value::Object(_)) => {
            let detail = "calendar windows come in a later version; expected a rolling one such \
                          as 30d";
            return note(fields, "time_window", detail);
        }
        Some(_) => return note(fields, "time_window", "must be a text such as 30d"),
    };
    match slice.and_then(|width| window_refusal(window, width)) {
        None => Some(window),
        Some(reason) if is_given => note(fields, "time_window", reason),
        // The default is right; it is the slice that does not fit it.
        Some(reason) => note(
            fields,
            "slice",
            format!("the default window {window} {reason}"),
        ),
    }
}

/// Why a window does not stand on slices of this width; `None` when it does.
pub(super) fn window_refusal(window: Span, width: SliceWidth) -> Option<String> {
    let slice = width.span().as_seconds();
    if window > Window::MAX {
        Some(format!("may be at most {}", Window::MAX))
    } else if window.as_seconds() < slice.saturating_mul(2) {
        Some(format!("must hold at least two slices of {width}"))
    } else if !window
        .as_seconds()
        .is_multiple_of(slice)
    {
        Some(format!("must be a whole number of slices of {width}"))
    } else {
        None
    }
}

/// How often a measurement is expected, where it is declared: not more seldom than twice a window,
/// else the SLO could never be stale.
pub(super) fn expected_interval(fields: &mut Fields, window: Option<Span>) -> Option<Span> {
    let interval = fields
        .optional("expected_interval")
        .parse::<Span>()?;
    let is_too_long =
        window.is_some_and(|window| interval.as_secs_i64() * 2 > window.as_secs_i64());
    if is_too_long {
        return note(
            fields,
            "expected_interval",
            "may be at most half of the window",
        );
    }
    Some(interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_a_whole_number_of_slices_and_at_least_two() {
        let refusal = |window: &str| {
            window_refusal(window.parse().unwrap(), SliceWidth::MINUTE).unwrap_or_default()
        };
        assert_eq!(refusal("2m"), "");
        assert_eq!(refusal("400d"), "");
        assert_eq!(refusal("1m"), "must hold at least two slices of 60s");
        assert_eq!(refusal("150s"), "must be a whole number of slices of 60s");
        assert_eq!(refusal("401d"), "may be at most 400d");
    }
}
