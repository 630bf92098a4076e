import ArgumentParser
import Foundation
import KefuOutbound

/// How a verb ends. Documented in `kefu --help`.
enum Exit {
    /// The server said no (4xx).
    static let refused = ExitCode(1)
    /// No answer, or the server could not (5xx).
    static let unavailable = ExitCode(2)
    /// `EX_CONFIG` of sysexits.h.
    static let configuration = ExitCode(78)
}

/// The server's answer.
struct Envelope: Sendable {
    var httpStatus: Int
    /// The bytes as they came.
    var body: [UInt8]
    var root: JSONNode

    init(httpStatus: Int, body: [UInt8], root: JSONNode) {
        self.httpStatus = httpStatus
        self.body = body
        self.root = root
    }

    /// nil for what is not an answer of this API, whatever is wrong with it.
    init?(httpStatus: Int, body: [UInt8]) {
        // The error only says that it is no such JSON.
        guard let root = try? JSONDecoder().decode(JSONNode.self, from: Data(body)), !root["code"].isNull else {
            return nil
        }
        self.init(httpStatus: httpStatus, body: body, root: root)
    }

    var message: String { root["message"].string ?? "" }
    var data: JSONNode { root["data"] }

    /// How the command ends with this answer; nil when all is well.
    var exit: ExitCode? {
        switch httpStatus {
        case 200..<300: nil
        case 400..<500: Exit.refused
        default: Exit.unavailable
        }
    }

    /// For people, when ``exit`` is not nil: what the server said, with the field to blame.
    var complaint: String {
        let error = root["error"]
        let field = error["field"].string.map { "\($0): " } ?? ""
        let detail = error["detail"].string.map { " (\(field)\($0))" } ?? ""
        let advice = httpStatus == 401 ? "; set KEFU_TOKEN to one of the server's tokens" : ""
        return Table.escaped("\(httpStatus) \(message)\(detail)\(advice)")
    }
}

/// No answer that could be read as one of this API.
struct Unreachable: Error, CustomStringConvertible {
    var description: String
    /// What to do about it, when that is to be known.
    var advice: String?
}

/// The server said that what was asked is not to be had.
struct Refused: Error {
    var answer: Envelope
}

/// Talks to a running instance.
struct APIClient: Sendable {
    /// A page of 500 tasks with everything in them, with room.
    static let answerLimit = 64 * 1024 * 1024
    static let timeout = Duration.seconds(30)

    let base: String
    private let token: String?
    private let transport: CurlTransport

    /// - Parameter base: `http` or `https` URL, with or without a slash at its end.
    init(base: String, token: String?, transport: CurlTransport) {
        self.base = base.hasSuffix("/") ? String(base.dropLast()) : base
        self.token = token
        self.transport = transport
    }

    func get(_ path: String, _ query: [(name: String, value: String?)] = []) async throws(Unreachable) -> Envelope {
        try await perform(.get, path + Self.encoded(query), body: [])
    }

    /// Begins to read an answer that goes on for as long as it is read.
    func open(
        _ path: String, _ query: [(name: String, value: String?)] = [], headers: [(name: String, value: String)] = []
    ) throws(CurlError) -> CurlStream {
        try CurlStream(base + path + Self.encoded(query), headers: headers + authorization)
    }

    private static func encoded(_ query: [(name: String, value: String?)]) -> String {
        let pairs = query.compactMap { item in item.value.map { "\(item.name)=\(percentEncoded($0))" } }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }

    private var authorization: [(name: String, value: String)] {
        token.map { [("Authorization", "Bearer \($0)")] } ?? []
    }

    func post(_ path: String, body: [UInt8]) async throws(Unreachable) -> Envelope {
        try await perform(.post, path, body: body)
    }

    /// A text as one segment or value of a URL (RFC 3986, unreserved characters stay).
    static func percentEncoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }

    private func perform(
        _ method: HTTPRequest.Method, _ path: String, body: [UInt8]
    ) async throws(Unreachable) -> Envelope {
        let headers = (body.isEmpty ? [] : [("Content-Type", "application/json")]) + authorization
        let request = HTTPRequest(
            method, base + path, headers: headers, body: body, timeout: Self.timeout, answerLimit: Self.answerLimit)
        switch await transport.perform(request) {
        case .success(let response):
            guard let envelope = Envelope(httpStatus: response.status, body: response.body) else {
                throw Unreachable(description: "\(base) answered \(response.status), but not as Kefu does")
            }
            return envelope
        case .failure(.unreachable(let detail)):
            throw Unreachable(
                description: "\(base): \(detail)", advice: "start one with kefu serve, or set KEFU_URL to where one is")
        case .failure(.timedOut): throw Unreachable(description: "\(base) did not answer within \(Self.timeout)")
        case .failure(.notSent): throw Unreachable(description: "\(base): not sent")
        case .failure(.invalid(let detail)): throw Unreachable(description: "\(base): \(detail)")
        }
    }
}
