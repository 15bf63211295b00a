; A window of live conses that slides through memory.
;
; Three hundred thousand items go through a queue in which 20,000 wait at any time. What lives is always about 1.1 MiB;
; where it lives changes all the time.
;
; Look for: in the window, in slow motion, pages filling at one end of the live stretch while the collector empties them
; at the other, and the same addresses being filled again and again: 14 MiB go by on the allocation clock, and the heap
; stays at 3 MiB. What is resident and not live here is "unjudged": allocated since the last mark, most of it dead
; already. It is the price of collecting now and then rather than always, and collecting more often would lower it.
;
; heapatlas samples/queue.arc
; heapatlas run samples/queue.arc --stats text

(= waiting (queue) done 0)

(for i 1 300000
  (enq (list i (* i i)) waiting)
  (when (> (qlen waiting) 20000)
    (++ done (car (deq waiting)))))

(prn (qlen waiting) " wait, the sum of the others is " done)
