//! Heapatlas shows a heap as a place: every page, every hole, every free list, what is live and what is merely
//! resident, while the program runs.
//!
//! Data flows one way, and only commands travel back:
//!
//! ```text
//! source ── frames ──▶ model ──▶ map ──▶ ui, export, cli
//!    ▲                                        │
//!    └────────────────── command ─────────────┘
//! ```
//!
//! * [`source`] where frames come from: a runtime in a thread of this process
//! * [`model`] what is known of a heap, from frames alone
//! * [`recording`] frames in files and pipes
//! * [`past`] any moment of a run, while it goes on or from its recording
//! * [`map`] pages and holes to rows, colours and terms of the balance; draws nothing itself
//! * [`ui`] the window
//! * [`export`] pictures and tables of the map in files
//! * [`cli`] the command line, equal in rank to the window
//! * [`command`] what a person, or a script, wants of a runtime
//! * [`exhaustion`] what to tell, and to suggest, about an exhausted heap
//! * [`format`](mod@format) numbers for people
//!
//! A view never touches a runtime, a model knows of no window, and nothing here depends on how a heap is made: that is
//! in the packages `heapatlas-heap` and `heapatlas-arc`.

pub mod cli;
pub mod command;
pub mod exhaustion;
pub mod export;
pub mod format;
pub mod map;
pub mod model;
pub mod past;
pub mod recording;
pub mod source;
pub mod ui;
