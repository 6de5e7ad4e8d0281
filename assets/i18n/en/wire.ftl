# What crossed a socket and what happened to it: in the window, and in files of recordings.

event-accepted = accepted
event-connected = connected
event-tried = tried { $address }: it answered after { $took } ms
event-tried-failed = tried { $address } for { $took } ms: { $cause }
event-secured = secured by { $version }; what follows is what was said inside
event-half-closed = half-closed: we are done sending
event-reset = the other side reset the connection
event-timed-out-in =
    { $seconds ->
        [one] nothing came for 1 second
       *[other] nothing came for { $seconds } seconds
    }
event-timed-out-out =
    { $seconds ->
        [one] nothing could be sent for 1 second
       *[other] nothing could be sent for { $seconds } seconds
    }
event-failed = failed: { $cause }
event-closed-us = closed; we ended it
event-closed-peer = closed; the other side ended it
event-empty-read = empty read: the other side is done
event-empty-write = empty write: nothing was taken

export-connection = Connection { $number }: { $ends }, opened { $time }
export-connection-none = Connection { $number }, opened { $time }
export-read = read { $size }
export-write = write { $size }
export-gone = { $size } earlier not kept
export-packet-read = read { $number }
export-packet-write = write { $number }
export-packet-part = { $packet }, part { $part } of { $parts }
export-packets = Made from the reads and writes of a program, not captured on a network: handshakes, acknowledgements and ends are made up
