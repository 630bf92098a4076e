import Crypto

/// What a token may be used for; see the table of roles in the contract.
package enum Role: String, Sendable, CaseIterable {
    case tasks, events, read, admin
}

/// Who may call a path.
package enum Permission: Sendable {
    /// Everyone, without a token.
    case open
    /// Everyone with a token, whatever its role.
    case any
    /// Those who issue tasks.
    case tasks
    /// Those who report events.
    case events
    /// Those who look at tasks.
    case read
    /// Operators.
    case admin

    package func allows(_ role: Role) -> Bool {
        switch self {
        case .open, .any: true
        case .tasks: role == .tasks || role == .admin
        case .events: role == .events || role == .admin
        case .read: role == .tasks || role == .read || role == .admin
        case .admin: role == .admin
        }
    }
}

/// A configured token. The secret appears nowhere in logs or answers.
package struct AccessToken: Sendable, Equatable, CustomStringConvertible {
    /// Shown in debug logs.
    package var name: String
    package var role: Role
    /// At least 16 characters.
    package var secret: String

    package init(name: String, role: Role, secret: String) {
        self.name = name
        self.role = role
        self.secret = secret
    }

    package var description: String { "\(name):\(role.rawValue):…" }
}

/// Who has sent a valid token.
package struct Caller: Sendable, Equatable {
    package var name: String
    package var role: Role

    package init(name: String, role: Role) {
        self.name = name
        self.role = role
    }
}

/// Checks bearer tokens (RFC 6750). Without configured tokens everything is allowed.
package struct AccessControl: Sendable {
    package enum Verdict: Equatable {
        /// nil when no token was needed.
        case allowed(caller: Caller?)
        /// There is no token where one must be.
        case unauthorized
        /// There is one, and it is not configured.
        case unknown
        /// It is one of this role, which is not enough.
        case forbidden(Role)
    }

    private struct Entry {
        var name: String
        var role: Role
        var digest: SHA256Digest
    }

    private let entries: [Entry]

    package init(tokens: [AccessToken] = []) {
        entries = tokens.map {
            Entry(name: $0.name, role: $0.role, digest: SHA256.hash(data: Array($0.secret.utf8)))
        }
    }

    /// - Parameters:
    ///   - authorization: the value of the first `Authorization` field.
    ///   - fields: how many such fields the request has; more than one is as bad as none.
    package func check(authorization: String?, fields: Int, for permission: Permission) -> Verdict {
        if case .open = permission { return .allowed(caller: nil) }
        guard !entries.isEmpty else { return .allowed(caller: nil) }
        guard fields == 1, let authorization, let secret = Self.bearerToken(authorization) else {
            return .unauthorized
        }
        let digest = secret.withUnsafeBytes { SHA256.hash(data: $0) }
        // Digests are compared in constant time, and all of them, so that the time tells nothing about a token.
        var match: Entry?
        for entry in entries where entry.digest == digest { match = entry }
        guard let match else { return .unknown }
        return permission.allows(match.role)
            ? .allowed(caller: Caller(name: match.name, role: match.role)) : .forbidden(match.role)
    }

    private static func bearerToken(_ value: String) -> ArraySlice<UInt8>? {
        let scheme = Array("bearer".utf8)
        let bytes = Array(value.utf8)
        guard bytes.count > scheme.count, bytes[scheme.count] == UInt8(ascii: " "),
            zip(bytes, scheme).allSatisfy({ $0 | 0x20 == $1 })
        else { return nil }
        let token = bytes[(scheme.count + 1)...].drop { $0 == UInt8(ascii: " ") }
        return token.isEmpty ? nil : token
    }
}
