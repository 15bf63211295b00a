//! What the heap tells Arc about itself.

use crate::value_of;

#[test]
fn a_collection_can_be_asked_for_and_frees_what_nothing_holds() {
    let program = "(do (= kept (n-of 20000 (list 1)))
                       (let before (gc)
                         (wipe kept)
                         (let after (gc)
                           (list (> (- before after) 600000) (is after ((heap-stats) 'live))))))";
    assert_eq!(value_of(program), "(t t)");
}

#[test]
fn the_terms_of_the_balance_sum_to_what_is_committed() {
    let program = "(let h (heap-stats)
                     (is h!committed
                         (+ h!live h!overhead h!unjudged h!dead h!free-runs h!free-pages h!tables h!reserve)))";
    assert_eq!(value_of(program), "t");
    assert_eq!(value_of("(let h (heap-stats) (is h!resident (- h!committed h!not-resident)))"), "t");
}

#[test]
fn a_page_is_known_by_what_lies_in_it() {
    assert_eq!(value_of("((heap-page (list 1 2)) 'kind)"), "cells");
    assert_eq!(value_of("((heap-page \"text\") 'kind)"), "objects");
    assert_eq!(value_of("((heap-page (newstring 100000)) 'kind)"), "large-head");
    assert_eq!(value_of("(heap-page 7)"), "nil");
    // A table as a key is found by its address.
    let program = "(with (key (table) holder (table))
                     (let before ((heap-page key) 'pinned)
                       (= holder.key 1)
                       (list before ((heap-page key) 'pinned))))";
    assert_eq!(value_of(program), "(nil t)");
}

#[test]
fn the_soft_limit_is_a_place() {
    assert_eq!(value_of("(heap-limit)"), "nil");
    assert_eq!(value_of("(do (= (heap-limit) 64000000) (heap-limit))"), "64000000");
    assert_eq!(value_of("(on-err (fn (c) 'refused) (fn () (= (heap-limit) 5)))"), "refused");
    assert_eq!(value_of("(do (= (heap-limit) 64000000) (= (heap-limit) nil) (heap-limit))"), "nil");
}

#[test]
fn who_holds_a_value_is_told_from_the_root_on() {
    let holds = |program: &str| value_of(program);
    assert_eq!(holds("(pin-reason (list 1 2))"), "nil");
    assert_eq!(holds("(pin-reason 7)"), "nil");
    assert_eq!(holds("(do (= kept (list 1 2)) (pin-reason kept))"), "((global kept))");
    assert_eq!(holds("(do (= kept (list 1 (list 2))) (pin-reason (cadr kept)))"), "((global kept) (cdr) (car))");
    let table = "(do (= kept (table)) (= kept!a (list 1)) (pin-reason kept!a))";
    assert_eq!(holds(table), "((global kept) (value of key a of table))");
    let key = "(do (= kept (table)) (= (kept (list 1 2)) 3) (pin-reason (car (keys kept))))";
    assert_eq!(holds(key), "((global kept) (key of table))");
    let captured = "(do (let held (list 1) (def holder () held)) (pin-reason (holder)))";
    assert_eq!(holds(captured), "((global holder) (captured 0 of function holder))");
    let stack = holds("(let held (list 1) (do1 (pin-reason held) (car held)))");
    assert!(stack.starts_with("((stack "), "{stack}");
    // Asked twice, when nothing holds it any more.
    assert_eq!(holds("(do (= kept (list 1)) (pin-reason (do1 kept (wipe kept))))"), "nil");
}
