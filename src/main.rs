//! Arguments in, exit code out.
fn main() -> std::process::ExitCode {
    socketscope::app::run()
}
