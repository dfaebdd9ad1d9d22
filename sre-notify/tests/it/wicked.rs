//! Texts that somebody, some day, puts where a name belongs.

/// Each tries to be more than a text: a header, a mention, a tag, a turn of direction, a flood.
pub(crate) const TEXTS: [&str; 14] = [
    "subject\r\nBcc: all@example.org\r\n\r\nbody",
    "line\nline\r\n.\r\nMAIL FROM:<x@example.org>",
    "\r\n--=_sre-monitor-part\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script>",
    "<!channel> <!here> <@U012AB3CD> <#C024BE7LR> @everyone",
    "<https://evil.example|runbook> and [runbook](https://evil.example)",
    "</td></table><script>alert(1)</script><img src=x onerror=alert(1)>",
    "&amp; &lt;script&gt; &#60;b&#62; & < > \" '",
    "🔥🧑‍🚒 emoji 👩‍👩‍👧‍👦 and flags 🇺🇳",
    "עברית العربية mixed with latin",
    "exe.\u{202e}gpj and \u{2066}isolated\u{2069}",
    "\u{1b}[31mred\u{1b}[0m \u{7} \u{0} \u{8}",
    "=?utf-8?q?Bcc=3A_x?= =C3=BC",
    "*bold* _italic_ `code` ~struck~ :fire: > quote",
    "Zürich Straße naïve Łódź — “quoted” …",
];
