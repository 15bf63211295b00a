//! The libraries built in.

/// The name of a library file begins with this, which no path of a program does.
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

/// What is loaded before a program, in this order.
pub const BASE: [Library; 2] = [ARC, STRINGS];
