//! x
#![deny(unsafe_code)]
pub mod frame;
pub mod gc;
mod heap;
pub mod object;
#[allow(unsafe_code, reason = "asks the operating system for memory")]
pub mod os;
#[allow(unsafe_code, reason = "the only reads and writes of heap memory")]
mod raw;
mod space;
pub mod terms;
pub mod value;
#[cfg_attr(test, allow(unsafe_code, reason = "its tests collect"))]
pub mod verify;
mod walk;
pub use heap::{Due, Heap};
pub use raw::{CellRef, CodeRef, ObjectRef};
pub use space::accounting::Balance;
pub use space::limit::Exhausted;
pub use space::page_table::{PageBalance, PageEntry};
pub use value::{Unpacked, Value};
pub use walk::Item;
