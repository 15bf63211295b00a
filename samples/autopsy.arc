; The program of `heapatlas compare --autopsy`: much is made, little of it is kept, and what is kept lies scattered.
;
; What to look for: how little of what is resident lives as long as nobody collects, and what each step takes away.

(= kept nil)

(for i 1 174000
  (let thing (list i)
    (if (is 0 (mod i 17)) (push thing kept))))

(prn (len kept) " of 174000 kept")
