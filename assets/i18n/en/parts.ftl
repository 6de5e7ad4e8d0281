# The parts of an HTTP exchange on the wire: what they are called, what they are for (with the term of RFC 9112), and how
# they read in the list beside the wire.

parts = Parts
parts-hover = What the bytes are, as HTTP reads them. Point at a part and its bytes light up, and the other way round; press it to go there
parts-none = The parts of the exchange are listed here

mark-request-line = request line
mark-request-line-hover = What is asked for: the method, what it is about, and the version of HTTP (request-line, RFC 9112 §3)
mark-request-field = request header { $name }
mark-request-field-hover = Something the server should know: a name, a colon and a value, in a line of its own (field line, RFC 9112 §5)
mark-request-end = empty line after the request
mark-request-end-hover = Ends the request’s header; the body follows, if there is one (RFC 9112 §2.1)
mark-request-body = body of the request
mark-request-body-hover = What is sent to the server, as long as the request’s header says (message body, RFC 9112 §6)
mark-empty-lines = empty lines before the answer
mark-empty-lines-hover = They should not be there, and count for nothing (RFC 9112 §2.2)
mark-status-line = status line
mark-status-line-hover = How it went: the version of HTTP, a number of three digits, and perhaps words for people (status-line, RFC 9112 §4)
mark-field = header { $name }
mark-field-hover = Something about the answer: a name, a colon and a value, mostly in a line of its own (field line, RFC 9112 §5)
mark-head-end = empty line after the header
mark-head-end-hover = Ends the answer’s header; the body follows, if there is one (RFC 9112 §2.1)
mark-chunk-size = chunk size
mark-chunk-size-hover = How many bytes follow, as a hexadecimal number; 0 says that none do (chunk-size, RFC 9112 §7.1). What may follow a semicolon is a chunk extension (§7.1.1)
mark-chunk-data = chunk data
mark-chunk-data-hover = A piece of the body, as long as the chunk’s size says (chunk-data, RFC 9112 §7.1)
mark-chunk-end = end of the chunk
mark-chunk-end-hover = A line end that is not part of the body: it closes the chunk (RFC 9112 §7.1)
mark-trailer = trailer
mark-trailer-hover = A header that comes after the body, when it is known at last (trailer section, RFC 9112 §7.1.2)
mark-body-end = empty line after the body
mark-body-end-hover = Ends the trailer and with it the whole answer (RFC 9112 §7.1)
mark-body = body
mark-body-hover = What was asked for. Its end is known by its length, or by the end of the connection (message body, RFC 9112 §6)
mark-extra = after the end
mark-extra-hover = It came after the answer was complete, so it is not part of it (RFC 9112 §6.3)
mark-unread = not read
mark-unread-hover = Not taken for anything: what follows a mistake, or the body of a redirect (message body, RFC 9112 §6)
mark-more = further parts
mark-more-hover = There were too many parts to list each; the bytes are all in the wire (RFC 9112 §7.1)

item-empty-line = empty line
item-empty-lines = empty lines
item-chunk = chunk of { $size } B
item-last-chunk = last chunk
item-data = data, { $size } B
item-body = body, { $size } B
item-coded = , compressed ({ $coding })
item-extra = after the end, { $size } B
item-unread = not read, { $size } B
item-more = { $count ->
    [one] 1 further part
   *[other] { $number } further parts
}
item-gone = not kept
item-partly-gone = partly kept
