# TLS: what went wrong with it, and what a certificate says.

tls-not-tls = the answer is not TLS
tls-not-tls-advice = check the port, or connect without TLS
tls-client-not-tls = what the client sent is not TLS
tls-client-not-tls-advice = connect with TLS, or start the server without it
tls-client-too-old = both sides have no common version or cipher of TLS (1.2 or newer is needed)
tls-client-too-old-advice = the client needs newer software
tls-distrusted = the client does not trust our certificate ({ $alert })
tls-distrusted-advice = save the certificate and let the client trust it, or let the client accept any
tls-client-left = the client closed the connection while TLS was being agreed on
tls-client-left-advice = it may speak no TLS, or not trust our certificate
tls-late =
    { $seconds ->
        [one] TLS was not agreed on within 1 second
       *[other] TLS was not agreed on within { $seconds } seconds
    }
tls-late-advice = the other side may speak no TLS
tls-cut = TLS ended without a farewell (close_notify), so something may be missing
tls-alert = the other side ended TLS ({ $alert })
tls-other = TLS failed ({ $text })
tls-unreadable = it cannot be read ({ $text })
tls-unreadable-advice = check its name, and that you may read it
tls-not-a-file = it is not a regular file
tls-too-large = it is larger than { $most }
tls-not-a-file-advice = choose a PEM file
tls-no-certificate = it holds no certificate
tls-bad-certificate = its certificate cannot be used ({ $text })
tls-no-certificate-advice = choose a PEM file that begins with -----BEGIN CERTIFICATE-----
tls-no-key = it holds no private key
tls-bad-key = its private key cannot be used ({ $text })
tls-no-key-advice = choose a PEM file that begins with -----BEGIN PRIVATE KEY-----
tls-locked-key = its private key is locked with a password
tls-locked-key-advice = take the password off first (openssl pkey)
tls-key-of-another = its private key does not belong to the certificate in { $certificate }
tls-key-of-another-advice = choose the key that the certificate was made with

certificate-made = a certificate
certificate-unreadable = Not readable
certificate-unreadable-hover = These bytes are no X.509 certificate
certificate-size = { $size } that are no certificate
certificate-subject = For
certificate-subject-hover = The subject: whom the certificate is about. Clients look at the names below instead
certificate-names = Names
certificate-names-hover = The host names and addresses that it is valid for (subject alternative names)
certificate-more-names = { " " }and { $n } more
certificate-other-name = a name of another kind
certificate-issuer = Vouched for by
certificate-issuer-hover = The issuer: who has signed that the key belongs to these names
certificate-itself = itself, nobody else vouches for it
certificate-from = Valid from
certificate-from-hover = Before this moment clients refuse it
certificate-until = Valid until
certificate-until-hover = After this moment clients refuse it
certificate-odd-time = a time out of all bounds
certificate-key = Key
certificate-key-hover = The kind and size of the public key. Its private half never leaves its owner
certificate-bits = { $kind }, { $bits } bits
certificate-serial = Serial number
certificate-serial-hover = The issuer’s number for it
certificate-sha256 = SHA-256
certificate-sha256-hover = The fingerprint: no two certificates have the same. Compare it with what the server’s owner told you

certificate-title = Certificate
certificate-none = The server showed no certificate
certificate-of = { $number } of { $count }
certificate-path = Path to save to
certificate-path-hover = A PEM file that clients can be told to trust; an existing file is replaced only when the new one is complete
certificate-is-verified = Verified: someone whom this computer trusts vouches that it is for { $name }
certificate-is-refused = NOT verified, anyone could be at the other end: { $reason }

command-show-certificate = Certificate…
command-show-certificate-hover = Show what the certificate says, and save it
command-save-certificate = Save certificate…
command-save-certificate-hover = Choose a file to save the certificate to
command-save-certificate-here = Save
command-save-certificate-here-hover = Save the certificate to this path
command-choose-tls-certificate = Choose certificate…
command-choose-tls-certificate-hover = Choose the PEM file of the certificate
command-choose-tls-key = Choose key…
command-choose-tls-key-hover = Choose the PEM file of the private key
command-choose-tls-roots = Choose…
command-choose-tls-roots-hover = Choose a PEM file with certificates to trust

server-tls = TLS
server-tls-hover = Whether connections are encrypted. The wire shows what is said inside
server-tls-off = off
server-tls-made = with a certificate made for this run
server-tls-files = with a certificate from files
server-tls-made-hint = It is for all names and addresses of this computer. Save it once the server runs, and tell clients to trust it
server-tls-certificate = Certificate file
server-tls-certificate-hover = A PEM file with the certificate, and those above it
server-tls-key = Key file
server-tls-key-hover = A PEM file with the certificate’s private key
server-tls-shown = clients are shown SHA-256 { $sha256 }

client-tls = TLS
client-tls-hover = Encrypt the connection, and let the server prove who it is. The wire shows what is said inside
client-tls-options = TLS options
client-tls-name = Server name
client-tls-name-hover = The name that the certificate must be for, and that the server is told (SNI); empty for the host
client-tls-any = Accept any certificate (not safe)
client-tls-any-hover = For the next connection only: nobody vouches for who the server is
client-tls-verified = { $version }, verified
client-tls-not-verified = { $version }, NOT verified
