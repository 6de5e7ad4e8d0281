# The terminal command fetch.

cli-fetch-about = Fetch a web address and show the head of every answer
cli-fetch-url = What to fetch, such as http://localhost:8080/ or example.org/page
cli-fetch-request = The method, such as PUT [default: GET, or POST with data]
cli-fetch-header = Send this header field too, as “Name: value”; “Name:” leaves a field out that is sent otherwise, “Name;” sends it empty. As often as wanted
cli-fetch-head = Ask for the head alone (HEAD)
cli-fetch-data = Send this as a form; @FILE stands for what is in the file without its line ends, @- for standard input. Several are joined by &
cli-fetch-form = Send this field of a form that may have files (multipart/form-data): NAME=TEXT, or NAME=@FILE, or NAME=<FILE for the text in a file; “;type=” and “;filename=” may follow. As often as wanted
cli-fetch-data-file = Send this file as it is, in pieces
cli-fetch-upload-file = Put this file there as it is (PUT); a URL that ends in / gets its name
cli-fetch-cookie = Send this cookie, or several with “; ” between them
cli-fetch-user = Say who asks. Others on this computer can see what is typed here: without a password it is taken from the variable { $variable }
cli-fetch-user-file = Say who asks, as the first line of this file has it
cli-fetch-digest = Prove the password without sending it (digest)
cli-fetch-bearer = Show this token. Others on this computer can see it here
cli-fetch-bearer-file = Show the token that is the first line of this file
cli-fetch-output = Write the body to this file, once it is complete (- is standard output)
cli-fetch-remote-name = Write the body to a file in this folder, under the name that the server suggests
cli-fetch-keep-partial = Keep what has come as FILE.partial where it is not all
cli-fetch-as-transferred = Leave the body compressed as it came
cli-fetch-max-size = Stop a compressed body that becomes larger than this and than --max-ratio allows; 10G is 10 times 1024 times 1024 times 1024 bytes [default: 1G]
cli-fetch-max-ratio = Stop a compressed body that becomes more times as large as it came, and larger than --max-size [default: 200]
cli-fetch-json-report = Write all that is known of the fetch to this file, as JSON. Without a file it goes to standard output, and the body nowhere unless -o says so
cli-fetch-proxy = Go through this proxy: http://HOST:PORT, socks5://HOST:PORT, or socks5h://HOST:PORT, which looks names up itself [default: what http_proxy, https_proxy, all_proxy and no_proxy say]
cli-fetch-no-proxy = Go there directly, whatever those variables say
cli-fetch-ipv4 = Over IPv4 alone
cli-fetch-ipv6 = Over IPv6 alone
cli-fetch-timeout = Give up when nothing has arrived, or could be sent, for so long; also for agreeing on TLS. The head of an answer has 30 seconds in all, or this time if that is longer
cli-fetch-connect-timeout = Give up when no connection was made in this time
cli-fetch-max-redirects = How many redirects are followed
cli-fetch-no-follow = Do not follow redirects
cli-fetch-cacert = Trust the root certificates in this PEM file too
cli-fetch-insecure = Accept any certificate, so that anyone could be at the other end
cli-fetch-progress = Show how far the body is
cli-fetch-no-time = it must be more than 0
cli-fetch-saved = { $size } saved as { $path }
cli-fetch-stdout = to standard output
cli-fetch-progress-of = { $got } of { $length } ({ $percent } %)
cli-fetch-progress-line = { $got }

cli-fetch-kept = { $size } kept as { $path }, which is not all
cli-fetch-changed-method = { $to } instead of { $from }
cli-fetch-changed-body = The body is not sent again
cli-fetch-changed-field = { $name } is not sent on
cli-fetch-changed-authorized = The same again, with the answer to what the server asked for

cli-fetch-bad-size = not a number of bytes, such as 1000000 or { $example }
cli-fetch-no-field = not a header field: write “Name: value”
cli-fetch-no-form = not a field of a form: write “name=text” or “name=@file”
cli-fetch-form-rest = “{ $what }” is not understood here; put text with a semicolon between double quotes
cli-fetch-no-cookie = not a cookie: write “name=value”
cli-fetch-no-user = whose password it is must be said with -u or --user-file
cli-fetch-no-password = no password: write it after a colon, or set the variable { $variable }
cli-fetch-no-secret = there is no text in its first line
cli-fetch-data-too-large = it has more than { $most }; --data-file sends it in pieces
cli-fetch-both = both the body and the report were to go there
cli-fetch-resume = Go on with FILE.partial, if the server still has the same; without one, from the start
cli-fetch-resume-no-file = only a file can be gone on with, see -o
