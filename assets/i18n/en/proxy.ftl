# Proxies: what can be wrong with one and with what it says, and which version of IP is used.

proxy-named = the proxy { $proxy }
proxy-through = { $target } through the proxy { $proxy }

proxy-other-scheme = a proxy of the kind { $scheme } cannot be used
proxy-https = a proxy that is spoken to over TLS (https) cannot be used
proxy-bad-url = it is not the address of a proxy
proxy-url-advice = write one such as http://proxy:8080, socks5://proxy:1080 or socks5h://proxy:1080 (the proxy looks names up)
proxy-long-login = user name and password for SOCKS need 1 to 255 bytes each
proxy-refused = the proxy does not let it through, it answers “{ $line }”
proxy-login-advice = give the proxy’s user name and password in its address, as in http://user:password@proxy:8080
proxy-closed = the proxy closed the connection before it had answered
proxy-too-much = the proxy sent more than its answer
proxy-not-socks = the proxy does not answer in SOCKS 5
proxy-kind-advice = check the proxy’s port, and whether it is an http proxy
proxy-no-method = the proxy wants another kind of login than it was offered
proxy-wrong-login = the proxy refuses the user name or the password
proxy-reply-failure = the proxy failed without saying why
proxy-reply-not-allowed = the proxy’s rules do not allow it
proxy-reply-network = the proxy cannot reach that network
proxy-reply-host = the proxy cannot reach that host
proxy-reply-refused = the connection was refused to the proxy, nothing listens there
proxy-reply-expired = the proxy gave up, it took too long (TTL expired)
proxy-reply-command = the proxy does not open connections (CONNECT is not supported)
proxy-reply-address = the proxy does not support this kind of address
proxy-reply-other = the proxy failed with the unknown code { $code }

fault-other-ip-literal = it is an { $other } address, and only { $wanted } is to be used
fault-other-ip-name = it has no { $wanted } address, only { $other }
fault-other-ip-advice = allow both versions of IP

mark-proxy-request = to the proxy
mark-proxy-request-hover = What the proxy had to be told before the request: whom to connect to, and perhaps who asks (CONNECT, RFC 9110 §9.3.6, or SOCKS, RFC 1928)
mark-proxy-answer = answer of the proxy
mark-proxy-answer-hover = What the proxy said to that; from here on it only passes bytes on (RFC 9110 §9.3.6, RFC 1928 §6)
item-proxy-request = to the proxy, { $size } B
item-proxy-answer = answer of the proxy, { $size } B
