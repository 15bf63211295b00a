//! Where this program keeps its state, as the XDG base directories have it.

use std::env;
use std::path::PathBuf;

/// The folder, which may not be there yet; `None` without a home.
pub(super) fn folder() -> Option<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(state.join("heapatlas"))
}
