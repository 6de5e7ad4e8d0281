//! What `socketscope fetch` understands: the limits, the way there, and where the body goes. What is asked for is in
//! `ask`.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ask::AskArgs;
use crate::cli::{parse_seconds, record};
use crate::i18n::{t, tf};
use crate::net::fetch::{Bound, Destination, IpVersion, Jar, Options, Proxy};
use crate::net::save::{can_save, can_save_in};
use crate::net::{Cause, Error, Operation};

/// What `socketscope fetch` understands.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) ask: AskArgs,

    #[arg(short, long, value_name = "FILE", help = t("cli-fetch-output"), conflicts_with = "remote_name")]
    output: Option<PathBuf>,
    #[arg(long, help = t("cli-fetch-remote-name"))]
    remote_name: bool,
    #[arg(long, help = t("cli-fetch-keep-partial"))]
    pub(super) keep_partial: bool,
    #[arg(long, requires = "output", help = t("cli-fetch-resume"))]
    resume: bool,
    #[arg(long, help = t("cli-fetch-as-transferred"))]
    as_transferred: bool,
    #[arg(long, value_name = "SIZE", value_parser = size, help = t("cli-fetch-max-size"))]
    max_size: Option<u64>,
    #[arg(long, value_name = "TIMES", value_parser = clap::value_parser!(u64).range(1..), help = t("cli-fetch-max-ratio"))]
    max_ratio: Option<u64>,
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-",
          help = t("cli-fetch-json-report"))]
    json_report: Option<PathBuf>,

    #[arg(short = 'x', long, value_name = "URL", help = t("cli-fetch-proxy"))]
    proxy: Option<String>,
    #[arg(long, conflicts_with = "proxy", help = t("cli-fetch-no-proxy"))]
    no_proxy: bool,
    #[arg(short = '4', long, conflicts_with = "ipv6", help = t("cli-fetch-ipv4"))]
    ipv4: bool,
    #[arg(short = '6', long, help = t("cli-fetch-ipv6"))]
    ipv6: bool,
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds, help = t("cli-fetch-timeout"))]
    timeout: Duration,
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds,
          help = t("cli-fetch-connect-timeout"))]
    connect_timeout: Duration,
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=100),
          help = t("cli-fetch-max-redirects"))]
    max_redirects: u32,
    #[arg(long, help = t("cli-fetch-no-follow"))]
    no_follow: bool,
    #[arg(long, value_name = "FILE", help = t("cli-fetch-cacert"))]
    cacert: Option<PathBuf>,
    #[arg(short = 'k', long, help = t("cli-fetch-insecure"))]
    insecure: bool,
    #[arg(long, help = t("cli-fetch-progress"))]
    pub(super) progress: bool,
    #[command(flatten)]
    pub(super) record: record::RecordArgs,
}

/// A time in seconds, with decimals, above 0 and up to a day.
fn seconds(text: &str) -> Result<Duration, String> {
    parse_seconds(text).and_then(|time| if time.is_zero() { Err(t("cli-fetch-no-time")) } else { Ok(time) })
}

/// A number of bytes; `k`, `M`, `G` and `T` stand for 1024 of what is before them, as curl has it.
fn size(text: &str) -> Result<u64, String> {
    let units = [('k', 10), ('m', 20), ('g', 30), ('t', 40)];
    let lower = text.to_ascii_lowercase();
    let with_unit = units.iter().find_map(|(unit, bits)| lower.strip_suffix(*unit).map(|number| (number, *bits)));
    let (number, bits) = with_unit.unwrap_or((&lower, 0));
    let bytes = number.parse::<u64>().ok().filter(|_| !number.starts_with('+'));
    let bytes = bytes.and_then(|number| number.checked_mul(1 << bits));
    bytes.ok_or_else(|| tf("cli-fetch-bad-size", &[("example", "10G".into())]))
}

/// Where the body is to go.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'a> {
    Stdout,
    /// This folder, under the name that the server suggests.
    Suggested,
    File(&'a Path),
    /// Nowhere: standard output has the report.
    Nowhere,
}

impl Args {
    pub(super) fn options(&self) -> Options {
        let known = Options::default();
        Options {
            connect_timeout: self.connect_timeout,
            silence: self.timeout,
            // A head that drips is given more time than one silence.
            head_timeout: known.head_timeout.max(self.timeout),
            max_redirects: self.max_redirects,
            follow: !self.no_follow,
            extra_roots: self.cacert.clone(),
            accept_any_certificate: self.insecure,
            proxy: match &self.proxy {
                Some(proxy) => Proxy::Url(proxy.clone()),
                None if self.no_proxy => Proxy::None,
                None => Proxy::Environment,
            },
            ip: match (self.ipv4, self.ipv6) {
                (true, _) => IpVersion::V4,
                (_, true) => IpVersion::V6,
                _ => IpVersion::Both,
            },
            bound: Bound {
                size: self.max_size.unwrap_or(known.bound.size),
                ratio: self.max_ratio.unwrap_or(known.bound.ratio),
            },
            // For the redirects of this fetch.
            cookies: Some(Jar::default()),
            transferred: self.as_transferred,
            destination: self.destination(),
            ..known
        }
    }

    /// The file that the body goes to while it comes, where its name is known by then.
    fn destination(&self) -> Option<Destination> {
        let Place::File(path) = self.place() else { return None };
        Some(Destination { path: path.to_owned(), resume: self.resume, keep_partial: self.keep_partial })
    }

    pub(super) fn place(&self) -> Place<'_> {
        match &self.output {
            _ if self.remote_name => Place::Suggested,
            Some(path) if path.as_os_str() != "-" => Place::File(path),
            _ if self.json_report.as_deref().is_some_and(is_stdout) => Place::Nowhere,
            _ => Place::Stdout,
        }
    }

    /// Where the report is to go, if there is to be one; `-` is standard output.
    pub(super) fn report(&self) -> Option<&Path> {
        self.json_report.as_deref()
    }

    /// Says what can be said before anything is fetched.
    pub(super) fn check(&self) -> Result<(), Error> {
        if [&self.output, &self.json_report].into_iter().all(|to| to.as_deref().is_some_and(is_stdout)) {
            let error = io::Error::other(t("cli-fetch-both"));
            return Err(Error::new(Operation::Save, t("cli-fetch-stdout"), Cause::Os(error)));
        }
        if self.resume && self.destination().is_none() {
            let error = io::Error::other(t("cli-fetch-resume-no-file"));
            return Err(Error::new(Operation::Save, t("cli-fetch-stdout"), Cause::Os(error)));
        }
        match self.place() {
            // What is written while it comes is asked by the fetch, first of all.
            Place::Stdout | Place::Nowhere | Place::File(_) => {}
            Place::Suggested => can_save_in(Path::new("."))?,
        }
        self.report().filter(|path| !is_stdout(path)).map_or(Ok(()), can_save)
    }
}

/// Whether it stands for standard output.
pub(super) fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_read_with_units_and_bounds() {
        assert_eq!(size("0"), Ok(0));
        assert_eq!(size("10"), Ok(10));
        assert_eq!(size("2k"), Ok(2_048));
        assert_eq!(size("3M"), Ok(3 << 20));
        assert_eq!(size("4g"), Ok(4 << 30));
        assert_eq!(size("1T"), Ok(1 << 40));
        for bad in ["", "k", "-1", "+1", "1.5k", "1kk", "1 k", "99999999999T", "18446744073709551616"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
}
