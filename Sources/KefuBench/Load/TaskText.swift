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
    ///   - customer: ``customer``, or ``task`` for one task a customer.
    ///   - trigger: JSON.
    static func body(
        customer: String = customer, trigger: String = #"{"type": "customer_reply", "keyword": "好的"}"#
    ) -> String {
        """
        {"task_id": "\(idPrefix)\(task)", "type": "send_file_after_reply", \
        "customer": {"name": "小明", "id": "customer_\(customer)"}, "trigger": \(trigger), \
        "action": {"type": "send_message", "message": "这是您要的文件"}, \
        "priority": "normal", "timeout_hours": 24, "created_by": "设计师 lz"}
        """
    }

    static func timed(_ time: String) -> String {
        body(trigger: #"{"type": "time_reach", "time": "\#(time)"}"#)
    }

    static func message(_ text: String, customer: String = customer) -> String {
        #"{"type": "customer_message", "customer": {"id": "customer_\#(customer)"}, "text": "\#(text)"}"#
    }
}
