; Holes, and closing them.
;
; Twelve strings of one to three million characters, each larger than a chunk, so that each gets an extent of its own.
; Every other one dies. Its extent is unmapped at the next collection, which leaves a hole: addresses between two extents
; that are ours no longer. Then compaction moves what is left together.
;
; Nothing else is in the way here: the holes are the heap's own. Where the system has put something that is not ours, a
; hole comes about in the same way, and is crossed in the same way, by moving everything to one side of it.
;
; Look for: after the first collection zig-zags between the red runs, 9 MiB in all. After (compact) the red runs stand side
; by side. What is left between them is the way from the last page of one string to the next chunk, less than a mebibyte
; each: a huge object's extent ends with its last page.
;
; heapatlas samples/holes.arc
; heapatlas snapshot samples/holes.arc --as-is -o holes.png

(= texts (map [newstring (* 1000000 (+ 1 (mod _ 3))) #\.] (range 1 12)))

(= texts (map [texts _] '(1 3 5 7 9 11)))

(def tell (when)
  (let stats (heap-stats)
    (prn when ": " (trunc (/ stats!holes 1048576)) " MiB of holes in a span of " (trunc (/ stats!span 1048576))
         " MiB")))

(gc)

(tell "collected")

(compact)

(tell "compacted")

(prn (len texts) " texts of " (sum len texts) " characters kept")
