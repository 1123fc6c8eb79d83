/// A growable array of plain values with one owner. `Array` asks at every write whether its memory is shared, which
/// costs more than the write itself when a few words are relinked; this one cannot be shared. Bounds are checked.
@safe
struct UniqueStorage<Element: BitwiseCopyable>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        precondition(capacity > 0, "storage has room")
        self.capacity = capacity
        unsafe base = .allocate(capacity: capacity)
    }

    deinit {
        // Owned by self; plain values need no deinitialisation.
        unsafe base.deallocate()
    }

    subscript(index: UInt32) -> Element {
        @inline(__always)
        _read {
            precondition(index < count, "no such element")
            // Elements below `count` are initialised.
            yield unsafe base[Int(index)]
        }
        @inline(__always)
        _modify {
            precondition(index < count, "no such element")
            // Elements below `count` are initialised.
            yield unsafe &base[Int(index)]
        }
    }

    mutating func append(_ element: Element) {
        if count == capacity { grow() }
        // There is room now.
        unsafe (base + count).initialize(to: element)
        count &+= 1
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
        // The elements move over; the old block is not used again.
        unsafe larger.moveInitialize(from: base, count: count)
        unsafe base.deallocate()
        unsafe base = larger
        capacity *= 2
    }
}
