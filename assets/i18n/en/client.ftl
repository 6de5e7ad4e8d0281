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

## The list of sessions

session-name = { $title } { $state }
session-connected = connected
session-add = New session
session-add-sign = +
session-add-hover = Another session beside this one
session-add-full = There are as many sessions as there can be
session-close = Close session
session-close-hover = Disconnect and close this session
status-client-many = { $n } clients connected

## Connecting again

connect-again = Connect again
connect-again-hover = When the connection ends, and it was not you who ended it: connect again after 1 second, then after twice as long each time, up to 30 seconds
state-client-waiting = waiting to connect again
connecting-again =
    { $seconds ->
        [one] Connecting again in 1 s
       *[other] Connecting again in { $seconds } s
    }
not-connecting-again = Not connecting again

## The conversation and its encoding

client-encoding = Encoding of messages
client-encoding-hover = How the bubbles are read and what is typed is written; the wire has an encoding of its own
bubble-rest-hover = · stands for the rest of a character that began in the read or write before

## Saved messages

saved-menu = Saved
saved-menu-hover = Messages to send again
saved-save = Save this message
saved-save-hover = Keep what is typed, and how it is typed
saved-save-not = Type a message first; one that is very long is not kept, and 200 are the most
saved-none = Nothing is saved yet
saved-edit-hover = Put it into the field
saved-send = Send “{ $what }”
saved-send-hover = Send it at once, with the line ending and in the encoding below
saved-delete = Delete “{ $what }”
saved-full = { $count } are the most

## A message that repeats

repeat = Repeat…
repeat-hover = Send the message again and again
repeat-every = Every
repeat-every-hover = From one to the next, 1 ms to 1 hour; how long sending takes does not matter
repeat-times = Times
repeat-times-hover = How often it is sent; 0 until it is stopped
repeat-start = Start repeating
repeat-start-hover = Send what is in the message field, the first time at once
repeat-start-not = Connect, and type a message first
repeat-stop = Stop
repeat-stop-hover = Send it no more
repeat-progress = { $n } times
repeat-progress-of = { $n } of { $count }

repeat-done =
    { $n ->
        [one] Repeated: 1 message
       *[other] Repeated: { $queued } messages
    }
repeat-stopped = Repeating stopped after { $queued }
repeat-stopped-of = Repeating stopped after { $queued } of { $count }
repeat-over = Repeating ended after { $queued }: nothing more can be sent
repeat-failed = Repeating ended after { $queued }. { $why }

## A file

send-file = Send file…
send-file-hover = Send a file as it is, in order with the messages
send-file-path = File
send-file-path-hover = Its path; only a regular file can be sent
send-file-progress = { $name } { $sent } of { $size }
send-file-waiting = { $name } waits for its turn
send-file-cancel = Cancel
send-file-cancel-hover = Send no more of it
command-send-file = Send file
command-send-file-hover = Send the file with this path
command-choose-file-to-send = Choose…
command-choose-file-to-send-hover = Choose a file and send it

operation-send-file = Cannot send { $target }
cause-no-file = there is no such file
advice-no-file = check its path
file-shorter = it became shorter while it was being sent
file-not-regular = it is not a regular file
file-sending = Sending { $path }, { $sent } of { $size }
file-sent = Sent { $path }, { $size }
file-cancelled = Sending { $path } was cancelled after { $sent } of { $size }
file-cut = The connection ended after { $sent } of { $size } of { $path }
file-not-sent = { $path } was not sent
file-failed-within = { $what }; { $sent } of it were sent

cli-chat-send-file = Send this file first, in pieces and as it is; then standard input. If it cannot be sent whole, the chat ends
