//! nginx, with a configuration of its own, for as long as the comparison takes.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The longest that it may take to be there.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running nginx; it ends when this goes.
pub struct Server {
    process: Child,
    folder: PathBuf,
    address: SocketAddr,
}

impl Server {
    /// Starts it with all its files in `folder`, and waits until it answers.
    pub fn start(folder: &Path) -> io::Result<Self> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let at = folder.display();
        fs::create_dir(folder.join("pages"))?;
        let temporary =
            ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|of| format!("{of}_temp_path {at}/{of};"));
        let config = format!(
            "daemon off; master_process off; pid {at}/pid; error_log {at}/errors;
             events {{}}
             http {{ access_log off; sendfile on; {} server {{ listen {address}; root {at}/pages; }} }}",
            temporary.join(" ")
        );
        let config_path = folder.join("nginx.conf");
        fs::write(&config_path, config)?;
        let mut command = Command::new("nginx");
        command.arg("-c").arg(&config_path).arg("-e").arg(folder.join("errors")).arg("-p").arg(folder);
        let process = command.stdin(Stdio::null()).spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => io::Error::other("nginx is not installed: what both fetch from"),
            _ => error,
        })?;
        let mut server = Self { process, folder: folder.to_owned(), address };
        let begun = Instant::now();
        while let Err(error) = TcpStream::connect(address) {
            if server.process.try_wait()?.is_some() || begun.elapsed() > PATIENCE {
                let errors = fs::read_to_string(folder.join("errors")).unwrap_or_default();
                return Err(io::Error::other(format!("nginx does not answer: {error}\n{errors}")));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(server)
    }

    /// Gives it a file of `len` bytes that are not all the same.
    pub fn has(&self, name: &str, len: u64) -> io::Result<()> {
        let bytes: Vec<u8> = (0..1_u32 << 18).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let mut file = File::create(self.path(name))?;
        let mut left = len;
        while left > 0 {
            let now = left.min(bytes.len() as u64);
            file.write_all(&bytes[..now as usize])?;
            left -= now;
        }
        Ok(())
    }

    /// Where it is, and where it may be written to.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file that is served as `name`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join("pages").join(name.replace(' ', "-"))
    }

    pub fn url(&self, name: &str) -> String {
        format!("http://{}/{}", self.address, name.replace(' ', "-"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        _ = self.process.kill().and_then(|()| self.process.wait());
    }
}
