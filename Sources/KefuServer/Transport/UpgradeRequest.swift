import KefuSocket
import NIOHTTP1

/// What a request says of the WebSocket connection that it wants to become (RFC 6455, section 4.2.1).
struct UpgradeRequest {
    /// The value of `Sec-WebSocket-Key`.
    private var key: String?
    private var versions: [String] = []
    private var protocols: [String] = []
    private var connection: [String] = []
    private var origin: String?
    private var host: String?

    init(_ headers: HTTPHeaders) {
        for (name, value) in headers {
            switch name.utf8.count {
            case 4 where HeadFields.equal(name, "host"): host = value
            case 6 where HeadFields.equal(name, "origin"): origin = value
            case 7 where HeadFields.equal(name, "upgrade"): protocols += Self.words(value)
            case 10 where HeadFields.equal(name, "connection"): connection += Self.words(value)
            case 17 where HeadFields.equal(name, "sec-websocket-key"): key = key == nil ? value : ""
            case 21 where HeadFields.equal(name, "sec-websocket-version"): versions += Self.words(value)
            default: continue
            }
        }
    }

    /// The value of `Sec-WebSocket-Accept`.
    ///
    /// - Throws: why this cannot become a WebSocket connection.
    func accept() throws(APIError) -> String {
        guard connection.contains(where: { HeadFields.equal($0, "upgrade") }),
            protocols.contains(where: { HeadFields.equal($0, "websocket") })
        else { throw .noUpgrade("send 'Connection: Upgrade' and 'Upgrade: websocket'") }
        guard versions == ["13"] else { throw .noUpgrade("the only Sec-WebSocket-Version is 13") }
        guard let key, HandshakeKey.isValid(key) else {
            throw .badRequest("Sec-WebSocket-Key must be 16 bytes in base64, once")
        }
        // A page in somebody's browser may open such a connection to any address; platforms have no origin.
        if let origin, !isOurs(origin) { throw .foreignOrigin }
        return HandshakeKey.accept(key)
    }

    private func isOurs(_ origin: String) -> Bool {
        guard let host, let authority = origin.split(separator: "://", maxSplits: 1).last else { return false }
        return authority.lowercased() == host.lowercased()
    }

    private static func words(_ value: String) -> [String] {
        value.split(separator: ",").map { word in
            String(word.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" })
        }
    }
}

extension AcceptedHead {
    /// Why the connection stays HTTP although it should not; nil when nobody asked.
    var upgradeFault: APIError? {
        guard let upgrade else { return nil }
        do throws(APIError) {
            _ = try upgrade.accept()
            return nil
        } catch {
            return error
        }
    }
}

extension APIError {
    static func noUpgrade(_ detail: String) -> APIError {
        APIError(426, .badRequest, "该接口只接受 WebSocket 连接", detail: detail)
    }
}
