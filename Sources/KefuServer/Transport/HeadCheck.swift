import NIOHTTP1

/// What is known of a request once its head has passed the checks.
struct AcceptedHead {
    var route: Route
    var pathArgument: String?
    var query: String
    var caller: Caller?
    var ifNoneMatch: String?
    var lastEventID: String?
    var traceparent: String?
    /// nil: the connection is to stay HTTP.
    var upgrade: UpgradeRequest?
    /// Bytes; the body may be shorter when it is chunked.
    var bodyLimit: Int
    /// Bytes; nil for a chunked body.
    var contentLength: Int?
    /// Whether the peer waits for `100 Continue` before it sends the body.
    var expectsContinue: Bool
}

/// What is to be done with a request, decided from its head alone.
enum HeadVerdict {
    case accepted(AcceptedHead)
    /// - Parameter closes: whether the connection cannot be used further.
    case refused(APIError, closes: Bool)
}

/// Decides about a request before its body is read. No I/O, no state.
struct HeadCheck: Sendable {
    var router: Router
    var access: AccessControl
    var limits: ServerLimits

    func verdict(on head: HTTPRequestHead, fields: HeadFields) -> HeadVerdict {
        if let (error, closes) = malformed(head, fields) { return .refused(error, closes: closes) }
        let (path, query) = Self.split(target: head.uri)
        let route: Route
        let argument: String?
        switch router.match(method: head.method.rawValue, path: path) {
        case .found(let found, let value): (route, argument) = (found, value)
        case .otherMethod(let allow): return .refused(.methodNotAllowed(allow: allow), closes: false)
        case .unknown where head.method == .CONNECT:
            return .refused(.methodNotAllowed(allow: "GET, POST"), closes: true)
        case .unknown: return .refused(.unknownPath, closes: false)
        }
        let caller: Caller?
        switch access.check(
            authorization: fields.authorization, fields: fields.authorizations, for: route.permission)
        {
        case .allowed(let found): caller = found
        case .unauthorized: return .refused(.unauthorized, closes: false)
        case .unknown: return .refused(.unknownToken, closes: false)
        case .forbidden(let role): return .refused(.forbidden(role, route.permission), closes: false)
        }
        guard fields.isPlainBody else { return .refused(.encodedBody, closes: false) }
        guard fields.isUTF8 else { return .refused(.foreignCharset, closes: false) }
        let length = contentLength(fields)
        let limit = route.bodyLimit == .batch ? limits.batchBody : limits.body
        guard length.map({ $0 <= limit }) ?? true else { return .refused(.bodyTooLarge, closes: true) }
        return .accepted(
            AcceptedHead(
                route: route, pathArgument: argument, query: query, caller: caller, ifNoneMatch: fields.ifNoneMatch,
                lastEventID: fields.lastEventID,
                traceparent: fields.traceparents == 1 ? fields.traceparent : nil,
                upgrade: fields.wantsUpgrade && route.socket != nil ? UpgradeRequest(head.headers) : nil,
                bodyLimit: limit, contentLength: length,
                expectsContinue: fields.expectsContinue && length != 0))
    }

    /// What no request may be, whatever it asks for.
    private func malformed(_ head: HTTPRequestHead, _ fields: HeadFields) -> (APIError, closes: Bool)? {
        guard head.uri.utf8.count <= limits.target else { return (.targetTooLong, true) }
        guard fields.bytes <= limits.headers else { return (.headersTooLarge, true) }
        if head.version == .http1_1 && fields.hosts != 1 {
            return (.badRequest("HTTP/1.1 needs exactly one Host field"), true)
        }
        if let coding = fields.transferEncoding {
            guard head.version == .http1_1, HeadFields.equal(coding, "chunked") else {
                return (.badRequest("the only transfer coding is 'chunked', and only in HTTP/1.1"), true)
            }
        }
        // The parser has replaced what is not UTF-8 by now; anything but ASCII was never a valid target.
        guard head.uri.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return (.badRequest("the request target must be percent-encoded ASCII"), true)
        }
        return nil
    }

    /// Whether the whole of a refused request's body is small enough to be read and dropped.
    func canDiscardBody(_ fields: HeadFields) -> Bool {
        guard !fields.expectsContinue else { return false }
        return contentLength(fields).map { $0 <= limits.discardedBody } ?? true
    }

    /// 0 without a body, nil for a chunked one. The parser has refused lengths that are not plain numbers.
    private func contentLength(_ fields: HeadFields) -> Int? {
        if fields.transferEncoding != nil { return nil }
        guard let text = fields.contentLength else { return 0 }
        return Int(text) ?? .max
    }

    /// Path and query of a target in origin form or absolute form (RFC 9112, section 3.2).
    private static func split(target: String) -> (path: Substring, query: String) {
        var rest = target[...]
        if rest.utf8.first != UInt8(ascii: "/"), target.hasPrefix("http://") || target.hasPrefix("https://") {
            let authority = rest.utf8.drop { $0 != UInt8(ascii: "/") }.dropFirst(2)
            rest = Substring(authority.drop { $0 != UInt8(ascii: "/") })
        }
        guard let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (rest, "") }
        return (rest[..<mark], String(rest[rest.utf8.index(after: mark)...]))
    }
}
