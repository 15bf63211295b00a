//! `profile` and `disassemble`: what functions cost, and what they are compiled to.

use super::golden;
use super::program::{Scratch, run, run_on};

const PROGRAM: &str = "(def fib (n)\n  (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))\n\n\
                       (def keep-all (n)\n  (let kept nil\n    (repeat n (push (list 1 2 3) kept))\n    (len kept)))\n\n\
                       (prn (+ (fib 22) (keep-all 30000)))\n";

#[test]
fn folded_stacks_name_functions_from_the_outermost_in() {
    let scratch = Scratch::new();
    let program = scratch.file("fib.arc", PROGRAM);
    for (by, function) in [("time", "fib"), ("bytes", "keep-all")] {
        let out = scratch.path("out.folded");
        let ran = run_on(&format!("profile --by {by} -o {}", out.display()), &program);
        assert_eq!(ran.fine(), "47711\n");
        let text = std::fs::read_to_string(&out).expect("folded stacks");
        let mut of_function = 0;
        for line in text.lines() {
            let (stack, weight) = line.rsplit_once(' ').expect("a weight");
            let weight: u64 = weight.parse().expect("a number");
            assert!(weight > 0, "{line}");
            assert!(stack.starts_with("fn@fib.arc:9"), "{line}");
            of_function += if stack.contains(&format!(";{function}")) { weight } else { 0 };
        }
        assert!(of_function > 0, "{text}");
    }
}

#[test]
fn the_table_goes_to_standard_error_and_the_output_where_it_went() {
    let scratch = Scratch::new();
    let ran = run_on("profile", scratch.file("fib.arc", PROGRAM));
    assert!(ran.errors.contains("samples,") && ran.errors.contains("  fib\n"), "{}", ran.errors);
    assert_eq!(ran.fine(), "47711\n");
}

#[test]
fn a_program_that_fails_has_a_profile_and_its_exit_code() {
    let scratch = Scratch::new();
    let program = scratch.file("fails.arc", "(car 7)\n");
    let out = scratch.path("out.folded");
    let ran = run_on(&format!("profile -o {}", out.display()), program);
    assert!(ran.failed(1, "").contains("car wants a list"));
    assert!(out.exists());
    let ran = run("profile -o /no/such/folder/x -e 1");
    assert!(ran.failed(1, "").contains("can't write /no/such/folder/x"));
}

#[test]
fn the_bytecode_of_a_file_is_listed_in_its_order() {
    let scratch = Scratch::new();
    let text = "(def fib (n)\n  (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))\n\n(mac twice (x)\n  (list 'do x x))\n\n\
                (def adder (n)\n  [+ n _])\n\n(prn (fib 5))\n";
    let program = scratch.file("fib.arc", text);
    let ran = run_on("disassemble", &program);
    assert_eq!(ran.errors, "5\n");
    golden::check("disassemble.txt", &ran.fine());
    let one = format!("disassemble {} twice", program.display());
    assert!(run(&one).fine().starts_with("macro twice\nfn: 1 argument, "));
    let none = format!("disassemble {} car", program.display());
    assert_eq!(run(&none).code, Some(2));
}
