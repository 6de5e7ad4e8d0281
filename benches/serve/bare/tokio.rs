//! A task for each connection.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

use super::{WELCOME, greet, listen};

/// Serves for as long as the process is there, with so many threads. `ready` is told the port.
pub fn run(threads: usize, receive: usize, ready: impl FnOnce(u16) -> io::Result<()>) -> io::Result<()> {
    let mut runtime = match threads {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if threads > 1 {
        runtime.worker_threads(threads);
    }
    runtime.enable_io().build()?.block_on(async {
        let listener = listen()?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        ready(listener.local_addr()?.port())?;
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(serve(stream, receive));
        }
    })
}

async fn serve(mut stream: TcpStream, receive: usize) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(WELCOME).await?;
    let (mut read, mut replies) = (vec![0; receive], Vec::new());
    loop {
        let n = stream.read(&mut read).await?;
        replies.clear();
        let goes_on = n > 0 && greet(&read[..n], &mut replies);
        stream.write_all(&replies).await?;
        if !goes_on {
            return Ok(());
        }
    }
}
