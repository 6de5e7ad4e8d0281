# The chat session: its log, and how it ended.

client-resolved =
    { $n ->
        [one] The name has 1 address, { $addresses }
       *[other] The name has { $n } addresses, { $addresses }
    }
client-tried = { $address } answered after { $took } ms
client-tried-in-vain = { $address } tried for { $took } ms: { $cause }
client-secured = Secured by { $version } ({ $cipher }); the certificate for { $name } is verified
client-secured-unverified = Secured by { $version } ({ $cipher }), NOT verified, anyone could be at the other end: { $reason }
client-shown = The server showed a certificate for { $subject }, SHA-256 { $sha256 }
client-connected = Connected { $local } → { $peer }
client-half-closed = Half-closed: nothing more will be sent
client-tutorial-played = The tutorial is played to its end, exit is on its way
client-unsent = { $bytes } waiting to be sent were not sent

client-ended-peer-closed = The other side closed the connection
client-ended-reset = The other side broke the connection off (reset)
client-ended-disconnected = Disconnected
client-ended-reset-here = Broken off here (reset)
