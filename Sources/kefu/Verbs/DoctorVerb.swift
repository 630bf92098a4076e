import ArgumentParser
import KefuOutbound

struct DoctorVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check everything that an instance depends on.",
        discussion: """
            Reads the settings as `kefu serve` would, and looks at Redis, the gateway, the callback's receiver and the
            instance at KEFU_URL. Nothing is changed and no action is sent. Ends with 1 when a check failed.

            EXAMPLES
              kefu doctor
              kefu doctor --config /etc/kefu.env --json
            """)

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let checks = try await check()
        Output.write(client.json ? checks.json + [UInt8(ascii: "\n")] : Array(checks.text.utf8))
        if !checks.isHealthy { throw Exit.refused }
    }

    private func check() async throws -> [Check] {
        let source: SettingsSource
        let settings: Settings
        do {
            source = try SettingsSource(configFile: client.config)
            settings = try Settings(source)
            _ = try SettingsReader(source).webAddress(.serverURL)
        } catch {
            return [.fail("settings", "\(error)", "correct it; everything else is checked after that")]
        }
        let transport = try CurlTransport()
        defer { transport.shutdown() }
        return await Doctor(source: source, settings: settings, transport: transport).run()
    }
}
