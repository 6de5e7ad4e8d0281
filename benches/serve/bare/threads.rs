//! A thread for each connection, made when it comes, with blocking reads and writes.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use super::{WELCOME, greet, listen};

/// Serves for as long as the process is there. `ready` is told the port.
pub fn run(receive: usize, ready: impl FnOnce(u16) -> io::Result<()>) -> io::Result<()> {
    let listener = listen()?;
    ready(listener.local_addr()?.port())?;
    for stream in listener.incoming() {
        let stream = stream?;
        std::thread::Builder::new().name("bare".to_owned()).spawn(move || {
            // The client has gone: nothing to be done about it.
            _ = serve(stream, receive);
        })?;
    }
    Ok(())
}

fn serve(mut stream: TcpStream, receive: usize) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(WELCOME)?;
    let (mut read, mut replies) = (vec![0; receive], Vec::new());
    loop {
        let n = stream.read(&mut read)?;
        replies.clear();
        let goes_on = n > 0 && greet(&read[..n], &mut replies);
        stream.write_all(&replies)?;
        if !goes_on {
            return Ok(());
        }
    }
}
