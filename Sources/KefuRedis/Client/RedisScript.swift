import Crypto

/// A Lua script as Redis caches it: by the SHA-1 of its exact text. A class, because every call carries it along.
package final class RedisScript: Sendable, Equatable {
    /// For people: the name of its file.
    package let name: String
    package let text: String
    /// 40 hexadecimal digits.
    package let sha1: String
    /// Ends work, keeps a lease or moves what is due: never refused for load, or the load would not go down.
    package let isUrgent: Bool
    /// The commands that it calls and no instance can do without. A user who may not run one of them would leave
    /// things half done: such a user is refused when a connection signs in.
    package let rights: Set<String>

    package init(name: String, text: String, isUrgent: Bool = false, rights: Set<String> = []) {
        self.name = name
        self.text = text
        self.isUrgent = isUrgent
        self.rights = rights
        self.sha1 = Insecure.SHA1.hash(data: Array(text.utf8)).hexadecimal
    }

    package static func == (one: RedisScript, other: RedisScript) -> Bool { one === other || one.text == other.text }
}

/// One call of a script.
package struct ScriptCall: Sendable, Equatable {
    package var script: RedisScript
    package var keys: [String]
    package var arguments: [RedisArgument]

    package init(_ script: RedisScript, keys: [String], arguments: [RedisArgument]) {
        self.script = script
        self.keys = keys
        self.arguments = arguments
    }
}

extension Insecure.SHA1.Digest {
    fileprivate var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
