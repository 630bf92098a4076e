import ArgumentParser
import KefuOutbound

/// What all verbs that talk to a running instance share.
struct ClientOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("A file of NAME=value lines; the environment wins.", valueName: "file"),
        completion: .file())
    var config: String?

    @Flag(help: "Print the server's answer as it came, for programs.")
    var json = false

    static let usualURL = "http://127.0.0.1:5678"

    /// Calls the instance at `KEFU_URL` with `KEFU_TOKEN`.
    func run(_ body: (APIClient) async throws -> Void) async throws {
        let (url, token) = try server()
        let transport = try CurlTransport()
        defer { transport.shutdown() }
        do {
            try await body(APIClient(base: url, token: token, transport: transport))
        } catch let error as Refused {
            StandardError.line("kefu: \(error.answer.complaint)")
            throw error.answer.exit ?? Exit.unavailable
        } catch let error as Unreachable {
            let advice = error.advice.map { "; \($0)" } ?? ""
            StandardError.line("kefu: \(Table.escaped(error.description))\(advice)")
            throw Exit.unavailable
        }
    }

    func server() throws -> (url: String, token: String?) {
        try Settings.orExit {
            let source = try SettingsSource(configFile: config)
            source.warnOfUnknownNames()
            let url = try SettingsReader(source).webAddress(.serverURL) ?? Self.usualURL
            if let token = source[.token], !token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
                throw SettingError(name: .token, value: token, allowed: "must be visible ASCII")
            }
            return (url, source[.token])
        }
    }

    /// Prints an answer: as it came, or as `people` says; complaints go to the standard error stream.
    ///
    /// - Throws: the exit code of an answer that is not a success.
    func show(_ answer: Envelope, _ people: (Envelope) -> String) throws {
        if json {
            Output.write(answer.body + [UInt8(ascii: "\n")])
        } else if answer.exit == nil {
            Output.write(Array(people(answer).utf8))
        } else {
            StandardError.line("kefu: \(answer.complaint)")
        }
        if let exit = answer.exit { throw exit }
    }
}

extension Settings {
    /// Runs something that reads settings; a wrong one ends the command with one line and `EX_CONFIG`.
    static func orExit<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as SettingError {
            StandardError.line("kefu: \(error)")
            throw Exit.configuration
        } catch let error as SettingsSource.FileError {
            StandardError.line("kefu: \(Table.escaped(error.description))")
            throw Exit.configuration
        }
    }
}

extension SettingsSource {
    func warnOfUnknownNames() {
        for (name, nearest) in unknown {
            let hint = nearest.map { "; did you mean \($0.rawValue)?" } ?? ""
            StandardError.line("kefu: unknown setting \(Table.escaped(name)) is ignored\(hint)")
        }
    }
}
