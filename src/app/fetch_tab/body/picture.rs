//! A body as a picture, decoded within limits.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use egui::{ColorImage, TextureHandle};
use image::{ImageReader, Limits};

use crate::i18n::{bytes, count, t, tf};
use crate::net::fetch::Body;

/// The largest file that is decoded, in bytes.
const LARGEST: u64 = 64 << 20;
/// The most pixels that are decoded.
const MOST_PIXELS: u64 = 40_000_000;
/// The most memory that a decoder may ask for, in bytes.
const MOST_MEMORY: u64 = 256 << 20;
/// The longest side that is shown, in pixels: what every graphics card can do.
const LONGEST: u32 = 2_048;

/// A decoded picture.
#[derive(Debug)]
pub struct Picture {
    /// Its pixels; fewer than it has if it is very large.
    pub pixels: ColorImage,
    /// What is known of it, in words.
    pub about: String,
}

/// A picture on the graphics card; it goes with this.
pub struct OnCard(pub TextureHandle);

impl std::fmt::Debug for OnCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("OnCard").field(&self.0.size()).finish()
    }
}

/// Decodes a picture.
///
/// # Errors
/// It is broken or too large, in words.
pub fn decode(body: &Body) -> Result<Picture, String> {
    if body.len() > LARGEST {
        return Err(tf("picture-file-too-large", &[("most", bytes(LARGEST).into())]));
    }
    let reader = || ImageReader::new(BufReader::new(At { body, position: 0 })).with_guessed_format();
    let broken = |error: image::ImageError| tf("picture-broken", &[("reason", error.to_string().into())]);
    let io = |error: io::Error| broken(error.into());
    let format = reader().map_err(io)?.format().map(|format| format.to_mime_type()).unwrap_or_default();
    let (width, height) = reader().map_err(io)?.into_dimensions().map_err(broken)?;
    let size = format!("{} × {}", count(width.into()), count(height.into()));
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(tf("picture-too-large", &[("size", size.into()), ("most", count(MOST_PIXELS / 1_000_000).into())]));
    }
    let mut reader = reader().map_err(io)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut picture = reader.decode().map_err(broken)?;
    let mut about = tf("picture-about", &[("format", format.into()), ("size", size.into())]);
    if width.max(height) > LONGEST {
        picture = picture.thumbnail(LONGEST, LONGEST);
        about = format!("{about} · {}", t("picture-smaller"));
    }
    let rgba = picture.into_rgba8();
    let size = [rgba.width() as usize, rgba.height() as usize];
    Ok(Picture { pixels: ColorImage::from_rgba_unmultiplied(size, rgba.as_raw()), about })
}

/// Reads a body from wherever one likes.
struct At<'a> {
    body: &'a Body,
    position: u64,
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.body.read_at(self.position, buffer.len()).map_err(io::Error::other)?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        self.position += bytes.len() as u64;
        Ok(bytes.len())
    }
}

impl Seek for At<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(by) => self.body.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
