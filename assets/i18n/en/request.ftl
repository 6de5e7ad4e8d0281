# What a fetch asks for: the form of a request, curl commands, hops, history.

request-method = Method
request-method-hover = What the server is to do: GET gets, HEAD gets the header alone, POST sends something to be handled, PUT puts a file there, PATCH changes a part of one, DELETE deletes, OPTIONS asks what is possible
method-other = other…
typed-method = Other method
typed-method-hover = Sent as typed

sheet-set = { $name }: { $set }
request-headers = Request headers
request-headers-hover = Header fields to send besides the usual ones, or in place of them; kept until the window closes
request-headers-usual = Host, User-Agent, Accept, Accept-Encoding and Connection are sent anyway, a field of the same name takes their place
add-header = Add a header
add-header-hover = Add a row for another header field
header-on = Header { $n }
header-on-hover = Whether this row is used
header-name = Name of header { $n }
header-name-hint = name
header-sent = How it is sent
header-sent-hover = A usual header field, such as User-Agent, can also be left out: choose “not sent”
header-is-sent = sent as
header-not-sent = not sent
header-value = Value of header { $n }
header-value-hint = value
remove-header = Remove header { $n }
remove-header-hover = Remove this row

request-body = Request body
request-body-hover = What is sent after the header; kept until the window closes
body-kind = Kind of body
body-kind-hover = Text as it is typed, a form of names and values, a form whose fields may be files, or the bytes of a file
body-kind-none = none
body-kind-none-hint = Nothing is sent after the header
body-kind-text = text
body-kind-form = form
body-kind-form-hint = Sent as application/x-www-form-urlencoded, encoded for you
body-kind-parts = form with files
body-kind-parts-hint = Sent as multipart/form-data: each field behind a small header of its own
body-kind-file = file
body-text = Text of the body
body-text-hint = What is sent, in UTF-8
body-file = File
body-file-hover = The path of the file whose bytes are sent
media-type = Type of the text
media-type-hover = What the server is told about the text (Content-Type)
media-plain = plain text
media-other = other…
typed-media-type = Other type
typed-media-type-hint = such as text/csv
typed-media-type-hover = Sent as Content-Type; empty for none
file-media-type = Type of the file
file-media-type-hint = type after its name
file-media-type-hover = Sent as Content-Type; empty to take what the file’s name says
add-form-field = Add a field
add-form-field-hover = Add a row for another name and value
form-name = Name of field { $n }
form-name-hint = name
form-value = Value of field { $n }
form-value-hint = value
remove-form-field = Remove field { $n }
remove-form-field-hover = Remove this row
form-kind = Kind of field
form-kind-hover = Text as it is typed here, a file, or the text in a file that is sent as if it were typed
form-kind-text = text
form-kind-file = file
form-kind-text-of-file = text in a file
form-file = File of field { $n }
form-file-hint = path of the file
choose-form-file = Choose the file of field { $n }
form-file-name = File name of field { $n }
form-file-name-hint = file name
form-file-name-hover = What the server is told that the file is called; empty to take the file’s own name
form-media-type = Type of field { $n }
form-media-type-hint = type
form-media-type-hover = What the server is told about this field (Content-Type); empty to take what the file’s name says, and nothing for text
command-choose-body = Choose…
command-choose-body-hover = Choose the file to send

target = To a file
target-hover = A file for the body to go to while it comes; without one it can be saved once it is there
target-packed = as transferred
target-file = Download to file
target-name = download
target-file-hint = a temporary file, to be saved afterwards
target-file-hover = The body is written beside this file and takes its place once it is complete; cleared then, so that the next fetch does not replace it
target-is-there = replaces an existing file
target-partial = { $name } is there, from an earlier try
keep-partial = Keep what came if it is cut short
keep-partial-hover = If the body is cut short or the fetch is cancelled, what came stays beside the file, with .partial at the end of its name
resume = Go on with what was kept
resume-hover = If a .partial file is there, only the rest is asked for, and taken only if the server still has the same; if none is there, everything is fetched
as-transferred = As transferred
as-transferred-hover = Do not unpack a body that was compressed for its way (Content-Encoding): the bytes as the server sent them
kept-partial = What came is kept as { $path }
command-choose-target = Choose…
command-choose-target-hover = Choose the file to download to

sign-in = Sign-in
sign-in-hover = Who asks: user name and password, or a token; never kept on disk, and never sent to another server
auth-kind = Kind of sign-in
auth-kind-hover = Basic sends user name and password, bearer a token; digest proves that it knows the password without sending it
auth-none = none
auth-none-hint = Nobody in particular, unless the URL has a user name
auth-basic = basic
auth-bearer = bearer
auth-digest = digest
auth-clear-hint = With http, everyone on the way can read it
auth-digest-hint = The server is asked twice: its first answer says what it wants to have proved
auth-user = User name
auth-password = Password
auth-password-hover = Kept in memory until the window closes
auth-token = Token
auth-token-hover = What the server’s owner gave you; kept in memory until the window closes
auth-show = Show
auth-show-hover = Show what is hidden by dots

ways = Proxy and IP
ways-hover = Through what, and over which version of IP, the server is reached
proxy = Proxy
proxy-hover = A server in between that fetches for others
proxy-environment = from the environment
proxy-environment-hint = As the variables http_proxy, https_proxy, all_proxy and no_proxy say
proxy-none = no proxy
proxy-typed = typed proxy
proxy-url = URL of the proxy
proxy-url-hover = Such as http://127.0.0.1:3128, socks5://127.0.0.1:1080, or socks5h://… where the proxy looks names up; kept without user name and password
ip-version = IP version
ip-version-hover = Over which version of the Internet Protocol the server is reached
ip-both = IPv4 and IPv6
ip-v4 = IPv4 only
ip-v6 = IPv6 only

cookies = Cookies
cookies-hover = What servers asked to be told again with the next request
cookies-off = off
cookies-kept =
    { $n ->
        [0] none kept
        [one] 1 kept
       *[other] { $n } kept
    }
keep-cookies = Keep cookies for this run
keep-cookies-hover = Cookies that answers set are sent with later requests to the same servers, until the window closes
clear-cookies = Clear cookies
clear-cookies-hover = Forget all cookies

fetch-options-hover = Redirects, limits, and whom to trust
stop-at-hops = Stop at each hop
stop-at-hops-hover = Wait before each redirect is followed, until you say so
unpack-limit = Stop unpacking beyond
unpack-limit-hover = A small compressed body can become a very large one: it is stopped when it passes both this size and the ratio
unpack-ratio = and
unpack-ratio-hover = Texts rarely come to 20 times what came
unpack-times = {" "}× what came

command-copy-curl = Copy as curl
command-copy-curl-hover = Copy a curl command that asks for the same, with passwords in the clear
command-paste-curl = Paste curl
command-paste-curl-hover = Fill the form from the curl command on the clipboard
curl-copied = Copied as a curl command
curl-understood = Filled in from the curl command: nothing is fetched yet
curl-understood-but = Filled in from the curl command, but: { $notes }
curl-not-curl = it is no curl command
curl-open-quote = The curl command ends inside a quotation: copy all of it
curl-windows = This curl command is quoted for the prompt of Windows: copy it as bash
curl-no-url = The curl command names no URL
curl-no-value = The option { $option } of the curl command lacks its value
curl-too-long = The curl command has too many words
curl-not-text = Something in the curl command is not text
curl-note-option = { $option } is left out
curl-note-variables = variables are not filled in, they stay as they are written
curl-note-more = what follows after the command is left out
curl-note-urls =
    { $n ->
        [one] 1 more URL is left out
       *[other] { $n } more URLs are left out
    }
curl-note-pattern = curl would take the URL for a pattern of several, here it is one
curl-note-password = a password is missing, curl would ask for it
curl-note-line-ends = the file is sent as it is, curl would take the line ends out

command-go-on = Go on
command-go-on-hover = Follow this redirect
command-stop-here = Stop here
command-stop-here-hover = Do not follow this redirect, and end the fetch
stopped-before = Stopped before going to { $url }
hop-downgrade = https → http
hop-cookies =
    { $n ->
        [one] 1 cookie set
       *[other] { $n } cookies set
    }
hop-cookie-kept = { $text } (kept)
hop-cookie-refused = { $text } (not kept)
change-method = { $from } → { $to }
change-method-hover = The redirect changed the method, as browsers do (RFC 9110 §15.4)
change-body = body dropped
change-body-hover = The body is not sent again, since the method changed
change-field = { $name } dropped
change-field-hover = This header field was meant for the host before, or told about the body that is no longer sent
change-credentials = sign-in dropped
change-credentials-hover = User name, password or token are meant for the host before, and not sent to another
change-authorized = signed in
change-authorized-hover = The same request again, with the answer to what the server wanted to have proved

history = History
history-hover = The fetches of this run: go back to one without fetching again
history-none = Nothing fetched yet
history-clear = Clear
history-clear-hover = Forget all of them, with their bodies
history-bound = { $n } kept; the oldest bodies go when all together pass { $size }
history-body-gone = Its body is no longer kept: there were too many bytes in newer ones
history-running = While a fetch runs, others cannot be shown
history-fill-in = Fill in
history-fill-in-hover = Put what it asked for into the form, to fetch it again
failed = failed
