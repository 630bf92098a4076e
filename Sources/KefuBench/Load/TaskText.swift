/// The bodies that are sent: the old document's example and the events around it.
enum TaskText {
    /// Digits of every number.
    static let digits = 6
    /// Stands for a task's number.
    static let task = "TTTTTT"
    /// Stands for its customer's: ``perCustomer`` tasks share one.
    static let customer = "CCCCCC"
    static let perCustomer = 10
    static let idPrefix: StaticString = "TASK_20260226_"

    /// The document's task.
    ///
    /// - Parameters:
    ///   - task: its number, or the mark for it.
    ///   - customer: ``customer``, or ``task`` for one task a customer.
    ///   - trigger: JSON.
    static func body(
        task: String = task, customer: String = customer,
        trigger: String = #"{"type": "customer_reply", "keyword": "好的"}"#
    ) -> String {
        """
        {"task_id": "\(idPrefix)\(task)", "type": "send_file_after_reply", \
        "customer": {"name": "小明", "id": "customer_\(customer)"}, "trigger": \(trigger), \
        "action": {"type": "send_message", "message": "这是您要的文件"}, \
        "priority": "normal", "timeout_hours": 24, "created_by": "设计师 lz"}
        """
    }

    /// The document's task for a time, for a customer of its own.
    static func timed(_ time: String, number: Int) -> String {
        let digits = String(1_000_000 + number).dropFirst()
        return body(
            task: String(digits), customer: String(digits), trigger: #"{"type": "time_reach", "time": "\#(time)"}"#)
    }

    /// What no task of ours waits for.
    static let otherText = "请问什么时候发货"

    static func message(_ text: String, customer: String = customer) -> String {
        #"{"type": "customer_message", "customer": {"id": "customer_\#(customer)"}, "text": "\#(text)"}"#
    }

    /// A message of one who has nothing pending.
    static let strangerMessage = message(otherText, customer: "stranger_\(task)")
}
