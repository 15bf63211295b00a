; A soft limit, and handlers that cons.
;
; A journal takes notes until the heap may grow no more. Reaching the limit is an error like any other: the handler of
; on-err reads what was asked for, gives up the older half of the journal and goes on. To say so it makes strings and
; conses itself, on the reserve that was held back for it. The fourth time the limit is raised instead: it is a place.
; The window asks first what to do: "Signal the error" lets the handler run.
;
; Look for: "committed" on the timeline climbing to 8 MiB, and no further; the pink pages of the reserve, which the handler
; gets and a collection gives back; what lives falling by half after each of the first three reports, and growing past
; 8 MiB after the fourth.
;
; heapatlas samples/limit.arc
; heapatlas run samples/limit.arc --stats text

(= megabyte 1048576 journal nil notes 0 reports nil)

(= (heap-limit) (* 8 megabyte))

(def note (n)
  (push (list n (* n n) "noted") journal)
  (= notes n))

; What a handler does may need room too: here a string and some conses.
(def report (problem)
  (push (list (len journal) (details problem)) reports))

; In place: a copy of what is to stay would be more than the reserve holds.
(def forget-half ()
  (wipe (cdr (nthcdr (trunc (/ (len journal) 2)) journal))))

(def make-room (problem)
  (report problem)
  (if (< (len reports) 4)
      (forget-half)
      (= (heap-limit) (* 16 megabyte))))

(def take-notes ()
  (until (is notes 400000)
    (note (+ notes 1))))

(until (is notes 400000)
  (on-err make-room take-notes))

(prn notes " notes; the heap was exhausted " (len reports) " times")
