//! Addresses as people type them, this machine's own addresses, and well-known ports.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Cause, Error, Operation};
use crate::i18n;

/// A host and a port as a person typed them. [`fmt::Display`] puts an IPv6 address into brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// A name or a literal address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&join(&self.host, self.port))
    }
}

/// `host:port`, an IPv6 address in brackets. Both may be as they were typed.
#[must_use]
pub fn join(host: &str, port: impl fmt::Display) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// A host as typed: without brackets, blanks at the ends ignored.
///
/// # Errors
/// Empty, or with blanks or control characters inside.
pub fn parse_host(text: &str) -> Result<String, Error> {
    let host = text.trim();
    if host.is_empty() {
        return Err(Error::new(Operation::Understand, text, Cause::Empty));
    }
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let bad = bare.is_empty()
        || bare.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '/' | '[' | ']'))
        || (bare.contains(':') && bare.split('%').next().is_none_or(|ip| ip.parse::<Ipv6Addr>().is_err()));
    if bad { Err(Error::new(Operation::Understand, text, Cause::BadAddress)) } else { Ok(bare.to_owned()) }
}

/// A port as typed.
///
/// # Errors
/// Not a number from 0 to 65535.
pub fn parse_port(text: &str) -> Result<u16, Error> {
    let cause = |_| if text.trim().is_empty() { Cause::Empty } else { Cause::BadPort };
    text.trim().parse().map_err(|e| Error::new(Operation::Understand, text, cause(e)))
}

/// Where a person typed host and port into the field for the host, puts each into its own field.
pub fn split_typed(host: &mut String, port: &mut String) {
    // With a port of its own, the default makes no difference.
    if let (Ok(one), Ok(other)) = (parse(host, "", 0), parse(host, "", 1))
        && one == other
        && !one.host.is_empty()
    {
        (*host, *port) = (one.host, one.port.to_string());
    }
}

/// `host:port`, `[v6]:port`, a bare port (then `default_host`), or a bare host (then `default_port`).
///
/// # Errors
/// A host or port that cannot be one.
pub fn parse(text: &str, default_host: &str, default_port: u16) -> Result<HostPort, Error> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(HostPort { host: default_host.to_owned(), port: parse_port(text)? });
    }
    let (host, port) = match text.rsplit_once(':') {
        // `::1` without brackets and port, or `[::1]`.
        Some((before, after)) if (before.contains(':') && !before.ends_with(']')) || after.ends_with(']') => {
            (text, None)
        }
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let host = if host.is_empty() && port.is_some() { default_host.to_owned() } else { parse_host(host)? };
    let port = port.map_or(Ok(default_port), parse_port)?;
    Ok(HostPort { host, port })
}

/// What binding to an address means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Only programs on this computer.
    ThisComputer,
    /// Every network this computer is on.
    AllNetworks,
    /// The network of one card.
    OneCard,
}

/// An address that a server can bind to here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// The address.
    pub address: IpAddr,
    /// Who can reach it.
    pub reach: Reach,
    /// The card's name where [`Reach::OneCard`].
    pub card: String,
}

impl Local {
    /// The address with what it means, in one line.
    #[must_use]
    pub fn explained(&self) -> String {
        let meaning = match self.reach {
            Reach::ThisComputer => i18n::t("reach-this-computer"),
            Reach::AllNetworks if self.address.is_ipv6() => i18n::t("reach-all-networks-v6"),
            Reach::AllNetworks => i18n::t("reach-all-networks"),
            Reach::OneCard => i18n::tf("reach-one-card", &[("card", self.card.as_str().into())]),
        };
        format!("{} — {meaning}", self.address)
    }
}

/// The addresses of this machine: loopback first, then all networks, then each card's own.
#[must_use]
pub fn local_addresses() -> Vec<Local> {
    let fixed = |address: IpAddr, reach| Local { address, reach, card: String::new() };
    let mut all = vec![
        fixed(Ipv4Addr::LOCALHOST.into(), Reach::ThisComputer),
        fixed(Ipv6Addr::LOCALHOST.into(), Reach::ThisComputer),
        fixed(Ipv4Addr::UNSPECIFIED.into(), Reach::AllNetworks),
        fixed(Ipv6Addr::UNSPECIFIED.into(), Reach::AllNetworks),
    ];
    // Without the list a person can still type an address.
    let cards = if_addrs::get_if_addrs().unwrap_or_else(|error| {
        log::warn!("list of network cards: {error}");
        Vec::new()
    });
    for card in cards {
        let address = card.ip();
        // A link-local IPv6 address means nothing without its card's number.
        let link_local = matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
        if !link_local && !all.iter().any(|one| one.address == address) {
            let reach = if address.is_loopback() { Reach::ThisComputer } else { Reach::OneCard };
            all.push(Local { address, reach, card: card.name });
        }
    }
    all
}

/// What a port is known for, if it is, and what its range means. The table is `ports.ftl`.
#[must_use]
pub fn port_meaning(port: u16) -> String {
    let range = i18n::t(match port {
        0 => "port-any",
        1..1024 => "port-standard",
        _ => "port-free",
    });
    match i18n::find(&format!("port-{port}")) {
        Some(known) if port < 1024 => format!("{known}, {range}"),
        Some(known) => known,
        None => range,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_type_them() {
        for (text, host, port) in [
            ("127.0.0.1:9999", "127.0.0.1", 9999),
            ("[::1]:80", "::1", 80),
            ("::1", "::1", 7),
            ("[::1]", "::1", 7),
            ("localhost", "localhost", 7),
            (" example.org:443 ", "example.org", 443),
            (":8080", "here", 8080),
            ("8080", "here", 8080),
        ] {
            assert_eq!(parse(text, "here", 7).expect(text), HostPort { host: host.to_owned(), port }, "{text}");
        }
        for text in ["", "a b:1", "host:", "host:x", "host:65536", "host:-1", "[::1:80", "a/b:1", "x:y:z", "h\r\nx:1"] {
            assert!(parse(text, "here", 7).is_err(), "{text:?}");
        }
        assert_eq!(HostPort { host: "::1".to_owned(), port: 80 }.to_string(), "[::1]:80");
    }

    #[test]
    fn a_port_typed_with_the_host_goes_to_its_own_field() {
        for (typed, host, port) in [
            ("127.0.0.1:80", "127.0.0.1", "80"),
            ("[::1]:9999", "::1", "9999"),
            ("localhost", "localhost", "7"),
            ("::1", "::1", "7"),
            ("9999", "9999", "7"),
            ("", "", "7"),
        ] {
            let (mut host_field, mut port_field) = (typed.to_owned(), "7".to_owned());
            split_typed(&mut host_field, &mut port_field);
            assert_eq!((host_field.as_str(), port_field.as_str()), (host, port), "{typed}");
        }
    }

    #[test]
    fn this_machines_addresses_are_listed_and_explained() {
        let all = local_addresses();
        assert_eq!(all[0].address, IpAddr::from(Ipv4Addr::LOCALHOST));
        assert!(all[0].explained().contains("this computer only"), "{}", all[0].explained());
        let mut seen = std::collections::HashSet::new();
        assert!(all.iter().all(|one| seen.insert(one.address)), "listed twice");
    }

    #[test]
    fn ports_say_what_they_are_known_for() {
        assert!(port_meaning(80).contains("HTTP") && port_meaning(80).contains("1024"));
        assert!(port_meaning(25).contains("SMTP"));
        assert!(port_meaning(21).contains("FTP"));
        assert_ne!(port_meaning(1000), port_meaning(50_000));
    }
}
