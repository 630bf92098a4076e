import Configuration
import Foundation

/// Where settings are read from: the environment first, then the `--config` file. An empty value is an unset one.
struct SettingsSource {
    private let reader: ConfigReader
    /// Names that look like settings of ours and are none, each with the nearest that is one, if any is near.
    let unknown: [(name: String, nearest: SettingName?)]

    /// What the names of settings begin with.
    private static let families = ["KEFU_", "HTTP_API_", "REDIS_", "TIANWANG_", "LOG_", "TASK_"]

    /// A `--config` file that cannot be used.
    struct FileError: Error, CustomStringConvertible {
        var description: String
    }

    /// - Parameter file: what the `--config` file says, see ``parse(file:)``.
    init(environment: [String: String], file: [String: String] = [:]) {
        let layers = [environment, file].map { $0.filter { !$0.value.isEmpty } }
        reader = ConfigReader(
            providers: layers.map { layer in
                EnvironmentVariablesProvider(
                    environmentVariables: layer,
                    secretsSpecifier: .dynamic { name, _ in SettingName(rawValue: name)?.isSecret ?? true })
            })
        // An adapter's secrets may stand in the file, under whatever names.
        let hasAdapter = layers.contains { $0[SettingName.adapter.rawValue] != nil }
        let ours =
            environment.keys.filter { $0.hasPrefix("KEFU_") }
            + file.keys.filter { name in !hasAdapter || Self.families.contains(where: name.hasPrefix) }
        unknown = Set(ours).filter { SettingName(rawValue: $0) == nil }.sorted().map {
            ($0, Suggestion.nearest(to: $0))
        }
    }

    /// The environment of this process and the file at `path`.
    init(configFile path: String?) throws(FileError) {
        self.init(
            environment: ProcessInfo.processInfo.environment, file: try path.map(Self.load(path:)) ?? [:])
    }

    subscript(name: SettingName) -> String? {
        reader.string(forKey: ConfigKey([name.rawValue]), isSecret: name.isSecret)
    }

    /// A variable that is not a setting of ours: an adapter's file names it.
    func variable(_ name: String) -> String? { reader.string(forKey: ConfigKey([name]), isSecret: true) }

    private static func load(path: String) throws(FileError) -> [String: String] {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw FileError(description: "--config \(path): cannot be read")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FileError(description: "--config \(path): is not UTF-8 text")
        }
        do {
            return try parse(file: text)
        } catch {
            throw FileError(description: "--config \(path), \(error)")
        }
    }

    /// Lines of `NAME=value`, as systemd's `EnvironmentFile=` reads them: blank lines and those that begin with `#`
    /// or `;` are skipped, a value may stand in one pair of quotes, the last of two lines for one name counts.
    ///
    /// - Throws: naming the line, never its text, which could be a secret.
    static func parse(file: String) throws(FileError) -> [String: String] {
        var values: [String: String] = [:]
        let lines = file.split(separator: /\r?\n/, omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts[0].trimmingCharacters(in: .whitespaces)
            guard parts.count == 2, isName(name) else {
                throw FileError(description: "line \(index + 1): allowed are NAME=value, blank lines and # comments")
            }
            values[name] = unquoted(parts[1].trimmingCharacters(in: .whitespaces))
        }
        return values
    }

    private static func isName(_ text: String) -> Bool {
        text.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil
    }

    private static func unquoted(_ value: String) -> String {
        for quote in ["\"", "'"] where value.count >= 2 && value.hasPrefix(quote) && value.hasSuffix(quote) {
            return String(value.dropFirst().dropLast())
        }
        return value
    }
}
