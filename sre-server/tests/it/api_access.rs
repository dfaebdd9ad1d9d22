//! Who may do what, with tokens on: every route, whatever routes there are.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sre_server::admission::{Admission, NewToken, Role};
use sre_server::http::Line;
use sre_server::http::doc::Access;
use sre_store_conformance::fixtures;

use crate::http::Answered;
use crate::world::World;

/// A world that asks for tokens, and the texts of some: one a role, and an expired one.
pub(crate) struct Guarded {
    pub(crate) world: World,
    roles: Vec<(Role, String)>,
    expired: String,
}

impl Guarded {
    pub(crate) fn new() -> Self {
        let noon: DateTime<Utc> = fixtures::at(0);
        let draw = |role: Role, name: &str, expires_at| {
            NewToken::draw(role, Some(name), expires_at).expect("randomness")
        };
        let made: Vec<_> = Role::ALL
            .iter()
            .map(|role| (*role, draw(*role, role.word(), None)))
            .collect();
        let expired = draw(Role::Administer, "old", Some(noon - TimeDelta::seconds(1)));
        let set = made
            .iter()
            .map(|(_, made)| made.token.clone())
            .chain([expired.token.clone()])
            .collect();
        Self {
            world: World::with(|context| context.admission = Arc::new(Admission::new(Some(set)))),
            roles: made
                .into_iter()
                .map(|(role, made)| (role, made.text))
                .collect(),
            expired: expired.text,
        }
    }

    /// The token of a role.
    pub(crate) fn token(&self, role: Role) -> &str {
        let mut roles = self.roles.iter();
        roles
            .find(|(other, _)| *other == role)
            .map_or("", |(_, text)| text)
    }

    async fn send(&self, line: &Line, token: Option<&str>) -> Answered {
        let path = line
            .pattern
            .split('/')
            .map(|part| {
                if part.starts_with('{') {
                    "00000000-0000-0000-0000-000000000000"
                } else {
                    part
                }
            })
            .collect::<Vec<_>>()
            .join("/");
        self.ask(line.method.as_str(), &path, token, None)
            .await
    }

    /// Any request under a token.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Answered {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let headers: Vec<_> = bearer
            .iter()
            .map(|bearer| ("authorization", bearer.as_str()))
            .collect();
        self.world
            .send(method, path, &headers, body.map(|body| body.to_string()))
            .await
    }
}

#[tokio::test]
async fn every_route_admits_exactly_the_roles_that_it_names() {
    let guarded = Guarded::new();
    let lines = guarded.world.router.lines();
    assert!(lines.len() > 20, "{lines:?}");
    for line in lines {
        let place = format!("{} {}", line.method, line.pattern);
        let is_open = line.access == Access::Open;
        for stranger in [
            None,
            Some("sre_admin_00000000_unknown"),
            Some(guarded.expired.as_str()),
        ] {
            let answer = guarded.send(line, stranger).await;
            if is_open {
                assert!(![401, 403].contains(&answer.status), "{place} {stranger:?}");
            } else if answer.status == 303 {
                // A page leads to where one logs in.
                assert!(
                    answer
                        .header("location")
                        .starts_with("/login?next="),
                    "{place}"
                );
            } else {
                assert_eq!(answer.status, 401, "{place} {stranger:?}");
                assert!(
                    answer
                        .header("www-authenticate")
                        .starts_with("Bearer"),
                    "{place}"
                );
            }
        }
        for role in Role::ALL {
            let status = guarded
                .send(line, Some(guarded.token(role)))
                .await
                .status;
            if role.may(line.access) {
                assert!(![401, 403].contains(&status), "{place} {role} {status}");
            } else {
                assert_eq!(status, 403, "{place} {role}");
            }
        }
    }
}

#[tokio::test]
async fn only_health_and_what_one_logs_in_by_are_open_and_no_get_asks_for_more_than_reading() {
    let guarded = Guarded::new();
    let lines = guarded.world.router.lines();
    let open: Vec<_> = lines
        .iter()
        .filter(|line| line.access == Access::Open)
        .map(|line| line.pattern)
        .filter(|pattern| !pattern.starts_with("/assets/"))
        .collect();
    assert_eq!(
        open,
        [
            "/health",
            "/health/live",
            "/health/ready",
            "/login",
            "/login",
            "/logout"
        ]
    );
    for line in lines {
        let writes = line.method != "GET" && line.access != Access::Open;
        assert_eq!(line.access > Access::Read, writes, "{line:?}");
    }
}

#[tokio::test]
async fn what_is_done_is_signed_by_the_token_whomever_the_body_names() {
    let guarded = Guarded::new();
    let report = json!({
        "service_name": "checkout", "alert_type": "slow", "severity": "high", "message": "slow",
    });
    let write = guarded.token(Role::Write);
    let made = guarded
        .ask("POST", "/alerts", Some(write), Some(report))
        .await;
    let path = format!("{}/acknowledge", made.header("location"));
    let token = Some(guarded.token(Role::Acknowledge));
    let unnamed = guarded
        .ask("POST", &path, token, None)
        .await
        .json();
    assert_eq!(unnamed["acknowledged_by"], "ack");
    for (by, signed) in [
        ("ada", "ada via ack"),
        ("ack", "ack"),
        ("x via admin", "x via admin via ack"),
    ] {
        let named = guarded
            .ask("POST", &path, token, Some(json!({ "by": by })))
            .await;
        assert_eq!(named.json()["acknowledged_by"], signed);
    }
}

#[tokio::test]
async fn a_browser_logs_in_with_a_token_reads_and_logs_out() {
    let guarded = Guarded::new();
    let world = &guarded.world;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = |token: &str| Some(format!("token={token}&next=%2Fslo%3Flimit%3D1"));
    let wrong = world
        .send("POST", "/login", &form, body("nonsense"))
        .await;
    assert_eq!(wrong.status, 401);
    let page = String::from_utf8_lossy(&wrong.body);
    assert!(
        page.contains("the token is not known") && page.contains("/slo?limit=1"),
        "{page}"
    );
    assert_eq!(wrong.header("set-cookie"), "");

    let entered = world
        .send("POST", "/login", &form, body(guarded.token(Role::Read)))
        .await;
    assert_eq!(
        (entered.status, entered.header("location")),
        (303, "/slo?limit=1")
    );
    let cookie = entered.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let pair = cookie
        .split(';')
        .next()
        .expect("a pair");
    let headers = [("cookie", pair)];
    assert_eq!(
        world
            .send("GET", "/slo", &headers, None)
            .await
            .status,
        200
    );
    let write = world
        .send("POST", "/slo", &headers, Some("{}".to_owned()))
        .await;
    assert_eq!(write.status, 401);
    let again = world
        .send("GET", "/login?next=/slo", &headers, None)
        .await;
    assert_eq!((again.status, again.header("location")), (303, "/slo"));

    let left = world
        .send("POST", "/logout", &headers, None)
        .await;
    assert!(
        left.header("set-cookie")
            .contains("Max-Age=0")
    );
    assert_eq!(
        world
            .send("GET", "/slo", &headers, None)
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn a_login_leads_to_paths_of_ours_alone() {
    let guarded = Guarded::new();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for wicked in [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "",
        "/a%0d%0ax:y",
    ] {
        let body = format!("token={}&next={wicked}", guarded.token(Role::Read));
        let entered = guarded
            .world
            .send("POST", "/login", &form, Some(body))
            .await;
        assert_eq!(entered.header("location"), "/", "{wicked}");
        assert_eq!(entered.header("x"), "");
    }
}

#[tokio::test]
async fn the_login_page_shows_wicked_text_as_text_and_runs_no_script() {
    let guarded = Guarded::new();
    let page = guarded
        .ask("GET", "/login?next=/%22%3E%3Cscript%3E", None, None)
        .await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"));
    assert!(!String::from_utf8_lossy(&page.body).contains("<script>"));
}

#[tokio::test]
async fn without_tokens_nobody_logs_in_and_nobody_is_asked() {
    let world = World::new();
    let page = world.get("/login?next=/slo").await;
    assert_eq!((page.status, page.header("location")), (303, "/slo"));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let entered = world
        .send("POST", "/login", &form, Some("token=x".to_owned()))
        .await;
    assert_eq!(entered.status, 409);
}
