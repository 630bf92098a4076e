import Crypto
import Foundation
import KefuOutbound
import Testing

@Suite struct WebhookTests {
    static let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    static let otherKey = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"

    /// Made with the reference implementation for Python, standardwebhooks 1.1.0.
    @Test func `the signature is the reference implementation's`() throws {
        let signer = WebhookSigner(secret: try WebhookSecret(parsing: Self.key))
        let headers = signer.headers(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
        #expect(headers.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
        #expect(
            headers.map(\.value) == [
                "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ])
    }

    @Test func `while a secret is rotated both sign`() throws {
        let body = Array("{}".utf8)
        func signature(_ secret: String) throws -> String? {
            let signer = WebhookSigner(secret: try WebhookSecret(parsing: secret))
            return signer.headers(id: "msg_1", timestamp: 1, body: body).last?.value
        }
        let both = try [Self.key, Self.otherKey].compactMap(signature).joined(separator: " ")
        #expect(try signature("\(Self.key),\(Self.otherKey)") == both)
        #expect(try signature(" \(Self.key) , \(Self.otherKey) ") == both)
    }

    @Test(.enabled(if: ReferenceVerifier.isInstalled, "needs python3 with the package standardwebhooks"))
    func `the reference implementation verifies what is signed, with either secret of a rotation`() throws {
        let signer = WebhookSigner(secret: try WebhookSecret(parsing: "\(Self.key),\(Self.otherKey)"))
        let body = #"{"message":"您好，\"A\" \\ é"}"#
        let now = Int64(Date().timeIntervalSince1970)
        let headers = signer.headers(id: "msg_abc", timestamp: now, body: Array(body.utf8))
        for secret in [Self.key, Self.otherKey] {
            #expect(try ReferenceVerifier.accepts(body, headers: headers, secret: secret))
            #expect(try !ReferenceVerifier.accepts(body + " ", headers: headers, secret: secret))
        }
    }

    @Test(.enabled(if: ReferenceVerifier.isInstalled, "needs python3 with the package standardwebhooks"))
    func `the reference implementation refuses what is replayed later, or signed for another message`() throws {
        let signer = WebhookSigner(secret: try WebhookSecret(parsing: Self.key))
        let now = Int64(Date().timeIntervalSince1970)
        // It allows five minutes either way; far from the border, so that a slow machine does not matter.
        for (age, isAccepted) in [(0, true), (200, true), (-200, true), (400, false), (-400, false), (86_400, false)] {
            let headers = signer.headers(id: "msg_abc", timestamp: now - Int64(age), body: Array("{}".utf8))
            #expect(try ReferenceVerifier.accepts("{}", headers: headers, secret: Self.key) == isAccepted, "\(age)")
        }
        // An old signature under a new time, or under another id, is worth nothing.
        let old = signer.headers(id: "msg_abc", timestamp: now - 400, body: Array("{}".utf8))
        for (name, value) in [("webhook-timestamp", "\(now)"), ("webhook-id", "msg_abd")] {
            let forged = signer.headers(id: "msg_abc", timestamp: now, body: Array("{}".utf8)).map { field in
                switch field.name {
                case "webhook-signature" where name == "webhook-timestamp": (name: field.name, value: old[2].value)
                case name: (name: field.name, value: value)
                default: field
                }
            }
            #expect(try !ReferenceVerifier.accepts("{}", headers: forged, secret: Self.key))
        }
        #expect(try !ReferenceVerifier.accepts("{}", headers: old, secret: Self.otherKey))
    }

    @Test(arguments: [24, 64])
    func `a key may have 24 to 64 bytes`(size: Int) throws {
        _ = try WebhookSecret(parsing: "whsec_" + Data(repeating: 7, count: size).base64EncodedString())
    }

    @Test(arguments: [
        "", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa",
        "WHSEC_" + key.dropFirst(6),
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!", key + ",", "," + key, key + "," + key + "," + key, key + ";" + key,
        "whsec_" + Data(repeating: 7, count: 23).base64EncodedString(),
        "whsec_" + Data(repeating: 7, count: 65).base64EncodedString(),
    ])
    func `a malformed secret is refused without being told`(text: String) {
        let error = #expect(throws: WebhookSecretError.self) { try WebhookSecret(parsing: text) }
        let told = error.map { "\($0) \(String(reflecting: $0)) \($0.localizedDescription)" } ?? ""
        for part in text.split(separator: ",") where part.count > 6 {
            #expect(!told.contains(part.dropFirst(6)))
        }
    }

    @Test func `a secret never shows its keys`() throws {
        let secret = try WebhookSecret(parsing: Self.key)
        var dumped = ""
        dump(secret, to: &dumped)
        dump(WebhookSigner(secret: secret), to: &dumped)
        let shown = "\(secret) \(String(reflecting: secret)) \(WebhookSigner(secret: secret)) \(dumped)"
        #expect(!shown.contains("MfKQ"))
        #expect(!shown.contains("49, 242"))
        #expect(shown.contains("whsec_***"))
    }
}

/// The reference implementation for Python, as a process of its own.
enum ReferenceVerifier {
    static let isInstalled = (try? run("import standardwebhooks", input: "")) == 0

    static func accepts(
        _ body: String, headers: [(name: String, value: String)], secret: String
    ) throws -> Bool {
        let script = """
            import json, sys, standardwebhooks
            given = json.load(sys.stdin)
            standardwebhooks.Webhook(given["secret"]).verify(given["body"], given["headers"])
            """
        let headers = Dictionary(uniqueKeysWithValues: headers.map { ($0.name, $0.value) })
        let given: [String: Any] = ["secret": secret, "body": body, "headers": headers]
        let input = String(decoding: try JSONSerialization.data(withJSONObject: given), as: UTF8.self)
        return try run(script, input: input) == 0
    }

    /// The exit code.
    private static func run(_ script: String, input: String) throws -> Int32 {
        let python = Process()
        python.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        python.arguments = ["python3", "-c", script]
        let pipe = Pipe()
        python.standardInput = pipe
        python.standardOutput = FileHandle.nullDevice
        python.standardError = FileHandle.nullDevice
        try python.run()
        try pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try pipe.fileHandleForWriting.close()
        python.waitUntilExit()
        return python.terminationStatus
    }
}
