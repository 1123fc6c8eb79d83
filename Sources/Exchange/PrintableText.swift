extension String {
    /// As people may see it, in a log or on a terminal, whoever has written it. U+FFFD takes the place of what a terminal obeys (control
    /// characters, tabs aside) and of what shows a line otherwise than it reads: marks of the direction of writing (UAX #9, section 2;
    /// CVE-2021-42574) and U+2028 and U+2029. Other line breaks become spaces.
    ///
    /// - Parameter keepsLines: line feeds stay.
    public func printable(keepsLines: Bool = false) -> String {
        // The first byte of each of them in UTF-8.
        let isSuspect = utf8.contains { byte in
            byte < 0x20 && byte != 0x09 || byte == 0x7F || byte == 0xC2 || byte == 0xD8 || byte == 0xE2
        }
        guard isSuspect else { return self }
        var text = UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar.value {
            case 0x0A where keepsLines: text.append(scalar)
            case 0x0A, 0x0D: text.append(" ")
            case 0x00...0x08, 0x0B...0x1F, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: text.append("\u{FFFD}")
            default: text.append(scalar)
            }
        }
        return String(text)
    }
}
