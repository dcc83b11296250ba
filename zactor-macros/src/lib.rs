//! The macros of zactor.
