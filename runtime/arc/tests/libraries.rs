//! The libraries' own tests, which are in Arc: `runtime/arc/lib/tests`. And what other base libraries find.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use heapatlas_arc::host::NoHost;
use heapatlas_arc::libraries::{ANARKI, BASE, needed_before};
use heapatlas_arc::{Runtime, Streams};
use heapatlas_heap::Heap;

/// A runtime without a library.
fn runtime() -> Runtime {
    let streams = Streams { input: Box::new(io::empty()), output: Box::new(io::sink()), errors: Box::new(io::sink()) };
    Runtime::new(Heap::new().expect("a heap"), streams, Box::new(NoHost)).expect("a runtime")
}

/// A runtime with the library built in.
fn library_runtime() -> Runtime {
    let mut runtime = runtime();
    runtime.begin_library().expect("room");
    for library in BASE {
        runtime.load_library(library).unwrap_or_else(|error| panic!("{error}"));
    }
    runtime
}

/// Runs the tests in some files.
fn test(names: &[&str]) {
    let mut runtime = library_runtime();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lib/tests");
    for name in names {
        runtime.load_file(&folder.join(name).to_string_lossy()).unwrap_or_else(|error| panic!("{error}"));
    }
    runtime.release();
}

#[test]
fn strings() {
    test(&["expect.arc", "strings.arc"]);
}

#[test]
fn html() {
    test(&["expect.arc", "html.arc"]);
}

#[test]
fn srv() {
    test(&["expect.arc", "srv.arc"]);
}

#[test]
fn a_server_is_a_thread_that_others_can_reach() {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let client = std::thread::Builder::new().name("client".to_owned()).spawn(move || {
        let mut socket = loop {
            if let Ok(socket) = TcpStream::connect(free) {
                break socket;
            }
        };
        socket.write_all(b"GET /hello?name=Ann HTTP/1.1\r\nHost: x\r\n\r\n").expect("a server that reads");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("an answer");
        answer
    });
    let mut runtime = library_runtime();
    let program = format!(
        "(load \"srv.arc\")
         (defop hello req (pr \"Hi, \" (arg req 'name) \" at \" req!ip))
         (let server (thread (serve {}))
           (until (and connections* (all [dead (car _)] connections*))
             (sleep 0.005))
           (kill-thread server))",
        free.port()
    );
    runtime.evaluate(&program, "test").unwrap_or_else(|error| panic!("{error}"));
    runtime.release();
    let answer = client.expect("a thread").join().expect("its end");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nHi, Ann at 127.0.0.1"), "{answer}");
}

#[test]
fn what_holds_on_every_base_library_holds_on_the_one_built_in() {
    test(&["any-base.arc"]);
}

#[test]
fn only_a_base_library_of_anarki_s_gets_what_it_expects() {
    assert_eq!(needed_before("(fn ()\n  (sref sig* ',parms ',name))"), Some(ANARKI));
    assert_eq!(needed_before("(sref sig ',parms ',name)"), None);
}

#[test]
fn what_anarki_expects_is_there_before_any_library() {
    let cases = [
        ("($.char-upcase #\\ä)", "#\\Ä"),
        ("($ (string-downcase \"AbC\"))", "\"abc\""),
        ("($.char-whitespace? #\\a)", "nil"),
        ("($.char-punctuation? #\\!)", "t"),
        ("($.exact->inexact 1/2)", "0.5"),
        ("($ (set! x 5))", "5"),
        (
            "(on-err details (fn () ($.vector-length 1)))",
            "\"$: there is no vector-length here; (racket* 'name) says what there is\"",
        ),
        ("(len ($.crypto-random-bytes 3))", "3"),
        ("(is (sread (instring \"\")) eof)", "t"),
        ("(sref coerce* (table (fn (h) (sref h (fn (x) 'mine) 'string))) 'int)", "#hash((string . #<procedure>))"),
        ("((fn (x) (coerce x 'int)) \"12\")", "mine"),
        ("(coerce 12 'string)", "\"12\""),
        ("(system \"false\")", "nil"),
        ("((fn (out) (call-w/stdout out (fn () (system \"echo hi\"))) (inside out)) (outstring))", "\"hi\\n\""),
        ("(range 1 3)", "(1 2 3)"),
        ("(gcd 12 18)", "6"),
        ("(nthcdr 2 '(1 2 3))", "(3)"),
        ("(basename \"/a/b c.arc\")", "\"b c.arc\""),
        ("((fn (p) (cons (parameterize-sub p 2 (fn () (p))) (p))) (parameter 1))", "(2 . 1)"),
        ("((fn (me) (new-thread (fn () ($.thread-send me 'hello))) ($.thread-receive)) (current-thread))", "hello"),
        ("(if #f 1 #t)", "t"),
    ];
    let mut runtime = runtime();
    runtime.load_library(ANARKI).unwrap_or_else(|error| panic!("{error}"));
    for (form, expected) in cases {
        let value = runtime.evaluate(form, "test").unwrap_or_else(|error| panic!("{form}: {error}"));
        assert_eq!(value.as_deref(), Some(expected), "{form}");
    }
    runtime.release();
}
