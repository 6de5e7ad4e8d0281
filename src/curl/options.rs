//! What the options of a `curl` command mean here.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::ArgMatches;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use percent_encoding::percent_decode;

use super::form::{Fields, fields};
use super::known::{OTHER_FLAGS, OTHER_VALUES, command};
use super::words::{self, encoded};
use super::{Mistake, Understood, is_curl};
use crate::i18n::{t, tf};
use crate::net::fetch::{Auth, Field, FormPart, IpVersion, Options, Payload, Proxy, Request};

/// The most words; unknown ones are taken out one by one.
const MOST: usize = 500;

/// Understands a curl command as a POSIX shell and curl would. Options that mean something else here, or nothing, are in the
/// notes.
///
/// # Errors
/// It is no curl command, or one for the prompt of Windows; it names no URL; a quotation or an option is not finished.
pub fn from_curl(text: &str) -> Result<Understood, Mistake> {
    if !is_curl(text) {
        return Err(Mistake::NotCurl);
    }
    let text = text.trim_start();
    let words = words::split(text.strip_prefix(['$', '%']).unwrap_or(text))?;
    let mut notes = Notes(Vec::new());
    if words.all.len() > MOST {
        return Err(Mistake::TooLong);
    }
    if words.variables {
        notes.0.push(t("curl-note-variables"));
    }
    let mut args = words.all.into_iter().skip(1).map(os).collect::<Result<Vec<_>, _>>()?;
    let next = next_command(&args);
    args.truncate(next.unwrap_or(args.len()));
    if words.more || next.is_some() {
        notes.0.push(t("curl-note-more"));
    }
    let matches = read(args, &mut notes)?;
    Read { matches, notes }.understood()
}

/// What cannot be done.
struct Notes(Vec<String>);

impl Notes {
    fn left_out(&mut self, option: &str) {
        self.0.push(tf("curl-note-option", &[("option", option.into())]));
    }
}

#[cfg(unix)]
fn os(word: Vec<u8>) -> Result<OsString, Mistake> {
    Ok(std::os::unix::ffi::OsStringExt::from_vec(word))
}

#[cfg(not(unix))]
fn os(word: Vec<u8>) -> Result<OsString, Mistake> {
    String::from_utf8(word).map(OsString::from).map_err(|_| Mistake::NotText)
}

/// Where another request begins, if one does; as the value of an option it does not.
fn next_command(args: &[OsString]) -> Option<usize> {
    let is_next = |arg: &OsString| arg == "--next" || arg == "-:";
    let mut places = args.iter().enumerate().filter(|(_, arg)| is_next(arg)).map(|(at, _)| at);
    places.find(|at| match command().try_get_matches_from(&args[..*at]) {
        Ok(_) => true,
        Err(error) => error.kind() == ErrorKind::UnknownArgument,
    })
}

/// Reads the arguments, without those that nobody knows.
fn read(mut args: Vec<OsString>, notes: &mut Notes) -> Result<ArgMatches, Mistake> {
    let mut command = command();
    loop {
        let error = match command.try_get_matches_from_mut(&args) {
            Ok(matches) => return Ok(matches),
            Err(error) => error,
        };
        let option = match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::String(option)) => option.clone(),
            _ => String::new(),
        };
        if error.kind() != ErrorKind::UnknownArgument {
            // `--data <data>`: its name is enough.
            let option = option.split(' ').next().unwrap_or_default().to_owned();
            return Err(Mistake::NoValue(option));
        }
        notes.left_out(&option);
        if !leave_out(&mut args, &option) {
            return Err(Mistake::NoUrl);
        }
    }
}

/// Takes an option out; also from among short ones in one word. Whether it was there: the arguments become fewer.
fn leave_out(args: &mut Vec<OsString>, option: &str) -> bool {
    let text = |arg: &OsString| arg.to_string_lossy().into_owned();
    let is_it = |arg: &String| arg == option || arg.strip_prefix(option).is_some_and(|rest| rest.starts_with('='));
    if let Some(at) = args.iter().map(text).position(|arg| is_it(&arg)) {
        args.remove(at);
        return true;
    }
    let Some(short) = option.strip_prefix('-').filter(|rest| !rest.starts_with('-')) else { return false };
    let has_it = |arg: &String| arg.starts_with('-') && !arg.starts_with("--") && arg[1..].contains(short);
    let Some(at) = args.iter().map(text).position(|arg| has_it(&arg)) else { return false };
    let without = text(&args[at]).replacen(short, "", 1);
    if without == "-" {
        args.remove(at);
    } else {
        args[at] = without.into();
    }
    true
}

struct Read {
    matches: ArgMatches,
    notes: Notes,
}

/// A piece of the data, and where it stood.
type Piece = (usize, &'static str, OsString);

impl Read {
    fn has(&self, flag: &str) -> bool {
        self.matches.get_count(flag) > 0
    }

    fn values(&self, option: &str) -> impl Iterator<Item = &OsString> {
        self.matches.get_many::<OsString>(option).into_iter().flatten()
    }

    /// The last one, as text.
    fn text(&self, option: &str) -> Option<String> {
        self.values(option).last().map(|value| value.to_string_lossy().into_owned())
    }

    /// Values of these options in the order of the command.
    fn in_order(&self, options: &[&'static str]) -> Vec<Piece> {
        let mut all = Vec::new();
        for option in options {
            let places = self.matches.indices_of(option).into_iter().flatten();
            all.extend(places.zip(self.values(option)).map(|(at, value)| (at, *option, value.clone())));
        }
        all.sort_by_key(|(at, ..)| *at);
        all
    }

    fn understood(mut self) -> Result<Understood, Mistake> {
        let others = OTHER_FLAGS.iter().filter(|(long, _)| self.has(long)).map(|(long, _)| *long);
        let others: Vec<_> = others
            .chain(OTHER_VALUES.iter().map(|(long, _)| *long).filter(|long| self.values(long).next().is_some()))
            .collect();
        for other in others {
            self.notes.left_out(&format!("--{other}"));
        }
        let mut url = self.url()?;
        let mut fields = self.fields();
        let mut payload = self.payload();
        if self.has("get") {
            if let Payload::Bytes { bytes, .. } = &payload {
                url = with_query(&url, &String::from_utf8_lossy(bytes));
            } else if let Payload::Form(pairs) = &payload {
                let pairs = pairs
                    .iter()
                    .map(|(name, value)| format!("{}={}", encoded(name.as_bytes()), encoded(value.as_bytes())));
                url = with_query(&url, &pairs.collect::<Vec<_>>().join("&"));
            }
            payload = Payload::None;
        }
        let mut method = if matches!(payload, Payload::None) { "GET" } else { "POST" }.to_owned();
        if let Some(file) = self.values("upload-file").last().cloned() {
            if url.ends_with('/') {
                url += &PathBuf::from(&file).file_name().unwrap_or_default().to_string_lossy();
            }
            payload = Payload::File { media_type: String::new(), path: file.into() };
            "PUT".clone_into(&mut method);
            // curl says nothing about its type.
            if !fields.iter().any(is_type) {
                fields.push(Field { name: "Content-Type".to_owned(), value: None });
            }
        }
        if self.has("head") {
            "HEAD".clone_into(&mut method);
        }
        let method = self.text("request").unwrap_or(method);
        place_type(&mut fields, &mut payload, !self.values("json").any(|_| true));
        let auth = self.auth();
        let options = self.options();
        Ok(Understood { request: Request { method, url, fields, payload, auth }, options, notes: self.notes.0 })
    }

    /// The URL: the first one that looks like one, or just the first.
    fn url(&mut self) -> Result<String, Mistake> {
        let all: Vec<_> =
            self.in_order(&["url", "urls"]).into_iter().map(|(.., url)| url.to_string_lossy().into_owned()).collect();
        let url = all.iter().find(|one| one.contains("://")).or(all.first()).ok_or(Mistake::NoUrl)?;
        if all.len() > 1 {
            self.notes.0.push(tf("curl-note-urls", &[("n", (all.len() - 1).into())]));
        }
        let is_pattern = url.contains(['{', '}']) || url.split('/').skip(3).any(|part| part.contains('['));
        if is_pattern && !self.has("globoff") {
            self.notes.0.push(t("curl-note-pattern"));
        }
        Ok(url.clone())
    }

    fn fields(&mut self) -> Vec<Field> {
        let mut fields = Vec::new();
        let lines: Vec<_> = self.values("header").map(|line| line.to_string_lossy().into_owned()).collect();
        for line in lines {
            match field(&line) {
                Some(field) => fields.push(field),
                None => self.notes.left_out(&format!("-H {line}")),
            }
        }
        let mut add = |name: &str, value: Option<String>| {
            if !fields.iter().any(|one: &Field| one.name.eq_ignore_ascii_case(name)) {
                fields.push(Field { name: name.to_owned(), value });
            }
        };
        if let Some(agent) = self.text("user-agent") {
            add("User-Agent", Some(agent).filter(|agent| !agent.is_empty()));
        }
        if let Some(referer) = self.text("referer") {
            add("Referer", Some(referer.trim_end_matches(";auto").to_owned()).filter(|one| !one.is_empty()));
        }
        if let Some(range) = self.text("range") {
            add("Range", Some(format!("bytes={range}")));
        }
        let (cookies, files): (Vec<_>, Vec<_>) =
            self.values("cookie").map(|one| one.to_string_lossy().into_owned()).partition(|one| one.contains('='));
        if !cookies.is_empty() {
            add("Cookie", Some(cookies.join("; ")));
        }
        if self.values("json").next().is_some() {
            add("Accept", Some("application/json".to_owned()));
        }
        for file in files.iter().filter(|file| !file.is_empty()) {
            self.notes.left_out(&format!("-b {file}"));
        }
        fields
    }

    fn payload(&mut self) -> Payload {
        let form = self.form();
        if !form.is_empty() {
            return Payload::Multipart(form);
        }
        let pieces = self.in_order(&["data", "data-ascii", "data-raw", "data-binary", "data-urlencode", "json"]);
        match pieces.as_slice() {
            [] => return Payload::None,
            [(_, option, value)] => {
                if let Some(path) = file(option, value) {
                    if matches!(*option, "data" | "data-ascii") {
                        self.notes.0.push(t("curl-note-line-ends"));
                    }
                    return Payload::File { media_type: Payload::FORM.to_owned(), path };
                }
            }
            _ => {}
        }
        if let Some(pairs) = pieces.iter().map(|(_, option, value)| pair(option, value)).collect::<Option<Vec<_>>>() {
            return Payload::Form(pairs);
        }
        let mut bytes = Vec::new();
        for (index, (_, option, value)) in pieces.into_iter().enumerate() {
            if index > 0 && option != "json" {
                bytes.push(b'&');
            }
            let value = value.into_encoded_bytes();
            match option {
                "data-urlencode" => match memchr::memchr2(b'=', b'@', &value) {
                    Some(at) if value[at] == b'@' => {
                        self.notes.left_out(&format!("--{option} {}", String::from_utf8_lossy(&value)))
                    }
                    Some(0) => bytes.extend(encoded(&value[1..]).bytes()),
                    Some(at) => {
                        bytes.extend_from_slice(&value[..=at]);
                        bytes.extend(encoded(&value[at + 1..]).bytes());
                    }
                    None => bytes.extend(encoded(&value).bytes()),
                },
                // A file among other data.
                "data" | "data-ascii" | "data-binary" | "json" if value.starts_with(b"@") => {
                    self.notes.left_out(&format!("--{option} {}", String::from_utf8_lossy(&value)));
                }
                _ => bytes.extend(value),
            }
        }
        Payload::Bytes { media_type: Payload::FORM.to_owned(), bytes }
    }

    fn form(&mut self) -> Vec<FormPart> {
        let mut all = Vec::new();
        for (_, option, value) in self.in_order(&["form", "form-string"]) {
            let text = value.to_string_lossy();
            let string = text.split_once('=').filter(|_| option == "form-string");
            let read = match string {
                Some((name, value)) => Some(Fields { parts: vec![FormPart::text(name, value)], left_out: Vec::new() }),
                None => value.to_str().and_then(fields),
            };
            let Fields { parts, left_out } = read.unwrap_or_default();
            if parts.is_empty() {
                self.notes.left_out(&format!("--{option} {text}"));
            }
            for one in left_out {
                self.notes.left_out(&format!("--{option} …;{one}"));
            }
            all.extend(parts);
        }
        all
    }

    fn auth(&mut self) -> Auth {
        if let Some(token) = self.text("oauth2-bearer") {
            return Auth::Bearer(token);
        }
        let Some(pair) = self.text("user") else { return Auth::None };
        let (user, password) = pair.split_once(':').unwrap_or_else(|| {
            self.notes.0.push(t("curl-note-password"));
            (&pair, "")
        });
        let (user, password) = (user.to_owned(), password.to_owned());
        if self.has("digest") { Auth::Digest { user, password } } else { Auth::Basic { user, password } }
    }

    fn options(&mut self) -> Options {
        let usual = Options::default();
        let proxy = self.proxy();
        let max_redirects = match self.text("max-redirs").map(|text| text.parse::<i64>()) {
            None => usual.max_redirects,
            // Without end, as far as that is possible.
            Some(Ok(n)) => u32::try_from(n).unwrap_or(100),
            Some(Err(_)) => {
                self.notes.left_out("--max-redirs");
                usual.max_redirects
            }
        };
        let seconds = self.text("connect-timeout").and_then(|text| text.parse().ok());
        Options {
            follow: self.has("location") || self.has("location-trusted"),
            max_redirects,
            accept_any_certificate: self.has("insecure"),
            proxy,
            ip: match (self.has("ipv4"), self.has("ipv6")) {
                (true, false) => IpVersion::V4,
                (false, true) => IpVersion::V6,
                _ => IpVersion::Both,
            },
            extra_roots: self.values("cacert").last().map(PathBuf::from),
            connect_timeout: seconds
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
                .unwrap_or(usual.connect_timeout),
            ..usual
        }
    }

    fn proxy(&mut self) -> Proxy {
        let schemes = [("proxy", "http"), ("socks5", "socks5"), ("socks5-hostname", "socks5h")];
        let chosen = schemes.into_iter().find_map(|(option, scheme)| Some((self.text(option)?, scheme)));
        let none_for = self.text("noproxy");
        if none_for.as_deref() == Some("*") {
            return Proxy::None;
        }
        if none_for.is_some_and(|hosts| !hosts.is_empty()) {
            self.notes.left_out("--noproxy");
        }
        let Some((proxy, scheme)) = chosen else { return Proxy::Environment };
        if proxy.is_empty() {
            return Proxy::None;
        }
        let proxy = if proxy.contains("://") { proxy } else { format!("{scheme}://{proxy}") };
        match self.text("proxy-user") {
            Some(pair) => {
                let (user, password) = pair.split_once(':').unwrap_or((&pair, ""));
                let (user, password) = (encoded(user.as_bytes()), encoded(password.as_bytes()));
                Proxy::Url(proxy.replacen("://", &format!("://{user}:{password}@"), 1))
            }
            None => Proxy::Url(proxy),
        }
    }
}

fn is_type(field: &Field) -> bool {
    field.name.eq_ignore_ascii_case("Content-Type")
}

/// Puts what the fields say about the type of the body where the body is.
fn place_type(fields: &mut Vec<Field>, payload: &mut Payload, is_form: bool) {
    let (Payload::Bytes { media_type, .. } | Payload::File { media_type, .. }) = payload else { return };
    if !is_form && media_type.as_str() == Payload::FORM {
        "application/json".clone_into(media_type);
    }
    let mut types = fields.iter().enumerate().filter(|(_, one)| is_type(one));
    let (Some((at, field)), None) = (types.next(), types.next()) else { return };
    match (&field.value, &*payload) {
        // A file without one has the type of its name.
        (None, Payload::File { .. }) => return,
        (value, _) => {
            let value = value.clone().unwrap_or_default();
            let (Payload::Bytes { media_type, .. } | Payload::File { media_type, .. }) = payload else { return };
            *media_type = value;
        }
    }
    fields.remove(at);
}

/// What `-H` says: `Name: value`; `Name:` takes a usual one away, `Name;` sends it empty. `None` where it is none of these.
fn field(line: &str) -> Option<Field> {
    if let Some((name, value)) = line.split_once(':') {
        let value = value.trim();
        return Some(Field { name: name.to_owned(), value: (!value.is_empty()).then(|| value.to_owned()) });
    }
    let name = line.strip_suffix(';')?;
    Some(Field { name: name.to_owned(), value: Some(String::new()) })
}

/// The file whose bytes this option sends.
fn file(option: &str, value: &OsString) -> Option<PathBuf> {
    if !matches!(option, "data" | "data-ascii" | "data-binary" | "json") {
        return None;
    }
    let path = value.as_encoded_bytes().strip_prefix(b"@")?;
    os(path.to_owned()).ok().map(PathBuf::from)
}

/// A field of a form whose name and value curl shall encode.
fn pair(option: &str, value: &OsString) -> Option<(String, String)> {
    let (name, value) = value.to_str().filter(|_| option == "data-urlencode")?.split_once('=')?;
    if name.is_empty() || name.contains('@') {
        return None;
    }
    Some((percent_decode(name.as_bytes()).decode_utf8().ok()?.into_owned(), value.to_owned()))
}

fn with_query(url: &str, query: &str) -> String {
    if query.is_empty() {
        return url.to_owned();
    }
    let (url, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let sign = if !url.contains('?') {
        "?"
    } else if url.ends_with(['?', '&']) {
        ""
    } else {
        "&"
    };
    format!("{url}{sign}{query}{fragment}")
}
