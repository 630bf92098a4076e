/// The names of all settings, as they stand in the environment and in a `--config` file.
enum SettingName: String, CaseIterable {
    case host = "HTTP_API_HOST"
    case port = "HTTP_API_PORT"
    case tlsCertificate = "KEFU_TLS_CERT"
    case tlsKey = "KEFU_TLS_KEY"
    case redisURL = "REDIS_URL"
    case redisCA = "KEFU_REDIS_CA"
    case minReplicas = "KEFU_MIN_REPLICAS"
    case dataDirectory = "KEFU_DATA_DIR"
    case maxConnections = "KEFU_MAX_CONNECTIONS"
    case maxRequests = "KEFU_MAX_REQUESTS"
    case apiTokens = "KEFU_API_TOKENS"
    case apiTokensFile = "KEFU_API_TOKENS_FILE"
    case allowAnonymous = "KEFU_ALLOW_ANONYMOUS"
    case gatewayURL = "KEFU_GATEWAY_URL"
    case gatewaySecret = "KEFU_GATEWAY_SECRET"
    case gatewayTimeout = "KEFU_GATEWAY_TIMEOUT_SECONDS"
    case connectorURL = "KEFU_CONNECTOR_URL"
    case connectorHeaders = "KEFU_CONNECTOR_HEADERS"
    case connectorHello = "KEFU_CONNECTOR_HELLO"
    case connectorProtocol = "KEFU_CONNECTOR_PROTOCOL"
    case connectorCA = "KEFU_CONNECTOR_CA"
    case connectorLease = "KEFU_CONNECTOR_LEASE_SECONDS"
    case connectorPing = "KEFU_CONNECTOR_PING_SECONDS"
    case callbackURL = "TIANWANG_CALLBACK_URL"
    case callbackSecret = "TIANWANG_CALLBACK_SECRET"
    case callbackStatuses = "TIANWANG_CALLBACK_STATUSES"
    case adapter = "KEFU_ADAPTER"
    case timeZone = "KEFU_TIMEZONE"
    case concurrency = "KEFU_CONCURRENCY"
    case retryBase = "KEFU_RETRY_BASE_SECONDS"
    case lease = "KEFU_LEASE_SECONDS"
    case retention = "KEFU_RETENTION_HOURS"
    case eventLog = "KEFU_EVENT_LOG_SECONDS"
    case shutdown = "KEFU_SHUTDOWN_SECONDS"
    case logLevel = "LOG_LEVEL"
    case logFormat = "LOG_FORMAT"
    case taskDatabase = "TASK_DB_PATH"
    case serverURL = "KEFU_URL"
    case token = "KEFU_TOKEN"

    /// Whether the value must never be shown.
    var isSecret: Bool {
        switch self {
        case .apiTokens, .gatewaySecret, .callbackSecret, .token, .connectorHeaders, .connectorHello: true
        default: false
        }
    }

    /// The value as an error may show it: secrets as `***`, the login and the query of a URL too (robots of chat
    /// services have their key there), everything on one line.
    func shown(_ value: String) -> String {
        if isSecret { return "***" }
        var text = value
        let scheme = value.firstRange(of: "://")?.upperBound ?? value.startIndex
        let query = value[scheme...].firstIndex(of: "?") ?? value.endIndex
        if value[query...].contains("@") {
            // Which part of it is the password cannot be told.
            text = "\(value[..<scheme])***"
        } else if let at = value[..<query].lastIndex(of: "@") {
            text = scheme == value.startIndex ? "***" : "\(value[..<scheme])***\(value[at...])"
        }
        // Passwords may stand there too.
        if let query = text.firstIndex(of: "?"), !text[query...].hasPrefix("?db=") {
            text = "\(text[..<query])?***"
        }
        var line: [UInt8] = []
        LogText.append(text, to: &line, quoted: false)
        return String(decoding: line, as: UTF8.self)
    }

    /// The URL, with what follows `?` hidden.
    static func withoutQuery(_ url: String) -> String {
        guard url.contains("://"), let mark = url.firstIndex(of: "?") else { return url }
        return "\(url[..<mark])?***"
    }
}

/// A setting that cannot be used. Its description is the one line that the start stops with.
struct SettingError: Error, Equatable, CustomStringConvertible {
    var name: SettingName
    /// As given; nil when what is wrong is that it is missing.
    var value: String?
    /// English: what is allowed.
    var allowed: String

    var description: String {
        guard let value else { return "\(name.rawValue): \(allowed)" }
        return "\(name.rawValue)=\(name.shown(value)): \(allowed)"
    }
}
