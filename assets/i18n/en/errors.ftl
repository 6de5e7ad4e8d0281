# One line for each failure: what was done to which address, why it failed, what to do.

error = { $what }: { $cause }
error-with-advice = { $what }: { $cause }; { $advice }

operation-understand = Cannot use “{ $target }”
operation-resolve = Cannot find the address of { $target }
operation-listen = Cannot listen on { $target }
operation-accept = Cannot accept connections on { $target }
operation-connect = Cannot connect to { $target }
operation-tls = No secure connection to { $target }
operation-receive = Cannot receive from { $target }
operation-send = Cannot send to { $target }
operation-fetch = Cannot fetch { $target }
operation-save = Cannot save { $target }
operation-spool = Cannot keep the body of { $target }
operation-open = Cannot open { $target }
operation-work = A part of the program failed while working on { $target }

cause-empty = nothing was typed
cause-no-opener = no program was found to show it
cause-bad-address = it is not an address
cause-bad-port = it is not a port
cause-host-not-found = no such host name
cause-port-in-use = the port is in use by another socket
cause-port-needs-rights = ports below 1024 need administrator rights
cause-address-not-ours = it is not an address of this computer
cause-refused = the connection was refused, nothing listens there
cause-unreachable = there is no route to it
cause-timed-out =
    { $seconds ->
        [one] no answer for 1 second
       *[other] no answer for { $seconds } seconds
    }
cause-reset = the other side broke the connection off (reset)
cause-cancelled = cancelled
cause-not-reading =
    { $seconds ->
        [one] it has read nothing for 1 second
       *[other] it has read nothing for { $seconds } seconds
    }
cause-line-too-long = a line is longer than { $limit }
cause-not-connected = there is no connection
cause-queue-full = too much waits to be sent already
cause-no-descriptors = this program has too many files and sockets open
cause-disk-full = the disk is full
cause-no-permission = no permission to write there
cause-no-folder = the folder does not exist
cause-no-format = its name does not say in which format
cause-is-folder = a folder has that name
cause-panic = unexpected trouble inside the program ({ $text })

advice-no-opener = open the saved file yourself
advice-bad-address = write a host name, 127.0.0.1 or [::1]
advice-bad-port = write a number from 0 to 65535
advice-host-not-found = check the spelling and the network connection
advice-port-in-use = stop the other program or choose another port (0 takes a free one)
advice-port-needs-rights = choose a port from 1024 up, or run as administrator
advice-address-not-ours = pick one from the list, such as 127.0.0.1
advice-refused = check the port, and that the server is running
advice-unreachable = check the address and the network connection
advice-timed-out = check the address, or allow more time
advice-not-reading = the program there may hang
advice-line-too-long = end each message with a line end, or choose another message boundary
advice-rule = correct it, or take it out
advice-not-connected = connect first
advice-queue-full = wait until the other side has read some of it
advice-no-descriptors = close some connections, or raise the limit (ulimit -n)
advice-disk-full = free some space or choose another folder
advice-no-permission = choose another folder
advice-no-folder = choose a folder that exists
advice-no-format = end it in .txt, .jsonl or .pcapng
advice-is-folder = choose another name
advice-panic = please report this
