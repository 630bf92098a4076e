/// Reads `trigger.where`: a value stands for equality, an object for one or more operators.
enum ConditionReader {
    static func read(_ element: JSONElement) throws(InputError) -> [Condition] {
        try element.expect(.object)
        var conditions: [Condition] = []
        for (key, value) in element.members {
            let field = String(decoding: key.utf8, as: UTF8.self)
            do { try read(value, of: field, into: &conditions) } catch { throw error.inside(field) }
            if conditions.count > InputLimits.conditions {
                throw InputError(.validation, detail: "must have at most \(InputLimits.conditions) conditions")
            }
        }
        return conditions
    }

    private static func read(
        _ value: JSONElement, of field: String, into conditions: inout [Condition]
    ) throws(InputError) {
        guard value.kind == .object else {
            guard let operand = try scalar(value) else {
                throw InputError(
                    .validation, detail: "must be a text, a number, true, false or an object of operators")
            }
            conditions.append(Condition(field: field, operator: .equal, operands: [operand]))
            return
        }
        let before = conditions.count
        for (key, operand) in value.members {
            let word = String(decoding: key.utf8, as: UTF8.self)
            do {
                let test: Condition.Operator = try key.word()
                conditions.append(Condition(field: field, operator: test, operands: try operands(operand, of: test)))
            } catch { throw error.inside(word) }
        }
        if conditions.count == before { throw InputError(.validation, detail: "must have at least one operator") }
    }

    private static func operands(
        _ element: JSONElement, of test: Condition.Operator
    ) throws(InputError) -> [Scalar] {
        switch test {
        case .equal, .notEqual:
            return [try value(element)]
        case .greater, .greaterOrEqual, .less, .lessOrEqual:
            return [.number(try element.finiteNumber())]
        case .exists:
            try element.expect(.bool)
            return [.bool(element.bool == true)]
        case .isIn:
            return try choices(element)
        }
    }

    private static func choices(_ element: JSONElement) throws(InputError) -> [Scalar] {
        try element.expect(.array)
        var operands: [Scalar] = []
        for item in element.elements {
            guard operands.count < InputLimits.choices else {
                throw InputError(.validation, detail: "must have at most \(InputLimits.choices) values")
            }
            do { operands.append(try value(item)) } catch { throw error.inside("[\(operands.count)]") }
        }
        if operands.isEmpty { throw InputError(.validation, detail: "must have at least one value") }
        return operands
    }

    private static func value(_ element: JSONElement) throws(InputError) -> Scalar {
        guard let value = try scalar(element) else {
            throw InputError(.validation, detail: "must be a text, a number, true or false")
        }
        return value
    }

    /// nil for null, arrays and objects.
    private static func scalar(_ element: JSONElement) throws(InputError) -> Scalar? {
        switch element.kind {
        case .string: .string(try element.text(.characters(0...InputLimits.operandCharacters)))
        case .number: .number(try element.finiteNumber())
        case .bool: .bool(element.bool == true)
        case .null, .array, .object: nil
        }
    }
}
