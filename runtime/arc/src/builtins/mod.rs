//! The builtins: functions written in Rust that call no function of the program.
//!
//! * [`lists`] cells, lists, equality, types
//! * [`sorting`] sorting by `<` and `>`
//! * [`numeric`] arithmetic
//! * [`strings`] strings, symbols, coercion
//! * [`chars`] what Unicode says of characters
//! * [`data`] tables, tagged values, places
//! * [`io`] ports
//! * [`sockets`] the network
//! * [`heap`] what the heap tells about itself
//! * [`system`] files, processes, time, the session
//!
//! Builtins that do call functions are bytecode: see [`crate::vm::stubs`].
//!
//! A builtin may be called again when it fails because the heap has no room, after a collection, or because a stream has
//! nothing yet; so it changes nothing before it has what it needs.

mod chars;
mod data;
mod heap;
mod io;
mod lists;
mod numeric;
mod sockets;
mod sorting;
mod strings;
mod system;

use heapatlas_heap::Value;

use crate::fault::{FailureKind, Fault, Outcome};
use crate::symbols;
use crate::world::World;

pub(crate) use io::path;
pub(crate) use numeric::add;

/// The arguments of a call: slots of the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arguments {
    /// The slot of the first.
    pub(crate) first: usize,
    /// How many there are.
    pub(crate) count: usize,
}

impl Arguments {
    /// Argument `index`; nil when there are fewer.
    #[inline(always)]
    pub(crate) fn get(self, world: &World, index: usize) -> Value {
        if index < self.count { world.heap.slot(self.first + index) } else { Value::NIL }
    }

    /// Argument `index`, if there are so many.
    pub(crate) fn maybe(self, world: &World, index: usize) -> Option<Value> {
        (index < self.count).then(|| world.heap.slot(self.first + index))
    }
}

/// Which programs see a builtin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Level {
    /// Every program.
    Base,
    /// Programs on the library built in, of which it is a part.
    Library,
    /// None: only the runtime calls it.
    Hidden,
}

/// A function written in Rust.
struct Builtin {
    name: &'static str,
    level: Level,
    least: usize,
    most: usize,
    run: fn(&mut World, Arguments) -> Outcome<Value>,
}

/// As many arguments as one likes.
const ANY: usize = usize::MAX;

macro_rules! builtins {
    ($($level:ident $name:literal $least:literal $most:tt $module:ident::$function:ident;)*) => {
        const BUILTINS: &[Builtin] = &[$(
            Builtin {
                name: $name,
                level: Level::$level,
                least: $least,
                most: $most,
                run: $module::$function,
            },
        )*];
    };
}

builtins! {
    Base "cons" 2 2 lists::cons;
    Base "car" 1 1 lists::car;
    Base "cdr" 1 1 lists::cdr;
    Base "scar" 2 2 lists::scar;
    Base "scdr" 2 2 lists::scdr;
    Base "is" 0 ANY lists::is;
    Base "<" 0 ANY lists::less;
    Base ">" 0 ANY lists::greater;
    Base "len" 1 1 lists::len;
    Base "type" 1 1 lists::type_of;
    Base "annotate" 2 2 data::annotate;
    Base "rep" 1 1 data::rep;
    Base "sref" 3 3 data::sref;
    Base "uniq" 0 0 data::uniq;
    Base "bound" 1 1 data::bound;
    Base "ssyntax" 1 1 data::ssyntax;
    Base "ssexpand" 1 1 data::ssexpand;
    Base "declare" 2 2 data::declare;
    Base "err" 1 ANY data::err;
    Base "details" 1 1 data::details;
    Base "+" 0 ANY numeric::plus;
    Base "-" 1 ANY numeric::minus;
    Base "*" 0 ANY numeric::times;
    Base "/" 1 ANY numeric::divide;
    Base "mod" 2 2 numeric::modulo;
    Base "expt" 2 2 numeric::expt;
    Base "sqrt" 1 1 numeric::sqrt;
    Base "trunc" 1 1 numeric::trunc;
    Base "exact" 1 1 numeric::exact;
    Base "rand" 0 1 numeric::rand;
    Base "sin" 1 1 numeric::sin;
    Base "cos" 1 1 numeric::cos;
    Base "tan" 1 1 numeric::tan;
    Base "asin" 1 1 numeric::asin;
    Base "acos" 1 1 numeric::acos;
    Base "atan" 1 2 numeric::atan;
    Base "log" 1 1 numeric::log;
    Base "coerce" 2 3 strings::coerce;
    Base "newstring" 1 2 strings::newstring;
    Base "%char-upcase" 1 1 chars::upcase;
    Base "%char-downcase" 1 1 chars::downcase;
    Base "%char-is" 2 2 chars::char_is;
    Base "infile" 1 1 io::infile;
    Base "outfile" 1 2 io::outfile;
    Base "instring" 1 1 io::instring;
    Base "outstring" 0 0 io::outstring;
    Base "inside" 1 1 io::inside;
    Base "stdin" 0 0 io::stdin;
    Base "stdout" 0 0 io::stdout;
    Base "stderr" 0 0 io::stderr;
    Base "readc" 0 1 io::readc;
    Base "peekc" 0 1 io::peekc;
    Base "readb" 0 1 io::readb;
    Base "writec" 1 2 io::writec;
    Base "writeb" 1 2 io::writeb;
    Base "write" 0 2 io::write;
    Base "disp" 0 2 io::disp;
    Base "sread" 2 2 io::sread;
    Base "close" 0 ANY io::close;
    Base "force-close" 0 ANY io::close;
    Base "flushout" 0 0 io::flushout;
    Base "pipe-from" 1 1 system::pipe_from;
    Base "system" 1 1 system::system;
    Base "dir" 1 1 system::dir;
    Base "file-exists" 1 1 system::file_exists;
    Base "dir-exists" 1 1 system::dir_exists;
    Base "rmfile" 1 1 system::rmfile;
    Base "mvfile" 2 2 system::mvfile;
    Base "msec" 0 0 system::msec;
    Base "seconds" 0 0 system::seconds;
    Base "current-process-milliseconds" 0 0 system::process_milliseconds;
    Base "current-gc-milliseconds" 0 0 system::gc_milliseconds;
    Base "timedate" 0 1 system::timedate;
    Base "memory" 0 0 heap::memory;
    Base "heap-stats" 0 0 heap::heap_stats;
    Base "heap-page" 1 1 heap::heap_page;
    Base "heap-limit" 0 0 heap::heap_limit;
    Library "%library" 1 1 io::library;
    Library "%set-heap-limit" 1 1 heap::set_heap_limit;
    Base "disassemble" 1 1 system::disassemble;
    Base "quit" 0 1 system::quit;
    Base "dead" 1 1 system::dead;
    Base "current-thread" 0 0 system::current_thread;
    Base "setuid" 1 1 system::setuid;
    Base "open-socket" 1 2 sockets::open_socket;
    Base "socket-accept" 1 1 sockets::socket_accept;
    Base "socket-connect" 2 2 sockets::socket_connect;
    Base "client-ip" 1 1 sockets::client_ip;
    Library "no" 1 1 lists::no;
    Library "caar" 1 1 lists::caar;
    Library "cadr" 1 1 lists::cadr;
    Library "cddr" 1 1 lists::cddr;
    Library "acons" 1 1 lists::acons;
    Library "atom" 1 1 lists::atom;
    Library "isnt" 2 2 lists::isnt;
    Library "idfn" 1 1 lists::idfn;
    Library "list" 0 ANY lists::list;
    Library "copylist" 1 1 lists::copylist;
    Library "rev" 1 1 lists::rev;
    Library "join" 0 ANY lists::join;
    Library "nthcdr" 2 2 lists::nthcdr;
    Library "%sorted-by-order" 2 2 sorting::sorted_by_order;
    Hidden "append" 2 2 lists::append;
    Hidden "make-table" 0 0 data::make_table;
}

/// `cons`, whatever the program made of the global of that name.
pub(crate) const CONS: Value = value("cons");
/// Joins a list, copied, to what follows it.
pub(crate) const APPEND: Value = value("append");
/// `<`.
const LESS: Value = value("<");
/// `>`.
const GREATER: Value = value(">");
/// Reads a datum from a port.
pub(crate) const SREAD: Value = value("sread");
/// Makes an empty table.
pub(crate) const MAKE_TABLE: Value = value("make-table");

/// The value of a builtin, found while this program is compiled.
const fn value(name: &str) -> Value {
    let mut index = 0;
    while index < BUILTINS.len() {
        if same(BUILTINS[index].name.as_bytes(), name.as_bytes()) {
            return Value::builtin(index as u16);
        }
        index += 1;
    }
    panic!("no builtin has this name")
}

const fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// The name of a builtin.
pub(crate) fn name(number: u16) -> &'static str {
    BUILTINS.get(usize::from(number)).map_or("?", |builtin| builtin.name)
}

/// The names of all builtins, in the order of their numbers.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    BUILTINS.iter().map(|builtin| builtin.name)
}

/// Calls a builtin.
#[inline]
pub(crate) fn call(world: &mut World, number: u16, arguments: Arguments) -> Outcome<Value> {
    let Some(builtin) = BUILTINS.get(usize::from(number)) else { return Ok(Value::NIL) };
    if arguments.count < builtin.least || arguments.count > builtin.most {
        return Err(wrong_count(builtin, arguments.count));
    }
    (builtin.run)(world, arguments)
}

#[cold]
fn wrong_count(builtin: &Builtin, count: usize) -> Fault {
    let Builtin { name, least, most, .. } = builtin;
    let wanted = match (*least, *most) {
        (least, ANY) => format!("at least {least}"),
        (least, most) if least == most => least.to_string(),
        (least, most) => format!("{least} to {most}"),
    };
    let plural = if wanted == "1" || wanted == "at least 1" { "" } else { "s" };
    Fault::failure(FailureKind::Arity, format!("{name} takes {wanted} argument{plural}, not {count}"))
}

/// Gives the globals named like the builtins of a level their values.
pub(crate) fn bind(world: &mut World, level: Level) -> Outcome<()> {
    for (number, builtin) in BUILTINS.iter().enumerate() {
        if builtin.level == level {
            let symbol = world.symbols.intern_str(&mut world.heap, builtin.name)?;
            if let Some(symbol) = symbol.as_object() {
                symbols::set_global(&mut world.heap, symbol, Value::builtin(number as u16));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_builtins_share_a_name_and_all_fit_a_value() {
        for (number, builtin) in BUILTINS.iter().enumerate() {
            assert!(builtin.least <= builtin.most, "{}", builtin.name);
            assert_eq!(name(number as u16), builtin.name);
            assert!(BUILTINS[..number].iter().all(|other| other.name != builtin.name), "{}", builtin.name);
        }
    }
}
