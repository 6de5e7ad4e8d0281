//! placeholder
/// x
pub fn take_dialog_error() -> Option<String> {
    None
}
