//! The whole fetch: the URL as typed, then hop by hop along the redirects (RFC 9110 §15.4) to the body.

use super::ask::Ask;
use super::auth::Next;
use super::exchange::Exchange;
use super::state::Worker;
use super::url::{self, Target};
use super::{Body, Change, Fault, Head, Hop, Request, proxy, tls};
use crate::i18n::t;
use crate::net::save::can_save;
use crate::net::{Cause, Error, Operation};

/// Fetches what `request` asks for. What had come of a body that failed is in the worker's `partial`.
pub(super) fn run(worker: &Worker, request: &Request) -> Result<Body, Error> {
    let (mut target, credentials) = url::parse(&request.url)?;
    // What can be put nowhere bothers no server.
    worker.options.destination.as_ref().map_or(Ok(()), |destination| can_save(&destination.path))?;
    let userinfo = credentials.as_ref().and_then(|credentials| credentials.for_target(&target));
    let mut ask = Ask::new(request, userinfo)?;
    if let Some(destination) = &worker.options.destination {
        ask.go_on(destination, target.as_str())?;
    }
    let mut config = None;
    let mut redirects = 0;
    worker.hop(|hop| hop.url = target.as_str().to_owned());
    loop {
        if target.is_tls() && config.is_none() {
            config = Some(tls::Client::new(&worker.options).map_err(|error| named(error, &target))?);
        }
        let via = proxy::choose(&worker.options.proxy, &target, proxy::environment)?;
        let tls = config.as_ref().filter(|_| target.is_tls());
        let exchange = Exchange { worker, target: &target, ask: &ask, tls, via: via.as_ref() };
        let (wire, head) = exchange.ask()?;
        let location = if worker.options.follow { location(&head) } else { Ok(None) };
        let fault = |fault| Error::new(Operation::Fetch, target.as_str(), fault);
        let Some(location) = location.map_err(fault)? else {
            match ask.challenged(&head) {
                Next::Again => {
                    // Nor is the body of a refusal.
                    worker.unguard_stream();
                    drop(wire);
                    begin(worker, &target, &ask, vec![Change::Authorized]);
                    continue;
                }
                Next::Unknown => worker.note(t("note-no-challenge")),
                Next::Accept => {}
            }
            let body = Exchange { worker, target: &target, ask: &ask, tls, via: via.as_ref() }.body(wire, &head);
            worker.unguard_stream();
            return body;
        };
        if redirects >= worker.options.max_redirects {
            return Err(fault(Fault::TooManyRedirects(worker.options.max_redirects)));
        }
        redirects += 1;
        let (next, had_userinfo) = target.redirect(location).map_err(fault)?;
        // The body of a redirect is not waited for.
        worker.unguard_stream();
        drop(wire);
        if worker.options.stop_at_hops && !worker.may_go_on(&next) {
            return Err(Error::new(Operation::Fetch, next.as_str(), Cause::Cancelled));
        }
        let changes = ask.redirected(head.status, target.is_same_server(&next));
        let dropped = changes.contains(&Change::CredentialsDropped);
        begin(worker, &next, &ask, changes);
        if target.is_tls() && !next.is_tls() {
            worker.note(t("note-downgrade"));
        }
        if dropped {
            worker.note(t("note-credentials-dropped"));
        }
        if had_userinfo {
            worker.note(t("note-location-userinfo"));
        }
        target = next;
    }
}

/// The next hop.
fn begin(worker: &Worker, target: &Target, ask: &Ask<'_>, changes: Vec<Change>) {
    let hop = Hop { url: target.as_str().to_owned(), method: ask.method.clone(), changes, ..Hop::default() };
    worker.update(|view| view.hops.push(hop));
}

/// Trouble with the roots of the system has no name of its own.
fn named(error: Error, target: &Target) -> Error {
    if error.target.is_empty() { Error { target: target.host_port(), ..error } } else { error }
}

/// Where the answer sends us, if it does. An empty Location leads nowhere.
fn location(head: &Head) -> Result<Option<&[u8]>, Fault> {
    if !matches!(head.status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let mut locations = head.values("location").filter(|value| !value.is_empty());
    let first = locations.next();
    if locations.any(|other| Some(other) != first) { Err(Fault::TwoRedirects) } else { Ok(first) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::fetch::{Bound, Options, state};
    use crate::net::report::{Waker, channel};
    use crate::net::spawn;
    use crate::recording::Recorder;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    #[test]
    fn a_bomb_is_stopped_while_it_unpacks() {
        let mut zeros = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        zeros.write_all(&[0; 10 << 20]).expect("written");
        let body = zeros.finish().expect("finished");
        let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
        let url = format!("http://{}/", listener.local_addr().expect("address"));
        let server = spawn("server", move || {
            let (mut stream, _) = listener.accept().expect("connection");
            let mut request = [0; 1_000];
            assert!(stream.read(&mut request).expect("request") > 0);
            let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: identity\r\n\r\n";
            stream.write_all(&[head.as_bytes(), &body].concat()).expect("sent");
        })
        .expect("thread");
        let (reporter, _inbox) = channel(100, Waker::none());
        let worker = Worker {
            options: Options { bound: Bound { size: 1 << 20, ratio: 50 }, ..Options::default() },
            shared: Default::default(),
            counters: Default::default(),
            cancel: Default::default(),
            steps: crossbeam_channel::never(),
            recorder: Recorder::new(Recorder::BUDGET),
            reporter,
            begun: std::time::Instant::now(),
            guard: Default::default(),
            partial: Default::default(),
        };
        let error = run(&worker, &Request::get(&url)).expect_err("stopped");
        let state::Worker { partial, .. } = worker;
        let Cause::Fetch(Fault::Bomb { to, size: 1_048_576, ratio: 50, .. }) = error.cause else {
            unreachable!("{error}")
        };
        assert!((1 << 20..2 << 20).contains(&to), "{to}");
        assert_eq!(crate::net::lock(&partial).as_ref().map_or(0, Body::len), to);
        server.join().expect("the server");
    }
}
