//! Bytes as rows of hexadecimal digits.

/// Bytes of one row.
pub const ROW: usize = 16;

/// One row as `4d 69 63 68 …`: at most [`ROW`] bytes, two digits each, parted by blanks.
#[must_use]
pub fn row(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(bytes.len() * 3);
    for (i, byte) in bytes.iter().enumerate() {
        if i > 0 {
            out.push(' ');
        }
        // Writing to a String cannot fail.
        _ = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_every_byte_with_two_digits() {
        assert_eq!(row(b"Michael"), "4d 69 63 68 61 65 6c");
        assert_eq!(row(&[0x00, 0x0a, 0xff]), "00 0a ff");
        assert_eq!(row(b""), "");
    }
}
