//! Many who only stay: what each costs in memory, and how fast the server can stop with all of them there.

use std::io::{self, ErrorKind, Read as _};
use std::time::Duration;

use crate::load::{hang_up, trips};
use crate::subject::{Running, Subject};
use crate::word;

/// How many.
pub const CLIENTS: usize = 10_000;
/// The longest that stopping may take.
const STOPPED: Duration = Duration::from_secs(1);

/// Measures a server, prints what came out, and says whether it is enough. `most` is how many bytes a connection may
/// take; of bare ones nothing is required.
pub fn measure(subject: Subject, most: Option<u64>) -> io::Result<bool> {
    let mut server = Running::start(subject, false)?;
    // What is asked for once is there.
    drop(trips::connect(server.address, 16)?);
    server.settle();
    let before = server.memory()?;
    let clients = trips::connect(server.address, CLIENTS)?;
    server.settle();
    let each = server.memory()?.saturating_sub(before) / CLIENTS as u64;
    let enough = most.is_none_or(|most| each <= most);
    print!("  {:<16} {:>7.2} KiB a connection", subject.to_string(), each as f64 / 1_024.0);
    let Some(most) = most else {
        println!();
        clients.into_iter().for_each(hang_up);
        return Ok(true);
    };
    print!(", {:.0} allowed: {}", most as f64 / 1_024.0, word(enough));
    let took = server.stop()?;
    let fast = took < STOPPED;
    println!(";  stopped in {:.2} s, {} s allowed: {}", took.as_secs_f64(), STOPPED.as_secs(), word(fast));
    for mut client in &clients {
        match client.read(&mut [0]) {
            Ok(0) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Ok(_) => return Err(io::Error::other("more came than the welcome")),
            Err(error) => return Err(error),
        }
    }
    // It serves again, at the same port.
    trips::connect(server.address, 1)?;
    Ok(enough && fast)
}
