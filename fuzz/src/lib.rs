//! What the fuzz targets share: a runtime that starts fast, has a budget, and can't leave its process.
//!
//! * [`trial`] one runtime for one input
//! * [`program`] programs made of bytes

pub mod program;
pub mod trial;
