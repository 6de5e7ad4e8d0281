//! One chat session.
