import Foundation
import KefuServer

/// Reads the tokens of `KEFU_API_TOKENS` and `KEFU_API_TOKENS_FILE`: `name:role:token`.
extension SettingsReader {
    static let shortestToken = 16

    /// All tokens, of `KEFU_API_TOKENS` and of the file that `KEFU_API_TOKENS_FILE` names.
    func tokens() throws(SettingError) -> [AccessToken] {
        var tokens: [AccessToken] = []
        if let list = source[.apiTokens] {
            for (index, entry) in list.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
                tokens.append(try token(entry, .apiTokens, place: "entry \(index + 1)"))
            }
        }
        if let path = try file(.apiTokensFile) {
            // It can be read, so what fails is its encoding.
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw wrong(.apiTokensFile, "must be UTF-8 text")
            }
            for (index, line) in text.split(separator: /\r?\n/, omittingEmptySubsequences: false).enumerated() {
                let line = line.trimmingCharacters(in: .whitespaces)
                if line.isEmpty || line.hasPrefix("#") { continue }
                tokens.append(try token(line[...], .apiTokensFile, place: "line \(index + 1)"))
            }
        }
        let name: SettingName = source[.apiTokens] == nil ? .apiTokensFile : .apiTokens
        guard Set(tokens.map(\.name)).count == tokens.count, Set(tokens.map(\.secret)).count == tokens.count else {
            throw wrong(name, "two entries have the same name or the same token")
        }
        return tokens
    }

    private func token(
        _ entry: Substring, _ setting: SettingName, place: String
    ) throws(SettingError) -> AccessToken {
        let parts = entry.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        guard parts.count == 3, !parts[0].isEmpty else {
            throw wrong(setting, "\(place) must be name:role:token")
        }
        guard let role = Role(rawValue: parts[1]) else {
            let roles = Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw wrong(setting, "the role of \(place) must be one of \(roles)")
        }
        let secret = parts[2]
        guard secret.utf8.count >= Self.shortestToken, secret.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw wrong(
                setting, "the token of \(place) must have at least \(Self.shortestToken) characters, visible ASCII only"
            )
        }
        return AccessToken(name: parts[0], role: role, secret: secret)
    }
}
