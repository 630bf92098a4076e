import TestSupport

/// The old system's document, word for word: what its users paste and send.
enum Document {
    /// Scenario 1: after the customer has said 好的, send the file.
    static let fileAfterReply = """
        {
          "task_id": "TASK_001",
          "type": "send_file_after_reply",
          "customer": {"id": "customer_123"},
          "trigger": {"type": "customer_reply", "keyword": "好的"},
          "action": {
            "type": "send_file",
            "file_url": "https://xxx.com/file.zip",
            "message": "这是您要的文件"
          }
        }
        """

    /// Scenario 2: after the customer has paid, send the tutorial.
    static let tutorialAfterPayment = """
        {
          "task_id": "TASK_002",
          "type": "send_tutorial_after_payment",
          "customer": {"id": "customer_456"},
          "trigger": {"type": "customer_payment"},
          "action": {
            "type": "send_message",
            "message": "感谢购买！这是使用教程:..."
          }
        }
        """

    static let greetingTime = "2026-02-27 09:00:00"

    /// Scenario 3: a greeting at ``greetingTime``.
    static let greeting = """
        {
          "task_id": "TASK_003",
          "type": "send_greeting",
          "customer": {"id": "customer_789"},
          "trigger": {"type": "time_reach", "time": "2026-02-27 09:00:00"},
          "action": {
            "type": "send_message",
            "message": "早上好！有什么可以帮您?"
          }
        }
        """

    static let receiveCommand = """
        curl -X POST http://localhost:5678/api/task/receive \\
          -H "Content-Type: application/json" \\
          -d '{
            "task_id": "TASK_20260226_001",
            "type": "send_file_after_reply",
            "customer": {
              "name": "小明",
              "id": "customer_123"
            },
            "trigger": {
              "type": "customer_reply",
              "keyword": "好的"
            },
            "action": {
              "type": "send_message",
              "message": "这是您要的文件"
            },
            "priority": "normal",
            "timeout_hours": 24,
            "created_by": "设计师 lz"
          }'
        """

    static let statusCommand = "curl http://localhost:5678/api/task/status/TASK_20260226_001"

    static let cancelCommand = """
        curl -X POST http://localhost:5678/api/task/cancel \\
          -H "Content-Type: application/json" \\
          -d '{
            "task_id": "TASK_20260226_001",
            "reason": "客户已退款"
          }'
        """

    static let statsCommand = "curl http://localhost:5678/api/task/stats"
}
