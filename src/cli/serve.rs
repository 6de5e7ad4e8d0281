//! `socketscope serve`: the greeting server in a terminal.
