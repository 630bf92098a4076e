import Crypto
import FoundationEssentials

/// One or two keys that webhooks are signed with, as the setting writes them: `whsec_` and the base64 of 24–64 bytes,
/// two separated by a comma while one replaces the other. Source: Standard Webhooks, "Signature scheme".
///
/// Never shows its keys, whichever way it is printed.
package struct WebhookSecret: Sendable {
    /// The specification's bounds for a key, in bytes.
    package static let keySizes = 24...64
    /// One in use, one being rotated in or out.
    package static let mostKeys = 2
    private static let prefix = "whsec_"

    let keys: [SymmetricKey]

    package init(parsing text: String) throws(WebhookSecretError) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count <= Self.mostKeys else { throw .tooMany }
        var keys: [SymmetricKey] = []
        for (index, part) in parts.enumerated() {
            guard let key = Self.key(in: part) else { throw .malformed(position: index + 1) }
            keys.append(key)
        }
        self.keys = keys
    }

    private static func key(in part: Substring) -> SymmetricKey? {
        let part = part.drop { $0 == " " }.prefix { $0 != " " }
        guard part.hasPrefix(prefix), let bytes = Data(base64Encoded: String(part.dropFirst(prefix.count))),
            keySizes.contains(bytes.count)
        else { return nil }
        return SymmetricKey(data: bytes)
    }
}

extension WebhookSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "\(Self.prefix)***" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Says what is allowed, never what was given.
package enum WebhookSecretError: Error, Sendable, Equatable, CustomStringConvertible {
    case tooMany
    /// From 1.
    case malformed(position: Int)

    package var description: String {
        switch self {
        case .tooMany: "at most \(WebhookSecret.mostKeys) secrets, separated by a comma"
        case .malformed(let position):
            "secret \(position) must be whsec_ followed by the base64 of "
                + "\(WebhookSecret.keySizes.lowerBound) to \(WebhookSecret.keySizes.upperBound) bytes"
        }
    }
}
