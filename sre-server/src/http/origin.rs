//! Who is asked, and from which page: the checks that keep hostile web pages out.
//!
//! The service may answer without credentials on loopback, where any page in a local browser can
//! reach it. Two checks make that safe. A page that lets its own name resolve to 127.0.0.1 (DNS
//! rebinding) still sends its own name as `Host`: only loopback names, IP literals and configured
//! names are served. A page of another site that posts to us says so in `Origin`: only our own
//! pages and those of configured names may.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

use hyper::Version;
use hyper::header::{HOST, ORIGIN};
use hyper::http::request::Parts;
use hyper::http::uri::{Authority, Uri};

use super::problem::ApiError;

/// The names under which the service is served, beside loopback names and IP literals.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeSet<String>);

impl Names {
    /// These names, without ports, whatever their case.
    pub fn new<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Self {
        Self(
            names
                .into_iter()
                .map(|name| name.as_ref().to_ascii_lowercase())
                .collect(),
        )
    }

    /// Refuses a request that was meant for another host, or comes from another site's page.
    pub(super) fn check(&self, request: &Parts) -> Result<(), ApiError> {
        let host = host(request)?;
        if let Some(host) = &host
            && !self.serves(host.name)
        {
            return Err(ApiError::WrongHost);
        }
        let Some(origin) = request.headers.get(ORIGIN) else {
            return Ok(());
        };
        let origin = origin
            .to_str()
            .ok()
            .and_then(|text| text.parse::<Uri>().ok());
        let origin = origin
            .as_ref()
            .and_then(Uri::authority)
            .map(Authority::as_str);
        if origin
            .and_then(Host::read)
            .is_some_and(|origin| self.may_ask(&origin, host.as_ref()))
        {
            return Ok(());
        }
        Err(ApiError::Forbidden(
            "pages of other sites may not call this API".to_owned(),
        ))
    }

    fn serves(&self, name: &str) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name);
        let loopback = name
            .rsplit('.')
            .next()
            .unwrap_or_default();
        loopback.eq_ignore_ascii_case("localhost") || is_ip_literal(name) || self.has(name)
    }

    fn may_ask(&self, origin: &Host<'_>, host: Option<&Host<'_>>) -> bool {
        host.is_some_and(|host| host.is(origin)) || self.has(origin.name)
    }

    fn has(&self, name: &str) -> bool {
        !self.0.is_empty()
            && self
                .0
                .contains(&name.to_ascii_lowercase())
    }
}

/// A host as requests name it, with its port.
struct Host<'a> {
    /// Without the port.
    name: &'a str,
    whole: &'a str,
}

impl<'a> Host<'a> {
    /// `name`, `name:port` or `[address]:port`, and nothing more: no user, no path.
    fn read(whole: &'a str) -> Option<Self> {
        let end = if whole.starts_with('[') {
            whole.find(']')? + 1
        } else {
            0
        };
        let end = whole
            .get(end..)?
            .find(':')
            .map_or(whole.len(), |colon| end + colon);
        let (name, port) = whole.split_at_checked(end)?;
        let literal = name.starts_with('[') && name.ends_with(']');
        let fit = |byte: u8| {
            byte.is_ascii_alphanumeric()
                || b".-_".contains(&byte)
                || (literal && b"[:]".contains(&byte))
        };
        let digits = port
            .bytes()
            .skip(1)
            .all(|byte| byte.is_ascii_digit());
        (!name.is_empty() && name.bytes().all(fit) && digits).then_some(Self { name, whole })
    }

    fn is(&self, other: &Host<'_>) -> bool {
        self.whole
            .eq_ignore_ascii_case(other.whole)
    }
}

/// The one host that a request names; `None` only for HTTP/1.0, which may leave it out.
fn host(request: &Parts) -> Result<Option<Host<'_>>, ApiError> {
    let malformed = |detail: &str| ApiError::Malformed(detail.to_owned());
    let mut headers = request.headers.get_all(HOST).iter();
    let host = headers.next();
    if headers.next().is_some() {
        return Err(malformed("there is more than one Host header"));
    }
    let host = match host {
        Some(value) => {
            let host = value.to_str().ok().and_then(Host::read);
            Some(host.ok_or_else(|| malformed("the Host header cannot be read"))?)
        }
        None if request.version >= Version::HTTP_11 => {
            return Err(malformed("there is no Host header"));
        }
        None => None,
    };
    if let Some(target) = request.uri.authority() {
        let target = Host::read(target.as_str());
        if !target.is_some_and(|target| {
            host.as_ref()
                .is_some_and(|host| host.is(&target))
        }) {
            return Err(malformed("the request's target and its Host header differ"));
        }
    }
    Ok(host)
}

fn is_ip_literal(host: &str) -> bool {
    let v6 = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    v6.map_or_else(
        || host.parse::<IpAddr>().is_ok(),
        |host| host.parse::<Ipv6Addr>().is_ok(),
    )
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn status(host: Option<&str>, origin: Option<&str>) -> u16 {
        let mut request = Request::builder().uri("/slo");
        if let Some(host) = host {
            request = request.header(HOST, host);
        }
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let names = Names::new(["SRE.example.com"]);
        names
            .check(&parts)
            .map_or_else(|error| error.status().as_u16(), |()| 200)
    }

    #[test]
    fn loopback_names_literals_and_configured_names_are_served() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "app.localhost",
            "localhost.",
            "127.0.0.1:8080",
            "[::1]:8080",
            "10.1.2.3",
            "sre.example.com",
            "sre.EXAMPLE.com:443",
        ] {
            assert_eq!(status(Some(host), None), 200, "{host}");
        }
    }

    #[test]
    fn other_hosts_are_misdirected() {
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "xlocalhost",
        ] {
            assert_eq!(status(Some(host), None), 421, "{host}");
        }
    }

    #[test]
    fn a_host_that_is_missing_or_cannot_be_read_is_malformed() {
        assert_eq!(status(None, None), 400);
        assert_eq!(status(Some("user@localhost"), None), 400);
        for unreadable in [
            "local host",
            "localhost:x",
            "[::1",
            "[::1]x",
            "a/b",
            ":80",
            "a:1:2",
        ] {
            assert_eq!(status(Some(unreadable), None), 400, "{unreadable}");
        }
        assert_eq!(status(Some(""), None), 400);
    }

    #[test]
    fn only_our_own_pages_may_call() {
        let from = |origin| status(Some("localhost:8080"), Some(origin));
        assert_eq!(from("http://localhost:8080"), 200);
        assert_eq!(from("https://sre.example.com"), 200);
        assert_eq!(from("http://localhost:3000"), 403);
        assert_eq!(from("http://127.0.0.1:8080"), 403);
        assert_eq!(from("https://evil.example"), 403);
        assert_eq!(from("null"), 403);
        assert_eq!(from(""), 403);
    }

    #[test]
    fn a_target_with_another_host_is_malformed() {
        let request = Request::get("http://evil.example/slo").header(HOST, "localhost");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(
            Names::default()
                .check(&parts)
                .unwrap_err()
                .status(),
            400
        );
        let request = Request::get("http://localhost/slo").header(HOST, "localhost");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert!(Names::default().check(&parts).is_ok());
    }
}
