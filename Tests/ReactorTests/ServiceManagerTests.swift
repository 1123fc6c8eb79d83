import Glibc
import Reactor
import Testing

@Suite struct ServiceManagerTests {
    @Test(arguments: [
        (ServiceManager.News.ready, "READY=1\n"),
        (.reloading(now: 1_234_567_891), "RELOADING=1\nMONOTONIC_USEC=1234567\n"),
        (.stopping, "STOPPING=1\n"),
        (.mainProcess(4711), "MAINPID=4711\n"),
    ])
    func speaksAsDocumented(_ news: ServiceManager.News, _ text: String) {
        #expect(news.text == text)
    }

    @Test(arguments: [
        nil, "", "/", "@", "run/notify", "vsock:2:1234", "tcp:127.0.0.1:1", "/" + String(repeating: "a", count: 107), "/a\0b",
    ])
    func knowsNoOtherSockets(_ socket: String?) {
        #expect(ServiceManager(socket: socket) == nil)
    }

    @Test(arguments: [false, true])
    func isHeard(_ isAbstract: Bool) throws {
        let path = temporarySocketPath()
        let name = isAbstract ? "@" + path.dropFirst() : path
        let receiver = try Self.bind(name)
        defer {
            close(receiver)
            // The path is only read during the call.
            if !isAbstract { unsafe unlink(path) }
        }
        let manager = try #require(ServiceManager(socket: name))
        try manager.tell(.ready)
        try manager.tell(.stopping)
        #expect(Self.receive(receiver) == "READY=1\n")
        #expect(Self.receive(receiver) == "STOPPING=1\n", "each is a datagram of its own")
    }

    @Test func doesNotWaitForWhoDoesNotListen() throws {
        let path = temporarySocketPath()
        let manager = try #require(ServiceManager(socket: path))
        #expect(throws: Errno.ENOENT) { try manager.tell(.ready) }
        let receiver = try Self.bind(path)
        defer {
            close(receiver)
            // The path is only read during the call.
            unsafe unlink(path)
        }
        // Its queue holds some, and then no more.
        #expect(throws: Errno.EAGAIN) { for _ in 0..<100_000 { try manager.tell(.ready) } }
    }

    private static func bind(_ name: String) throws -> Int32 {
        let fd = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = name.hasPrefix("@") ? [0] + name.utf8.dropFirst() : Array(name.utf8)
        // The path fits into the struct, and the kernel reads no more than the struct.
        let result = unsafe withUnsafeMutableBytes(of: &address) { raw in
            unsafe raw.baseAddress?.advanced(by: 2).copyMemory(from: bytes, byteCount: bytes.count)
            return unsafe raw.withMemoryRebound(to: sockaddr.self) { address in
                unsafe Glibc.bind(fd, address.baseAddress, socklen_t(2 + bytes.count))
            }
        }
        try #require(result == 0)
        return fd
    }

    private static func receive(_ fd: Int32) -> String {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 256) { buffer, count in
            count = unsafe max(recv(fd, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT)), 0)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
