import CZlib

/// What is in gzip, as far as it has come.
struct Gunzip {
    private(set) var content: [UInt8] = []
    /// The end is there, with the right length and checksum.
    private(set) var isWhole = false
    private(set) var isBroken = false
    /// Bytes behind the end.
    private(set) var surplus = 0

    init(_ bytes: [UInt8]) {
        var bytes = bytes
        var piece = [UInt8](repeating: 0, count: 65_536)
        // zlib reads and writes within the two arrays, during this call only.
        unsafe withUnsafeTemporaryAllocation(of: z_stream.self, capacity: 1) { space in
            unsafe space.initialize(repeating: z_stream())
            guard let stream = space.baseAddress else { return }
            guard unsafe inflateInit2_(stream, MAX_WBITS + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
                isBroken = true
                return
            }
            unsafe bytes.withUnsafeMutableBufferPointer { bytes in
                unsafe piece.withUnsafeMutableBufferPointer { piece in
                    unsafe stream.pointee.next_in = bytes.baseAddress
                    unsafe stream.pointee.avail_in = UInt32(bytes.count)
                    var result = Z_OK
                    repeat {
                        unsafe stream.pointee.next_out = piece.baseAddress
                        unsafe stream.pointee.avail_out = UInt32(piece.count)
                        result = unsafe inflate(stream, Z_SYNC_FLUSH)
                        unsafe content.append(contentsOf: piece.prefix(piece.count - Int(stream.pointee.avail_out)))
                    } while unsafe result == Z_OK && stream.pointee.avail_out == 0
                    isWhole = result == Z_STREAM_END
                    isBroken = result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR
                    unsafe surplus = Int(stream.pointee.avail_in)
                }
            }
            _ = unsafe inflateEnd(stream)
        }
    }
}
