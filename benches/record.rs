//! What keeping a read or write costs the thread that made it, once old ones go for each that comes; beside it what
//! copying the same bytes into a ring costs. `cargo bench --bench record`
#![allow(clippy::print_stdout, reason = "it is run to be read")]

mod clock;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use clock::thread_time;
use socketscope::recording::{Direction, Recorder};

/// The most that keeping a small segment may cost.
const MOST: Duration = Duration::from_nanos(300);
/// The segments of one round.
const ROUND: u32 = 1_000_000;
/// Odd, so that one is in the middle.
const ROUNDS: usize = 9;

fn main() -> ExitCode {
    println!("segments    push       copy into a ring   push / copy   (medians of {ROUNDS} rounds of {ROUND})");
    let small = measured(16);
    measured(1024);
    let pass = small < MOST;
    println!("{}: {small:?} for 16 bytes, {MOST:?} allowed", if pass { "PASS" } else { "FAIL" });
    if pass { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints what segments of `size` bytes cost, and gives it.
fn measured(size: usize) -> Duration {
    let bytes: Vec<u8> = (0..size).map(|n| n as u8).collect();
    let recording = Recorder::new(Recorder::BUDGET).open();
    let mut ring = vec![0u8; Recorder::BUDGET as usize];
    let mut at = 0;
    let mut push = |number: u32| {
        let direction = if number.is_multiple_of(2) { Direction::In } else { Direction::Out };
        recording.push(direction, black_box(&bytes));
    };
    let mut copy = |_| {
        if at + size > ring.len() {
            at = 0;
        }
        ring[at..at + size].copy_from_slice(black_box(&bytes));
        at += size;
    };
    // Until the budget is used up, and all of the ring's pages are there.
    (0..Recorder::BUDGET as u32 / size as u32 + ROUND).for_each(|number| {
        push(number);
        copy(number);
    });
    let (mut pushes, mut copies) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        pushes.push(round(&mut push));
        copies.push(round(&mut copy));
    }
    black_box(&ring);
    let (push, copy) = (median(pushes), median(copies));
    let ratio = push / copy.max(0.01);
    println!("{size:>6} B {push:>6.1} ns {copy:>16.1} ns {ratio:>13.1}");
    Duration::from_secs_f64(push * 1e-9)
}

/// What one of many costs, in nanoseconds.
fn round(one: &mut impl FnMut(u32)) -> f64 {
    let begin = thread_time();
    (0..ROUND).for_each(one);
    (thread_time() - begin).as_secs_f64() * 1e9 / f64::from(ROUND)
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
