import TestSupport

/// Ids as hostile as the contract lets them be: made of what keys, patterns and percent-encodings are made of.
enum Names {
    private static let styles: [@Sendable (Int, Int) -> String] = [
        { "c\($0)-\($1)" }, { "c\($0)-\($1)" }, { "c\($0)-\($1):custom" }, { "c\($0)-\($1):message" },
        { "c%3A\($0)-\($1)%25" }, { "{1}:task:\($0)-\($1)" }, { "*\($0)?[\($1)]\\" }, { "客户\($0)号\($1)" },
        { "'\($0)\"\($1)'$(x)" }, { "armed:\($0):\($1):payment" },
    ]

    /// Another one for each pair of numbers.
    static func id(_ sender: Int, _ number: Int) -> String { styles[number % styles.count](sender, number) }
}

/// What is sent.
enum Body {
    static func task(
        _ id: String, of customer: String, _ trigger: JSON, priority: String, _ more: [String: JSON] = [:]
    ) -> JSON {
        let usual: [String: JSON] = [
            "task_id": .string(id), "type": "chaos", "customer": ["id": .string(customer), "name": "小明"],
            "trigger": trigger, "action": ["type": "send_message", "message": "您好"],
            "priority": .string(priority), "max_retry": 10,
        ]
        return .object(usual.merging(more) { $1 })
    }

    static func said(_ text: String, by customer: String, event: String, carriesID: Bool = true) -> JSON {
        self.event("customer_message", by: customer, event, ["text": .string(text)], carriesID: carriesID)
    }

    /// - Parameter event: its id; the gateway hears of it, and of its customer, also when it carries none.
    static func event(
        _ type: String, by customer: String, _ event: String, _ more: [String: JSON] = [:], carriesID: Bool = true
    ) -> JSON {
        var members: [String: JSON] = [
            "type": .string(type), "customer": ["id": .string(customer)],
            "conversation": ["event": .string(event), "customer": .string(customer)],
        ]
        if carriesID { members["event_id"] = .string(event) }
        return .object(members.merging(more) { $1 })
    }

    static let keyword: JSON = ["type": "customer_keyword", "keyword": "好的", "exclude": ["不好的"]]
}
