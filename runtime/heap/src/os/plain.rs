//! Any system: memory from Rust's allocator. Addresses can't be chosen and residency is unknown.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr;

use super::{Mapping, Os, OsError, Purpose};
use crate::terms::{Address, CHUNK, Span};

/// Memory from Rust's allocator.
#[derive(Debug, Default)]
pub struct Plain;

impl Plain {
    /// A system with nothing mapped.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

fn layout(bytes: usize) -> Option<Layout> {
    Layout::from_size_align(bytes, CHUNK).ok().filter(|layout| layout.size() > 0)
}

impl Os for Plain {
    fn map(&mut self, _hint: Address, bytes: usize) -> Result<Mapping, OsError> {
        let refused = OsError { purpose: Purpose::Map, bytes, code: None };
        let layout = layout(bytes).ok_or(refused)?;
        // SAFETY: the layout is not of size zero.
        let start = unsafe { alloc_zeroed(layout) };
        if start.is_null() {
            return Err(refused);
        }
        Ok(Mapping::new(Address::new(start.expose_provenance()), bytes))
    }

    fn map_at(&mut self, _address: Address, _bytes: usize) -> Result<Option<Mapping>, OsError> {
        Ok(None)
    }

    fn gap(&self, _from: Address, _bytes: usize) -> Option<Address> {
        None
    }

    fn each_writable(&self, _visit: &mut dyn FnMut(Span)) -> bool {
        false
    }

    fn unmap(&mut self, mapping: Mapping) {
        if let Some(layout) = layout(mapping.bytes) {
            // SAFETY: a mapping is made by `map` alone, with this layout, and is owned here.
            unsafe { dealloc(ptr::with_exposed_provenance_mut(mapping.start.get()), layout) };
        }
    }

    fn give_back(&mut self, mapping: &Mapping, start: Address, bytes: usize) -> Result<(), OsError> {
        assert!(start >= mapping.start && start + bytes <= mapping.end(), "pages of the mapping");
        // SAFETY: the pages are inside the mapping, and the heap gives back free pages only.
        unsafe { ptr::write_bytes(ptr::with_exposed_provenance_mut::<u8>(start.get()), 0, bytes) };
        Ok(())
    }

    fn residency(&mut self, _start: Address, _resident: &mut [bool]) -> bool {
        false
    }
}
