/// One argument of a command. Redis knows bytes only: numbers go as their decimal digits.
package enum RedisArgument: Sendable, Equatable {
    case string(String)
    case integer(Int64)
    case bytes([UInt8])
}

extension RedisArgument {
    package static func integer(_ value: Int) -> RedisArgument { .integer(Int64(value)) }

    /// `1` or `0`.
    package static func flag(_ value: Bool) -> RedisArgument { .integer(Int64(value ? 1 : 0)) }

    /// An absent text is the empty string.
    package static func string(_ value: String?) -> RedisArgument { .string(value ?? "") }
}

extension RedisArgument: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
}
