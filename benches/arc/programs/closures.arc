; Functions that hold assigned variables: 300 counters, each called 500 times, and functions composed of functions.
(def counter (start)
  (let n start
    (fn () (= n (+ n 1)))))

(def call (f) (f))

(def twice (f)
  (fn (x) (f (f x))))

(let counters (map counter (n-of 300 0))
  (for i 1 499 (map call counters))
  (let sum 0
    (each c counters (= sum (+ sum (c))))
    (prn sum)))

(prn ((((twice twice) twice) [+ _ 1]) 0))
