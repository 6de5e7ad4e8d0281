# Fetching: what can be wrong with what is asked for, and what happens on the way to the answer.

fault-bad-method = it is not a method
fault-bad-method-advice = write one such as GET or POST: letters, without blanks
fault-connect-method = CONNECT opens a tunnel, which is not a fetch
fault-connect-method-advice = name the proxy in the options
fault-bad-field-name = it is not the name of a header
fault-bad-field-name-advice = write letters, digits and hyphens, without blanks and colon
fault-bad-field-value = its value has a line end or another control character inside
fault-bad-field-value-advice = write it on one line
fault-colon-in-user = a user name for basic authentication cannot have a colon
fault-file-shrank = the file became shorter while it was sent, { $got } of { $length } bytes were there
fault-file-shrank-advice = try again when nothing else writes to it

note-body-cut = The answer came before the whole request was sent ({ $sent } of { $length } bytes of its body were), the rest was not
note-request-cut = The answer came before the whole request was sent, the rest was not
note-no-challenge = The server wants to know who asks, but not in a way that digest authentication can answer
