//! Stopping threads: what the corpus has no record of.

use crate::value_of;

#[test]
fn a_thread_that_is_killed_is_dead_and_its_killer_goes_on() {
    assert_eq!(value_of("(let th (new-thread (fn () (sleep 9))) (kill-thread th) (list (dead th) 5))"), "(t 5)");
    assert_eq!(value_of("(do (kill-thread (new-thread idfn)) 5)"), "5");
}

#[test]
fn a_break_is_no_error_that_a_thread_could_handle() {
    let program = "(let seen nil
                     (let th (new-thread (fn () (on-err (fn (c) (= seen 'broken)) (fn () (sleep 9)))))
                       (sleep 0.01)
                       (break-thread th)
                       (sleep 0.05)
                       (list seen (dead th))))";
    assert_eq!(value_of(program), "(nil t)");
}

#[test]
fn what_is_no_thread_is_told_by_the_right_name() {
    for name in ["kill-thread", "break-thread"] {
        let message = value_of(&format!("(on-err details (fn () ({name} 7)))"));
        assert!(message.contains(name), "{message}");
    }
}
