# The wire view: lenses, encodings, times, find, copy.

wire-title = Wire
wire-hover = Every read (←) and write (→) as the system returned it: size, time, number, bytes, text. A coloured bar stands where each of them begins, under any lens; … after a size says that the message’s end has not come
wire-of = Wire of #{ $number }
wire-between = Wire { $local } → { $peer }
wire-none = Every byte that crosses the socket is shown here
wire-empty = Connected, nothing sent or received yet
wire-gone = { $size } earlier not kept
wire-behind = reading again…
wire-status-hint = Point at a byte, or drag over some, to see what they are
wire-status-in = received { $one ->
    [1] byte { $first }
   *[other] bytes { $first } to { $last }, { $size }
}
wire-status-out = sent { $one ->
    [1] byte { $first }
   *[other] bytes { $first } to { $last }, { $size }
}
wire-status-segment = of #{ $number }
wire-status-segments = of #{ $first } to #{ $last }
wire-status-much = only the first 1 MiB is copied; export it to have all
wire-status-number = as a number { $value }
wire-status-numbers = as a number { $big } (big-endian) or { $little } (little-endian)

lens = Show as
lens-hover = What counts as one message; the bytes stay as they are. TCP has no messages: who reads decides where one ends
lens-reads = reads and writes
lens-lines = lines
lens-fixed = fixed size
lens-prefix = length in front
lens-delimiter = delimiter
lens-idle = silence between
line-end-of = Lines end with
line-end-of-hover = What ends a line
line-end-any = any line end
line-end-of-lf = LF (\n)
line-end-of-crlf = CRLF (\r\n)
line-end-of-cr = CR (\r)
lens-size = Size
lens-size-hover = The bytes of each message
prefix-width = Length’s size
prefix-width-hover = How many bytes the length has
prefix-width-1 = 1 byte
prefix-width-2 = 2 bytes
prefix-width-4 = 4 bytes
prefix-order = Byte order
prefix-order-hover = Which byte of the length comes first
prefix-order-big = big-endian
prefix-order-little = little-endian
prefix-offset = after
prefix-offset-hover = How many bytes of each message come before the length
prefix-whole = counts all
prefix-whole-hover = The length counts the whole message, with itself and what comes before it; otherwise only what follows it
lens-delimiter-bytes = Delimiter
lens-gap = Silence
lens-gap-hover = A message ends when nothing has moved in its direction for so long
typed = Typed as
typed-hover = Text with escapes such as \r\n, \t, \x00, \u6c49; or hexadecimal digits such as 0d 0a
typed-text = text
typed-hex = hex
mistake-escape = \{ $found } at { $place } is no escape
mistake-unfinished = an escape ends too early
mistake-hex = “{ $found }” at { $place } is no hexadecimal digit
mistake-odd = a byte has two digits
mistake-no-character = there is no such character
mistake-encoding = “{ $found }” is not in this encoding
encoding = Encoding
encoding-hover = How bytes become text. What cannot be decoded is shown as \xHH; a character that two reads cut is shown whole, underlined
time = Time
time-hover = What times count from; those of reads are when they returned, those of writes when they began (when they returned, if they had to wait)
time-begin = since connecting
time-before = since the one before
time-day = time of day
only = Directions
only-hover = Which directions are shown
only-both = both ways
only-in = received only
only-out = sent only
copy = Copy
copy-hover = Copy what is chosen, or else every read and write, at most 1 MiB
copy-text = Text
copy-hex = Hex
copy-dump = Hex dump
copy-c = C literal
copy-rust = Rust literal
copy-python = Python literal
copy-cut = … the { $count } before these are not copied
find = Find
find-bytes = What to find
find-previous = Previous
find-previous-hover = Find the one before (Shift+Enter)
find-next = Next
find-next-hover = Find the next one (Enter)
find-close = Close
find-close-hover = Close this bar (Escape)
find-running = looking…
find-none = not found
find-wrapped = went on at the other end

## Export

export-title = Export
export-what = What
export-chosen = the chosen bytes ({ $size })
export-none-chosen = the chosen bytes (none are)
export-none-chosen-hover = Drag over bytes in the wire to choose them
export-chosen-hover = The bytes that are chosen in the wire, read by read or write by write
export-one = this connection ({ $size })
export-one-hover = Every read, write and event of the connection whose wire is shown
export-everything = everything ({ $n ->
    [one] 1 connection
   *[other] { $connections } connections
}, { $size })
export-everything-hover = All connections that are still recorded, of all three tabs, on one time axis
export-format = Format
export-pcapng = packets for Wireshark (.pcapng)
export-pcapng-hover = Made from the reads and writes, with the real addresses and ports: Wireshark can follow the streams. These packets were not captured on a network
export-jsonl = JSON Lines for programs (.jsonl)
export-jsonl-hover = One object a line for each read, write and event; the bytes are in Base64
export-txt = text for people (.txt)
export-txt-hover = One line for each read, write and event
export-path = Path
export-path-hover = Where to export to; its ending says the format
export-no-format = the path must end with .pcapng, .jsonl or .txt
export-writing = writing…
exported = Exported { $size } to { $path }

## Both ends

both-ends = Both ends
both-ends-hover = The other end of this connection is ours too: show what the client and the server wrote and read side by side, on one time axis
both-gone = the other end is not kept any more
both-client = client
both-server = server
both-heading = { $side } { $address }
both-gone-of = { $side }: { $size } earlier not kept
both-writes = { $count } writes
both-reads = { $count } reads
both-part = part of write #{ $number }
both-unread = { $size } not read yet
both-never = { $size } never read
both-hint = Point at a write to see in which reads its bytes arrived, or at a read to see which writes it is made of
both-status-write = { $side }’s write #{ $number } ({ $size }) { $reads ->
    [0] did not arrive in any read that is kept
    [1] arrived in read #{ $first }
    [2] arrived in 2 reads, #{ $first } and #{ $last }
   *[other] arrived in { $count } reads, #{ $first } to #{ $last }
}
both-status-unread = { $side }’s write #{ $number } ({ $size }): { $unread }
both-status-with = together with { $others ->
    [1] write #{ $number }
   *[other] { $count } other writes
}
both-status-alone = as it was
both-status-read = { $side }’s read #{ $number } ({ $size }) { $writes ->
    [0] came from no write that is kept
    [1] { $part ->
        [1] is part of write #{ $first } ({ $whole })
       *[other] is write #{ $first } as it was
    }
    [2] is made of 2 writes, #{ $first } and #{ $last }
   *[other] is made of { $count } writes, #{ $first } to #{ $last }
}
