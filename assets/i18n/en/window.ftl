# The window: tabs, buttons, hovers.

window-title = Socketscope
hover-with-keys = { $what } ({ $keys })
settings = Settings
settings-hover = Light or dark, and how much is kept of what crosses the sockets
theme = Theme
keep = Keep of all recordings at most
keep-hover = When this much is kept, the oldest bytes of the largest recordings go; the wire says how much has gone
keep-now = { $size } now
recent = Recent
recent-hover = Addresses used before
recent-none = Nothing yet
dismiss = Dismiss
no-display = there is no display to open a window on; set DISPLAY or WAYLAND_DISPLAY, or use a terminal command such as “socketscope serve”
window-failed = the window was ended by unexpected trouble inside the program ({ $why }); please report this
no-window = no window can be opened on this display: { $why }

## Commands. “-hover” says what it does.

command-show-server = Server
command-show-server-hover = Show the greeting server
command-show-client = Client
command-show-client-hover = Show the chat with a server
command-show-fetch = Fetch
command-show-fetch-hover = Show the page fetcher
command-main = Main button
command-main-hover = Press the main button of the open tab
command-start-server = Start
command-start-server-hover = Listen on this address and greet every client
command-stop-server = Stop
command-stop-server-hover = Close the listener and every connection
command-connect = Connect
command-connect-hover = Open a connection to this host and port
command-disconnect = Disconnect
command-disconnect-hover = Close the connection
command-give-up = Cancel
command-give-up-hover = Stop connecting
command-half-close = Half-close
command-half-close-hover = Say that nothing more will be sent; what the other side sends is still received
command-reset = Reset
command-reset-hover = Break the connection off (RST): the other side sees an error
command-play-tutorial = Play the tutorial
command-play-tutorial-hover = Be the tutorial’s client: greet as Michael, Tracy and Sarah, one after the other, then exit
command-fetch = Fetch
command-fetch-hover = Get this page and show all that crossed the socket
command-cancel-fetch = Cancel
command-cancel-fetch-hover = Stop fetching
command-save-body = Save body…
command-save-body-hover = Choose a file to save the body to
command-save-here = Save here
command-save-here-hover = Save the body to the path on the left
command-open-saved = Open
command-open-saved-hover = Open the saved file in the browser
command-show-in-folder = Show in folder
command-show-in-folder-hover = Open the folder that it was saved to
command-light-theme = Light
command-light-theme-hover = Dark text on a light background
command-dark-theme = Dark
command-dark-theme-hover = Light text on a dark background
command-system-theme = System
command-system-theme-hover = As the desktop has it
command-find = Find
command-find-hover = Look for bytes in the wire, as text or as hexadecimal digits
command-rules = Rules…
command-rules-hover = What the server answers besides the greeting
command-choose-rules = Choose…
command-choose-rules-hover = Choose a file and read its rules
command-import-rules = Import
command-import-rules-hover = Read the rules of this file, in place of those above
command-export-rules = Export
command-export-rules-hover = Write the rules above to this file
command-export = Export…
command-export-hover = Save what crossed the sockets to a file, for people, programs or Wireshark
command-export-to = Choose a file…
command-export-to-hover = Choose the file to export to
command-export-here = Export
command-export-here-hover = Export to this path
command-help = Help
command-help-hover = What the tabs are for, and the keys

## Server

server-address = Address
pick-address = Pick…
pick-address-hover = The addresses of this computer, and who can reach each
server-port = Port
server-port-hover = 0 takes a free port; ports below 1024 need administrator rights
state-server-stopped = not listening
state-server-starting = starting…
state-server-listening = listening on { $address }
state-server-stopping = stopping…
state-server-failed = failed
behaviour = Behaviour
welcome = Welcome
welcome-hover = Sent to each client as soon as it is accepted
reply = Reply
reply-hover = {"{message}"} is what the client sent, {"{MESSAGE}"} the same in upper case, {"{peer}"} its address, {"{n}"} the number of the message, {"{time}"} date and time
pause = Pause before a reply
pause-hover = The tutorial waits 1 second; 0 answers at once
model = Serve
model-hover = Which thread serves whom. One after the other is what happens without threads: who comes second waits until the first has gone. One thread for all asks the system who has sent something, and waits for nobody: for thousands of clients
model-threads = each client in a thread
model-single = one client after the other
model-events = all clients in one thread
waiting = { $n ->
    [one] 1 client waits to be accepted: { $who }
   *[other] { $n } clients wait to be accepted: { $who }
}
waiting-hover = The system has connected them, and nobody has taken them yet: they wait in the queue that the backlog limits
boundary = A message is
boundary-hover = TCP is a stream of bytes: who reads it decides where one message ends and the next begins
boundary-automatic = each line, or what one read brings
boundary-as-read = what one read brings (the tutorial’s way)
boundary-line = each line, waiting for its end
receive-size = Read at most
receive-size-hover = The most bytes that one read takes; the tutorial’s recv(1024). Who fills one read after the other, and need not wait for a pause, may be read on: up to 16 reads are answered with one write
backlog = Backlog
backlog-hover = How many clients may wait to be accepted; the tutorial’s listen(5)
most-connections = Most connections
most-connections-hover = More clients than this wait in the queue
as-in-tutorial = As in the tutorial
as-in-tutorial-hover = Put all of these back to what the tutorial has
connections = Connections ({ $count } open)
connections-hover = Each client has a connection and a thread of its own; four things tell connections apart: two addresses and two ports
totals-in-all = In all { $totals }
no-connections = Press Start, then connect a client: the Client tab, nc, telnet, or a program of your own
no-connections-yet = Nobody is connected yet
column-number = #
column-number-hover = Number of the connection; press it to see its wire
column-client = client
column-client-hover = The client’s address and port
column-server = server
column-server-hover = The server’s address and port
column-thread = thread
column-thread-hover = The thread that serves this client alone
column-doing = doing now
column-doing-hover = What the thread is doing, and for how long; or how the connection ended
column-in = in
column-in-hover = Bytes received from the client
column-out = out
column-out-hover = Bytes sent to the client
column-greeted = greeted
column-greeted-hover = Messages answered
column-since = since
column-since-hover = When the client was accepted
sort-by-column = { $column }. Press to sort
filter = Filter
filter-hint = filter
filter-hover = Shows the connections that have this in their addresses, thread or state: 127.0.0.1, conn-3, reading, closed
filter-none = No connection fits the filter
act-with = { $n ->
    [one] With #{ $number }
   *[other] With { $n } chosen
}
act-with-hover = What can be done with the chosen connections. Ctrl and a press choose one more, Shift and a press all between
act-write = Send…
act-write-hover = Write a message to the chosen connections
act-wire = Show its wire
act-wire-hover = Show what crossed this connection’s socket
act-write-all = Send to all…
act-write-all-hover = Write a message to all open connections, chosen or not
act-half-close = Half-close
act-half-close-hover = Say that nothing more will be sent; what they send is still read
act-disconnect = Disconnect
act-disconnect-hover = Close the chosen connections
act-reset = Reset
act-reset-hover = Break them off (RST): their programs see an error
act-hold = Hold
act-hold-hover = Their threads read and answer nothing until they go on: what the clients send fills the buffers
act-go-on = Go on
act-go-on-hover = Let held threads go on
act-copy-address = Copy addresses
act-copy-address-hover = The clients’ addresses, a line each
act-all = Choose all
act-all-hover = Choose all connections that are shown
message-title = Send a message
message-to = { $n ->
    [0] None of the chosen connections is open
    [one] To 1 connection
   *[other] To { $n } connections
}
message-to-all = { $n ->
    [0] No connection is open
    [one] To the only open connection
   *[other] To all { $n } open connections
}
message-bytes = Message to them
message-send = Send
message-size = { $size }; no line end is added
message-sent = { $n ->
    [one] { $size } sent to 1 connection
   *[other] { $size } sent to { $n } connections
}
row-no-number = –
row-waiting = waiting to be accepted
held-soon = reading, held then
doing-for = { $doing } { $seconds } s
# Bytes of the client that wait in the system's buffer.
doing-unread = { $doing }, { $size } unread
closed-how = closed: { $how }
log-title = Log
log-empty = What happens is written here
log-gone = { $count } lines not shown
copy-log = Copy
copy-log-hover = Copy all lines

## Client

client-host = Host
client-port = Port
client-message = Message
client-message-hint = what to send
send = Send
send-hover = Send the message (Enter)
line-end = Line ending
line-end-hover = What is added to each message; many servers wait for a line’s end
compose = Message typed
compose-hover = What is typed: text as it is; text with escapes such as \n, \x00 or \u6c49; or hexadecimal digits such as 0d 0a
compose-plain = as it is
compose-escapes = with escapes
compose-hex = hexadecimal
preview = { $size }: { $what }
line-end-none = none
line-end-lf = LF (\n)
line-end-crlf = CRLF (\r\n)
unsent = { $size } waiting to be sent
state-client-idle = not connected
state-client-resolving = looking the name up…
state-client-connecting = connecting…
state-client-connected = connected { $local } → { $peer }
state-client-failed = failed
conversation = Conversation
conversation-hover = Each bubble is what one read brought or one write took; TCP may cut or join messages
conversation-empty = Connect to a server, or press “Play the tutorial” while the Server tab is listening
conversation-gone = { $count } earlier pieces not shown
bubble-note = { $time } · { $size }
bubble-cut = … ({ $size } more, see the wire)
bubble-binary = { $size }, not text: see the wire
bubble-empty-read = empty read: the other side will send no more
bubble-empty-read-hover = A read that brings nothing is how a program learns that the other side has closed

## Fetch

fetch-url = URL
fetch-url-hint = http://localhost:8080/index.html
fetch-url-hover = A web address, such as http://localhost:8080/index.html; without a scheme, http is meant
fetch-options = Options
follow-redirects = Follow redirects
max-redirects = at most
max-redirects-hover = More redirects than this are an error
connect-limit = Connect within
connect-limit-hover = For the name look-up, and again for all addresses together
silence-limit = Give up after silence of
silence-limit-hover = How long nothing may arrive
extra-roots = More trusted certificates
extra-roots-hover = The path of a PEM file with certificates to trust besides this computer’s own; empty for none
accept-any = Accept any certificate
accept-any-hover = For this fetch only: nobody vouches for who the server is
accepting-any-certificate = Any certificate will be accepted: nobody vouches for who the server is
fetch-empty = Type a web address and press Fetch; what was sent and received is shown here, byte for byte
phase-resolving = looking the name up…
phase-connecting = connecting…
phase-tls = agreeing on TLS…
phase-sending = sending the request…
phase-waiting = waiting for the answer…
phase-receiving = receiving the body…
phase-done = done
progress-of = { $got } of { $length }
progress-so-far = { $got } so far
complete = complete
cancelled = cancelled
hops-hover = Each redirect is an exchange of its own; pick the one to look at
part-headers = Headers
part-headers-hover = The request as sent and the answer’s header as received
part-body = Body
part-body-hover = The page itself, after decoding
part-wire = Wire
part-wire-hover = Every read and write of this hop, above TLS, and which bytes are which part of HTTP
part-connection = Connection
part-connection-hover = Addresses tried, both ends, TLS
request-sent = Request, as sent
interim-received = Interim answer, as received
answer-received = Answer, as received
copy-headers = Copy
copy-headers-hover = Copy the request and the answer’s header
show-in-wire = Show { $what } in the wire
show-in-wire-hover = Show these bytes in the wire
tried = Tried { $address }
try-connected = connected in { $ms } ms
try-failed = { $why } ({ $ms } ms)
local-end = This end
peer-end = Other end
tls-version = TLS
tls-none = not used
tls-cipher = Cipher
certificate = Certificate
certificate-verified = verified
certificate-not-verified = NOT verified: accepted because you asked for it
body-end = End of the body
framing-none = there is no body
framing-length = by its length, { $size } (Content-Length)
framing-chunked = by the last chunk (Transfer-Encoding: chunked)
framing-until-close = by the end of the connection
note = Note
unknown-type = unknown type
body-not-yet = The body is shown when it is complete
body-none = There is no body
fetch-nothing = Nothing was sent or received
replaces = replaces an existing file
save-path = Path to save to
save-path-hover = For when no dialog can open; an existing file is replaced only when the new one is complete
dialog-open = the dialog is open; the path here works meanwhile
partial-only = incomplete: it can only be saved as a .partial file
saved = Saved to { $path }
no-dialog = No file dialog is available here; type a path instead and press “Save here”

## Status bar

status-server-idle = Server off
status-server-starting = Server starting…
status-server-listening =
    Server { $server } · { $count ->
        [one] 1 connection
       *[other] { $count } connections
    }
status-server-stopping = Server stopping…
status-server-failed = Server failed
status-client-idle = Client off
status-client-connecting = Client connecting…
status-client-connected = Client connected to { $peer }
status-client-ended = Client ended
status-fetch-idle = Nothing fetched
status-fetch-running = Fetch { $phase } { $size }
status-fetch-complete = Fetch { $status } · { $size } complete
status-fetch-cancelled = Fetch cancelled
status-fetch-failed = Fetch failed

## Help

help-title = Help
help-server = Server: greets every client that connects, each in a thread of its own, and answers what it sends.
help-client = Client: a chat with any TCP server. Play the tutorial to see a whole conversation.
help-fetch = Fetch: gets a page over HTTP, shows what was sent and received, and saves the body.
help-wire = Wire: every read (←) and write (→) as it crossed the socket, never joined or cut.
help-keys = Keys
help-tab-key = Go to the next field or button; Space presses it
help-enter-key = Send the message, fetch the address, start, connect: whatever the field is for
help-quit-key = Quit
help-version = Socketscope { $version }
