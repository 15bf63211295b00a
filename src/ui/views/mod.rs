//! What the window shows, one view a file. A view reads the model and what is known of the program, and gives back
//! what the person asked for; none touches a runtime.
//!
//! * [`page_map`] every page, every hole
//! * [`balance`] where the resident bytes go
//! * [`free_lists`] free runs, and where the next thing will lie
//! * [`page`] what the page table says of one page
//! * [`timeline`] the whole run: the counters, and what happened when
//! * [`allocation`] which forms and functions allocate
//! * [`breakpoints`] what the program is to stand still at
//! * [`collector`] the collector step by step, its cycles and pauses
//! * [`console`] Arc, evaluated in the running runtime
//! * [`question`] what to do about an exhausted heap
//! * [`open`] what to open
//! * [`errand`] what was asked of the runtime and takes long
//! * [`source`] the file being loaded, and what each form allocated
//! * [`difference`] what changed from one moment to another
//! * [`over_time`] the pages over time
//! * [`transport`] the moment that is shown, and the way to others
//! * [`toolbar`] what can be done
//! * [`view_menu`] the panels, the layout, the theme
//! * [`status`] what is going on
//! * [`help`] every key

pub mod allocation;
pub mod balance;
pub mod breakpoints;
pub mod collector;
pub mod console;
pub mod difference;
pub mod errand;
pub mod free_lists;
pub mod help;
pub mod open;
pub mod over_time;
pub mod page;
pub mod page_map;
pub mod question;
pub mod source;
pub mod status;
pub mod timeline;
pub mod toolbar;
pub mod transport;
pub mod view_menu;
