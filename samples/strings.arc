; Cells, objects, large objects.
;
; Twenty thousand short strings in a list, and seven long ones.
;
; Look for: three kinds of page. Blue: cells, two words each and nothing else, so a page of them is all payload. Orange:
; objects, here the short strings, each with a header and rounded up to 16 bytes; that is the yellow "overhead" of the
; balance, a quarter as large as what lives. Red: the strings of 33,000 characters and more; whatever is larger than half
; a pool, 32 KiB, has pages of its own, unless a collection on request found room for it in a pool. The strings of 20,000 and
; 30,000 lie among the short ones.
;
; heapatlas snapshot samples/strings.arc -o strings.png
; heapatlas explain samples/strings.arc

(= names (map [string "name-" _] (range 1 20000))
   pages (map [newstring _ #\x] '(20000 30000 33000 40000 70000 100000 250000)))

(prn (len names) " names, " (sum len pages) " characters in " (len pages) " pages")
