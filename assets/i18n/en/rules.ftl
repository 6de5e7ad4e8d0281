# What the server answers besides the greeting.

rules = Rules
rules-title = Rules of the server
rules-hint = The first rule that fits a message answers it. Replies may have { "{message}" }, { "{MESSAGE}" } (in upper case), { "{peer}" }, { "{n}" }, { "{time}" }, what a pattern captured as { "{1}" } to { "{9}" }, and escapes such as \r\n and \x00
rules-add = Add a rule
rules-add-hover = One more, after all others
rules-ready = Ready-made
rules-ready-hover = Replaces all rules by ready-made ones; with HTTP hello the welcome goes as well
rules-running = The server is running: changes count from its next start
rules-last = { $number }. Anything else is greeted
rules-last-hover = With the reply that the behaviour of the server has; “exit” closes the connection
rules-path = File
rules-path-hover = A TOML file of rules, to be read or written
export-replaces = Export replaces this file
rules-read = { $n ->
    [one] 1 rule read from { $path }
   *[other] { $n } rules read from { $path }
}
rules-written = { $n ->
    [one] 1 rule written to { $path }
   *[other] { $n } rules written to { $path }
}
rules-count = { $n ->
    [0] none: every message is greeted
    [one] 1 rule before the greeting
   *[other] { $n } rules before the greeting
}
rules-too-many = there are more than { $most } rules

rule-when = When the message
rule-when-hover = How the message is compared; a line end at its end does not count
rule-any = Any message
rule-exact = Is
rule-contains = Contains
rule-starts = Starts with
rule-ends = Ends with
rule-regex = Fits the pattern
rule-hex = Contains the bytes
rule-pattern = what to look for
rule-pattern-hover = Text with escapes such as \t and \x00; for a pattern a regular expression; for bytes hexadecimal digits such as 0d 0a
rule-reply = Reply with
rule-reply-hover = What is sent back
rule-reply-text = Text
rule-reply-exactly = Text, no line end
rule-reply-hex = Bytes
rule-reply-file = File
rule-reply-others = Text to others
rule-reply-nothing = Nothing
rule-with = what to reply
rule-with-hover = A text ends as the message did, unless it is to have no line end; bytes are hexadecimal digits; a file is a path, read when the server starts
rule-after = after
rule-after-hover = How long to wait before this reply, besides the pause that all have
rule-close = then close
rule-close-hover = Closes the connection after the reply
rule-up = Move up
rule-down = Move down
rule-remove = Remove
rule-mistake = rule { $rule }: { $what }
rule-file = { $path } cannot be read: { $cause }
rule-file-large = it is larger than { $most }

rules-greeting = Greeting: no rules
rules-echo = Echo
rules-upper = Upper case
rules-time = Time of day
rules-http = HTTP hello
rules-chat = Chat: each message to all others
