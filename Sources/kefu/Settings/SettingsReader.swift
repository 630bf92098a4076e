import Foundation
import KefuCore
import KefuOutbound
import KefuServer

/// Reads single settings and says what is allowed when one is wrong. Nil means unset.
struct SettingsReader {
    let source: SettingsSource

    init(_ source: SettingsSource) { self.source = source }

    func wrong(_ name: SettingName, _ allowed: String) -> SettingError {
        SettingError(name: name, value: source[name], allowed: allowed)
    }

    func integer(_ name: SettingName, _ range: ClosedRange<Int>) throws(SettingError) -> Int? {
        guard let text = source[name] else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), range.contains(number)
        else {
            throw wrong(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func seconds(_ name: SettingName, _ range: ClosedRange<Double>) throws(SettingError) -> Duration? {
        try number(name, range, unit: "seconds").map { .milliseconds(Int64(($0 * 1000).rounded())) }
    }

    func hours(_ name: SettingName, _ range: ClosedRange<Double>) throws(SettingError) -> Duration? {
        try number(name, range, unit: "hours").map { .milliseconds(Int64(($0 * 3_600_000).rounded())) }
    }

    private func number(
        _ name: SettingName, _ range: ClosedRange<Double>, unit: String
    ) throws(SettingError) -> Double? {
        guard let text = source[name] else { return nil }
        // No exponents, signs, hexadecimal digits or words, which `Double` would take.
        guard text.wholeMatch(of: /[0-9]{1,9}(\.[0-9]{1,9})?/) != nil, let number = Double(text),
            range.contains(number)
        else {
            let bounds = [range.lowerBound, range.upperBound].map { $0.formatted(.number.grouping(.never)) }
            throw wrong(name, "must be a number of \(unit) from \(bounds[0]) to \(bounds[1])")
        }
        return number
    }

    func flag(_ name: SettingName) throws(SettingError) -> Bool? {
        switch source[name]?.lowercased() {
        case nil: nil
        case "true", "1", "yes": true
        case "false", "0", "no": false
        default: throw wrong(name, "must be true or false")
        }
    }

    func word<Word: RawRepresentable<String>>(_ name: SettingName, _ words: [Word]) throws(SettingError) -> Word? {
        guard let text = source[name] else { return nil }
        guard let word = Word(rawValue: text.lowercased()) else {
            throw wrong(name, "must be one of \(words.map(\.rawValue).joined(separator: ", "))")
        }
        return word
    }

    /// The path of a file that can be read.
    func file(_ name: SettingName) throws(SettingError) -> String? {
        guard let path = source[name] else { return nil }
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw wrong(name, "must be the path of a file that this user may read")
        }
        return path
    }

    /// An absolute URL without user-info.
    func webAddress(_ name: SettingName) throws(SettingError) -> String? {
        guard let text = source[name] else { return nil }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), let url = URL(string: text),
            let scheme = url.scheme?.lowercased(), scheme == "http" || scheme == "https",
            let host = url.host(), !host.isEmpty, url.user() == nil, url.password() == nil,
            url.port.map({ (1...65_535).contains($0) }) ?? true
        else {
            let other = name == .gatewayURL ? ", or connector:" : ""
            throw wrong(name, "must be an absolute http:// or https:// URL without user and password\(other)")
        }
        return text
    }

    func secret(_ name: SettingName) throws(SettingError) -> WebhookSecret? {
        guard let text = source[name] else { return nil }
        do {
            return try WebhookSecret(parsing: text)
        } catch {
            throw wrong(name, "\(error)")
        }
    }

    /// The final states, and what the setting adds to them.
    func callbackStatuses() throws(SettingError) -> Set<TaskStatus> {
        let final = Set(TaskStatus.allCases.filter(\.isFinal))
        guard let text = source[.callbackStatuses] else { return final }
        let words = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        let statuses = words.compactMap(TaskStatus.init(rawValue:)).filter { $0 != .pending }
        guard statuses.count == words.count else {
            throw wrong(
                .callbackStatuses,
                "must be words separated by commas: waiting, running (completed, failed and cancelled always are)")
        }
        return final.union(statuses)
    }
}
