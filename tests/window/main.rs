//! Drives the window's content through its accessibility tree, with a real runtime behind it.
//!
//! * `driver` what every test does with a window
//! * `program` `console` `limit` what a program does, and what it is told
//! * `map` `collector` `allocation` `time` `comparison` what is shown of its heap
//! * `manners` `tours` what one expects of any window
//! * `views` every view as it is painted

mod allocation;
mod collector;
mod comparison;
mod console;
mod driver;
mod limit;
mod manners;
mod map;
mod numbers;
mod program;
mod time;
mod tours;
mod views;
