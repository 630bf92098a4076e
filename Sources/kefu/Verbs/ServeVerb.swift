import ArgumentParser
import KefuRedis
import KefuServer
import Logging

/// Runs an instance until it is told to stop.
struct ServeVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Start an instance.",
        discussion: """
            Settings are environment variables, or NAME=value lines of a --config file; the environment wins.
            Without REDIS_URL it keeps a Redis of its own in KEFU_DATA_DIR (.kefu). SIGTERM or Ctrl-C stops it: what
            runs may finish within KEFU_SHUTDOWN_SECONDS, the rest is handed back at once.

            EXAMPLES
              kefu serve
              HTTP_API_PORT=8080 REDIS_URL=redis://10.0.0.5:6379 kefu serve
              kefu serve --config /etc/kefu.env
            """)

    @Option(
        help: ArgumentHelp("A file of NAME=value lines; the environment wins.", valueName: "file"),
        completion: .file())
    var config: String?

    func run() async throws {
        let settings = try Settings.orExit {
            let source = try SettingsSource(configFile: config)
            source.warnOfUnknownNames()
            return try Settings(source)
        }
        ThreadScheduling.favorThroughput()
        let times = settings.timeZone
        let handler = { @Sendable (label: String, provider: Logger.MetadataProvider?) in
            var handler = StderrLogHandler(
                label: label, level: settings.logLevel, format: settings.logFormat, formatTime: { times.text($0) })
            handler.metadataProvider = provider
            return handler as any LogHandler
        }
        LoggingSystem.bootstrap(handler, metadataProvider: .request)
        let logger = Logger(label: "kefu")
        do {
            let stop = await StopSignal.listen()
            guard let build = try await start(settings, logger, unless: stop) else { return }
            try await build.run(
                until: stop,
                then: StartNotice(settings: settings, server: build.server, grace: build.grace, logger: logger))
        } catch let error as EmbeddedRedis.Failure {
            StandardError.line("kefu: \(error)")
            throw Exit.unavailable
        } catch ServerError.badCertificate(let cause) {
            StandardError.line(
                "kefu: KEFU_TLS_CERT, KEFU_TLS_KEY: must be PEM files, a certificate with its chain and its own key "
                    + "(\(cause))")
            throw Exit.configuration
        } catch let error as ServerError {
            StandardError.line("kefu: \(error)")
            throw Exit.unavailable
        } catch let error as RedisEndpoint.Unusable {
            StandardError.line("kefu: REDIS_URL: \(error)")
            throw Exit.configuration
        }
    }

    /// nil when it was told to stop before there was anything to stop.
    private func start(_ settings: Settings, _ logger: Logger, unless stop: StopSignal) async throws -> Build? {
        let start = Task { try await Build(settings, logger: logger) }
        stop.whenTold { start.cancel() }
        do {
            return try await start.value
        } catch  where stop.isTold {
            logger.notice("启动已取消", metadata: ["detail": "\(error)"])
            return nil
        }
    }
}
