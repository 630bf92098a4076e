import Crypto
import FoundationEssentials

/// Signs webhooks as the Standard Webhooks specification says (https://github.com/standard-webhooks/standard-webhooks,
/// "Webhook headers" and "Signature scheme", symmetric `v1`).
package struct WebhookSigner: Sendable {
    private let secret: WebhookSecret

    package init(secret: WebhookSecret) { self.secret = secret }

    /// The three headers of one attempt.
    ///
    /// - Parameters:
    ///   - id: identifies the message, the same at every attempt; without a `.`, which separates what is signed.
    ///   - timestamp: of the attempt, in seconds since 1970.
    package func headers(id: String, timestamp: Int64, body: [UInt8]) -> [(name: String, value: String)] {
        assert(!id.utf8.contains(UInt8(ascii: ".")), "a dot would make what is signed ambiguous")
        var signed = Array("\(id).\(timestamp).".utf8)
        signed.append(contentsOf: body)
        let signatures = secret.keys.map { key in
            "v1,\(Data(HMAC<SHA256>.authenticationCode(for: signed, using: key)).base64EncodedString())"
        }
        return [
            ("webhook-id", id), ("webhook-timestamp", String(timestamp)),
            ("webhook-signature", signatures.joined(separator: " ")),
        ]
    }
}
