//! Recordings: frames in a file or a pipe, so that what happened in a heap can be looked at later, or elsewhere.
//!
//! `docs/atlas-format.md` specifies the bytes. A stream is a head that describes itself, then chunks, each with checksums
//! of its own; the first frame of a key chunk needs nothing before it.
//!
//! * [`format`](mod@format) the head, the header of a chunk, the index
//! * [`description`] what a stream says of itself, and what that means to this program
//! * [`varint`] numbers in as few bytes as they need
//! * [`counters`] and [`events`] what a frame says besides pages
//! * [`encode`] and [`decode`] frames to the bytes of a chunk, and back
//! * [`writer`] chunks to a file or a pipe
//! * [`trust`] how much memory a stream is trusted with
//! * [`cursor`] frames from whatever bytes there are, stepping over what is damaged
//! * [`reader`] a whole recording: its moments, and seeking
//!
//! What is read was made by others: lengths are believed as far as there are bytes to back them, and every number is
//! checked before something is made of it.

pub mod counters;
pub mod cursor;
pub mod decode;
pub mod description;
pub mod encode;
pub mod events;
pub mod format;
pub mod reader;
pub mod trust;
pub mod varint;
pub mod writer;

/// Why bytes are no recording, or not one that this program reads.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file can't be read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It does not begin as recordings do.
    #[error("not a recording: it does not begin with the mark of .atlas files")]
    NoRecording,
    /// It ends before the first chunk.
    #[error("nothing in it: the file ends within its head")]
    Empty,
    /// A version with other rules.
    #[error("version {major}.{minor} of the format; this program reads version {}", format::VERSION.major)]
    Future {
        /// The part that says which rules hold.
        major: u16,
        /// The part that counts additions.
        minor: u16,
    },
    /// Described as something that this program has no map for.
    #[error("{0}")]
    Foreign(String),
    /// Nothing in it can be shown.
    #[error("no key frame in it can be read")]
    NoKeyFrame,
    /// The moment asked for is not in it.
    #[error("{0}")]
    NoSuchMoment(String),
}
