import Foundation
import Glibc
import Testing
@testable import Configuration

/// Which files are read, and how much of them.
@Suite struct BoundedFileTests {
    enum Kind: Sendable {
        case bytes(Int), hole(Int), folder, fifo, socket
        indirect case link(Kind?)
        case at(String)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let kind: Kind
        /// Nil: it is read.
        let fault: BoundedFile.Fault?
        var limit = 1000
        var testDescription: String { name }
    }

    private static let cases: [Case] = [
        Case(name: "an empty file", kind: .bytes(0), fault: nil),
        Case(name: "as much as it may be", kind: .bytes(1000), fault: nil),
        Case(name: "a byte more", kind: .bytes(1001), fault: .isLarger(than: 1000)),
        Case(name: "several pieces", kind: .bytes(200_000), fault: nil, limit: 200_000),
        Case(name: "a large file without bytes", kind: .hole(1 << 40), fault: .isLarger(than: BoundedFile.manifestLimit), limit: BoundedFile.manifestLimit),
        Case(name: "a link", kind: .link(.bytes(10)), fault: nil),
        Case(name: "a link to a link", kind: .link(.link(.bytes(10))), fault: nil),
        Case(name: "a link to nothing", kind: .link(nil), fault: .isMissing),
        Case(name: "nothing", kind: .at("/nowhere/at/all"), fault: .isMissing),
        Case(name: "below a file", kind: .at("/proc/self/status/x"), fault: .isMissing),
        Case(name: "a NUL in the path", kind: .at("/proc/self/status\0.yaml"), fault: .isMissing),
        Case(name: "a folder", kind: .folder, fault: .isFolder),
        Case(name: "a FIFO", kind: .fifo, fault: .isIrregular("a FIFO")),
        Case(name: "a link to a FIFO", kind: .link(.fifo), fault: .isIrregular("a FIFO")),
        Case(name: "a socket", kind: .socket, fault: .isIrregular("a socket")),
        Case(name: "a device without an end", kind: .at("/dev/zero"), fault: .isIrregular("a device")),
        Case(name: "a link to a device", kind: .link(.at("/dev/zero")), fault: .isIrregular("a device")),
        Case(name: "a terminal", kind: .at("/dev/tty"), fault: .isIrregular("a device")),
        Case(name: "a file of the kernel's, which says that it is empty", kind: .at("/proc/self/status"), fault: nil, limit: 100_000),
        Case(name: "a file of the kernel's that is too long", kind: .at("/proc/self/status"), fault: .isLarger(than: 10), limit: 10),
    ]

    /// Makes it, named `name` or by a path of its own.
    private static func make(_ kind: Kind, _ name: String, in folder: String) throws -> String {
        let path = folder + "/" + name
        switch kind {
        case .bytes(let count): try Data((0..<count).map { UInt8(truncatingIfNeeded: $0 % 251) }).write(to: URL(fileURLWithPath: path))
        case .hole(let size):
            try Data().write(to: URL(fileURLWithPath: path))
            // The path is only read during the call.
            try #require(unsafe truncate(path, size) == 0)
        case .folder: try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        case .fifo: try Scratch.fifo(path)
        case .socket:
            // A socket's file, without a socket. The path is only read during the call.
            try #require(unsafe mknod(path, S_IFSOCK | 0o600, 0) == 0)
        case .link(let target):
            let target = try target.map { try make($0, name + "-", in: folder) } ?? folder + "/nothing"
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
        case .at(let path): return path
        }
        return path
    }

    @Test(arguments: cases) func reads(_ test: Case) throws {
        let folder = try Scratch.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = try Self.make(test.kind, "x", in: folder)
        do throws(BoundedFile.Fault) {
            let bytes = try BoundedFile.read(path, limit: test.limit)
            #expect(test.fault == nil)
            #expect(bytes.count <= test.limit)
            if !path.hasPrefix("/proc/") { #expect(bytes == FileManager.default.contents(atPath: path).map(Array.init)) }
        } catch {
            #expect(error == test.fault)
        }
    }

    @Test func everyFaultHasItsWords() {
        let texts: [(BoundedFile.Fault, String)] = [
            (.isMissing, "can't be read: there is no such file; check the path"),
            (.isFolder, "can't be read: it is a folder; name a file"),
            (.isDenied, "can't be read: permission denied; make it readable"),
            (.isIrregular("a FIFO"), "is no regular file (a FIFO); put a file there, or a link to one"),
            (.isLarger(than: BoundedFile.manifestLimit), "is larger than 256 MiB; split it, or name the right file"),
            (.isRefused(ELOOP), "can't be read: Too many levels of symbolic links"),
        ]
        for (fault, text) in texts { #expect("\(fault)" == text) }
    }

    /// Its writer comes when the reader is there, and says two things.
    @Test func aPipeThatMayBeWaitedFor() throws {
        let folder = try Scratch.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/x"
        try Scratch.fifo(path)
        let writer = Thread {
            guard let handle = FileHandle(forWritingAtPath: path) else { return }
            for text in ["one ", "two"] { try? handle.write(contentsOf: Data(text.utf8)) }
            try? handle.close()
        }
        writer.start()
        #expect(try BoundedFile.read(path, limit: 7, mayWait: true) == Array("one two".utf8))
    }

    @Test func aPipeHasABoundToo() throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data(repeating: 0x20, count: 101))
        // Open, so that there might be more to come.
        defer { try? pipe.fileHandleForWriting.close() }
        let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        #expect(throws: BoundedFile.Fault.isLarger(than: 100)) { try BoundedFile.read(path, limit: 100, mayWait: true) }
    }
}
