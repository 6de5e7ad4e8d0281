# The terminal: help and messages of `serve` and `chat`.

cli-about = See what sockets really do: a greeting server, a TCP chat and a page fetcher that show every read and write
cli-after = Without a command the window opens

cli-bad-seconds = not a number of seconds from 0 to { $most }
cli-events-lost =
    { $n ->
        [one] 1 event not shown
       *[other] { $count } events not shown
    }
cli-no-input = Cannot read standard input: { $cause }
cli-no-output = Cannot write to standard output: { $cause }

cli-serve = Run the greeting server until Ctrl-C
cli-serve-address = Where to listen: an address or host name with a port, or one of both; port 0 takes a free one [default: 127.0.0.1:9999]
cli-serve-profile = Listen and behave as this profile says, a TOML file as the window exports it; other options override it
cli-serve-model = Which thread serves whom: threads (one for each client), single (one client after the other) or events (one thread for all clients at once) [default: threads]
cli-serve-pause = Pause before each answer [default: 1]
cli-serve-framing = What a message is: each line, or what is read where no line ends (auto), each read (read), or each line, waiting for its end (line) [default: auto]
cli-serve-welcome = What each client is sent first: Welcome! unless something else is given, and nothing with --rules http
# Not “{n}” itself: the library that prints the help takes it for a new line.
cli-serve-reply = The answer to each message that no rule answers; {"{message}"}, {"{MESSAGE}"} (in upper case), {"{peer}"}, {"{time}"} and the number n in braces are filled in [default: Hello, {"{message}"}!]
cli-serve-rules = What to answer besides the greeting: echo, upper, time, http or chat; or a TOML file of rules, as the window exports them. The first rule that matches a message answers it
cli-serve-misbehave = What to do wrong on purpose, to test clients, several with commas: late=MS (welcome), drip=MS (between bytes), split (in a character), glue=N (replies), stall=N (after replies), reset=BYTES (after bytes), deaf (never read), close (without an answer)
cli-serve-receive-size = How many bytes one read takes at most [default: 1024]
cli-serve-backlog = How many clients may wait to be accepted [default: 5]
cli-serve-max-connections = How many clients are served at the same time; more wait [default: 10000]
cli-serve-tls = Speak TLS with a certificate made for this run, for all names and addresses of this computer
cli-serve-certificate = Speak TLS with the certificate in this PEM file, and those above it in the same file
cli-serve-key = The PEM file of the certificate’s private key
cli-serve-save-certificate = Write the certificate to this PEM file before anyone can connect, so that clients can be told to trust it
cli-serve-shows = Clients are shown a certificate for { $names }, SHA-256 { $sha256 }
cli-serve-quiet = Do not write the log to standard error
cli-chat = Chat with a TCP server: each line of standard input is a message, what arrives goes to standard output
cli-chat-address = The server's host name or address, and its port (9999 if none is given)
cli-chat-eol = What is added to each message; without a line end, messages that follow each other quickly can arrive as one
cli-chat-tutorial = Play the tutorial's client instead of reading standard input
cli-chat-connect-timeout = Give up when no connection was made in this time
cli-chat-not-played = The tutorial was not played to its end
cli-chat-input-left = More of standard input was waiting to be sent
cli-chat-tls = Speak TLS with the server, and trust it only if its certificate can be verified
cli-chat-server-name = The name that the certificate must be for, and that the server is told (SNI), where that is not the host
cli-chat-linger = How long to wait for more replies after standard input has ended
