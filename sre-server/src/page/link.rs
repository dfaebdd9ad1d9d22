//! Links that lead away.

use maud::{Markup, html};
use url::Url;

/// A link to the web under a name that people gave it; the bare name where the address leads
/// elsewhere. The API takes no others; what came into the store on another way is not to run as a
/// script.
pub(super) fn elsewhere(name: &str, address: &str) -> Markup {
    html! {
        @if is_web(address) {
            a href=(address) rel="noopener noreferrer external" { bdi { (name) } }
        } @else {
            bdi { (name) }
        }
    }
}

fn is_web(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::elsewhere;

    #[test]
    fn only_addresses_of_the_web_become_links() {
        let is_link = |address| {
            elsewhere("x", address)
                .into_string()
                .contains("href")
        };
        assert!(is_link("https://wiki.example/runbook"));
        assert!(!is_link("javascript:alert(1)"));
        assert!(!is_link("data:text/html,x"));
        assert!(!is_link("//evil.example"));
    }
}
