//! Small controls, one a file. They know nothing of heaps.
//!
//! * [`icon`] the pictures on buttons
//! * [`button`] a button with an icon
//! * [`link`] words that lead somewhere
//! * [`segments`] one of several, side by side
//! * [`elided`] as much of a text as there is room for
//! * [`entry`] an entry of a legend that can be clicked
//! * [`swatch`] the small squares of legends

pub mod button;
pub mod elided;
pub mod entry;
pub mod icon;
pub mod link;
pub mod segments;
pub mod swatch;
