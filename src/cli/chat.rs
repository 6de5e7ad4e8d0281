//! `socketscope chat`: a chat with any TCP server, from standard input to standard output.
