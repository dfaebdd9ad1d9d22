//! Stylesheet, script and icon: in the program itself, under names that change with their content,
//! so that a browser may keep them for ever and never has an old one.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, ETAG, HeaderValue, IF_NONE_MATCH};
use sha2::{Digest as _, Sha256};

use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};

/// Something that pages are made up with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Asset {
    /// How pages look.
    Style,
    /// What keeps them fresh.
    Script,
    /// What stands in the tab.
    Icon,
}

/// How much of the hash is in a name: two contents of one file never meet.
const HASH_BYTES: usize = 9;

/// A year, the longest that browsers heed.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

static NAMES: LazyLock<[String; 3]> = LazyLock::new(|| Asset::ALL.map(Asset::hashed_name));

impl Asset {
    const ALL: [Self; 3] = [Self::Style, Self::Script, Self::Icon];

    /// Where it is fetched.
    pub(crate) fn path(self) -> String {
        format!("/assets/{}", self.name())
    }

    fn name(self) -> &'static str {
        let [style, script, icon] = &*NAMES;
        match self {
            Self::Style => style,
            Self::Script => script,
            Self::Icon => icon,
        }
    }

    const fn body(self) -> &'static [u8] {
        match self {
            Self::Style => include_bytes!("assets/page.css"),
            Self::Script => include_bytes!("assets/page.js"),
            Self::Icon => include_bytes!("assets/icon.svg"),
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Style => "text/css; charset=utf-8",
            Self::Script => "text/javascript; charset=utf-8",
            Self::Icon => "image/svg+xml",
        }
    }

    fn hashed_name(self) -> String {
        let (stem, extension) = match self {
            Self::Style => ("page", "css"),
            Self::Script => ("page", "js"),
            Self::Icon => ("icon", "svg"),
        };
        let hash = Sha256::digest(self.body());
        let hash = URL_SAFE_NO_PAD.encode(
            hash.get(..HASH_BYTES)
                .unwrap_or_default(),
        );
        format!("{stem}.{hash}.{extension}")
    }
}

/// `GET /assets/{name}`
pub(super) fn get(call: &Call<Context>) -> Result<Response, ApiError> {
    let wanted = call.params.get("name");
    let asset = Asset::ALL
        .into_iter()
        .find(|asset| asset.name() == wanted)
        .ok_or_else(|| ApiError::no_such("file"))?;
    // The name holds the hash, so it is a tag as well.
    let tag = HeaderValue::try_from(format!("\"{wanted}\"")).map_err(ApiError::internal)?;
    let is_held = call.headers.get(IF_NONE_MATCH) == Some(&tag);
    let (status, body) = if is_held {
        (StatusCode::NOT_MODIFIED, &[][..])
    } else {
        (StatusCode::OK, asset.body())
    };
    let found = response::bytes(status, asset.media_type(), body);
    let found = response::with(found, CACHE_CONTROL, FOR_EVER);
    Ok(response::with(found, ETAG, tag))
}

/// What `GET /assets/{name}` says of itself.
pub(super) fn doc() -> Doc {
    Doc::page(Access::Open, "What pages are made up with")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The colours of one scheme, by name.
    fn colours(block: &str) -> BTreeMap<&str, [f64; 3]> {
        block
            .lines()
            .filter_map(|line| {
                let (name, rest) = line
                    .trim()
                    .strip_prefix("--")?
                    .split_once(": #")?;
                let digits = rest.strip_suffix(';')?;
                let part = |place: usize| {
                    let part = digits.get(place..place + 2)?;
                    u8::from_str_radix(part, 16)
                        .ok()
                        .map(f64::from)
                };
                Some((name, [part(0)?, part(2)?, part(4)?]))
            })
            .collect()
    }

    /// The relative luminance of WCAG 2.
    fn luminance(colour: [f64; 3]) -> f64 {
        let [red, green, blue] = colour.map(|part| {
            let part = part / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// Level AA of WCAG 2 asks for 4.5 between a text and its ground.
    #[test]
    fn every_text_can_be_read_on_every_ground_by_day_and_by_night() {
        let style = std::str::from_utf8(Asset::Style.body()).unwrap();
        let schemes: Vec<_> = style
            .split(":root {")
            .skip(1)
            .map(|block| colours(block.split('}').next().unwrap()))
            .collect();
        assert_eq!(schemes.len(), 2, "light and dark");
        let mut pairs = Vec::new();
        for text in ["ink", "quiet", "link", "good", "warn", "bad"] {
            pairs.extend(["paper", "card", "hover"].map(|ground| (text, ground)));
        }
        pairs.extend([("ink", "warn-soft"), ("ink", "bad-soft"), ("card", "bad")]);
        pairs.extend([("warn", "warn-soft"), ("bad", "bad-soft")]);
        for scheme in schemes {
            for (text, ground) in &pairs {
                let found = contrast(scheme[text], scheme[ground]);
                assert!(found >= 4.5, "{text} on {ground}: {found:.2}");
            }
        }
    }
}
