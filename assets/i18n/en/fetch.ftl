# Fetching: faults and what to do about them, and what is worth saying aloud.

fault-bad-url = it is not a web address
fault-bad-url-advice = write one such as http://localhost:8080/index.html
fault-empty-url = there is no address
fault-blank-in-url = it has a blank, a line end or another control character inside
fault-blank-in-url-advice = write %20 where a blank is meant
fault-other-scheme = only http and https can be fetched, not { $scheme }
fault-bad-host = its host name cannot be one
fault-bad-port = its port cannot be one

fault-certificate-expired = the server’s certificate has expired
fault-certificate-not-yet-valid = the server’s certificate is not valid yet
fault-certificate-time-advice = check this computer’s clock, or ask the server’s owner to renew it
fault-wrong-host = the server’s certificate is not for { $host } but for { $names }
fault-wrong-host-nameless = the server’s certificate is not for { $host }
fault-wrong-host-advice = check the address, this may be another server
fault-unknown-issuer = the server’s certificate is from an issuer that this computer does not trust
fault-self-signed = the server’s certificate is signed by itself, nobody vouches for it
fault-unknown-issuer-advice = if you know the issuer, add its certificate as a root to trust
fault-revoked = the server’s certificate has been revoked by its issuer
fault-bad-signature = the signature of the server’s certificate does not fit
fault-wrong-purpose = the server’s certificate is not meant for servers
fault-odd-certificate = the server’s certificate has a form that is not supported
fault-no-common-tls = both sides have no common version or cipher of TLS (1.2 or newer is needed)
fault-no-common-tls-advice = the server needs newer software
fault-not-tls = the answer is not TLS
fault-not-tls-advice = check the port, or use http instead of https
fault-tls-closed = the other side closed the connection while TLS was being agreed on
fault-tls-other = TLS failed ({ $text })
fault-bad-roots = it holds no certificate
fault-unreadable-roots = it cannot be read ({ $text })
fault-unreadable-roots-advice = check its name, and that you may read it
fault-bad-roots-advice = choose a PEM file that begins with -----BEGIN CERTIFICATE-----
fault-no-roots = this computer has no trusted root certificates
fault-no-roots-advice = install them (on Debian the package ca-certificates)

fault-no-answer = the other side closed the connection without an answer
fault-head-cut = the connection ended inside the head of the answer, after { $got }
fault-head-broken = the other side broke the connection off (reset) inside the head of the answer, after { $got }
fault-head-stalled =
    { $seconds ->
        [one] got { $got } of the head of the answer, then nothing for 1 second
       *[other] got { $got } of the head of the answer, then nothing for { $seconds } seconds
    }
fault-head-slow =
    { $seconds ->
        [one] the head of the answer did not come within 1 second
       *[other] the head of the answer did not come within { $seconds } seconds
    }
fault-head-too-large = the head of the answer is larger than { $most }
fault-too-many-headers = the answer has more than { $most } header fields
fault-not-http = the answer is not HTTP/1, it begins with “{ $text }”
fault-not-http-advice = check the port, another kind of server may listen there
fault-head-version = the HTTP version in the answer is neither 1.0 nor 1.1 (“{ $line }”)
fault-head-status = the status in the answer is not a number from 100 to 999 (“{ $line }”)
fault-head-name = a line in the head of the answer is not a header field (“{ $line }”)
fault-head-value = a header field of the answer has a forbidden byte in its value (“{ $line }”)
fault-head-line-end = a line in the head of the answer ends in a forbidden way (“{ $line }”)
fault-too-many-interim = too many preliminary answers (1xx) came before the real one
fault-switching-protocols = the server switched to another protocol (101) without being asked

fault-not-a-length = the Content-Length “{ $value }” is not a length
fault-two-lengths = the length of the body is ambiguous (Content-Length { $value })
fault-bad-transfer-coding = the transfer coding is unknown or in the wrong order (Transfer-Encoding { $value })
fault-too-many-codings = the body has too many codings one over the other
fault-bad-chunk-size = the size of a chunk is not a hexadecimal number (“{ $value }”)
fault-huge-chunk = the size of a chunk is too large (“{ $value }”)
fault-bad-chunk-end = a chunk does not end where its size says
fault-chunk-line-too-long = a chunk extension or the trailer is too long
fault-short = got { $got } of { $length } bytes, then the connection ended
fault-chunks-cut = got { $got }, then the connection ended before the last chunk
fault-broken = got { $got }, then the other side broke the connection off (reset)
fault-broken-of = got { $got } of { $length } bytes, then the other side broke the connection off (reset)
fault-stalled =
    { $seconds ->
        [one] got { $got }, then nothing for 1 second
       *[other] got { $got }, then nothing for { $seconds } seconds
    }
fault-stalled-of =
    { $seconds ->
        [one] got { $got } of { $length } bytes, then nothing for 1 second
       *[other] got { $got } of { $length } bytes, then nothing for { $seconds } seconds
    }
fault-stalled-advice = try again, or allow more time
fault-unasked-part = the server sent only a part (206) that was not asked for
fault-tls-cut = got { $got }, then TLS ended without a farewell (close_notify), so the rest may be missing
fault-try-again-advice = try again
fault-broken-coding = the compressed body ({ $coding }) is broken or ends early
fault-after-coding = bytes follow after the end of the compressed body ({ $coding })
fault-bomb = stopped unpacking, { $from } had become { $to } already (allowed are { $size }, or { $ratio } times what came)

fault-too-many-redirects =
    { $count ->
        [0] it redirects, and none was to be followed
        [one] more than 1 redirect
       *[other] more than { $count } redirects
    }
fault-no-redirects-advice = allow some, or ask for the answer itself by not following redirects
fault-too-many-redirects-advice = the server may be sending us in a circle
fault-bad-redirect = it redirects to something that is not a web address (“{ $location }”)
fault-redirect-scheme = it redirects to { $scheme }, only http and https are followed
fault-two-redirects = it redirects to several places at once

fault-spool = { $cause } (temporary files are in { $folder })
fault-spool-advice = free some space there, or choose another folder with TMPDIR
fault-no-room = the disk has only { $free } left in { $folder }, and the last { $kept } are not used
fault-no-room-for = { $more } more are to come, the disk has only { $free } left in { $folder }, and the last { $kept } are not used
fault-only-partial = the body is not complete
fault-only-partial-advice = save it under a name that ends in .partial
fault-no-file-name = the name of a file is missing
fault-no-file-name-advice = add one at the end
fault-write-protected = the file is write-protected
fault-not-a-file = something that is not a file has that name
fault-names-taken = all names like it are taken

note-other-certificate = The server shows another certificate than one that was accepted
note-insecure = The certificate was NOT verified, anyone could be at the other end: { $why }
note-downgrade = The redirect leads from https to http, from here on everyone on the way can read and change it
note-credentials-dropped = User name and password are not sent to another host
note-location-userinfo = User name and password inside the redirect are not used
note-chunks-won = Both Content-Length and Transfer-Encoding were sent, the chunks decide
note-chunked-twice = Transfer-Encoding says “chunked” more than once, the chunks were taken apart once
note-chunks-in-1-0 = An answer in HTTP/1.0 should not be chunked
note-extra-bytes = More bytes came after the end of the answer, they are not part of it
note-unknown-coding = The content coding { $coding } is unknown, the body is kept as received
note-zero-padding = Zero bytes after the end of the compressed body were ignored
note-odd-trailer = What came after the last chunk is no list of fields; it is in the wire
