//! What a route says of itself in the table: from it come the OpenAPI document, the parameters and
//! bodies that are accepted, and the role that a caller needs.

use std::borrow::Cow;

use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::problem::Problem;

/// What a caller must be allowed to do.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Access {
    /// Anybody, whatever is configured: it carries no data.
    Open,
    /// To read.
    Read,
    /// To acknowledge and to silence.
    Acknowledge,
    /// To write SLOs, alerts, incidents.
    Write,
    /// To change tokens, sources and secrets.
    Administer,
}

/// One operation of the API, documented.
///
/// ```
/// use sre_server::http::doc::{Access, Doc};
///
/// #[derive(utoipa::ToSchema)]
/// struct AlertView { id: String }
///
/// let doc = Doc::new(Access::Read, "alerts", "Alerts, newest first")
///     .query("state", "Only alerts in this state.")
///     .lists::<AlertView>("A page of alerts.");
/// # let _ = doc;
/// ```
#[derive(Debug)]
#[must_use = "a route is registered with its documentation"]
pub struct Doc {
    pub(super) access: Access,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: Option<&'static str>,
    pub(super) query: Vec<(&'static str, &'static str)>,
    pub(super) body: Option<BodyRule>,
    pub(super) answers: Vec<Answer>,
    pub(super) probe: bool,
    pub(super) is_page: bool,
}

/// The body that a route takes.
#[derive(Debug)]
pub(super) struct BodyRule {
    pub(super) media_types: &'static [&'static str],
    pub(super) required: bool,
    /// Whether batches are expected, so that the larger limit holds.
    pub(super) large: bool,
    pub(super) schema: Option<SchemaOf>,
}

/// One way in which an operation answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) description: &'static str,
    pub(super) content: Option<(&'static str, Content)>,
}

/// What is in an answer.
#[derive(Debug)]
pub(super) enum Content {
    One(SchemaOf),
    ListOf(SchemaOf),
    Text,
}

type Schemas = Vec<(String, RefOr<Schema>)>;

/// A type's schema, to be asked for when the document is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct SchemaOf {
    pub(super) name: fn() -> Cow<'static, str>,
    pub(super) schema: fn() -> RefOr<Schema>,
    pub(super) nested: fn(&mut Schemas),
}

impl SchemaOf {
    pub(super) fn of<T: ToSchema>() -> Self {
        Self {
            name: T::name,
            schema: T::schema,
            nested: T::schemas,
        }
    }
}

const JSON: &str = "application/json";
const PROBLEM_JSON: &str = "application/problem+json";
const FORM: &str = "application/x-www-form-urlencoded";
pub(super) const MERGE_PATCH: &str = "application/merge-patch+json";

impl Doc {
    /// An operation that needs `access`, under a heading, in one line.
    pub fn new(access: Access, tag: &'static str, summary: &'static str) -> Self {
        Self {
            access,
            tag,
            summary,
            description: None,
            query: Vec::new(),
            body: None,
            answers: Vec::new(),
            probe: false,
            is_page: false,
        }
    }

    /// A page for people, or a part of one: what is refused is shown to them by
    /// [`Application::show`](super::Application::show), and the OpenAPI document, which is for
    /// programs, leaves it out.
    pub fn page(access: Access, summary: &'static str) -> Self {
        Self {
            is_page: true,
            ..Self::new(access, "page", summary)
        }
    }

    /// What one line does not hold.
    pub fn about(mut self, description: &'static str) -> Self {
        self.description = Some(description);
        self
    }

    /// A parameter of the query. Those that are not named here are refused.
    pub fn query(mut self, name: &'static str, description: &'static str) -> Self {
        self.query.push((name, description));
        self
    }

    /// A JSON body that must be there.
    pub fn body<T: ToSchema>(self) -> Self {
        self.takes(&[JSON], true, Some(SchemaOf::of::<T>()))
    }

    /// A JSON body that may be left out.
    pub fn optional_body<T: ToSchema>(self) -> Self {
        self.takes(&[JSON], false, Some(SchemaOf::of::<T>()))
    }

    /// A JSON merge patch (RFC 7396) of a `T`.
    pub fn patch_body<T: ToSchema>(self) -> Self {
        self.takes(&[JSON, MERGE_PATCH], true, Some(SchemaOf::of::<T>()))
    }

    /// The fields of an HTML form.
    pub fn form_body<T: ToSchema>(self) -> Self {
        self.takes(&[FORM], true, Some(SchemaOf::of::<T>()))
    }

    /// Takes batches: the larger of the two configured limits holds.
    pub fn large_body(mut self) -> Self {
        self.body = self.body.map(|rule| BodyRule {
            large: true,
            ..rule
        });
        self
    }

    /// Answers a `T` as JSON under `status`.
    pub fn answers<T: ToSchema>(self, status: u16, description: &'static str) -> Self {
        self.answer(
            status,
            description,
            Some((JSON, Content::One(SchemaOf::of::<T>()))),
        )
    }

    /// Answers a problem document where another form of this status stands beside it.
    pub fn answers_problem(self, status: u16, description: &'static str) -> Self {
        let content = Content::One(SchemaOf::of::<Problem>());
        self.answer(status, description, Some((PROBLEM_JSON, content)))
    }

    /// Answers a page of `T`, and takes `?limit=` and `?cursor=`.
    pub fn lists<T: ToSchema>(self, description: &'static str) -> Self {
        self.query(
            "limit",
            "How many items at most: 1 to 1000, 100 by default.",
        )
        .query(
            "cursor",
            "Where to go on: `next_cursor` of the page before.",
        )
        .answer(
            200,
            description,
            Some((JSON, Content::ListOf(SchemaOf::of::<T>()))),
        )
    }

    /// Answers something that is not JSON.
    pub fn answers_text(
        self,
        status: u16,
        media_type: &'static str,
        description: &'static str,
    ) -> Self {
        self.answer(status, description, Some((media_type, Content::Text)))
    }

    /// Answers without a body.
    pub fn answers_nothing(self, status: u16, description: &'static str) -> Self {
        self.answer(status, description, None)
    }

    /// Is asked for often by machines that watch this service: answered with the fewest layers, not
    /// logged, and never shed.
    pub fn probe(mut self) -> Self {
        self.probe = true;
        self
    }

    fn takes(
        mut self,
        media_types: &'static [&'static str],
        required: bool,
        schema: Option<SchemaOf>,
    ) -> Self {
        self.body = Some(BodyRule {
            media_types,
            required,
            large: false,
            schema,
        });
        self
    }

    fn answer(
        mut self,
        status: u16,
        description: &'static str,
        content: Option<(&'static str, Content)>,
    ) -> Self {
        self.answers.push(Answer {
            status,
            description,
            content,
        });
        self
    }
}
