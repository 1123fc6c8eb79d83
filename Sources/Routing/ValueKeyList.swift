/// The keys of one route while its rules are put together: each key once, rules refer to it by its index.
public struct ValueKeyList {
    public private(set) var keys: [ValueKey] = []

    public init() {}

    /// The index of `key`, which joins the list if it is new.
    public mutating func index(of key: ValueKey) -> Int {
        if let known = keys.firstIndex(of: key) { return known }
        keys.append(key)
        return keys.count - 1
    }
}
