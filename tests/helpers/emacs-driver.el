;;; emacs-driver.el --- the example under test, told what to do by lines of a test  -*- lexical-binding: t -*-
;; Events are written as lines of JSON to the file "said" in the folder of $EMACS_DRIVER: standard output would keep them back.  A file
;; "call" there holds a form, which is evaluated and taken away; its value is written as a line, too.  A file "quit" ends it.

(require 'coppice-example)
(require 'json)

(defun driver-path (name)
  (expand-file-name name (getenv "EMACS_DRIVER")))

(defun driver-say (value)
  (let ((coding-system-for-write 'no-conversion))
    (write-region (concat (json-serialize value :null-object nil :false-object :json-false) "\n") nil (driver-path "said") t 'silent)))

(add-hook 'coppice-event-functions (lambda (event) (driver-say (list :event event))))

(defun driver-perform (path)
  (let ((form (with-temp-buffer (insert-file-contents path) (read (current-buffer)))))
    (delete-file path)
    (driver-say (condition-case failure (list :result (eval form t))
                  (error (list :error (error-message-string failure)))))))

(while (not (file-exists-p (driver-path "quit")))
  (accept-process-output nil 0.02)
  (when (file-exists-p (driver-path "call")) (driver-perform (driver-path "call"))))
(coppice-disconnect)
