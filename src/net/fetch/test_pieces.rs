//! Bytes that come in pieces of chosen sizes, for tests.

use std::io::{self, BufRead, Read};

/// Gives `bytes` in pieces of `sizes`, over and over.
pub(super) struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    end: usize,
    sizes: Vec<usize>,
    next: usize,
}

impl Pieces {
    pub(super) fn new(bytes: &[u8], sizes: &[usize]) -> Self {
        Self { bytes: bytes.to_vec(), at: 0, end: 0, sizes: sizes.to_vec(), next: 0 }
    }
}

impl BufRead for Pieces {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.end {
            let size = self.sizes[self.next % self.sizes.len()];
            self.next += 1;
            self.end = (self.at + size).min(self.bytes.len());
        }
        Ok(&self.bytes[self.at..self.end])
    }

    fn consume(&mut self, n: usize) {
        self.at += n;
    }
}

impl Read for Pieces {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buf)?;
        self.consume(n);
        Ok(n)
    }
}
