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

(= burden (n-of 800000 nil))

(= report (newstring 2000000 #\.)
   index  (map [list _ (* _ _)] (range 1 10000)))

(wipe burden)

(gc)

(prn (len report) " characters and " (len index) " entries kept")
