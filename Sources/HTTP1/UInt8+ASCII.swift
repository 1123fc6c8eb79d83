/// Character classes of RFC 9110 and RFC 3986, by range and bit tests: a table inside a struct would be copied for every byte.
extension UInt8 {
    static var tab: UInt8 { 0x09 }
    static var lineFeed: UInt8 { 0x0A }
    static var carriageReturn: UInt8 { 0x0D }
    static var space: UInt8 { 0x20 }

    var isDigit: Bool { self &- 0x30 < 10 }
    var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
    public var isAlphanumeric: Bool { isLetter || isDigit }

    /// SP or HTAB: the bytes of OWS and BWS (RFC 9110 5.6.3).
    var isBlank: Bool { self == .space || self == .tab }

    /// A byte of a token (RFC 9110 5.6.2).
    public var isToken: Bool {
        if self < 64 { return 0x03FF_6CFA_0000_0000 as UInt64 >> UInt64(self) & 1 == 1 }
        if self < 128 { return 0x57FF_FFFF_C7FF_FFFE as UInt64 >> UInt64(self &- 64) & 1 == 1 }
        return false
    }

    /// A byte that may stand in a field value: HTAB, SP, visible ASCII and obs-text (RFC 9110 5.5).
    var isFieldText: Bool { self >= 0x20 ? self != 0x7F : self == .tab }

    /// Visible ASCII: neither control, space nor obs-text.
    var isVisible: Bool { self &- 0x21 < 0x5E }

    /// 0...15 for a hexadecimal digit.
    var hexValue: UInt8? {
        if isDigit { return self &- 0x30 }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }

    /// ASCII upper case letters become lower case; every other byte stays.
    var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}
