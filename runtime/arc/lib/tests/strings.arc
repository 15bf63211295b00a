; Tests of strings.arc.

(expect (tokens " a  b ") '("a" "b"))
(expect (tokens "a,b,,c" #\,) '("a" "b" "c"))
(expect (halve "name=value" #\=) '("name" "=value"))
(expect (lines "one\ntwo\n\nfour") '("one" "two" "" "four"))
(expect (urldecode "J%C3%A4x+y") "Jäx y")
(expect (urldecode (urlencode "a/b c?ä")) "a/b c?ä")
(expect (subst "o" "0" "f00") "foo")
(expect (multisubst '(("a" "b") ("b" "a")) "abba") "baab")
(expect (trim "  x  " 'end) "  x")
(expect (num 1234567.891) "1,234,567.89")
(expect (plural 2 "page") "2 pages")
