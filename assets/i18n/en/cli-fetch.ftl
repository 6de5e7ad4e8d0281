# The terminal command fetch.

cli-fetch-about = Fetch a web address and show the head of every answer
cli-fetch-url = What to fetch, such as http://localhost:8080/ or example.org/page
cli-fetch-output = Write the body to this file, once it is complete (- is standard output)
cli-fetch-remote-name = Write the body to a file in this folder, under the name that the server suggests
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
