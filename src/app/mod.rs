//! Front door 2.
