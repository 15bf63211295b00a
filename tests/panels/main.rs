//! The window's panels, each with what it is for, through the accessibility tree.

mod allocation;
mod comparison;
mod driver;
mod manners;
mod tours;
