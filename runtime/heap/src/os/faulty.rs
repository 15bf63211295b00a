//! A system that refuses: any other system, whose mappings and blocks fail when a plan says so.

use std::fs::File;

use super::blocks::Block;
use super::{Mapping, Os, OsError, Purpose};
use crate::terms::{Address, Span};

/// Which requests for a mapping or a block are refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The n-th request, counting from one, and none after it.
    Only(u64),
    /// The n-th request, counting from one, and every one after it.
    From(u64),
    /// Every n-th request.
    Every(u64),
}

/// Another system, some of whose mappings and blocks fail.
#[derive(Debug)]
pub struct Faulty {
    inner: Box<dyn Os>,
    refusal: Refusal,
    requests: u64,
}

impl Faulty {
    /// `inner`, with requests refused according to `refusal`.
    #[must_use]
    pub fn new(inner: Box<dyn Os>, refusal: Refusal) -> Self {
        Self { inner, refusal, requests: 0 }
    }

    fn admit(&mut self, bytes: usize) -> Result<(), OsError> {
        self.requests += 1;
        let refused = match self.refusal {
            Refusal::Only(n) => self.requests == n,
            Refusal::From(n) => self.requests >= n,
            Refusal::Every(n) => self.requests.is_multiple_of(n),
        };
        if refused { Err(OsError { purpose: Purpose::Map, bytes, code: None }) } else { Ok(()) }
    }
}

impl Os for Faulty {
    fn map(&mut self, hint: Address, bytes: usize) -> Result<Mapping, OsError> {
        self.admit(bytes)?;
        self.inner.map(hint, bytes)
    }

    fn map_at(&mut self, address: Address, bytes: usize) -> Result<Option<Mapping>, OsError> {
        self.admit(bytes)?;
        self.inner.map_at(address, bytes)
    }

    fn gap(&self, from: Address, bytes: usize) -> Option<Address> {
        self.inner.gap(from, bytes)
    }

    fn each_writable(&self, visit: &mut dyn FnMut(Span)) -> bool {
        self.inner.each_writable(visit)
    }

    fn block(&mut self, bytes: usize) -> Result<Block, OsError> {
        self.admit(bytes)?;
        self.inner.block(bytes)
    }

    fn unmap(&mut self, mapping: Mapping) {
        self.inner.unmap(mapping);
    }

    fn give_back(&mut self, mapping: &Mapping, start: Address, bytes: usize) -> Result<(), OsError> {
        self.inner.give_back(mapping, start, bytes)
    }

    fn populate(&mut self, mapping: &Mapping, start: Address, bytes: usize) {
        self.inner.populate(mapping, start, bytes);
    }

    fn prefer_large_pages(&mut self, mapping: &mut Mapping) {
        self.inner.prefer_large_pages(mapping);
    }

    fn in_large_pages(&self, ranges: &[Span]) -> Option<usize> {
        self.inner.in_large_pages(ranges)
    }

    fn map_file(&mut self, mapping: &Mapping, file: &File, offset: u64, bytes: usize) -> bool {
        self.inner.map_file(mapping, file, offset, bytes)
    }

    fn residency(&mut self, start: Address, resident: &mut [bool]) -> bool {
        self.inner.residency(start, resident)
    }
}
