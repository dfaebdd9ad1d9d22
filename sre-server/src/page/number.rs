//! Figures for people: few digits, and never so few that they lie. 99.9999 % is not 100 %, a budget
//! of which a hair is gone is not whole, and one of which a hair is left is not nothing.

use maud::{Markup, html};
use sre_core::budget::ErrorBudget;
use sre_core::count::{Count, Counts};

/// What stands where there is no figure.
pub(super) const NO_DATA: &str = "no data";

/// A figure, or that there is none.
pub(super) fn or_no_data(figure: Option<String>) -> Markup {
    html! {
        @match figure { Some(figure) => { (figure) } None => { span.quiet { (NO_DATA) } } }
    }
}

/// The share of good events in percent, cut to four decimals: `99.95 %`.
pub(super) fn sli(counts: Counts) -> Option<String> {
    let (good, total) = (counts.good().millionths(), counts.total().millionths());
    let millionths = (u128::from(good) * 1_000_000).checked_div(u128::from(total))?;
    let (whole, part) = (millionths / 10_000, millionths % 10_000);
    let digits = format!("{whole}.{part:04}");
    let digits = digits
        .trim_end_matches('0')
        .trim_end_matches('.');
    Some(format!("{digits} %"))
}

/// What is left of a budget in percent, to one decimal: `43.2 %`, `−12.5 %`.
pub(super) fn left(budget: ErrorBudget) -> Option<String> {
    budget
        .remaining_percentage()
        .map(percent)
}

/// A percentage to one decimal, never rounded to all or to nothing.
pub(super) fn percent(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = match text.as_str() {
        "100.0" if value < 100.0 => "99.9",
        "0.0" if value > 0.0 => "< 0.1",
        "-0.0" if value < 0.0 => "> -0.1",
        "-0.0" => "0.0",
        text => text,
    };
    format!("{} %", signed(text))
}

/// A whole percentage.
pub(super) fn whole_percent(value: f64) -> String {
    format!("{} %", signed(&format!("{value:.0}")))
}

/// A share in percent, without decimals where it has none.
pub(super) fn share(value: f64) -> String {
    percent(value * 100.0).replace(".0 %", " %")
}

/// A factor as it was written: `5×`, `14.4×`.
pub(super) fn factor(value: f64) -> String {
    format!("{value}×")
}

/// What is allowed: units, and tenths of them where they are few.
pub(super) fn allowed(units: f64) -> String {
    if units >= 100.0 {
        grouped(&format!("{units:.0}"))
    } else {
        format!("{units:.1}")
    }
}

/// How many times faster than sustainable: three digits.
pub(super) fn burn(rate: f64) -> String {
    if rate >= 100.0 {
        grouped(&format!("{rate:.0}"))
    } else if rate >= 10.0 {
        format!("{rate:.1}")
    } else {
        format!("{rate:.2}")
    }
}

/// Events or slices: `20,000`, `2.5`.
pub(super) fn count(count: Count) -> String {
    let text = count.to_string();
    let (whole, part) = text
        .split_once('.')
        .unwrap_or((&text, ""));
    let part: String = part.chars().take(2).collect();
    let part = part.trim_end_matches('0');
    if part.is_empty() {
        grouped(whole)
    } else {
        format!("{}.{part}", grouped(whole))
    }
}

/// How many of something, in words: `1 SLO`, `3 SLOs`.
pub(super) fn many(count: usize, one: &str) -> String {
    let count_text = grouped(&count.to_string());
    if count == 1 {
        format!("{count_text} {one}")
    } else {
        format!("{count_text} {one}s")
    }
}

/// In groups of three, with a minus that is as wide as a digit.
fn signed(text: &str) -> String {
    let Some(start) = text.find(|letter: char| letter.is_ascii_digit()) else {
        return text.to_owned();
    };
    let (sign, digits) = text.split_at(start);
    let (whole, part) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    format!("{}{}{part}", sign.replace('-', "−"), grouped(whole))
}

/// Whole digits in groups of three.
fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(good: u64, total: u64) -> Option<String> {
        sli(Counts::events(good, total).unwrap())
    }

    #[test]
    fn nothing_but_all_is_a_hundred_percent() {
        assert_eq!(shown(20, 20).unwrap(), "100 %");
        assert_eq!(shown(9_999_999, 10_000_000).unwrap(), "99.9999 %");
        assert_eq!(shown(19_990, 20_000).unwrap(), "99.95 %");
        assert_eq!(shown(0, 20).unwrap(), "0 %");
        assert_eq!(shown(0, 0), None);
    }

    #[test]
    fn no_percentage_is_rounded_to_all_or_to_nothing() {
        for (value, text) in [
            (100.0, "100.0 %"),
            (99.999, "99.9 %"),
            (43.25, "43.2 %"),
            (0.04, "< 0.1 %"),
            (0.0, "0.0 %"),
            (-0.0, "0.0 %"),
            (-0.01, "> −0.1 %"),
            (-412.54, "−412.5 %"),
            (-4_445.5, "−4,445.5 %"),
        ] {
            assert_eq!(percent(value), text);
        }
        assert_eq!(share(1.0), "100 %");
        assert_eq!(share(0.98), "98 %");
        assert_eq!(share(0.9999), "99.9 %");
    }

    #[test]
    fn counts_and_burns_have_as_many_digits_as_matter() {
        assert_eq!(count(Count::events(1_234_567).unwrap()), "1,234,567");
        assert_eq!(count(Count::from_millionths(2_500_000)), "2.5");
        assert_eq!(burn(0.5), "0.50");
        assert_eq!(burn(14.4), "14.4");
        assert_eq!(burn(1_000.0), "1,000");
        assert_eq!(factor(14.4), "14.4×");
        assert_eq!(allowed(2624.4), "2,624");
        assert_eq!(allowed(1.25), "1.2");
        assert_eq!(many(1, "SLO"), "1 SLO");
        assert_eq!(many(0, "SLO"), "0 SLOs");
    }
}
