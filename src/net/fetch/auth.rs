//! Who asks (RFC 9110 §11): basic and bearer at once, digest in answer to the server's challenge.

use digest_auth::{Algorithm, AlgorithmType, AuthContext, Charset, HttpMethod, Qop, WwwAuthenticateHeader};

use super::ask::is_value;
use super::{Auth, Fault, Head};

/// How often one request is sent again with an answer to a challenge: once, and once more where the server says that
/// its nonce was too old (RFC 7616 §3.3).
const MOST_ANSWERS: u32 = 2;

/// Who asks, for as long as the hops stay with the same server.
#[derive(Default)]
pub(super) enum Who {
    #[default]
    Nobody,
    /// The value of `Authorization`.
    Value(String),
    Digest(Box<Digest>),
}

/// RFC 7616.
pub(super) struct Digest {
    user: String,
    password: String,
    /// What the server wants to have answered, with the number of answers that it has had.
    challenge: Option<WwwAuthenticateHeader>,
    /// How often the request of this page was sent again.
    answers: u32,
}

impl std::fmt::Debug for Who {
    /// Without any secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nobody => "Nobody",
            Self::Value(_) => "Value",
            Self::Digest(_) => "Digest",
        })
    }
}

/// What is to be done about an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It is the answer.
    Accept,
    /// It is the answer, and its challenge is one that cannot be answered.
    Unknown,
    /// Ask again, now with an answer to its challenge.
    Again,
}

impl Who {
    /// `userinfo` is the value of `Authorization` that the URL stands for.
    ///
    /// # Errors
    /// A colon in a user name that cannot have one; control characters where they would be sent.
    pub(super) fn new(auth: &Auth, userinfo: Option<&str>) -> Result<Self, Fault> {
        match auth {
            Auth::None => Ok(userinfo.map_or(Self::Nobody, |value| Self::Value(value.to_owned()))),
            Auth::Basic { user, .. } if user.contains(':') => Err(Fault::ColonInUser),
            Auth::Basic { user, password } => {
                let pair = data_encoding::BASE64.encode(format!("{user}:{password}").as_bytes());
                Ok(Self::Value(format!("Basic {pair}")))
            }
            Auth::Bearer(token) if is_value(token) => Ok(Self::Value(format!("Bearer {token}"))),
            Auth::Digest { user, password } if is_value(user) => {
                let (user, password) = (user.clone(), password.clone());
                Ok(Self::Digest(Box::new(Digest { user, password, challenge: None, answers: 0 })))
            }
            Auth::Bearer(_) | Auth::Digest { .. } => Err(Fault::BadFieldValue),
        }
    }

    /// The value of `Authorization` for such a request, as far as there is one; `body` where it is known whole.
    pub(super) fn value(&self, method: &str, aim: &str, body: Option<&[u8]>) -> Option<String> {
        match self {
            Self::Nobody => None,
            Self::Value(value) => Some(value.clone()),
            Self::Digest(digest) => digest.answer(method, aim, body),
        }
    }

    /// Another page of the same server is told at once (RFC 7616 §3.6), and may still have another challenge.
    pub(super) fn another_page(&mut self) {
        if let Self::Digest(digest) = self {
            digest.count();
            digest.answers = 0;
        }
    }

    /// Takes the challenge of an answer to such a request.
    pub(super) fn challenged(&mut self, head: &Head, body: Option<&[u8]>) -> Next {
        let (Self::Digest(digest), 401) = (self, head.status) else { return Next::Accept };
        let found = head.values("www-authenticate").flat_map(challenges).find(|one| digest.can_answer(one, body));
        let Some(challenge) = found else {
            return if digest.answers == 0 { Next::Unknown } else { Next::Accept };
        };
        // A second one of the same is no for an answer.
        if digest.answers >= MOST_ANSWERS || digest.answers > 0 && !challenge.stale {
            return Next::Accept;
        }
        digest.answers += 1;
        digest.count();
        // The same nonce again is counted on (RFC 7616 §3.4).
        let before = digest.challenge.take().filter(|before| before.nonce == challenge.nonce);
        digest.challenge = Some(WwwAuthenticateHeader { nc: before.map_or(0, |before| before.nc), ..challenge });
        Next::Again
    }
}

impl Digest {
    /// A request with an answer has been sent.
    fn count(&mut self) {
        if let Some(challenge) = &mut self.challenge {
            challenge.nc = challenge.nc.saturating_add(1);
        }
    }

    fn can_answer(&self, challenge: &WwwAuthenticateHeader, body: Option<&[u8]>) -> bool {
        let other =
            Self { user: self.user.clone(), password: String::new(), challenge: Some(challenge.clone()), answers: 0 };
        other.answer("GET", "/", body).is_some()
    }

    fn answer(&self, method: &str, aim: &str, body: Option<&[u8]>) -> Option<String> {
        let mut challenge = self.challenge.clone()?;
        // The body is hashed only where nothing less will do, and only where all of it is known.
        challenge.qop = match challenge.qop {
            None => None,
            Some(qop) if qop.contains(&Qop::AUTH) => Some(vec![Qop::AUTH]),
            Some(qop) if qop.contains(&Qop::AUTH_INT) && body.is_some() => Some(vec![Qop::AUTH_INT]),
            Some(_) => return None,
        };
        let method = HttpMethod(method.into());
        let context = AuthContext::new_with_method(self.user.as_str(), self.password.as_str(), aim, body, method);
        let value = challenge.respond(&context).ok()?.to_header_string();
        // The server may have put anything into what is sent back to it.
        is_value(&value).then_some(value)
    }
}

/// A challenge: its scheme, and its parameters with their quotes undone.
type Challenge = (String, Vec<(String, String)>);

/// The challenges in the value of one field (RFC 9110 §11.6.1). They are parted by commas, and so are their parameters:
/// a name is a parameter where `=` follows it.
fn split(text: &str) -> Vec<Challenge> {
    let mut all: Vec<Challenge> = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',', '=']);
        let end = rest.find([' ', '\t', ',', '=', '"']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let after = after.trim_start_matches([' ', '\t']);
        if let Some(value) = after.strip_prefix('=') {
            let (value, after) = read_value(value.trim_start_matches([' ', '\t']));
            if let Some((_, parameters)) = all.last_mut() {
                parameters.push((name.to_owned(), value));
            }
            rest = after;
        } else if !name.is_empty() {
            all.push((name.to_owned(), Vec::new()));
            rest = after;
        } else if after.is_empty() {
            return all;
        } else {
            // A quoted string in no place for one.
            rest = read_value(after).1;
        }
    }
}

/// A token or a quoted string (RFC 9110 §5.6.4), and what comes after it.
fn read_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            c => value.push(c),
        }
    }
    (value, "")
}

/// The digest challenges in the value of one field that can be understood (RFC 7616 §3.3).
fn challenges(value: &[u8]) -> Vec<WwwAuthenticateHeader> {
    let all = std::str::from_utf8(value).map(split).unwrap_or_default();
    let digests = all.iter().filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Digest"));
    digests.filter_map(|(_, parameters)| understand(parameters)).collect()
}

fn understand(parameters: &[(String, String)]) -> Option<WwwAuthenticateHeader> {
    let get =
        |name: &str| parameters.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
    let is_true = |name| get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    Some(WwwAuthenticateHeader {
        domain: None,
        realm: get("realm")?,
        nonce: get("nonce")?,
        opaque: get("opaque"),
        stale: is_true("stale"),
        algorithm: algorithm(get("algorithm").as_deref())?,
        qop: get("qop").filter(|value| !value.trim().is_empty()).map(|value| qop(&value)),
        userhash: is_true("userhash"),
        charset: Charset::UTF8,
        nc: 0,
    })
}

fn algorithm(name: Option<&str>) -> Option<Algorithm> {
    let name = name.unwrap_or("MD5").to_ascii_lowercase();
    let (kind, sess) = name.strip_suffix("-sess").map_or((name.as_str(), false), |kind| (kind, true));
    let kind = match kind {
        "md5" => AlgorithmType::MD5,
        "sha-256" => AlgorithmType::SHA2_256,
        "sha-512-256" => AlgorithmType::SHA2_512_256,
        _ => return None,
    };
    Some(Algorithm::new(kind, sess))
}

/// Those that are known.
fn qop(list: &str) -> Vec<Qop> {
    let known = |one: &str| match one.trim().to_ascii_lowercase().as_str() {
        "auth" => Some(Qop::AUTH),
        "auth-int" => Some(Qop::AUTH_INT),
        _ => None,
    };
    list.split(',').filter_map(known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::fetch::head;
    use proptest::prelude::*;

    fn who() -> Who {
        let auth = Auth::Digest { user: "Mufasa".to_owned(), password: "Circle of Life".to_owned() };
        Who::new(&auth, None).expect("digest")
    }

    fn unauthorized(fields: &[&str]) -> Head {
        let fields: String = fields.iter().map(|value| format!("WWW-Authenticate: {value}\r\n")).collect();
        head::read(&mut format!("HTTP/1.1 401 No\r\n{fields}\r\n").as_bytes()).expect("head")
    }

    /// The answer to these challenges, `name=value` by `name=value`.
    fn answer(fields: &[&str], body: Option<&[u8]>) -> Option<Vec<String>> {
        let mut who = who();
        if who.challenged(&unauthorized(fields), body) != Next::Again {
            return None;
        }
        let value = who.value("GET", "/dir/index.html", body).expect("an answer");
        Some(value.strip_prefix("Digest ").expect("digest").split(", ").map(str::to_owned).collect())
    }

    #[test]
    fn without_qop_the_answer_is_that_of_the_first_standard() {
        // RFC 2069 with the errata: the response is known without a nonce of ours.
        let auth = Auth::Digest { user: "Mufasa".to_owned(), password: "CircleOfLife".to_owned() };
        let mut who = Who::new(&auth, None).expect("digest");
        let challenge = r#"Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#;
        assert_eq!(who.challenged(&unauthorized(&[challenge]), None), Next::Again);
        let value = who.value("GET", "/dir/index.html", None).expect("an answer");
        assert!(value.contains(r#"response="1949323746fe6a43ef61f9606e7febea""#), "{value}");
    }

    #[test]
    fn digest_is_found_among_other_challenges() {
        let digest =
            r#"dIGEST realm="a\"b, Basic", nonce=x , qop="other,auth-int, auth", algorithm=sha-256-SESS, stale=FALSE"#;
        let both = format!(r#"Negotiate, Basic realm="c", {digest}"#);
        for fields in [&[digest][..], &[&both], &["Basic realm=\"c\"", digest], &[&format!("{digest}, Basic realm=c")]]
        {
            let parts = answer(fields, Some(b"body")).expect("an answer");
            for part in [r#"realm="a\"b"#, "qop=auth", "algorithm=SHA-256-sess", r#"nonce="x""#, "nc=00000001"] {
                assert!(parts.iter().any(|one| one == part), "{part} {parts:?}");
            }
        }
        let unknown = r#"Digest realm=a, nonce=x, algorithm=SHA-1"#;
        assert_eq!(answer(&[unknown], None), None);
        assert!(answer(&[unknown, "Digest realm=b, nonce=y"], None).is_some());
    }

    #[test]
    fn the_body_is_hashed_only_where_nothing_less_will_do() {
        let int = r#"Digest realm=a, nonce=x, qop="auth-int""#;
        assert!(answer(&[int], Some(b"body")).expect("an answer").contains(&"qop=auth-int".to_owned()));
        assert_eq!(answer(&[int], None), None);
        assert_eq!(answer(&[r#"Digest realm=a, nonce=x, qop="new""#], Some(b"")), None);
    }

    #[test]
    fn no_is_taken_for_an_answer() {
        let mut who = who();
        let fresh = unauthorized(&["Digest realm=a, nonce=x"]);
        let stale = unauthorized(&["Digest realm=a, nonce=y, stale=true"]);
        assert_eq!(who.challenged(&fresh, None), Next::Again);
        assert_eq!(who.challenged(&fresh, None), Next::Accept);
        assert_eq!(who.challenged(&stale, None), Next::Again);
        assert!(who.value("GET", "/", None).expect("an answer").contains(r#"nonce="y""#));
        assert_eq!(who.challenged(&stale, None), Next::Accept);
        who.another_page();
        assert!(who.value("GET", "/", None).expect("an answer").contains(r#"nonce="y""#));
        assert_eq!(who.challenged(&unauthorized(&["Basic realm=a"]), None), Next::Unknown);
        let value = Who::new(&Auth::Bearer("x".to_owned()), None);
        assert_eq!(value.expect("bearer").challenged(&fresh, None), Next::Accept);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn whatever_the_challenge_no_panic_and_no_line_of_its_own(value in any::<Vec<u8>>(), text in ".{0,30}") {
            for value in [value, format!("Digest realm=\"{text}\", nonce=\"{text}\", qop={text}").into_bytes()] {
                for challenge in challenges(&value) {
                    let digest = Digest { user: "é".to_owned(), password: text.clone(), challenge: Some(challenge), answers: 0 };
                    let answer = digest.answer("GET", "/", Some(b"x"));
                    prop_assert!(answer.as_deref().is_none_or(is_value));
                }
            }
        }

        #[test]
        fn what_the_server_calls_itself_comes_back_as_it_was(realm in "[ -~é]{0,20}") {
            let quoted = realm.replace('\\', "\\\\").replace('"', "\\\"");
            let value = format!("Digest realm=\"{quoted}\", nonce=x");
            let found = challenges(value.as_bytes());
            prop_assert_eq!(found.first().map(|one| &one.realm), Some(&realm));
            let digest = Digest { user: String::new(), password: String::new(), challenge: found.into_iter().next(), answers: 0 };
            let sent_back = format!("realm=\"{quoted}\"");
            prop_assert!(digest.answer("GET", "/", None).expect("an answer").contains(&sent_back));
        }
    }
}
