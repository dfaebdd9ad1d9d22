//! Evidence that the mathematics is right, from outside: by a slow reference that shares nothing with
//! it, and by input that nobody would write.

mod fuzz;
mod reference;
mod verdicts;
