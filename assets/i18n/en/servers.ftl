# Several servers in the Server tab.

command-show-one-server = This server
command-show-one-server-hover = Show this server
command-new-server = New server
command-new-server-hover = One more server, like this one and at the next port
command-close-server = Close the server
command-close-server-hover = Stop this server and take it out

server-and-state = { $name }, { $state }
server-is-off = off
server-is-on = { $n ->
    [one] listening, 1 connection
   *[other] listening, { $n } connections
}
server-close = Close { $name }
status-server-which = { $status } · { $name }
