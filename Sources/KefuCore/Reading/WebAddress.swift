/// The rule for `action.file_url` and `action.url`: an absolute `http` or `https` URL (RFC 3986, section 4.3) with a
/// host, without user-info. Non-ASCII characters are taken as they are, as people paste them.
enum WebAddress {
    static func read(_ element: JSONElement) throws(InputError) -> String {
        let text = try element.text(.bytes(1...InputLimits.urlBytes))
        if let flaw = flaw(in: Array(text.utf8)[...]) ?? strangeCharacter(in: text) {
            throw InputError(.validation, detail: "must be an absolute http or https URL: \(flaw)")
        }
        return text
    }

    private static func strangeCharacter(in text: String) -> String? {
        let isStrange = text.unicodeScalars.contains { scalar in
            if scalar.isASCII {
                return scalar.value <= 0x20 || scalar.value == 0x7F || "\"<>\\".unicodeScalars.contains(scalar)
            }
            return scalar.properties.isWhitespace || scalar.properties.generalCategory == .control
                || ScalarClass.of(scalar.value) == .invisible
        }
        return isStrange ? "white space, control characters, quotes and backslashes must be percent-encoded" : nil
    }

    private static func flaw(in url: ArraySlice<UInt8>) -> String? {
        guard let scheme = ["http://", "https://"].first(where: { isPrefix($0, of: url) }) else {
            return "it must begin with http:// or https://"
        }
        let authority = url.dropFirst(scheme.utf8.count).prefix { !"/?#".utf8.contains($0) }
        if authority.contains(UInt8(ascii: "@")) { return "user-info is not allowed" }
        if authority.first == UInt8(ascii: "[") {
            guard let end = authority.firstIndex(of: UInt8(ascii: "]")) else { return "the host is not valid" }
            let host = authority[authority.index(after: authority.startIndex)..<end]
            guard host.contains(UInt8(ascii: ":")), host.allSatisfy(isInAddress) else {
                return "the host is not valid"
            }
            return portFlaw(authority[authority.index(after: end)...])
        }
        let host = authority.prefix { $0 != UInt8(ascii: ":") }
        if host.isEmpty { return "the host is missing" }
        guard host.allSatisfy(isInName) else { return "the host is not valid" }
        return portFlaw(authority[host.endIndex...])
    }

    /// - Parameter text: what follows the host: nothing, or a colon and a port.
    private static func portFlaw(_ text: ArraySlice<UInt8>) -> String? {
        if text.isEmpty { return nil }
        let digits = text.dropFirst()
        guard text.first == UInt8(ascii: ":"), 1...5 ~= digits.count, digits.allSatisfy({ 0x30...0x39 ~= $0 }),
            1...65535 ~= digits.reduce(0, { $0 * 10 + Int($1 - 0x30) })
        else { return "the port is not valid" }
        return nil
    }

    private static func isPrefix(_ scheme: String, of url: ArraySlice<UInt8>) -> Bool {
        url.prefix(scheme.utf8.count).map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }.elementsEqual(scheme.utf8)
    }

    private static func isInAddress(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66, UInt8(ascii: ":"), UInt8(ascii: "."): true
        default: false
        }
    }

    private static func isInName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }
}
