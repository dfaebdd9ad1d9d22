//! Evidence that the mathematics is right, from outside.

mod fuzz;
