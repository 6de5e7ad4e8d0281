# The greeting server: its log, and what its connections do.

server-listening = listening on { $address }
server-backlog-cut = the system allows a backlog of { $most } at most, not { $wanted }
server-accepted = Accept new connection from { $peer }
server-closed = Connection from { $peer } closed: { $how }
server-full =
    { $n ->
        [one] 1 connection is open, as many as allowed: further clients wait
       *[other] { $limit } connections are open, as many as allowed: further clients wait
    }
server-too-many-threads = this program has as many threads as the system allows
server-accept-works = Connections are accepted again
server-stopped = stopped

server-ended-peer-closed = they closed
server-ended-in-line = they closed, { $size } without a line’s end were not answered
server-ended-exit = exit
server-ended-reset = reset
server-ended-reset-here = reset here
server-ended-disconnected = disconnected here
server-ended-stopped = stopped

server-doing-starting = waiting to be served
server-doing-securing = agreeing on TLS
server-doing-reading = reading
server-doing-pausing = pausing
server-doing-writing = writing
server-doing-held = held
server-doing-closed = closed

server-totals =
    { $connections ->
        [one] 1 connection
       *[other] { $connections-text } connections
    }, { $greetings ->
        [one] 1 greeting
       *[other] { $greetings-text } greetings
    }, { $in } in, { $out } out

server-matched = { $peer } said “{ $message }”, rule { $rule } answered
server-ended-rule = a rule closed it
server-ended-on-purpose = we, on purpose
