//! A pool heap that can be looked at: values, pages, free runs, a collector in steps, and frames that tell what changed.
//!
//! The heap holds the values of a Lisp. It carves memory from the operating system into pools, keeps a table that says
//! of every page what it is used for, and can say at any moment where every committed byte is. Nothing is counted or
//! reported per allocation: page counts move when a free run is taken or retired, which keeps the instrumentation
//! free.
//!
//! ```
//! use heapatlas_heap::gc::Roots;
//! use heapatlas_heap::terms::GcCause;
//! use heapatlas_heap::{Heap, Value};
//!
//! struct Root(Value);
//!
//! impl Roots for Root {
//!     fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
//!         visit(&mut self.0);
//!     }
//! }
//!
//! # fn main() -> Result<(), heapatlas_heap::Exhausted> {
//! let mut heap = Heap::new()?;
//! let mut root = Root(heap.cons(Value::small(1), Value::NIL)?);
//! for _ in 0..1000 {
//!     heap.cons(Value::NIL, Value::NIL)?; // Nobody keeps these.
//! }
//! assert_eq!(heap.counters().allocated, 1001 * 16);
//!
//! // SAFETY: the only value used afterwards is in the root.
//! unsafe { heap.collect(GcCause::Asked, &mut root) };
//! assert_eq!(heap.counters().allocated, 16);
//! assert_eq!(heap.verify(), []);
//! # Ok(())
//! # }
//! ```
//!
//! # Words
//!
//! | word | meaning |
//! |---|---|
//! | **granule** | 16 bytes, the unit of allocation: one cell |
//! | **page** | 4 KiB, one page of the operating system: the unit of the page table |
//! | **pool** | 16 pages of one kind: *cells* (pairs without a header), *objects* (a header, then the payload), or *mixed* |
//! | **placement** | where what is allocated comes to lie: in pools of two kinds, in one kind of pool, in blocks; see [`Policy`] |
//! | **block** | what one call of the system's allocator gives |
//! | **chunk** | 1 MiB, aligned: pools, and at its head the tables that describe them |
//! | **extent** | one mapping obtained from the system, of one or more chunks |
//! | **hole** | an address range between two extents, which is not ours |
//! | **large object** | more than half a pool: pages of its own, until a collection on request finds room in a pool |
//! | **free run** | adjacent free granules of a pool; its free list is its free runs in address order, which the allocation bitmap says |
//! | **cursor** | where allocation has come to: a free run that is being filled |
//! | **reserve** | pools held back for whoever handles the exhaustion of the heap |
//! | **allocation clock** | bytes allocated since the heap was made: the time axis that does not depend on the machine |
//! | **live, dead, unjudged** | reached by the last mark; not reached and not swept yet; allocated since |
//! | **warm, cold** | a free page that something was stored in, and one that is zero and not resident |
//! | **safepoint** | the one moment at which something is freed or moves: [`Heap::collect`], [`Heap::collect_step`] |
//!
//! # Contents
//!
//! * [`terms`] the words as types: addresses, sizes, kinds, causes, phases
//! * [`value`] and [`object`] tagged words; headers, sizes, what each kind of object holds
//! * `heap` allocation, safepoints, what the language reads and writes
//! * `space` where things lie: page table, pools, free runs, growth, limit, the balance
//! * [`gc`] mark, sweep, evacuate, give back; each divisible into steps
//! * [`core`] a heap in a file, checked to the last byte before anything is believed
//! * [`frame`] what changed since the last frame, numbered
//! * `walk` everything allocated, in address order
//! * `colours` what is white, grey and black, counted afresh
//! * [`free_lists`] how long the free runs are, and where the next thing will lie
//! * [`paths`] who holds something: a shortest path from a root
//! * [`survey`] what lies on a page, who holds it, and what evacuation would do with it
//! * [`verify`] the invariants, checked one by one
//! * [`os`] the small contract with the operating system
//! * `raw` the only reads and writes of heap memory
//!
//! # Invariants
//!
//! They hold between two operations once the cursors are settled, and [`Heap::verify`] checks exactly these:
//!
//! | | |
//! |---|---|
//! | **H1** | Extents are disjoint, in order, multiples of a chunk, or of a page with a huge object; committed = Σ bytes of extents = Σ pages of chunks. With blocks, committed = Σ pages that are not foreign. |
//! | **H2** | The pages of a free slot are free; those of a pool have the pool's kind; where blocks lie, they are mixed, free or foreign. |
//! | **H3** | The counts of a page satisfy the inequalities of the page table: live ≤ used ≤ 256, grey ≤ marked ≤ used, … |
//! | **H4** | Of a pooled page: used = Σ allocated bits, and its free runs are the clear stretches of its bits. |
//! | **H5** | grey ⊆ marked ⊆ allocated; when no cycle is under way, both are empty. |
//! | **H6** | Every allocated stretch of a pool of objects is tiled by objects whose headers name a kind, that of a mixed pool by objects and cells; blocks are allocated and do not overlap. |
//! | **H7** | Every reference refers to a cell in a pool of cells, or to the first granule of an object. |
//! | **H8** | Σ entries = sums; the terms of the balance sum to committed. |
//! | **H9** | While marking, no black object refers to a white one; a stack is never black. |
//! | **H10** | A large object's head is followed by as many pages of its own as its size says, and its pages are full. |
//! | **H11** | What is live after a sweep is what a fresh walk from the roots reaches ([`Heap::verify_reachable`]). |
//!
//! # Unsafe code
//!
//! It is denied but in three places, each of which says why it is sound. `raw` reads and writes heap memory under four
//! duties listed at its head. [`os`] talks to the operating system. And the safepoint asks its caller for the one
//! promise on which all else rests: that afterwards only values are used that the roots kept. Between two safepoints
//! nothing is freed and nothing moves, so references are plain words and every other function of the heap is safe.
//!
//! The program may run between two steps of a cycle. While a mark is under way, what it stores is shaded, which costs a
//! store one test of a flag; nothing else tells the collector of the program's doings. See [`gc`].

#![deny(unsafe_code)]
mod colours;
pub mod core;
pub mod frame;
pub mod free_lists;
pub mod gc;
mod heap;
pub mod object;
#[allow(unsafe_code, reason = "asks the operating system for memory")]
pub mod os;
pub mod paths;
#[allow(unsafe_code, reason = "the only reads and writes of heap memory")]
mod raw;
mod space;
pub mod survey;
pub mod terms;
pub mod value;
#[cfg_attr(test, allow(unsafe_code, reason = "its tests collect"))]
pub mod verify;
mod walk;
pub use colours::Colours;
pub use heap::{Due, Heap};
pub use raw::{CellRef, CodeRef, ObjectRef};
pub use space::accounting::Balance;
pub use space::limit::Exhausted;
pub use space::page_table::{EntryField, PageBalance, PageEntry};
pub use space::policy::{NoPolicy, Placement, Policy};
pub use value::{Unpacked, Value};
pub use walk::Item;
