//! How much of a message is said when not all of it fits.

use std::borrow::Cow;

/// One step of what is given up: first links of people's own, then labels, then the message's end.
#[derive(Debug)]
pub(super) struct Room {
    /// Whether links beside the usual ones are said.
    pub(super) has_own_links: bool,
    /// How many labels are said.
    pub(super) labels: usize,
    /// The length of a label's name or value.
    pub(super) label_chars: usize,
    /// How many rules are said.
    pub(super) rules: usize,
    /// The length of the message.
    pub(super) message_chars: usize,
}

impl Room {
    /// From everything to little; what fits by none of them has fewer alerts.
    pub(super) const ALL: [Self; 6] = [
        Self { ..Self::WHOLE },
        Self {
            has_own_links: false,
            ..Self::WHOLE
        },
        Self {
            has_own_links: false,
            label_chars: 256,
            ..Self::WHOLE
        },
        Self {
            has_own_links: false,
            labels: 32,
            label_chars: 64,
            rules: 16,
            ..Self::WHOLE
        },
        Self {
            has_own_links: false,
            labels: 0,
            label_chars: 0,
            rules: 4,
            message_chars: 1_000,
        },
        Self {
            has_own_links: false,
            labels: 0,
            label_chars: 0,
            rules: 2,
            message_chars: 200,
        },
    ];

    /// The least of an alert that is worth its place.
    pub(super) const LAST: &'static Self = &Self::ALL[5];

    /// What a template sees of an alert: more fits into no message that people read.
    pub(super) const FOR_PEOPLE: Self = Self {
        has_own_links: true,
        labels: 32,
        label_chars: 256,
        rules: 16,
        message_chars: 1_000,
    };

    const WHOLE: Self = Self {
        has_own_links: true,
        labels: usize::MAX,
        label_chars: usize::MAX,
        rules: usize::MAX,
        message_chars: usize::MAX,
    };
}

/// At most `max` characters of a text, the last of them "…" where something was cut.
pub(crate) fn clip(text: &str, max: usize) -> Cow<'_, str> {
    if text.len() <= max || text.chars().count() <= max {
        return Cow::Borrowed(text);
    }
    let kept: String = text
        .chars()
        .take(max.saturating_sub(1))
        .collect();
    Cow::Owned(kept + "…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_says_so() {
        assert_eq!(clip("äöü", 3), "äöü");
        assert_eq!(clip("äöüß", 3), "äö…");
        assert_eq!(clip("🔥🔥🔥", 2), "🔥…");
    }
}
