; Tests of srv.arc: requests from strings, and a server that is asked by the same program.

(load "srv.arc")

;; Reading requests

(def read-text (text)
  (w/instring port text (read-request port "1.2.3.4")))

(let req (read-text "GET /hello%20you?a=1&b=%C3%A4+c&d HTTP/1.1\r\nCookie: x=1; y=%C3%B6\r\n\r\n")
  (expect req!method 'get)
  (expect req!op "hello you")
  (expect (arg req 'b) "ä c")
  (expect (arg req "d") "")
  (expect (arg req 'e) nil)
  (expect (cookie req 'y) "ö")
  (expect req!ip "1.2.3.4"))

(let req (read-text "POST /f?a=1 HTTP/1.1\r\ncontent-length: 7\r\n\r\nb=2&c=3 and more")
  (expect req!method 'post)
  (expect req!args '(("a" "1") ("b" "2") ("c" "3"))))

(expect (read-text "") nil)
(expect (read-text "GET / HTTP/1.1\r\nan end without") nil)
(expect (read-text "nonsense\r\n\r\n") nil)
(expect (read-text "GET elsewhere HTTP/1.1\r\n\r\n") nil)
(expect ((read-text "POST /f HTTP/1.1\r\nContent-Length: many\r\n\r\na=1") 'args) nil)

;; Answering

(defop greet req
  (set-cookie req "seen" "a b")
  (pr "Hi, " (arg req 'name)))

(defopr away req
  "/greet?name=a\r\nX: y")

(defop broken req
  (pr "half")
  (car 7))

(defop counted req
  (let count 1
    (w/link (pr "count " count) (pr "again"))))

(defop asked req
  (aform (fn (filled) (pr "got " (arg filled 'what)))
    (pr "what?")))

(def answer-to (target)
  (let req (read-text (string "GET " target " HTTP/1.1\r\n\r\n"))
    (lines (tostring (answer-safely req)))))

(let (status type size connection seen blank page) (answer-to "/greet?name=you")
  (expect status "HTTP/1.1 200 OK")
  (expect size "Content-Length: 7")
  (expect seen "Set-Cookie: seen=%61%20%62; Path=/; HttpOnly; SameSite=Lax")
  (expect page "Hi, you"))

; What goes to a header begins no other.
(let answered (answer-to "/away")
  (expect (car answered) "HTTP/1.1 302 Found")
  (expect (find [begins _ "Location"] answered) "Location: /greet?name=aX: y"))

; A page is sent whole or not at all.
(let answered (answer-to "/broken")
  (expect (car answered) "HTTP/1.1 500 Internal Server Error")
  (expect (find [findsubseq "half" _] answered) nil))

(expect (car (answer-to "/no-such-page")) "HTTP/1.1 404 Not Found")
(expect (car (lines (tostring (answer-safely nil)))) "HTTP/1.1 400 Bad Request")

;; Links and forms

; What is between the first text and the second, which follows it.
(def between (before behind text)
  (let start (+ (len before) (findsubseq before text))
    (cut text start (findsubseq behind text start))))

(let target (between "href=\"" "\"" (last (answer-to "/counted")))
  (expect (last (answer-to target)) "count 1")
  (expect (last (answer-to target)) "count 1"))

(let id (between "value=\"" "\"" (last (answer-to "/asked")))
  (expect (last (answer-to (string "/x?fnid=" id "&what=that"))) "got that"))

(expect (findsubseq "too old" (last (answer-to "/x?fnid=made-up"))) 13)

; The oldest functions go when there are too many.
(let before max-fns*
  (= max-fns* 2)
  (let ids (n-of 3 (fnid idfn))
    (expect (map1 [if (fns* _) t] ids) '(nil t t)))
  (= max-fns* before))

;; Serving

(let socket (open-socket 0)
  (expect type.socket 'socket)
  (close socket)
  (expect-error (socket-accept socket) "socket-accept: the port is closed"))
