//! At a terminal, what to do about an exhausted heap is asked.

use std::path::Path;

use super::program::{Running, run_with_input};

/// Keeps 24 MB.
const TOO_MUCH: &str = "(let l nil (repeat 1500000 (push 1 l)) (len l))";
/// What ends a question and a prompt.
const QUESTION: &str = "raise, collect or signal? [r] ";
const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";

/// The program at a terminal, with these arguments and no history.
fn at_terminal(arguments: &[&str]) -> Running {
    super::program::at_terminal(arguments, Path::new("/dev/null"))
}

/// Leaves the prompt when it is ready.
fn leave(mut running: Running) {
    running.wait_for_next("arc> ");
    running.say(CTRL_D);
    assert_eq!(running.finish().code, Some(0));
}

#[test]
fn the_limit_is_raised_at_the_prompt() {
    let mut running = at_terminal(&["repl", "--soft-limit", "16M"]);
    running.wait_for("arc> ");
    running.say(&format!("{TOO_MUCH}\n"));
    running.wait_for(QUESTION);
    running.say("raise to the roof\nr 20M\n");
    running.wait_for("a size begins with digits");
    // Collecting is no help either; nothing typed is the suggestion.
    running.wait_for("soft limit 20.0 MiB");
    running.say("c\n\n");
    running.wait_for("1500000\r\n");
    running.say("(heap-limit)\n");
    running.wait_for("41943040\r\n");
    leave(running);
}

#[test]
fn the_error_is_signalled_and_the_prompt_follows() {
    let keep = "(= kept (n-of 100 1))";
    let mut running = at_terminal(&["run", "-i", "--soft-limit", "16M", "-e", keep, "-e", TOO_MUCH]);
    running.wait_for(QUESTION);
    running.say("s\n");
    running.wait_for("heapatlas: -e:1:");
    running.wait_for("arc> ");
    running.say("(len kept)\n");
    running.wait_for("100\r\n");
    leave(running);
}

#[test]
fn ctrl_c_at_the_question_stops_the_form() {
    let mut running = at_terminal(&["repl", "--soft-limit", "16M"]);
    running.wait_for("arc> ");
    running.say(&format!("{TOO_MUCH}\n"));
    running.wait_for(QUESTION);
    running.say(CTRL_C);
    running.wait_for("Error: interrupted\r\n");
    running.wait_for_next("arc> ");
    running.say("(+ 1 2)\n");
    running.wait_for("\r\n3\r\n");
    leave(running);
}

#[test]
fn the_end_of_the_input_at_the_question_signals_the_error() {
    let mut running = at_terminal(&["repl", "--soft-limit", "16M"]);
    running.wait_for("arc> ");
    running.say(&format!("(on-err [list 1 2] (fn () {TOO_MUCH}))\n"));
    running.wait_for(QUESTION);
    running.say(CTRL_D);
    running.wait_for("\r\n(1 2)\r\n");
    leave(running);
}

#[test]
fn nobody_is_asked_where_nobody_sits() {
    // Without -i there is no prompt, and no question at a terminal either.
    let running = at_terminal(&["run", "--soft-limit", "16M", "-e", TOO_MUCH]);
    let ran = running.finish();
    assert_eq!(ran.code, Some(4), "{}", ran.out);
    assert!(ran.out.contains("heap exhausted") && !ran.out.contains(QUESTION), "{}", ran.out);
    let ran = run_with_input("repl --soft-limit 16M", &format!("{TOO_MUCH}\n(+ 1 2)\n"));
    assert!(ran.out.ends_with("\n3\n"), "{}", ran.out);
    assert!(ran.out.contains("Error: heap exhausted") && ran.errors.is_empty(), "{} {}", ran.out, ran.errors);
}
