; Calls and small arithmetic: 832,040 calls of a function of one argument.
(def fib (n)
  (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))

(prn (fib 27))
