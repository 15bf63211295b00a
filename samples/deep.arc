; Deep recursion, and a continuation that holds on to half of it.
;
; A recursion 200,000 calls deep. The stack of the machine is 64 KiB (green); whenever it is full, its frames move to a
; segment in the heap. In the middle a continuation is taken, and called again at the end: it returns 50,000 through the
; same hundred thousand frames once more.
;
; Look for: while the recursion goes down, run after run of sixteen red pages, each a segment: some 8 MiB in all. Afterwards
; the segments above the middle are garbage, which the next collection takes, and those below are held by the
; continuation: 4 MiB stay live until (wipe middle).
;
; heapatlas samples/deep.arc
; heapatlas explain samples/deep.arc

(= middle nil)

(def depth (n)
  (if (is n 0)
      0
      (+ 1 (depth (if (is n 100000)
                      (ccc (fn (k) (= middle k) (- n 1)))
                      (- n 1))))))

(prn (depth 200000))

; The same form goes on from the middle, and prints again.
(middle 50000)
