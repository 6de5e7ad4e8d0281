//! How the program is linked: run by cargo before it is built.
#![allow(clippy::print_stdout, reason = "it is how cargo is told")]

use std::env;
use std::path::Path;
use std::process::Command;

/// The first glibc that can load packed relative relocations.
const CAN_UNPACK: (u32, u32) = (2, 36);

fn main() {
    for file in ["build.rs", "start.ld"] {
        println!("cargo:rerun-if-changed=src/{file}");
    }
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|is| is == value);
    // The C library is asked of the computer that builds, and not every linker knows what follows.
    let for_itself = env::var("TARGET").ok() == env::var("HOST").ok();
    let usual_linker = env::var_os("RUSTC_LINKER").is_none() && is("CARGO_ENCODED_RUSTFLAGS", "");
    let Some(version) = glibc().filter(|_| for_itself && usual_linker) else { return };
    if version >= CAN_UNPACK {
        // Each of some 30,000 addresses in tables of functions is to be written when the program starts. Packed, a list of
        // where they are takes a fortieth of the space, and is read that much sooner.
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    if is("PROFILE", "release")
        && let Some(folder) = env::var_os("CARGO_MANIFEST_DIR")
    {
        println!("cargo:rustc-link-arg-bins=-Wl,-T,{}", Path::new(&folder).join("src/start.ld").display());
    }
}

/// The version of glibc; `None` where the system has another C library.
fn glibc() -> Option<(u32, u32)> {
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?.stdout;
    let said = String::from_utf8(said).ok()?;
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}
