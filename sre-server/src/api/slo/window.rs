//! How long an SLO looks back, and how often it expects to be measured.

use serde_json::Value;
use sre_core::slice::SliceWidth;
use sre_core::time::Span;
use sre_core::window::{Anchor, CalendarUnit, CalendarWindow, TimeZone, Window};

use super::definition::note;
use crate::http::Fields;

/// A calendar window, or a rolling one of whole slices: at least two, and as long as hour sums are
/// kept at most.
pub(super) fn window(
    fields: &mut Fields,
    slice: Option<SliceWidth>,
    default: Window,
) -> Option<Window> {
    let is_given = fields.is_given("time_window");
    let field = fields.optional("time_window");
    if field.is_object() {
        return field
            .object(calendar)
            .map(Window::Calendar);
    }
    let window = match field.value() {
        None => default,
        Some(Value::String(text)) => match text.parse() {
            Ok(span) => Window::Rolling(span),
            Err(error) => return note(fields, "time_window", error),
        },
        Some(_) => {
            let detail = "must be a text such as 30d, or an object such as \
                          {\"calendar\":\"month\",\"time_zone\":\"Europe/Zurich\"}";
            return note(fields, "time_window", detail);
        }
    };
    match slice.and_then(|width| window_refusal(window.span(), width)) {
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

/// A unit of the calendar, how many of them, from which date, by whose clocks. The zone is not guessed:
/// whose midnight it is decides which month an outage belongs to.
fn calendar(fields: &mut Fields) -> Option<CalendarWindow> {
    let unit = fields.parse::<CalendarUnit>("calendar");
    let zone = fields.parse::<TimeZone>("time_zone");
    let most = unit.map_or(u16::MAX, CalendarUnit::most);
    let count = fields
        .optional("count")
        .integer(1..=u64::from(most))
        .map_or(Some(1), |count| u16::try_from(count).ok());
    let anchor = fields
        .optional("anchor")
        .parse::<Anchor>();
    let window = CalendarWindow::new(unit?)
        .of(count?)
        .ok()?
        .in_zone(zone?);
    Some(anchor.map_or(window, |anchor| window.from_anchor(anchor)))
}

/// Why a rolling window does not stand on slices of this width; `None` when it does.
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
pub(super) fn expected_interval(fields: &mut Fields, window: Option<Window>) -> Option<Span> {
    let interval = fields
        .optional("expected_interval")
        .parse::<Span>()?;
    let is_too_long =
        window.is_some_and(|window| interval.as_secs_i64() * 2 > window.span().as_secs_i64());
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
