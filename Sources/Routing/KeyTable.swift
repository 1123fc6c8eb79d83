/// An immutable hash table from byte strings, each in a group, to their positions 0, 1, 2… in the list it was built from.
///
/// Open addressing at a load of at most one half. A lookup touches a slot (8 bytes) and, when its tag fits, one key and the
/// key's bytes: three cache lines, whatever the number of keys.
struct KeyTable: Sendable {
    struct Key {
        let group: UInt32
        let bytes: [UInt8]
    }

    /// Half of the key's hash, and its position + 1; a position of 0 marks a free slot.
    private struct Slot {
        var tag: UInt32
        var position: UInt32
    }

    private struct Stored {
        let start: UInt32
        let count: UInt32
        let group: UInt32
    }

    /// How a key is hashed; the choice is the table's, not a key's.
    enum Hashing: Sendable {
        /// By `hash(group:)`, byte after byte: a lookup asks for prefixes on its way.
        case rolling
        /// By `hash(whole:group:)`, eight bytes at a time, upper case ASCII as its lower case.
        case wholeFolded
    }

    let seed: UInt64
    private let slots: [Slot]
    private let stored: [Stored]
    private let bytes: [UInt8]
    /// No key is further from its home slot than this.
    let longestProbe: Int

    /// Good enough to stop looking for a better seed.
    private static let goodProbe = 6
    private static let seedsTried: UInt64 = 12

    /// The keys are distinct. Of a few seeds derived from `seed` the one with the shortest probes is kept.
    init(_ keys: [Key], seed: UInt64, hashing: Hashing = .rolling) {
        var start = 0
        stored = keys.map { key in
            defer { start += key.bytes.count }
            return Stored(start: UInt32(start), count: UInt32(key.bytes.count), group: key.group)
        }
        bytes = keys.flatMap(\.bytes)
        var best = Self.place(keys, seed: seed, hashing)
        var bestSeed = seed
        for attempt in 1..<Self.seedsTried where best.longestProbe > Self.goodProbe {
            let other = seed &+ attempt &* 0x9E37_79B9_7F4A_7C15
            let candidate = Self.place(keys, seed: other, hashing)
            if candidate.longestProbe < best.longestProbe { (best, bestSeed) = (candidate, other) }
        }
        self.seed = bestSeed
        slots = best.slots
        longestProbe = best.longestProbe
    }

    private static func place(_ keys: [Key], seed: UInt64, _ hashing: Hashing) -> (slots: [Slot], longestProbe: Int) {
        var capacity = 8
        while capacity < keys.count * 2 { capacity *= 2 }
        var slots = Array(repeating: Slot(tag: 0, position: 0), count: capacity)
        var longest = 0
        for (position, key) in keys.enumerated() {
            let hash = hash(key, seed: seed, hashing)
            var probe = 0
            while slots[home(hash, probe, capacity)].position != 0 { probe += 1 }
            slots[home(hash, probe, capacity)] = Slot(tag: tag(hash), position: UInt32(position) + 1)
            longest = max(longest, probe)
        }
        return (slots, longest)
    }

    private static func hash(_ key: Key, seed: UInt64, _ hashing: Hashing) -> UInt64 {
        var hash = RollingHash(seed: seed, group: key.group)
        switch hashing {
        case .rolling: for byte in key.bytes { hash.update(byte) }
        case .wholeFolded: hash.update(wholeFolded: key.bytes.span)
        }
        return hash.value
    }

    @inline(always)
    private static func home(_ hash: UInt64, _ probe: Int, _ capacity: Int) -> Int {
        (Int(truncatingIfNeeded: hash) &+ probe) & (capacity &- 1)
    }

    @inline(always)
    private static func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) }

    @inline(always)
    func hash(group: UInt32) -> RollingHash { RollingHash(seed: seed, group: group) }

    /// The position of a key of a `wholeFolded` table, upper case ASCII in the candidate taken as lower case.
    @inline(always)
    func find(folding candidate: Span<UInt8>, group: UInt32) -> Int? {
        var hash = RollingHash(seed: seed, group: group)
        hash.update(wholeFolded: candidate)
        return find(candidate, group: group, hash, folding: true)
    }

    /// The position of a key, nil if it is not in the table. `hash` was begun by `hash(group:)` and fed with the candidate.
    /// With `folding`, upper case ASCII in the candidate equals the lower case of the table; the hash was fed with that.
    @inline(always)
    func find(_ candidate: Span<UInt8>, group: UInt32, _ hash: RollingHash, folding: Bool) -> Int? {
        let hash = hash.value
        let wanted = Self.tag(hash)
        var probe = 0
        while probe <= longestProbe {
            let slot = slots[Self.home(hash, probe, slots.count)]
            if slot.position == 0 { return nil }
            if slot.tag == wanted {
                let position = Int(slot.position &- 1)
                if holds(position, candidate, group, folding: folding) { return position }
            }
            probe &+= 1
        }
        return nil
    }

    private func holds(_ position: Int, _ candidate: Span<UInt8>, _ group: UInt32, folding: Bool) -> Bool {
        let key = stored[position]
        guard key.group == group, Int(key.count) == candidate.count else { return false }
        let own = bytes.span.extracting(Int(key.start)..<Int(key.start) + Int(key.count))
        let count = candidate.count
        guard count >= 8 else {
            var i = 0
            while i < count {
                let byte = folding ? ASCII.lowercase(candidate[i]) : candidate[i]
                if byte != own[i] { return false }
                i &+= 1
            }
            return true
        }
        var i = 0
        while true {
            let word = RollingHash.word(candidate, at: i)
            if (folding ? RollingHash.folded(word) : word) != RollingHash.word(own, at: i) { return false }
            if i == count &- 8 { return true }
            // The last eight bytes, some of them once more.
            i = min(i &+ 8, count &- 8)
        }
    }
}
