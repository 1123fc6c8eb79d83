import Reactor
import Testing

@Suite struct ErrnoTests {
    @Test(arguments: [
        (Errno.ECONNREFUSED, "Connection refused (ECONNREFUSED)"),
        (Errno.EADDRINUSE, "Address already in use (EADDRINUSE)"),
        (Errno.EMFILE, "Too many open files (EMFILE)"),
        (Errno(code: 0), "Success (0)"),
        (Errno(code: 9999), "error 9999"),
        (Errno(code: -1), "error -1"),
    ])
    func saysWhatWentWrong(_ error: Errno, _ text: String) {
        #expect(error.description == text)
    }
}
