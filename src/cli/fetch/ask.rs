//! What is asked for: method, URL, header fields, body, and who asks; named as curl names them.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::curl;
use crate::i18n::{bytes, t, tf};
use crate::net::fetch::{Auth, Content, Field, FormPart, Payload, Request};
use crate::net::{Cause, Error, Operation, regular};

/// Where the password is, if the command line does not have it.
const PASSWORD: &str = "SOCKETSCOPE_PASSWORD";
/// The most of a file that becomes part of a form, in bytes; a larger one is streamed.
const MOST_DATA: u64 = 16 << 20;
/// The most of a file with a secret, in bytes.
const MOST_SECRET: u64 = 64 << 10;
/// Standard input, where a file could be.
const STDIN: &str = "-";
/// What stands in a path as it is (RFC 3986 §2.3).
const IN_A_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct AskArgs {
    #[arg(value_name = "URL", help = t("cli-fetch-url"))]
    pub(super) url: String,
    #[arg(short = 'X', long = "request", value_name = "METHOD", help = t("cli-fetch-request"))]
    method: Option<String>,
    #[arg(short = 'H', long = "header", value_name = "LINE", value_parser = field, help = t("cli-fetch-header"))]
    fields: Vec<Field>,
    #[arg(short = 'I', long, conflicts_with_all = ["data", "form", "data_file", "upload_file"], help = t("cli-fetch-head"))]
    head: bool,
    #[arg(short, long, value_name = "DATA", conflicts_with_all = ["data_file", "upload_file"],
          help = t("cli-fetch-data"))]
    data: Vec<String>,
    #[arg(short = 'F', long, value_name = "NAME=VALUE", value_parser = form,
          conflicts_with_all = ["data", "data_file", "upload_file"], help = t("cli-fetch-form"))]
    form: Vec<FormParts>,
    #[arg(long, value_name = "FILE", conflicts_with = "upload_file", help = t("cli-fetch-data-file"))]
    data_file: Option<PathBuf>,
    #[arg(short = 'T', long, value_name = "FILE", help = t("cli-fetch-upload-file"))]
    upload_file: Option<PathBuf>,
    #[arg(short = 'b', long = "cookie", value_name = "NAME=VALUE", value_parser = cookie, help = t("cli-fetch-cookie"))]
    cookies: Vec<String>,
    #[arg(short, long, value_name = "USER:PASSWORD", conflicts_with_all = ["user_file", "bearer", "bearer_file"],
          help = tf("cli-fetch-user", &[("variable", PASSWORD.into())]))]
    user: Option<String>,
    #[arg(long, value_name = "FILE", conflicts_with_all = ["bearer", "bearer_file"], help = t("cli-fetch-user-file"))]
    user_file: Option<PathBuf>,
    #[arg(long, conflicts_with_all = ["bearer", "bearer_file"], help = t("cli-fetch-digest"))]
    digest: bool,
    #[arg(long, alias = "oauth2-bearer", value_name = "TOKEN", conflicts_with = "bearer_file",
          help = t("cli-fetch-bearer"))]
    bearer: Option<String>,
    #[arg(long, value_name = "FILE", help = t("cli-fetch-bearer-file"))]
    bearer_file: Option<PathBuf>,
}

/// A header line as curl takes it: `Name: value`, `Name:` for none of that name, `Name;` for an empty one.
fn field(line: &str) -> Result<Field, String> {
    let (name, value) = match line.split_once(':') {
        Some((name, value)) => (name, Some(value.trim()).filter(|value| !value.is_empty())),
        None => (line.strip_suffix(';').ok_or_else(|| t("cli-fetch-no-field"))?, Some("")),
    };
    if name.trim().is_empty() {
        return Err(t("cli-fetch-no-field"));
    }
    Ok(Field { name: name.trim().to_owned(), value: value.map(str::to_owned) })
}

/// A cookie as it is sent, or several.
fn cookie(text: &str) -> Result<String, String> {
    if text.contains('=') { Ok(text.trim().to_owned()) } else { Err(t("cli-fetch-no-cookie")) }
}

/// What one `-F` stands for.
type FormParts = Vec<FormPart>;

/// A field of a form, or several files of one name, as curl takes them.
fn form(text: &str) -> Result<FormParts, String> {
    let curl::Fields { parts, left_out } = curl::fields(text).ok_or_else(|| t("cli-fetch-no-form"))?;
    match left_out.first() {
        Some(what) => Err(tf("cli-fetch-form-rest", &[("what", what.as_str().into())])),
        None => Ok(parts),
    }
}

impl AskArgs {
    /// What is asked for; reads the files that become part of it.
    ///
    /// # Errors
    /// One of them cannot be read, or is too large; a password is missing.
    pub(super) fn request(&self) -> Result<Request, Error> {
        let mut fields = self.fields.clone();
        if !self.cookies.is_empty() {
            fields.push(Field { name: "Cookie".to_owned(), value: Some(self.cookies.join("; ")) });
        }
        let payload = self.payload()?;
        let method = match (&self.method, &payload) {
            (Some(method), _) => method,
            _ if self.head => "HEAD",
            _ if self.upload_file.is_some() => "PUT",
            (None, Payload::None) => "GET",
            (None, _) => "POST",
        };
        Ok(Request { method: method.to_owned(), url: self.full_url(), fields, payload, auth: self.auth()? })
    }

    /// The URL; that of a folder gets the name of the file that is put there.
    fn full_url(&self) -> String {
        let name = self.upload_file.as_deref().filter(|_| self.url.ends_with('/')).and_then(Path::file_name);
        let name = name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        format!("{}{}", self.url, utf8_percent_encode(&name, IN_A_PATH))
    }

    fn payload(&self) -> Result<Payload, Error> {
        if let Some(path) = self.data_file.as_ref().or(self.upload_file.as_ref()) {
            return Ok(Payload::File { media_type: String::new(), path: path.clone() });
        }
        if !self.form.is_empty() {
            let parts = self.form.iter().flatten().cloned().map(read_stdin);
            return Ok(Payload::Multipart(parts.collect::<Result<_, _>>()?));
        }
        if self.data.is_empty() {
            return Ok(Payload::None);
        }
        let pieces = self.data.iter().map(|data| piece(data)).collect::<Result<Vec<_>, _>>()?;
        Ok(Payload::Bytes { media_type: Payload::FORM.to_owned(), bytes: pieces.join(&b'&') })
    }

    fn auth(&self) -> Result<Auth, Error> {
        let token = self.bearer_file.as_deref().map(secret).transpose()?;
        if let Some(token) = token.or_else(|| self.bearer.clone()) {
            return Ok(Auth::Bearer(token));
        }
        let typed = self.user_file.as_deref().map(secret).transpose()?.or_else(|| self.user.clone());
        let Some(typed) = typed else {
            return if self.digest { Err(wrong("--digest", t("cli-fetch-no-user"))) } else { Ok(Auth::None) };
        };
        let (user, password) = match typed.split_once(':') {
            Some((user, password)) => (user.to_owned(), password.to_owned()),
            None => {
                let missing = |_| wrong(&typed, tf("cli-fetch-no-password", &[("variable", PASSWORD.into())]));
                (typed.clone(), std::env::var(PASSWORD).map_err(missing)?)
            }
        };
        Ok(if self.digest { Auth::Digest { user, password } } else { Auth::Basic { user, password } })
    }
}

/// One piece of a form: as typed, or what a file has, without line ends and NUL as curl has it.
fn piece(data: &str) -> Result<Vec<u8>, Error> {
    let Some(path) = data.strip_prefix('@') else { return Ok(data.as_bytes().to_vec()) };
    let mut read = whole(path)?;
    read.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
    Ok(read)
}

/// The part as it is, with standard input in place of the file `-`.
fn read_stdin(part: FormPart) -> Result<FormPart, Error> {
    match &part.content {
        Content::File(path) if path.as_os_str() == STDIN => {
            Ok(FormPart { content: Content::Bytes(whole(STDIN)?), ..part })
        }
        _ => Ok(part),
    }
}

/// All of a file, or of standard input.
fn whole(path: &str) -> Result<Vec<u8>, Error> {
    let mut read = Vec::new();
    if path == STDIN {
        let all = io::stdin().lock().take(MOST_DATA + 1).read_to_end(&mut read);
        all.map_err(|error| Error::new(Operation::SendFile, path, Cause::Os(error)))?;
    } else {
        read = read_file(Path::new(path), MOST_DATA)?;
    }
    if read.len() as u64 > MOST_DATA {
        let error = io::Error::other(tf("cli-fetch-data-too-large", &[("most", bytes(MOST_DATA).into())]));
        return Err(Error::new(Operation::SendFile, path, Cause::Os(error)));
    }
    Ok(read)
}

/// The first line of a file.
fn secret(path: &Path) -> Result<String, Error> {
    let read = read_file(path, MOST_SECRET)?;
    let line = read.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = String::from_utf8(line.to_vec()).ok().filter(|text| !text.is_empty());
    text.ok_or_else(|| wrong(&path.display().to_string(), t("cli-fetch-no-secret")))
}

fn read_file(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    regular::read(path, most).map_err(|error| {
        let cause = match error.kind() {
            io::ErrorKind::NotFound => Cause::NoFile,
            _ => Cause::Os(error),
        };
        Error::new(Operation::SendFile, path.display(), cause)
    })
}

/// What was typed cannot be used.
fn wrong(typed: &str, why: String) -> Error {
    Error::new(Operation::Understand, typed, Cause::Os(io::Error::other(why)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[test]
    fn header_lines_are_read_as_curl_reads_them() {
        let is = |line: &str, name: &str, value: Option<&str>| {
            assert_eq!(field(line), Ok(Field { name: name.into(), value: value.map(Into::into) }), "{line}");
        };
        is("A: b", "A", Some("b"));
        is("A:b:c ", "A", Some("b:c"));
        is("A:", "A", None);
        is("A: ", "A", None);
        is("A;", "A", Some(""));
        for bad in ["", "A", ":", ": b", ";"] {
            assert!(field(bad).is_err(), "{bad}");
        }
    }

    #[derive(clap::Parser)]
    struct Command {
        #[command(flatten)]
        ask: AskArgs,
    }

    fn asked(words: &[&str]) -> Result<Request, Error> {
        let command = Command::try_parse_from([&["fetch", "http://h/x/"], words].concat());
        command.expect("arguments").ask.request()
    }

    fn form(bytes: &[u8]) -> Payload {
        Payload::Bytes { media_type: "application/x-www-form-urlencoded".into(), bytes: bytes.into() }
    }

    #[test]
    fn the_method_goes_with_what_is_sent_unless_it_is_said() {
        let method = |words: &[&str]| asked(words).expect("a request").method;
        assert_eq!(method(&[]), "GET");
        assert_eq!(method(&["-I"]), "HEAD");
        assert_eq!(method(&["-d", "a=b"]), "POST");
        assert_eq!(method(&["--data-file", "f"]), "POST");
        assert_eq!(method(&["-T", "f"]), "PUT");
        assert_eq!(method(&["-X", "patch", "-d", "x"]), "patch");
        assert_eq!(method(&["-X", "DELETE"]), "DELETE");
    }

    #[test]
    fn data_is_joined_and_read_from_files() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("data");
        std::fs::write(&path, b"c=\0\xff\r\nd\n").expect("written");
        let at = format!("@{}", path.display());
        let payload = |words: &[&str]| asked(words).map(|request| request.payload);
        assert_eq!(payload(&["-d", "a=b", "-d", &at]).expect("data"), form(b"a=b&c=\xffd"));
        assert_eq!(payload(&["-d", ""]).expect("data"), form(b""));
        let error = payload(&["-d", "@/no/such/file"]).expect_err("no file");
        assert!(matches!(error.cause, Cause::NoFile) && error.target == "/no/such/file", "{error}");
        std::fs::File::create(&path).and_then(|file| file.set_len(MOST_DATA + 1)).expect("written");
        assert!(payload(&["-d", &at]).expect_err("too large").to_string().contains("--data-file"));
    }

    #[test]
    fn forms_with_files_are_read_as_curl_reads_them() {
        let request = asked(&["-F", "a=b", "--form", "f=@x.png,y;type=a/b"]).expect("a request");
        let y = FormPart { media_type: "a/b".into(), ..FormPart::file("f", "y".into()) };
        let parts = vec![FormPart::text("a", "b"), FormPart::file("f", "x.png".into()), y];
        assert_eq!((request.method.as_str(), request.payload), ("POST", Payload::Multipart(parts)));
        for words in [&["-F", "a"][..], &["-F", "a=b;c"], &["-F", "a=b", "-d", "c"], &["-F", "a=b", "-I"]] {
            assert!(Command::try_parse_from([&["fetch", "h"], words].concat()).is_err(), "{words:?}");
        }
    }

    #[test]
    fn files_are_streamed_and_put_under_their_name() {
        let request = asked(&["-T", "dir/a b.txt"]).expect("a request");
        assert_eq!(request.url, "http://h/x/a%20b.txt");
        assert_eq!(request.payload, Payload::File { media_type: String::new(), path: "dir/a b.txt".into() });
        assert_eq!(asked(&["--data-file", "f"]).expect("a request").url, "http://h/x/");
    }

    #[test]
    fn cookies_are_one_field_after_the_others() {
        let request = asked(&["-b", "a=b", "-H", "X: y", "--cookie", "c=d; e=f"]).expect("a request");
        let field = |name: &str, value: &str| Field { name: name.into(), value: Some(value.into()) };
        assert_eq!(request.fields, [field("X", "y"), field("Cookie", "a=b; c=d; e=f")]);
    }

    #[test]
    fn who_asks_is_read_from_here_or_a_file() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("secret");
        let path = path.to_str().expect("text");
        let auth = |words: &[&str]| asked(words).map(|request| request.auth);
        let (user, password) = ("u".to_owned(), "p:q".to_owned());
        let (basic, digest) = (
            Auth::Basic { user: user.clone(), password: password.clone() },
            Auth::Digest { user: user.clone(), password: password.clone() },
        );
        std::fs::write(path, "u:p:q\n").expect("written");
        assert!(auth(&["-u", "u:p:q"]).expect("auth") == basic && auth(&["--user-file", path]).expect("auth") == basic);
        assert!(auth(&["--digest", "-u", "u:p:q"]).expect("auth") == digest);
        assert!(auth(&["--user-file", path, "--digest"]).expect("auth") == digest);
        assert!(auth(&["--bearer", "t"]).expect("auth") == Auth::Bearer("t".into()));
        assert!(auth(&["--bearer-file", path]).expect("auth") == Auth::Bearer("u:p:q".into()));
        assert!(auth(&["--digest"]).expect_err("nobody").to_string().contains("--user-file"));
        assert!(auth(&["-u", "u"]).expect_err("no password").to_string().contains(PASSWORD));
        for words in [&["-u", "u", "--bearer", "t"][..], &["--digest", "--bearer", "t"], &["-I", "-d", "x"]] {
            assert!(Command::try_parse_from([&["fetch", "h"], words].concat()).is_err(), "{words:?}");
        }
    }

    #[test]
    fn of_a_secret_only_the_first_line_is_taken() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("secret");
        std::fs::write(&path, "user:pass word\r\nmore\n").expect("written");
        assert_eq!(secret(&path).expect("secret"), "user:pass word");
        for bad in [&b""[..], b"\nx", b"\xff\n"] {
            std::fs::write(&path, bad).expect("written");
            assert!(secret(&path).is_err());
        }
        assert!(matches!(secret(&folder.path().join("none")).expect_err("no").cause, Cause::NoFile));
    }
}
