"""Runs test modules of CPython's own suite, and prints one "ok", "not ok" or "skip" line for each test."""
import importlib
import os
import sys
import traceback
import unittest

from test import support

# These settings equal `regrtest -u network`: test_socketserver requires it, although it stays on loopback. Tests that
# need much memory or time are left out.
support.use_resources = ["network"]
support.verbose = False


class Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.worst = None

    def line(self, word, test, detail=""):
        print(f"{word} - {test.id()}", file=report)
        for text in detail.rstrip().splitlines()[-12:]:
            print(f"# {text}", file=report)
        report.flush()

    def startTest(self, test):
        super().startTest(test)
        self.worst = None

    def stopTest(self, test):
        super().stopTest(test)
        word, detail = self.worst or ("ok", "")
        self.line(word, test, detail)
        self.worst = None

    def bad(self, test, error):
        text = self._exc_info_to_string(error, test)
        if self.worst is None and not hasattr(test, "_testMethodName"):
            self.line("not ok", test, text)  # setUpClass or setUpModule
        self.worst = ("not ok", text)

    def addError(self, test, error):
        self.bad(test, error)

    def addFailure(self, test, error):
        self.bad(test, error)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.bad(test, error)

    def addSkip(self, test, reason):
        if hasattr(test, "_testMethodName"):
            self.worst = self.worst or ("skip", reason)
        else:
            self.line("skip", test, reason)

    def addUnexpectedSuccess(self, test):
        self.worst = ("not ok", "unexpected success")


# Tests write to descriptors 1 and 2, and close them, so the report uses a descriptor that they do not know.
report = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
os.chdir(os.environ.get("TMPDIR", "/tmp"))
null = os.open(os.devnull, os.O_WRONLY)
os.dup2(null, 1)
os.dup2(null, 2)
try:
    for name in sys.argv[1:]:
        module = importlib.import_module(f"test.{name}")
        unittest.defaultTestLoader.loadTestsFromModule(module).run(Result())
    print("end of session", file=report, flush=True)
except BaseException:
    traceback.print_exc(file=report)
    report.flush()
os._exit(0)
