//! The API: one file a resource, each handler a parse, a call, a rendering.
//!
//! [`routes`] is the table: it reads like the API's index, and the OpenAPI document comes out of it.

use crate::context::Context;
use crate::http::Routes;

pub mod figure;
mod store_error;

/// Every route of the API.
pub fn routes() -> Routes<Context> {
    Routes::new()
}
