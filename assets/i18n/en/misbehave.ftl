# What the server does wrong on purpose.

misbehave = Misbehave on purpose
misbehave-hover = To see what other people’s clients do when a server is slow, rude or broken
misbehave-button = Misbehave…
misbehave-off = no
misbehave-running = The server is running: stop it to change them
misbehave-now = Misbehaving on purpose: { $how }
misbehave-unknown = “{ $way }” is no way to misbehave

misbehave-late = Greet late by
misbehave-late-hover = How long the welcome waits; 0 is off
misbehave-drip = One byte every
misbehave-drip-hover = Everything is sent byte by byte, with so much time between; 0 is off
misbehave-split = Cut characters in two
misbehave-split-hover = A reply comes in two writes, cut inside its first character of several bytes, such as ü or 好
misbehave-glue = Glue replies together
misbehave-glue-hover = So many replies are held back and sent in one write; 0 and 1 are off
misbehave-stall = Fall silent after
misbehave-stall-hover = After so many replies no more come, but the connection stays open; 0 is off
misbehave-zero = off
misbehave-ms = { $n } ms
misbehave-bytes = { $n } B
misbehave-replies = { $n ->
    [one] 1 reply
   *[other] { $n } replies
}
misbehave-reset = Reset after
misbehave-reset-hover = After so many bytes the connection is broken off (RST); 0 is off
misbehave-deaf = Never read
misbehave-deaf-hover = Nothing is read after the welcome: what the client sends fills its buffers until it must wait
misbehave-close = Close without an answer
misbehave-close-hover = The first message is answered by closing the connection

misbehave-says-late = welcome { $n } ms late
misbehave-says-drip = a byte every { $n } ms
misbehave-says-split = characters cut in two
misbehave-says-glue = { $n } replies glued together
misbehave-says-stall = { $n ->
    [one] silent after 1 reply
   *[other] silent after { $n } replies
}
misbehave-says-reset = reset after { $size }
misbehave-says-deaf = never reads
misbehave-says-close = closes without an answer
