import Foundation
import KefuConnector

// How the platform is connected to.
extension SettingsReader {
    /// nil without a URL.
    func connector() throws(SettingError) -> ConnectorOptions? {
        let headers = try connectorHeaders()
        let authorities = try file(.connectorCA)
        let lease = try seconds(.connectorLease, 1...60)
        let ping = try seconds(.connectorPing, 0.1...3600)
        if let name = source[.connectorProtocol], !name.utf8.allSatisfy(Self.isTokenByte) {
            throw wrong(.connectorProtocol, "must be a name of letters, digits and -._~ without spaces")
        }
        guard let url = source[.connectorURL] else { return nil }
        guard let address = ConnectorAddress(url) else {
            throw wrong(.connectorURL, "must be a ws:// or wss:// URL without user, password and fragment")
        }
        var options = ConnectorOptions(address: address)
        options.headers = headers
        options.subprotocol = source[.connectorProtocol]
        options.hello = source[.connectorHello].map { Array($0.utf8) }
        options.authorities = authorities
        options.lease = lease ?? options.lease
        options.limits.ping = ping ?? .seconds(10)
        return options
    }

    /// `Name: value`, a line each or separated by `|`.
    private func connectorHeaders() throws(SettingError) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        for line in (source[.connectorHeaders] ?? "").split(whereSeparator: { $0 == "|" || $0.isNewline }) {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts[0].trimmingCharacters(in: .whitespaces)
            guard parts.count == 2, !name.isEmpty, name.utf8.allSatisfy(Self.isTokenByte),
                parts[1].utf8.allSatisfy({ (0x20...0x7E).contains($0) })
            else {
                throw wrong(.connectorHeaders, "must be 'Name: value' in visible ASCII, several separated by |")
            }
            let isOurs = ["host", "connection", "upgrade", "content-length", "transfer-encoding"].contains(
                name.lowercased())
            guard !isOurs, !name.lowercased().hasPrefix("sec-websocket-") else {
                throw wrong(.connectorHeaders, "must not name a field of the handshake itself, such as \(name)")
            }
            headers.append((name, parts[1].trimmingCharacters(in: .whitespaces)))
        }
        return headers
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`~".utf8.contains(byte)
        }
    }

    /// Whether actions go out over the connection.
    func gatewayIsConnector(_ connector: ConnectorOptions?) throws(SettingError) -> Bool {
        guard source[.gatewayURL] == "connector:" else { return false }
        guard connector != nil else { throw wrong(.gatewayURL, "needs KEFU_CONNECTOR_URL: there is no connection") }
        return true
    }
}
