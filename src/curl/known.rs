//! Which options `curl` has, as far as they are known here.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command};

/// Flags that are understood or change nothing.
const FLAGS: &[(&str, char)] = &[
    ("head", 'I'),
    ("get", 'G'),
    ("location", 'L'),
    ("insecure", 'k'),
    ("ipv4", '4'),
    ("ipv6", '6'),
    ("digest", ' '),
    ("basic", ' '),
    ("compressed", ' '),
    ("globoff", 'g'),
    ("silent", 's'),
    ("show-error", 'S'),
    ("verbose", 'v'),
    ("include", 'i'),
    ("show-headers", ' '),
    ("fail", 'f'),
    ("fail-with-body", ' '),
    ("fail-early", ' '),
    ("remote-name", 'O'),
    ("remote-name-all", ' '),
    ("remote-header-name", 'J'),
    ("no-buffer", 'N'),
    ("progress-bar", '#'),
    ("no-progress-meter", ' '),
    ("create-dirs", ' '),
    ("http1.1", ' '),
    ("http2", ' '),
    ("tlsv1", '1'),
    ("tlsv1.2", ' '),
    ("tcp-nodelay", ' '),
    ("no-keepalive", ' '),
    ("no-sessionid", ' '),
    ("no-alpn", ' '),
    ("path-as-is", ' '),
    ("remote-time", 'R'),
    ("disable", 'q'),
    ("styled-output", ' '),
    ("junk-session-cookies", 'j'),
];

/// Options with a value that are understood or change nothing.
const VALUES: &[(&str, char)] = &[
    ("url", ' '),
    ("request", 'X'),
    ("header", 'H'),
    ("data", 'd'),
    ("data-ascii", ' '),
    ("data-raw", ' '),
    ("data-binary", ' '),
    ("data-urlencode", ' '),
    ("json", ' '),
    ("form", 'F'),
    ("form-string", ' '),
    ("upload-file", 'T'),
    ("user", 'u'),
    ("oauth2-bearer", ' '),
    ("cookie", 'b'),
    ("user-agent", 'A'),
    ("referer", 'e'),
    ("range", 'r'),
    ("proxy", 'x'),
    ("proxy-user", 'U'),
    ("socks5", ' '),
    ("socks5-hostname", ' '),
    ("noproxy", ' '),
    ("max-redirs", ' '),
    ("connect-timeout", ' '),
    ("cacert", ' '),
    ("output", 'o'),
    ("output-dir", ' '),
    ("write-out", 'w'),
    ("dump-header", 'D'),
    ("cookie-jar", 'c'),
    ("stderr", ' '),
    ("trace", ' '),
    ("trace-ascii", ' '),
    ("keepalive-time", ' '),
    ("speed-limit", 'Y'),
    ("speed-time", 'y'),
    ("retry", ' '),
    ("retry-delay", ' '),
    ("retry-max-time", ' '),
    ("proto", ' '),
    ("proto-redir", ' '),
];

/// Flags that mean something that is left out.
pub(super) const OTHER_FLAGS: &[(&str, char)] = &[
    ("location-trusted", ' '),
    ("anyauth", ' '),
    ("ntlm", ' '),
    ("negotiate", ' '),
    ("netrc", 'n'),
    ("netrc-optional", ' '),
    ("post301", ' '),
    ("post302", ' '),
    ("post303", ' '),
    ("http1.0", '0'),
    ("http0.9", ' '),
    ("http2-prior-knowledge", ' '),
    ("http3", ' '),
    ("http3-only", ' '),
    ("tr-encoding", ' '),
    ("raw", ' '),
    ("proxytunnel", 'p'),
    ("proxy-insecure", ' '),
    ("proxy-digest", ' '),
    ("proxy-ntlm", ' '),
    ("proxy-anyauth", ' '),
    ("tlsv1.0", ' '),
    ("tlsv1.1", ' '),
    ("tlsv1.3", ' '),
    ("append", 'a'),
    ("use-ascii", 'B'),
    ("list-only", 'l'),
    ("parallel", 'Z'),
    ("ca-native", ' '),
    ("cert-status", ' '),
    ("haproxy-protocol", ' '),
];

/// Options with a value that mean something that is left out.
pub(super) const OTHER_VALUES: &[(&str, char)] = &[
    ("max-time", 'm'),
    ("config", 'K'),
    ("continue-at", 'C'),
    ("time-cond", 'z'),
    ("cert", 'E'),
    ("cert-type", ' '),
    ("key", ' '),
    ("key-type", ' '),
    ("pass", ' '),
    ("capath", ' '),
    ("crlfile", ' '),
    ("pinnedpubkey", ' '),
    ("ciphers", ' '),
    ("tls13-ciphers", ' '),
    ("tls-max", ' '),
    ("resolve", ' '),
    ("connect-to", ' '),
    ("interface", ' '),
    ("local-port", ' '),
    ("unix-socket", ' '),
    ("abstract-unix-socket", ' '),
    ("dns-servers", ' '),
    ("doh-url", ' '),
    ("aws-sigv4", ' '),
    ("limit-rate", ' '),
    ("max-filesize", ' '),
    ("proxy-header", ' '),
    ("preproxy", ' '),
    ("socks4", ' '),
    ("socks4a", ' '),
    ("request-target", ' '),
    ("url-query", ' '),
    ("expect100-timeout", ' '),
    ("netrc-file", ' '),
    ("etag-save", ' '),
    ("etag-compare", ' '),
    ("quote", 'Q'),
    ("ftp-port", 'P'),
    ("telnet-option", 't'),
    ("variable", ' '),
];

/// What reads all of them.
pub(super) fn command() -> Command {
    let named = |(long, short): &(&'static str, char)| {
        let arg = Arg::new(*long).long(*long);
        if *short == ' ' { arg } else { arg.short(*short) }
    };
    let flag = |one| named(one).action(ArgAction::Count);
    let value = |one| {
        let arg = named(one).action(ArgAction::Append).num_args(1).allow_hyphen_values(true);
        arg.value_parser(clap::value_parser!(OsString))
    };
    let urls = Arg::new("urls").num_args(0..).value_parser(clap::value_parser!(OsString));
    Command::new("curl")
        .no_binary_name(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args(FLAGS.iter().chain(OTHER_FLAGS).map(flag))
        .args(VALUES.iter().chain(OTHER_VALUES).map(value))
        .arg(urls)
}
