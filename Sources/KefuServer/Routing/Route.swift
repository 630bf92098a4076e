import KefuCore
import NIOCore

/// What a route sees of a request.
package struct Request: Sendable {
    /// The part of the path that the pattern's `:name` stands for, still percent-encoded.
    package var pathArgument: String?
    /// What follows `?` in the target, still percent-encoded; ASCII.
    package var query: String
    /// nil without configured tokens, and on open paths.
    package var caller: Caller?
    /// The value of `If-None-Match`, all of them joined.
    package var ifNoneMatch: String?
    /// The value of `Last-Event-ID`.
    package var lastEventID: String?
    /// The value of `traceparent`, nil when there is not exactly one.
    package var traceparent: String?
    /// Why a request for a WebSocket cannot be granted.
    package var upgradeFault: APIError?
    package var body: ByteBuffer

    /// The caller's trace; nil without a valid one.
    var trace: TraceParent? { traceparent.flatMap(TraceParent.init) }
}

/// One line of the table of paths.
package struct Route: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    /// Which of ``ServerLimits``'s body limits holds.
    package enum BodyLimit: Sendable {
        case single, batch
    }

    package typealias Handler = @Sendable (Request) async throws(APIError) -> Answer

    package var method: Method
    /// Literal, or ending in `/:name`, which stands for one segment that is not empty.
    package var path: String
    package var permission: Permission
    package var load: LoadClass
    package var bodyLimit: BodyLimit
    /// For paths whose connections become WebSockets; the handler answers those that cannot.
    package var socket: SocketRoute?
    package var handler: Handler
    /// Its place in ``Router/routes``.
    package internal(set) var index = 0

    package init(
        _ method: Method, _ path: String, _ permission: Permission, load: LoadClass,
        body bodyLimit: BodyLimit = .single, socket: SocketRoute? = nil,
        handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.permission = permission
        self.load = load
        self.bodyLimit = bodyLimit
        self.socket = socket
        self.handler = handler
    }

    func answer(to request: Request) async -> Answer {
        do throws(APIError) {
            return try await handler(request)
        } catch {
            return .failure(error)
        }
    }
}
