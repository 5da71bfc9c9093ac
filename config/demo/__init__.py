"""An invented company in an AWS-compatible server on loopback, for `make demo` and the tests."""
