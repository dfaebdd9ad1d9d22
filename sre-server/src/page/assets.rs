//! Stylesheet, script and icon: in the program itself, under names that change with their content,
//! so that a browser may keep them for ever and never has an old one.

use std::future::{Ready, ready};
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
pub(super) fn get(call: Call<Context>) -> Ready<Result<Response, ApiError>> {
    ready(answer(&call))
}

/// What `GET /assets/{name}` says of itself.
pub(super) fn doc() -> Doc {
    Doc::page(Access::Open, "What pages are made up with")
}

fn answer(call: &Call<Context>) -> Result<Response, ApiError> {
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
