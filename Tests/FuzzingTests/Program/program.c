// The program that `make fuzz` links: libFuzzer brings `main`, Driver.swift what it calls. Swift Package Manager would look for
// an entry point of its own in a program of Swift.
typedef int serin_fuzz_has_no_code_of_its_own;
