//! Recording asks for no memory for each read and write, once it has as much as it may.

use socketscope::recording::{Direction, Recorder};

/// In a file of its own: the counter takes the place of the allocator, and counts this thread alone.
#[test]
fn once_a_recording_is_full_segments_cost_no_allocations() {
    let recorder = Recorder::new(4 << 20);
    let (recording, other) = (recorder.open(), recorder.open());
    let push = |from: u32, to: u32| {
        for number in from..to {
            let direction = if number.is_multiple_of(3) { Direction::Out } else { Direction::In };
            recording.push(direction, &[number as u8; 16]);
        }
    };
    other.push(Direction::In, b"a small one beside it");
    push(0, 300_000);
    assert!(recording.kept().start > 0, "old ones go");
    let before = recording.kept();
    let counted = allocation_counter::measure(|| push(300_000, 400_000));
    assert!(recording.kept().start > before.start && recording.kept().end == before.end + 100_000);
    // A block holds thousands of segments, and there is a little to count whenever room is made.
    assert!(counted.count_total < 500, "{counted:?}");
    assert!(counted.bytes_max < 4 << 20, "{counted:?}");
    assert_eq!(other.joined(Direction::In), b"a small one beside it");
}
