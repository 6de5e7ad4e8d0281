# What happens to a socket besides reads and writes: in the wire view, in the terminal, in exports.

event-tried = tried { $address }: it answered after { $seconds } s
event-tried-failed = tried { $address }: { $why } (after { $seconds } s)
event-connected = connected
event-accepted = accepted
event-secured = { $version } agreed on; what follows is what was said inside it
event-half-closed = half-closed: we said that we are done
event-reset = the other side reset the connection
event-timed-out-in = nothing came for { $seconds } s
event-timed-out-out = nothing could be sent for { $seconds } s
event-failed = failed: { $why }
event-closed-us = closed; we ended it
event-closed-peer = closed; the other side ended it
event-empty-read = empty read: the other side is done
event-empty-write = empty write
