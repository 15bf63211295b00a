; Growth by extents, and giving them back.
;
; A list of 800,000 conses makes the heap grow, by extents of 1 MiB, 2, 4, 8, 16; then a report of 2,000,000 characters is
; made, which is larger than a chunk and gets an extent of its own, where the heap ends at that moment; then the list is
; dropped.
;
; Look for: in the window, the span growing extent by extent while the list is made. Afterwards the zig-zag of a hole: the
; extents that held nothing but the list were unmapped. Only the first extent and the report's, the long run of red pages,
; are left: 3 MiB committed, with a hole of 28 MiB between them. (In steps, with Shift+G, it can be seen coming: pages
; given back are committed but not resident.)
;
; heapatlas samples/grow.arc
; heapatlas snapshot samples/grow.arc --as-is -o grow.png

; tour map: The second story. A Lisp whose heap has a fixed size must be told that size before it starts. This one has
; an extent of 1 MiB, and asks for more when the collector finds no room. Next makes a list of 800,000 conses.
(= burden (n-of 800000 nil))

; tour map: It has grown while the list was made: by 1 MiB, 2, 4, 8 and 16, each extent right above the last. The
; pages of the list are blue and full. Next makes a string that is larger than a chunk.
(= report (newstring 2000000 #\.)
   index  (map [list _ (* _ _)] (range 1 10000)))

; tour symbol report: The string has an extent of its own, exactly as large as it needs: the long run of pages that
; begins at the pinned one. Next lets go of the list, and collects.
(wipe burden)

(gc)

; tour hole: The extents that held nothing but the list went back to the system. What is left between those that stay
; is a hole: addresses that are not the heap's. It costs nothing, the collector skips it, and the zig-zag says how
; large it is.
(prn (len report) " characters and " (len index) " entries kept")

; tour timeline: Committed rose by steps and fell at once; holes came where it fell. So the heap is as large as what
; lives needs, nobody had to say how large, and a soft limit can still be set: samples/limit.arc.
