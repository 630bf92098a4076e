import ArgumentParser
import KefuOutbound

struct DoctorVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check everything that an instance depends on.",
        discussion: """
            Reads the settings as `kefu serve` would, and looks at Redis, the gateway, the callback's receiver and the
            instance at KEFU_URL. Nothing is changed and no action is sent. Ends with 1 when a check failed.

            --deep also compares all that stands in Redis: records, queues, index, counters, callbacks. It may run
            beside working instances and takes some minutes for a million tasks. --repair mends what it can, as the
            records say, and prints what it did; it ends with 1 when something is left.

            EXAMPLES
              kefu doctor
              kefu doctor --deep
              kefu doctor --repair --config /etc/kefu.env --json
            """)

    @OptionGroup var client: ClientOptions

    @Flag(help: "Compare everything that stands in Redis.")
    var deep = false

    @Flag(help: "The same, and mend what disagrees.")
    var repair = false

    func run() async throws {
        var (checks, settings) = try await check()
        let console = DeepConsole(isJSON: client.json)
        if deep || repair, let settings {
            console.begin(checks)
            let compared = await DeepCheck(settings: settings, isRepairing: repair, console: console).run()
            checks.append(compared)
            console.end(checks, compared)
        } else {
            Output.write(client.json ? checks.json + [UInt8(ascii: "\n")] : Array(checks.text.utf8))
        }
        if !checks.isHealthy { throw Exit.refused }
    }

    /// The settings are nil when they are wrong.
    private func check() async throws -> ([Check], Settings?) {
        let source: SettingsSource
        let settings: Settings
        do {
            source = try SettingsSource(configFile: client.config)
            settings = try Settings(source)
            _ = try SettingsReader(source).webAddress(.serverURL)
        } catch {
            return ([.fail("settings", "\(error)", "correct it; everything else is checked after that")], nil)
        }
        let transport = try CurlTransport()
        defer { transport.shutdown() }
        return (await Doctor(source: source, settings: settings, transport: transport).run(), settings)
    }
}
