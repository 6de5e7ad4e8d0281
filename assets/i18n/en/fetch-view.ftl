# The Fetch tab: what it shows of an answer.

value-named = { $name } { $value }
value-hover =
    { $what }
    Press to copy

## Delivery

cut-short = cut short
cut-short-by = cut short by { $n } B
cut-short-hover = Not all of the body came, or it does not unpack to its end; it can be saved only as a .partial file
complete-hover = All of the body came: its length, its last chunk or a proper end of the connection says so
delivery = Delivery
delivery-hover = Every number of what was delivered of the body
delivery-not-said = not said
delivery-working = being computed…
exact-bytes = { $n } B
delivery-declared = Declared
delivery-declared-hover = The length that the answer’s header promises (Content-Length)
delivery-on-the-wire = On the wire
delivery-on-the-wire-hover = All that crossed the wire for the body, with the sizes of chunks between
delivery-received = Received
delivery-received-hover = The same without the sizes of chunks, still compressed
delivery-decoded = Decoded
delivery-decoded-hover = After decompression
delivery-on-disk = On disk
delivery-on-disk-hover = In the file that the body was put into while it came
delivery-sha256 = SHA-256
delivery-sha256-hover = A fingerprint of the body on disk: no two bodies have the same. Compare it with what the server’s owner told you

## Timing

part-timing = Timing
part-timing-hover = How long each step of each hop took
timing-axis = { $ms } ms from the start of the fetch to the end of its last step
timing-axis-hover = All bars have this time as their width, so that hops can be compared
timing-none = Nothing has been timed yet
timing-hop = { $number } · { $method } { $url } { $status }
timing-bar = Times of hop { $number }
timing-ms = { $ms } ms
timing-pointed = { $name } { $ms } ms
step-dns = Name
step-dns-hover = Looking up the addresses of the host’s name (DNS)
step-tcp = TCP
step-tcp-hover = From the first address tried to the connection: each one costs a round trip, and one that does not answer much more
step-proxy = Proxy
step-proxy-hover = What the proxy had to be told before it let us through
step-tls = TLS
step-tls-hover = Agreeing on encryption and checking the certificate
step-request = Request
step-request-hover = From the first byte of the request to its last one
step-first-byte = Waiting
step-first-byte-hover = From the last byte of the request to the first one of the answer: what the server needs to think, and a round trip
step-last-byte = Download
step-last-byte-hover = From the first byte of the answer to its last one

## Connection

tried-hover = An address that the name stands for, and what came of connecting to it
local-end-hover = The address and port of this computer
peer-end-hover = The address and port of the server, or of the proxy
connection-proxy = Through proxy
connection-proxy-hover = The program between that passes the fetch on
tls-version-hover = The version of the encryption that both sides agreed on
tls-cipher-hover = How it is encrypted
tls-alpn = Protocol
tls-alpn-hover = What both sides agreed to speak inside TLS (ALPN)
tls-no-alpn = none was agreed on
certificate-hover = Whether someone whom this computer trusts vouches for the server
body-end-hover = How it is known where the body ends
note-hover = Worth knowing about this hop
chain = Certificates that the server showed
chain-hover = The server’s own certificate first, then those of who vouches for it
command-fetch-accepting = Fetch again and accept this certificate
command-fetch-accepting-hover = For this one fetch only, and only if the server shows the same certificate again: nobody vouches for who the server is, anyone could read and change what is sent

## Body

look-laid = Laid out
look-laid-hover = With a line for each value. Only blanks between values differ from what was sent
look-laid-not = Only bodies up to 1 MiB are laid out
look-text = Text
look-text-hover = The text exactly as it was sent; only what could act is made visible
look-image = Picture
look-image-hover = The picture itself; of one that moves, the first
look-hex = Hex
look-hex-hover = Every byte as two hexadecimal digits, and as a character where it is one
body-charset = Charset
body-charset-hover = Which characters the bytes stand for. Nothing is changed by it but what is shown
charset-as-found = as found: { $name } ({ $how })
charset-by-header = header
charset-by-mark = byte order mark
charset-by-meta = its <meta>
charset-by-look = by its text
save-transferred = as transferred, { $size }
save-transferred-hover = Save the bytes as the server sent them, still compressed
body-copy = Copy text
body-copy-hover = Copy all text that is shown here
body-about-hover = What the server says it is (Content-Type), and its size after decompression
body-earlier = Earlier
body-earlier-hover = Show the part of the text before this one
body-later = Later
body-later-hover = Show the part of the text after this one
body-window = bytes { $begin } to { $end } of { $size }
body-working = Being read…
body-not-shown = It cannot be shown this way
body-misfits = Some bytes are no text in this charset, they are shown as �
body-not-json = This is not JSON, so it is shown as it is: { $reason }
body-not-xml = This is not XML, so it is shown as it is: { $reason } (line { $line })
body-open-elements = it ends inside an element
body-too-deep = It is nested too deeply to be laid out, so it is shown as it is
picture-about = { $format }, { $size } pixels
picture-smaller = shown smaller than it is
picture-broken = The picture cannot be read ({ $reason })
picture-too-large = The picture has { $size } pixels, more than { $most } million are not shown
picture-file-too-large = Pictures larger than { $most } are not shown
command-open-in-browser = Open in browser
command-open-in-browser-hover = Open the page in the browser, from a temporary file that is removed when this program ends; whatever it refers to is fetched by the browser

## Headers

trailers-received = Trailer, as received after the body
find-header = Find
find-header-hover = Shows only the lines that have this in them, in upper or lower case
find-header-count = { $found } of { $all } lines
find-header-none = No line has this in it
copy-one = Copy { $what }
copy-one-hover = Copy this line
