//! Every public error.
