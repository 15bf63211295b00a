//! Programs made of bytes: every byte is a choice, so that a small change of the input is a small change of the program.
//!
//! What comes out is always text that can be read, and mostly calls that make sense, since what is plainly wrong ends
//! early. When the bytes run out, the choices that remain are the shortest.

use std::fmt::Write;

/// Functions and macros that are called with any arguments.
const FUNCTIONS: &[&str] = &[
    "cons",
    "car",
    "cdr",
    "scar",
    "scdr",
    "is",
    "iso",
    "<",
    ">",
    "<=",
    "len",
    "type",
    "annotate",
    "rep",
    "sref",
    "uniq",
    "bound",
    "ssyntax",
    "ssexpand",
    "err",
    "details",
    "+",
    "-",
    "*",
    "/",
    "mod",
    "expt",
    "sqrt",
    "trunc",
    "exact",
    "rand",
    "sin",
    "atan",
    "log",
    "coerce",
    "newstring",
    "instring",
    "outstring",
    "inside",
    "stdin",
    "stdout",
    "readc",
    "peekc",
    "readb",
    "writec",
    "writeb",
    "write",
    "disp",
    "sread",
    "close",
    "memory",
    "heap-stats",
    "heap-page",
    "heap-limit",
    "disassemble",
    "dead",
    "current-thread",
    "no",
    "caar",
    "cadr",
    "cddr",
    "acons",
    "list",
    "copylist",
    "rev",
    "join",
    "nthcdr",
    "apply",
    "maptable",
    "table",
    "macex",
    "macex1",
    "eval",
    "gc",
    "compact",
    "pin-reason",
    "kill-thread",
    "break-thread",
    "new-thread",
    "ccc",
    "protect",
    "on-err",
    "call-w/stdout",
    "atomic-invoke",
    "map",
    "keep",
    "rem",
    "some",
    "all",
    "find",
    "pos",
    "mem",
    "reduce",
    "sort",
    "merge",
    "mergesort",
    "string",
    "sym",
    "int",
    "tokens",
    "cut",
    "range",
    "flat",
    "pair",
    "tuples",
    "counts",
    "copy",
    "keys",
    "vals",
    "tablist",
    "listtab",
    "read",
    "readline",
    "subst",
    "posmatch",
    "num",
    "round",
    "avg",
    "best",
    "most",
    "memo",
    "cache",
    "testify",
    "queue",
    "enq",
    "deq",
    "inst",
    "temread",
    "assoc",
    "alref",
    "split",
    "last",
    "firstn",
    "treewise",
    "tree-subst",
    "setforms",
    "quit",
    "declare",
    "msec",
    "timedate",
];

/// Forms with a body, up to it.
const HEADS: &[&str] = &[
    "do",
    "if",
    "when",
    "unless",
    "and",
    "or",
    "aif",
    "catch",
    "after",
    "atomic",
    "thread",
    "tostring",
    "accum a",
    "summing a",
    "let a 1",
    "with (a 1 b 2)",
    "let (a (o b a) . c) '(1 2)",
    "fn (a)",
    "fn (a (o b a) . c)",
    "fn ((a b))",
    "afn (a)",
    "rfn f (a b)",
    "fn a",
    "for a 1 3",
    "repeat 3",
    "each a '(1 2 3)",
    "each a (table)",
    "while (no b)",
    "on a \"xyz\"",
    "def f (a b)",
    "def g (a . c)",
    "mac m (a)",
    "fromstring \"1 (2\"",
    "errsafe",
    "case a 1",
    "caselet a 2 nil",
    "w/uniq a",
    "noisy-each 1 a '(1 2)",
    "whilet a (pop b)",
    "n-of 3",
    "rand-choice",
    "point a",
    "in a",
    "trav '(1 (2))",
    "obj a",
    "time",
    "defmemo g (a)",
    "deftem f a",
    "queue",
    "nor",
    "assign a",
    "assign f",
    "= a",
    "= g",
    "= (car a)",
    "= (b 1)",
    "= b!x",
    "push 1",
    "++",
    "zap car",
    "swap a",
    "or= b",
    "quasiquote",
    "quote",
    "atwith (a 1)",
    "do1",
];

/// Things that are no calls.
const ATOMS: &[&str] = &[
    "nil",
    "t",
    "0",
    "1",
    "-1",
    "2",
    "7",
    "255",
    "4611686018427387903",
    "2305843009213693951",
    "-2305843009213693952",
    "123456789012345678901234567890",
    "1/3",
    "-7/2",
    "0.5",
    "-1.5e300",
    "+inf.0",
    "+nan.0",
    "1e-320",
    "#\\a",
    "#\\λ",
    "#\\newline",
    "\"\"",
    "\"abc\"",
    "\"aλ\\n\"",
    "'a",
    "'(1 2 3)",
    "'(a . b)",
    "'((a 1) (b 2))",
    "'(1 (2 (3)))",
    "car",
    "idfn",
    "a",
    "b",
    "c",
    "f",
    "g",
    "m",
    "it",
    "[list _]",
    "[car _]",
    "car:cdr",
    "~no",
    "a.b",
    "a!b",
    "(table)",
    "(obj a 1 b 2)",
    "(outstring)",
    "(instring \"(x y\")",
    "(annotate 'a 1)",
    "(uniq)",
    "'int",
    "'string",
    "'cons",
    "'sym",
    "'num",
    "'char",
    "16",
    "(ccc (fn (k) (= b k) k))",
    "(range 1 50)",
    "(newstring 100 #\\x)",
    "(thread (f 1 2))",
    "`(1 ,a ,@b)",
    "(expt 7 300)",
];

/// Builtins that programs redefine, as one may.
const REDEFINED: &[&str] = &["car", "cons", "+", "is", "no", "<", "apply", "map", "list", "err"];

/// No expression is nested deeper than this by choice.
const DEEPEST: usize = 6;

/// The choices that are left.
struct Choices<'a> {
    bytes: &'a [u8],
}

impl Choices<'_> {
    /// The next byte; zero when there is none.
    fn next(&mut self) -> usize {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        usize::from(*first)
    }

    fn of(&mut self, list: &[&'static str]) -> &'static str {
        list[self.next() % list.len()]
    }
}

/// The program that bytes stand for: some definitions to begin with, then forms until the bytes run out.
#[must_use]
pub fn of_bytes(bytes: &[u8]) -> String {
    let mut choices = Choices { bytes };
    let mut text =
        String::from("(= a 1 b '(1 2 3) c \"xyz\")\n(def f (a b) (if (is a 0) b (f (- a 1) b)))\n(def g (a) a)\n");
    while !choices.bytes.is_empty() {
        // Each in a handler of its own, so that what fails does not keep the rest from being tried.
        text.push_str("(on-err details (fn () ");
        expression(&mut choices, &mut text, 0);
        text.push_str("))\n");
    }
    text
}

fn expression(choices: &mut Choices<'_>, text: &mut String, depth: usize) {
    let choice = choices.next();
    match choice % 16 {
        _ if depth >= DEEPEST || choices.bytes.is_empty() => text.push_str(choices.of(ATOMS)),
        0..4 => text.push_str(choices.of(ATOMS)),
        4..10 => {
            let function = choices.of(FUNCTIONS);
            call(choices, text, depth, function);
        }
        10..14 => {
            let head = choices.of(HEADS);
            call(choices, text, depth, head);
        }
        // What is called is itself worked out.
        14 => {
            text.push('(');
            expression(choices, text, depth + 1);
            arguments(choices, text, depth);
        }
        _ => {
            let name = choices.of(REDEFINED);
            write!(text, "(let old {name} (after (do (assign {name} ").expect("room");
            expression(choices, text, depth + 1);
            text.push_str(") ");
            expression(choices, text, depth + 1);
            write!(text, ") (assign {name} old)))").expect("room");
        }
    }
}

fn call(choices: &mut Choices<'_>, text: &mut String, depth: usize, head: &str) {
    text.push('(');
    text.push_str(head);
    arguments(choices, text, depth);
}

/// Up to four arguments and the end of the call.
fn arguments(choices: &mut Choices<'_>, text: &mut String, depth: usize) {
    for _ in 0..choices.next() % 5 {
        text.push(' ');
        expression(choices, text, depth + 1);
    }
    text.push(')');
}
