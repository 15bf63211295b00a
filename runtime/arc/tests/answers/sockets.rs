//! Sockets, and what threads do while one waits for somebody else.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::value_of;

/// A port that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// A connection with a program that is about to listen.
fn connect(port: u16) -> TcpStream {
    loop {
        if let Ok(socket) = TcpStream::connect(("127.0.0.1", port)) {
            return socket;
        }
    }
}

#[test]
fn a_program_talks_to_itself_through_a_socket() {
    let port = free_port();
    let program = format!(
        "(let socket (open-socket {port})
           (let th (thread (let (in out ip) (socket-accept socket)
                             (w/stdout out (write (list (read in) ip (client-ip in))))
                             (close in out)))
             (sleep 0.01)
             (let (in out) (socket-connect \"localhost\" {port})
               (w/stdout out (pr \"(1 \\\"é\\\"\") (flushout) (sleep 0.01) (prn \")\"))
               (do1 (list (read in) (readc in) (dead th) (type socket) (type in) (type out))
                 (close in out socket)))))"
    );
    let expected = "(((1 \"é\") \"127.0.0.1\" \"127.0.0.1\") nil t socket input output)";
    assert_eq!(value_of(&program), expected);
}

#[test]
fn threads_go_on_while_one_waits_for_a_connection() {
    let port = free_port();
    let program = format!(
        "(withs (socket (open-socket {port}) th (new-thread (fn () (socket-accept socket))) count 0)
           (repeat 1000 (sleep 0) (++ count))
           (do1 (list count (dead th)) (kill-thread th) (close socket)))"
    );
    assert_eq!(value_of(&program), "(1000 nil)");
}

#[test]
fn threads_go_on_while_one_reads_what_a_command_has_not_printed_yet() {
    let program = "(withs (seen nil slow (thread (= seen (readline (pipe-from \"sleep 0.2; echo late\")))))
                     (sleep 0.02)
                     (let before (dead slow)
                       (until (dead slow) (sleep 0.01))
                       (list before seen)))";
    assert_eq!(value_of(program), "(nil \"late\")");
}

#[test]
fn a_builtin_can_be_what_a_thread_calls() {
    let port = free_port();
    let program = format!(
        "(withs (socket (open-socket {port}) th (new-thread socket-accept))
           (sleep 0.01)
           (list (dead th) (dead (let ended (new-thread table) (sleep 0.01) ended))))"
    );
    assert_eq!(value_of(&program), "(t t)");
}

#[test]
fn a_thread_that_waits_can_be_broken_and_killed() {
    let port = free_port();
    let program = format!(
        "(withs (socket (open-socket {port}) seen nil
                 broken (thread (after (socket-accept socket) (= seen 'after)))
                 killed (thread (socket-accept socket)))
           (sleep 0.01)
           (break-thread broken)
           (kill-thread killed)
           (sleep 0.01)
           (list seen (dead broken) (dead killed)))"
    );
    assert_eq!(value_of(&program), "(after t t)");
}

#[test]
fn a_character_and_a_datum_may_arrive_in_parts() {
    let port = free_port();
    let client = std::thread::Builder::new().name("client".to_owned()).spawn(move || {
        let mut socket = connect(port);
        socket.set_nodelay(true).expect("a socket");
        for part in [&b"\xc3"[..], b"\xa9(one (t", b"wo \"", b"\xe2\x82", b"\xac\") ", b"three)", b"."] {
            socket.write_all(part).expect("somebody who reads");
            std::thread::sleep(std::time::Duration::from_millis(15));
        }
    });
    let program = format!(
        "(let (in out) (socket-accept (open-socket {port}))
           (list (peekc in) (readc in) (read in) (readc in) (readc in)))"
    );
    assert_eq!(value_of(&program), "(#\\é #\\é (one (two \"€\") three) #\\. nil)");
    client.expect("a thread").join().expect("its end");
}

#[test]
fn a_connection_gives_no_more_than_its_measure() {
    let port = free_port();
    let client = std::thread::Builder::new().name("client".to_owned()).spawn(move || {
        let mut socket = connect(port);
        // The program closes before it has read everything; what comes of the rest is its own affair.
        socket.write_all(&[b'x'; 150_000]).ok();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).ok();
    });
    let program = format!(
        "(let (in out) (socket-accept (open-socket {port}))
           (let count 0
             (while (readb in) (++ count))
             (close in out)
             count))"
    );
    assert_eq!(value_of(&program), "100000");
    client.expect("a thread").join().expect("its end");
}

#[test]
fn what_can_not_be_is_an_error_in_words() {
    let port = free_port();
    let message = |expression: &str| value_of(&format!("(on-err details (fn () {expression}))"));
    assert!(message("(open-socket 70000)").contains("wants a port number"));
    assert!(message("(open-socket 0 \"nowhere\")").contains("wants an address"));
    assert!(message("(socket-accept (stdin))").contains("wants a socket"));
    assert!(message("(client-ip (stdin))").contains("no open connection"));
    assert!(message("(readc (open-socket 0))").contains("wants an input port"));
    assert!(message("(disp 1 (open-socket 0))").contains("wants an output port"));
    assert!(message(&format!("(socket-connect \"127.0.0.1\" {port})")).contains("connection refused"));
    assert!(message("(let s (open-socket 0) (close s) (socket-accept s))").contains("closed"));
    assert_eq!(value_of("(tostring:pr (open-socket 0))"), "\"#<socket>\"");
}

#[test]
fn setuid_says_whether_the_system_lets_it() {
    assert_eq!(value_of("(setuid (int:readline:pipe-from \"id -u\"))"), "t");
    assert!(value_of("(on-err details (fn () (setuid -1)))").contains("wants the number of a user"));
}
