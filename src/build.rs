//! How the program is linked: run by cargo before it is built.
#![allow(clippy::print_stdout, reason = "it is how cargo is told")]

use std::env;
use std::process::Command;

/// The first glibc that can load packed relative relocations.
const CAN_UNPACK: (u32, u32) = (2, 36);

fn main() {
    println!("cargo:rerun-if-changed=src/build.rs");
    // Each of some 30,000 addresses in tables of functions is to be written when the program starts. Where they are is said
    // in a fortieth of the space, and that much sooner, in the packed form. It is asked of the computer that builds, so
    // not where it builds for another.
    let for_itself = env::var("TARGET").ok() == env::var("HOST").ok();
    if for_itself && glibc().is_some_and(|version| version >= CAN_UNPACK) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of glibc; `None` where the system has another C library.
fn glibc() -> Option<(u32, u32)> {
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?.stdout;
    let said = String::from_utf8(said).ok()?;
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}
