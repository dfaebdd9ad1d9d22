use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chrono::TimeDelta;
use hyper::header::{COOKIE, HeaderValue};

use super::*;

const FAR: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// A token of each role, and the admission that knows them.
fn admission(roles: &[Role]) -> (Admission, Vec<String>) {
    let made: Vec<_> = roles
        .iter()
        .map(|role| NewToken::draw(*role, None, Some(noon() + TimeDelta::days(1))).unwrap())
        .collect();
    let texts = made
        .iter()
        .map(|made| made.text.clone())
        .collect();
    let set = made
        .into_iter()
        .map(|made| made.token)
        .collect();
    (Admission::new(Some(set)), texts)
}

fn noon() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn bearer(token: &str) -> HeaderMap {
    let value = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}

fn cookie(session: &NewSession) -> HeaderMap {
    let cookie = session.set_cookie();
    let pair = cookie.split(';').next().unwrap();
    let value = HeaderValue::try_from(format!("theme=dark; {pair}")).unwrap();
    HeaderMap::from_iter([(COOKIE, value)])
}

fn asked<'a>(access: Access, method: &'a Method, headers: &'a HeaderMap) -> Asked<'a> {
    Asked {
        access,
        method,
        headers,
        remote: Some(FAR),
        is_probe: false,
    }
}

fn status(result: &Result<Caller, ApiError>) -> u16 {
    result
        .as_ref()
        .map_or_else(|error| error.status().as_u16(), |_| 200)
}

#[tokio::test]
async fn a_role_may_do_what_those_before_it_may_and_no_more() {
    let (admission, texts) = admission(&Role::ALL);
    let levels = [
        Access::Read,
        Access::Acknowledge,
        Access::Write,
        Access::Administer,
    ];
    for (role, text) in Role::ALL.iter().zip(&texts) {
        let headers = bearer(text);
        for access in levels {
            let admitted = admission.admit(&asked(access, &Method::POST, &headers), noon());
            let expected = if *role >= Role::needed_for(access) {
                200
            } else {
                403
            };
            assert_eq!(status(&admitted), expected, "{role} {access:?}");
        }
    }
}

#[tokio::test]
async fn only_a_whole_known_token_that_has_not_expired_is_let_in() {
    let (admission, texts) = admission(&[Role::Read]);
    let text = &texts[0];
    let ask = |headers: &HeaderMap, now| {
        let mut asked = asked(Access::Read, &Method::GET, headers);
        asked.remote = None;
        status(&admission.admit(&asked, now))
    };
    let expires = noon() + TimeDelta::days(1);
    assert_eq!(
        ask(&bearer(text), expires - TimeDelta::microseconds(1)),
        200
    );
    assert_eq!(ask(&bearer(text), expires), 401);
    let shorter = &text[..text.len() - 1];
    for wrong in [
        shorter,
        &format!("{text}x"),
        "",
        "sre_read",
        &text.to_uppercase(),
    ] {
        assert_eq!(ask(&bearer(wrong), noon()), 401, "{wrong}");
    }
    assert_eq!(ask(&HeaderMap::new(), noon()), 401);
    let mut twice = bearer(text);
    twice.append(AUTHORIZATION, HeaderValue::from_static("Bearer x"));
    assert_eq!(ask(&twice, noon()), 401);
    for scheme in ["Basic", "Digest", ""] {
        let value = HeaderValue::try_from(format!("{scheme} {text}")).unwrap();
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
        assert_eq!(ask(&headers, noon()), 401, "{scheme}");
    }
}

#[tokio::test]
async fn a_token_that_is_taken_out_is_refused_at_once() {
    let (admission, texts) = admission(&[Role::Read, Role::Write]);
    let session = admission
        .log_in(&texts[0], None, noon())
        .unwrap();
    let (headers, in_browser) = (bearer(&texts[0]), cookie(&session));
    let other = NewToken::draw(Role::Read, None, None).unwrap();
    admission.replace([other.token].into_iter().collect());
    for headers in [&headers, &in_browser] {
        let admitted = admission.admit(&asked(Access::Read, &Method::GET, headers), noon());
        assert_eq!(status(&admitted), 401);
    }
    let admitted = admission.admit(
        &asked(Access::Read, &Method::GET, &bearer(&other.text)),
        noon(),
    );
    assert_eq!(status(&admitted), 200);
}

#[tokio::test]
async fn a_session_reads_and_never_writes_and_ends() {
    let (admission, texts) = admission(&[Role::Administer]);
    let session = admission
        .log_in(&texts[0], Some(FAR), noon())
        .unwrap();
    let headers = cookie(&session);
    let ask = |method: &Method, access, now| {
        status(&admission.admit(&asked(access, method, &headers), now))
    };
    assert_eq!(ask(&Method::GET, Access::Read, noon()), 200);
    assert_eq!(ask(&Method::HEAD, Access::Administer, noon()), 200);
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        assert_eq!(ask(&method, Access::Write, noon()), 401, "{method}");
    }
    assert_eq!(
        ask(&Method::GET, Access::Read, noon() + TimeDelta::hours(12)),
        401
    );
    admission.log_out(&headers);
    assert_eq!(ask(&Method::GET, Access::Read, noon()), 401);
}

#[tokio::test(start_paused = true)]
async fn wrong_tokens_are_slowed_down_by_address_and_right_ones_are_not() {
    let (admission, texts) = admission(&[Role::Read]);
    let try_with = |token: &str, remote: IpAddr| {
        let headers = bearer(token);
        let mut asked = asked(Access::Read, &Method::GET, &headers);
        asked.remote = Some(remote);
        status(&admission.admit(&asked, noon()))
    };
    for _ in 0..10 {
        assert_eq!(try_with("wrong", FAR), 401);
    }
    assert_eq!(try_with("wrong", FAR), 429);
    assert_eq!(try_with(&texts[0], FAR), 200);
    // The same subscriber has many addresses of IPv6.
    let v6 = |last| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, last));
    for last in 0..10 {
        assert_eq!(try_with("wrong", v6(last)), 401);
    }
    assert_eq!(try_with("wrong", v6(99)), 429);
    assert_eq!(try_with("wrong", IpAddr::V4(Ipv4Addr::LOCALHOST)), 401);
    tokio::time::advance(Duration::from_secs(6)).await;
    assert_eq!(try_with("wrong", FAR), 401);
    assert_eq!(try_with("wrong", FAR), 429);
}

#[tokio::test(start_paused = true)]
async fn fifty_requests_a_second_are_taken_from_a_token_or_an_address_but_loopback_is_exempt() {
    let (admission, texts) = admission(&[Role::Read, Role::Read]);
    let (first, second, none) = (bearer(&texts[0]), bearer(&texts[1]), HeaderMap::new());
    let ask = |headers: &HeaderMap, remote: IpAddr, is_probe| {
        let mut asked = asked(Access::Read, &Method::GET, headers);
        (asked.remote, asked.is_probe) = (Some(remote), is_probe);
        status(&admission.admit(&asked, noon()))
    };
    for _ in 0..50 {
        assert_eq!(ask(&first, FAR, false), 200);
        assert_eq!(ask(&none, FAR, false), 401);
    }
    assert_eq!(ask(&first, FAR, false), 429);
    assert_eq!(ask(&none, FAR, false), 429);
    assert_eq!(ask(&second, FAR, false), 200);
    assert_eq!(ask(&first, FAR, true), 200);
    for loopback in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        assert_eq!(
            ask(&first, loopback.parse().unwrap(), false),
            200,
            "{loopback}"
        );
    }
    tokio::time::advance(Duration::from_millis(20)).await;
    assert_eq!(ask(&first, FAR, false), 200);
    assert_eq!(ask(&first, FAR, false), 429);
}

#[tokio::test]
async fn a_forwarding_header_changes_nothing_of_who_is_counted() {
    let (admission, _) = admission(&[Role::Read]);
    for number in 0..10 {
        let mut headers = bearer("wrong");
        let claimed = HeaderValue::try_from(format!("198.51.100.{number}")).unwrap();
        headers.insert("x-forwarded-for", claimed);
        let admitted = admission.admit(&asked(Access::Read, &Method::GET, &headers), noon());
        assert_eq!(status(&admitted), 401);
    }
    let mut headers = bearer("wrong");
    headers.insert("x-forwarded-for", HeaderValue::from_static("198.51.100.99"));
    let admitted = admission.admit(&asked(Access::Read, &Method::GET, &headers), noon());
    assert_eq!(status(&admitted), 429);
}

#[tokio::test]
async fn nothing_of_a_token_or_a_session_is_seen_in_debug() {
    let made = NewToken::draw(Role::Write, Some("ci"), None).unwrap();
    let secret = made.text.rsplit('_').next().unwrap();
    let admission = Admission::new(Some(
        [made.token.clone()]
            .into_iter()
            .collect(),
    ));
    let session = admission
        .log_in(&made.text, None, noon())
        .unwrap();
    let cookie = session.set_cookie();
    let id = cookie.split(['=', ';']).nth(1).unwrap();
    let shown = format!("{made:?} {admission:?} {session:?}");
    assert!(!shown.contains(secret) && !shown.contains(id), "{shown}");
}

#[test]
fn the_line_of_a_new_token_is_read_back_and_knows_its_text() {
    let made = NewToken::draw(Role::Acknowledge, Some("on-call@team.a"), Some(noon())).unwrap();
    let line = made.token.to_string();
    assert!(!line.contains(&made.text[..20]), "{line}");
    let set: TokenSet = format!("# comment\n\n{line}\n")
        .parse()
        .unwrap();
    assert_eq!(set.find(&made.text), Some(&made.token));
    let parts: Vec<_> = made.text.splitn(4, '_').collect();
    assert_eq!(
        (parts[0], parts[1], parts[2].len(), parts[3].len()),
        ("sre", "ack", 8, 43)
    );
}
