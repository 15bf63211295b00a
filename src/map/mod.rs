//! The page map as such: what goes where and in which colour. Shared by the window and the exports; draws nothing.
//!
//! * [`layout`] pages and holes to rows
//! * [`hilbert`] the curve through a mebibyte, the other order of pages
//! * [`difference`] what changed between two moments, summed up
//! * [`over_time`] the page table over time as an image
//! * [`palette`] every colour by its meaning
//! * [`shade`] what a page looks like
//! * [`colouring`] what the colours say: kind, age, marking …
//! * [`balance`] the terms of the balance, in order
//! * [`remedy`] what each counts and what would lower it, under a policy

pub mod balance;
pub mod colouring;
pub mod difference;
pub mod hilbert;
pub mod layout;
pub mod over_time;
pub mod palette;
pub mod remedy;
pub mod shade;
