//! What fuzzing found, each under the name of what was wrong.

use crate::value_of;

#[test]
fn a_call_of_on_err_with_too_few_arguments_is_an_error_outside_it() {
    for call in ["(on-err)", "(on-err \"xyz\")", "(on-err idfn)", "(on-err 1 2 3)"] {
        let message = value_of(&format!("(on-err details (fn () {call}))"));
        assert!(message.contains("on-err takes 2 arguments"), "{call}: {message}");
    }
    // What is handed over is called inside it, whatever it is.
    assert_eq!(value_of("(on-err [do 7] \"xyz\")"), "7");
}

#[test]
fn a_symbol_with_a_hash_before_a_bar_is_read_back_as_itself() {
    for name in ["#|", "#||", "#|a|#", "#%|", "a#|", "#;|", "#\\\\|"] {
        let program = format!("(let it (sym \"{name}\") (is it (read (tostring (write it)))))");
        assert_eq!(value_of(&program), "t", "{name}");
    }
}

#[test]
fn a_builtin_that_is_redefined_again_and_again_is_called_as_before() {
    // What is compiled while `is` holds the builtin again must not be all that changes.
    let program = "
        (def pick (x) (if (is x 'a) 1 2))
        (def same (x) (is x 'a))
        (assign old is)
        (assign first (list (pick 'a) (pick 'b) (same 'a) (same 'b)))
        (assign is (fn (x y) (no (old x y))))
        (assign second (list (pick 'a) (pick 'b) (same 'a) (same 'b)))
        (assign is old)
        (def another (x) (is x 'a))
        (assign is (fn (x y) (no (old x y))))
        (assign third (list (pick 'a) (pick 'b) (same 'a) (same 'b) (another 'a)))
        (assign is old)
        (list first second third (list (pick 'a) (pick 'b) (same 'a) (same 'b) (another 'a)))";
    assert_eq!(value_of(program), "((1 2 t nil) (2 1 nil t) (2 1 nil t nil) (1 2 t nil t))");
}
