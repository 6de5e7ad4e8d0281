//! `socketscope fetch`: one fetch, its heads on standard error, its body to a file or standard output.
