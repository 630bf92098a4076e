import KefuAdapter
import KefuConnector
import KefuCore
import KefuOutbound
import KefuRedis
import KefuServer
import Logging

/// Everything that `serve` can be told, checked. See the contract's table of settings.
struct Settings: Sendable {
    var host = "127.0.0.1"
    var port = 5678
    var tls: TLSFiles?
    /// Of the front; beyond them 429, or no accept.
    var maxConnections = 10_000
    var maxRequests = 1_000
    /// nil: an embedded Redis in ``dataDirectory``.
    var redis: RedisEndpoint?
    var minReplicas = 0
    var dataDirectory = ".kefu"
    var tokens: [AccessToken] = []
    /// nil: actions are only printed.
    var gatewayURL: String?
    /// Whether actions go out over the connection to the platform.
    var gatewayIsConnector = false
    var gatewaySecret: WebhookSecret?
    var gatewayTimeout = Duration.seconds(10)
    /// nil: no connection to the platform is opened.
    var connector: ConnectorOptions?
    /// nil: no callbacks.
    var callbackURL: String?
    var callbackSecret: WebhookSecret?
    /// How a platform speaks; nil: the contract's own words.
    var adapter: Adapter?
    /// The states that are called back; empty when nothing says where to.
    var calledBack: Set<TaskStatus> = []
    var timeZone: TimeZoneRules
    var concurrency = 64
    var retryBase = Duration.seconds(2)
    var lease = Duration.seconds(15)
    var retention = Duration.seconds(168 * 3600)
    /// How long a customer's latest events are kept; zero keeps none.
    var eventLog = Duration.seconds(60)
    var shutdown = Duration.seconds(20)
    var logLevel = Logger.Level.info
    var logFormat = LogFormat.text
    /// The old system's file; only named in a hint.
    var taskDatabase: String?

    static let usualTimeZone = "Asia/Shanghai"

    /// - Throws: for the first setting that is wrong; nothing has been started.
    init(_ source: SettingsSource) throws(SettingError) {
        var read = SettingsReader(source)
        let zoneName = source[.timeZone] ?? Self.usualTimeZone
        guard let zone = TimeZoneRules(name: zoneName) else {
            throw read.wrong(.timeZone, "must be an IANA name such as Asia/Shanghai, Europe/Berlin or UTC")
        }
        timeZone = zone
        try readListener(&read)
        try readRedis(&read)
        try readPeers(&read)
        concurrency = try read.integer(.concurrency, 1...10_000) ?? concurrency
        retryBase = try read.seconds(.retryBase, 0.05...3600) ?? retryBase
        lease = try read.seconds(.lease, 1...3600) ?? lease
        retention = try read.hours(.retention, 0.01...87_600) ?? retention
        eventLog = try read.seconds(.eventLog, 0...3600) ?? eventLog
        shutdown = try read.seconds(.shutdown, 0...3600) ?? shutdown
        logLevel = try read.word(.logLevel, Logger.Level.allCases) ?? logLevel
        logFormat = try read.word(.logFormat, LogFormat.allCases) ?? logFormat
        taskDatabase = source[.taskDatabase]
    }

    private mutating func readListener(_ read: inout SettingsReader) throws(SettingError) {
        tokens = try read.tokens()
        port = try read.integer(.port, 1...65_535) ?? port
        host = read.source[.host] ?? (tokens.isEmpty ? "127.0.0.1" : "0.0.0.0")
        maxConnections = try read.integer(.maxConnections, 1...100_000) ?? maxConnections
        maxRequests = try read.integer(.maxRequests, 1...100_000) ?? maxRequests
        let isAnonymousAllowed = try read.flag(.allowAnonymous) ?? false
        if tokens.isEmpty, !Self.isLoopback(host), !isAnonymousAllowed {
            throw SettingError(
                name: .host, value: host,
                allowed: "without tokens only a loopback address is allowed (127.0.0.1, ::1, localhost); set "
                    + "KEFU_API_TOKENS, or KEFU_ALLOW_ANONYMOUS=true to let everybody in")
        }
        switch (try read.file(.tlsCertificate), try read.file(.tlsKey)) {
        case (nil, nil): break
        case (let certificate?, let key?): tls = TLSFiles(certificate: certificate, key: key)
        case (nil, _): throw SettingError(name: .tlsCertificate, allowed: "must be set when KEFU_TLS_KEY is")
        case (_, nil): throw SettingError(name: .tlsKey, allowed: "must be set when KEFU_TLS_CERT is")
        }
    }

    private mutating func readRedis(_ read: inout SettingsReader) throws(SettingError) {
        let authority = try read.file(.redisCA)
        if let url = read.source[.redisURL] {
            do {
                redis = try RedisEndpoint(url: url, caPath: authority)
            } catch {
                throw SettingError(name: .redisURL, value: url, allowed: "\(error)")
            }
        }
        minReplicas = try read.integer(.minReplicas, 0...100) ?? minReplicas
        if minReplicas > 0, redis == nil {
            throw read.wrong(.minReplicas, "needs REDIS_URL: the embedded Redis has no replicas; allowed without is 0")
        }
        dataDirectory = read.source[.dataDirectory] ?? dataDirectory
    }

    private mutating func readPeers(_ read: inout SettingsReader) throws(SettingError) {
        connector = try read.connector()
        gatewayIsConnector = try read.gatewayIsConnector(connector)
        gatewayURL = gatewayIsConnector ? nil : try read.webAddress(.gatewayURL)
        gatewaySecret = try read.secret(.gatewaySecret)
        gatewayTimeout = try read.seconds(.gatewayTimeout, 0.1...3600) ?? gatewayTimeout
        callbackURL = try read.webAddress(.callbackURL)
        callbackSecret = try read.secret(.callbackSecret)
        adapter = try read.adapter()
        try checkAddresses(of: adapter, read)
        let statuses = try read.callbackStatuses()
        calledBack = sendsCallbacks ? statuses : []
    }

    /// Whether anything says where callbacks go: the URL, or an adapter that names one.
    var sendsCallbacks: Bool { callbackURL != nil || adapter?.sendsCallbacks == true }

    /// Whether anything says where actions go.
    var sendsActions: Bool { gatewayURL != nil || adapter?.sendsActions == true }

    private func checkAddresses(of adapter: Adapter?, _ read: SettingsReader) throws(SettingError) {
        let gateway = read.source[.gatewayURL]
        if gateway == "connector:", let adapter, !adapter.sendsFrames, adapter.hasEvents || adapter.sendsActions {
            throw read.wrong(
                .adapter, "has no frame for an action (out.all.frame), which KEFU_GATEWAY_URL=connector: needs")
        }
        if adapter?.needsGatewayURL == true, gateway == nil {
            throw read.wrong(.adapter, "names no URL for an action (out.all.url), so KEFU_GATEWAY_URL must be set")
        }
        if adapter?.needsCallbackURL == true, callbackURL == nil {
            throw read.wrong(.adapter, "names no callback.url, so TIANWANG_CALLBACK_URL must be set")
        }
    }

    static func isLoopback(_ host: String) -> Bool {
        if host.lowercased() == "localhost" || host == "::1" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
