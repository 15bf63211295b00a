//! The libraries built in.

/// The name of a library file begins with this. A program may open such a name for reading.
pub(crate) const PREFIX: &str = "builtin:";

/// A library file built in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Library {
    /// Its name as places tell it.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// The library every program gets unless it brings its own.
pub const ARC: Library = Library { name: "builtin:arc.arc", text: include_str!("../lib/arc.arc") };
/// Strings.
pub const STRINGS: Library = Library { name: "builtin:strings.arc", text: include_str!("../lib/strings.arc") };
/// Printing of code.
pub const PPRINT: Library = Library { name: "builtin:pprint.arc", text: include_str!("../lib/pprint.arc") };
/// Measuring code.
pub const CODE: Library = Library { name: "builtin:code.arc", text: include_str!("../lib/code.arc") };
/// HTML.
pub const HTML: Library = Library { name: "builtin:html.arc", text: include_str!("../lib/html.arc") };
/// A web server.
pub const SRV: Library = Library { name: "builtin:srv.arc", text: include_str!("../lib/srv.arc") };
/// What Anarki's base library expects to find.
pub const ANARKI: Library = Library { name: "builtin:anarki.arc", text: include_str!("../lib/anarki.arc") };

/// What is loaded before a program, in this order.
pub const BASE: [Library; 2] = [ARC, STRINGS];

/// Every library built in.
const ALL: [Library; 7] = [ARC, STRINGS, PPRINT, CODE, HTML, SRV, ANARKI];

/// What must be loaded before somebody's base library with this text. Anarki's keeps the parameters of functions in a
/// table that its compiler has under the name `sig*`; in others it is `sig`.
#[must_use]
pub fn needed_before(text: &str) -> Option<Library> {
    text.contains("(sref sig* ").then_some(ANARKI)
}

/// The library of a name, with or without what names begin with: `strings.arc` is `builtin:strings.arc`.
pub(crate) fn find(name: &str) -> Option<Library> {
    let name = name.strip_prefix(PREFIX).unwrap_or(name);
    ALL.into_iter().find(|library| library.name.strip_prefix(PREFIX) == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_found_by_its_name() {
        assert_eq!(find("strings.arc"), Some(STRINGS));
        assert_eq!(find("builtin:srv.arc"), Some(SRV));
        assert_eq!(find("lib/strings.arc"), None);
        assert!(ALL.iter().all(|library| library.name.starts_with(PREFIX)));
    }
}
