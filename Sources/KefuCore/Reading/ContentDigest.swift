import Crypto

/// Tells two posts of one task from two tasks with one id: the first 16 bytes of SHA-256 over all known fields with
/// their defaults filled in, as 32 lowercase hexadecimal digits. It is stored, so its input must never change for
/// a task that could be posted before: new fields get new tags and are left out while they have their defaults.
enum ContentDigest {
    private static let bytes = 16

    static func of(_ task: NewTask) -> String {
        var fields = TaggedFields()
        fields.add(1, task.id)
        fields.add(2, task.type)
        fields.add(3, task.customer.id)
        fields.add(4, task.customer.name)
        for trigger in task.triggers { fields.add(trigger) }
        fields.add(32, task.action.kind.rawValue)
        fields.add(33, task.action.message)
        fields.add(34, task.action.fileURL)
        fields.add(35, task.action.url)
        fields.add(48, task.priority.rawValue)
        fields.add(49, String(task.timeoutMs))
        fields.add(50, String(task.maxRetry))
        fields.add(51, task.createdBy)
        var digest: [UInt8] = []
        for byte in SHA256.hash(data: fields.encoded).prefix(bytes) {
            for digit in [byte >> 4, byte & 15] {
                digest.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
        return String(decoding: digest, as: UTF8.self)
    }
}

/// Tag, length, bytes, one after the other: no two lists of fields have the same encoding.
private struct TaggedFields {
    private(set) var encoded: [UInt8] = []

    init() { encoded.reserveCapacity(512) }

    mutating func add(_ tag: UInt8, _ value: String?) {
        guard let value else { return }
        encoded.append(tag)
        let length = UInt32(value.utf8.count)
        for shift in [24, 16, 8, 0] as [UInt32] { encoded.append(UInt8(truncatingIfNeeded: length >> shift)) }
        encoded.append(contentsOf: value.utf8)
    }

    mutating func add(_ trigger: Trigger) {
        add(16, trigger.kind.rawValue)
        add(17, trigger.keyword)
        for keyword in trigger.keywords { add(18, keyword) }
        add(19, trigger.match.rawValue)
        for text in trigger.exclude { add(20, text) }
        // In one order, however the members of `where` came.
        let conditions = trigger.conditions.sorted { one, other in
            if one.field.utf8.elementsEqual(other.field.utf8) { return one.operator.rawValue < other.operator.rawValue }
            return one.field.utf8.lexicographicallyPrecedes(other.field.utf8)
        }
        for condition in conditions {
            add(21, condition.field)
            add(22, condition.operator.rawValue)
            for operand in condition.operands { add(operand) }
        }
        add(26, trigger.timeMs.map { String($0) })
        add(27, trigger.eventName)
        if trigger.lookbackMs > 0 { add(28, String(trigger.lookbackMs)) }
    }

    private mutating func add(_ operand: Scalar) {
        switch operand {
        case .string(let text): add(23, text)
        // Adding 0 makes -0 the same as 0.
        case .number(let number): add(24, String((number + 0).bitPattern))
        case .bool(let bool): add(25, bool ? "true" : "false")
        }
    }
}
