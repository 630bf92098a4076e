import KefuCore

/// Every way in which a request can be refused or fail, as the contract names it. Nothing was changed, but for
/// ``outcomeUnknown``.
package struct APIError: Error, Sendable, Equatable {
    /// `error.type`.
    package enum Kind: String, Sendable, CaseIterable {
        case invalidJSON = "invalid_json"
        case validation
        case badRequest = "bad_request"
        case unauthorized
        case forbidden
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
        case conflict
        case tooLarge = "too_large"
        case unsupportedMediaType = "unsupported_media_type"
        case timeout
        case overloaded
        case unavailable
        case `internal`
    }

    package var status: Int
    package var kind: Kind
    /// Chinese, for people.
    package var message: String
    package var field: String?
    /// English, for engineers. Never a text of Redis or of the operating system.
    package var detail: String
    /// For conflicts: the task's state and, for a cancel, whether it was noted.
    package var conflict: (status: TaskStatus, cancelRequested: Bool?)?
    package var retryAfterSeconds: Int?
    /// The methods that the path knows, for 405.
    package var allow: String?
    /// What really happened, for the log only.
    package var cause: String?

    package init(_ status: Int, _ kind: Kind, _ message: String, field: String? = nil, detail: String) {
        self.status = status
        self.kind = kind
        self.message = message
        self.field = field
        self.detail = detail
    }

    package static func == (left: APIError, right: APIError) -> Bool {
        left.status == right.status && left.kind == right.kind && left.message == right.message
            && left.field == right.field && left.detail == right.detail
            && left.conflict?.status == right.conflict?.status
            && left.conflict?.cancelRequested == right.conflict?.cancelRequested
            && left.retryAfterSeconds == right.retryAfterSeconds && left.allow == right.allow
    }

    package func retry(afterSeconds seconds: Int) -> APIError {
        var error = self
        error.retryAfterSeconds = seconds
        return error
    }
}

// What the input and the store can say, in the contract's words.
extension APIError {
    package init(_ error: InputError) {
        switch error.kind {
        case .invalidJSON: self.init(400, .invalidJSON, "请求体不是合法的 JSON", field: error.field, detail: error.detail)
        case .validation: self.init(400, .validation, "参数校验失败", field: error.field, detail: error.detail)
        }
    }

    package init(_ error: StoreError) {
        switch error {
        case .unavailable(let cause):
            self.init(
                503, .unavailable, "任务存储暂不可用，请稍后重试",
                detail: "the store cannot be reached or refuses the call; nothing was changed")
            self.cause = cause
            retryAfterSeconds = 1
        case .outcomeUnknown(let cause):
            self.init(
                503, .unavailable, "处理结果未知，请原样重试",
                detail: "the store's answer was lost: the call may have been carried out; repeating it is safe")
            self.cause = cause
            retryAfterSeconds = 1
        case .defect(let cause):
            self.init(500, .internal, "服务器内部错误", detail: "a defect, logged with this answer's X-Request-Id")
            self.cause = cause
        }
    }

    package static func validation(_ field: String, _ detail: String) -> APIError {
        APIError(400, .validation, "参数校验失败", field: field, detail: detail)
    }

    static func conflict(
        _ message: String, status: TaskStatus, cancelRequested: Bool? = nil, detail: String
    ) -> APIError {
        var error = APIError(409, .conflict, message, detail: detail)
        error.conflict = (status, cancelRequested)
        return error
    }

    static let unknownTask = APIError(404, .notFound, "任务不存在", detail: "no task has this id")
}

// What the transport refuses by itself.
extension APIError {
    static let noAdapter = APIError(
        404, .notFound, "未配置平台适配器", detail: "no adapter says what a platform's bodies mean (KEFU_ADAPTER)")
    static let unknownPath = APIError(404, .notFound, "接口不存在", detail: "no such path")
    static let unauthorized = APIError(
        401, .unauthorized, "未授权：缺少令牌或令牌无效", detail: "send one header 'Authorization: Bearer <token>'")
    static let unknownToken = APIError(401, .unauthorized, "未授权：缺少令牌或令牌无效", detail: "this token is not known")
    /// Of a request that a page of somebody else's made.
    static let foreignOrigin = APIError(
        403, .forbidden, "该令牌无权执行此操作", detail: "another site's page may not connect here")
    static let bodyTooLarge = APIError(413, .tooLarge, "请求体过大", detail: "the body exceeds this path's limit")
    static let targetTooLong = APIError(414, .tooLarge, "请求地址过长", detail: "the request target is too long")
    static let headersTooLarge = APIError(431, .tooLarge, "请求头过大", detail: "too many header fields or bytes")
    static let timeout = APIError(408, .timeout, "请求超时", detail: "the request did not arrive in time")
    static let encodedBody = APIError(
        415, .unsupportedMediaType, "不支持的内容编码", detail: "send the body without a Content-Encoding")
    static let foreignCharset = APIError(
        415, .unsupportedMediaType, "不支持的字符集", detail: "the charset must be UTF-8")

    static let draining = APIError(
        503, .unavailable, "服务正在停止", detail: "this instance is draining"
    ).retry(afterSeconds: 1)
    static let tooManyListeners = APIError(
        429, .overloaded, "实时流的连接已满，请稍后重试", detail: "too many listen to this instance's stream already"
    ).retry(afterSeconds: 5)

    static func badRequest(_ detail: String) -> APIError {
        APIError(400, .badRequest, "请求格式错误", detail: detail)
    }

    static func forbidden(_ role: Role, _ permission: Permission) -> APIError {
        let allowed = Role.allCases.filter(permission.allows).map(\.rawValue).joined(separator: " or ")
        return APIError(
            403, .forbidden, "该令牌无权执行此操作", detail: "this token's role is \(role.rawValue), and this is for \(allowed)")
    }

    static func methodNotAllowed(allow: String) -> APIError {
        var error = APIError(405, .methodNotAllowed, "不支持的请求方法", detail: "allowed here: \(allow)")
        error.allow = allow
        return error
    }

    /// The pause is random, so that those refused together do not return together.
    static func overloaded() -> APIError {
        APIError(429, .overloaded, "服务繁忙，请稍后重试", detail: "too many requests in flight")
            .retry(afterSeconds: Int.random(in: 1...3))
    }
}
