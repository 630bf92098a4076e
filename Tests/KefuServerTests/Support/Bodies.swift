import KefuCore

/// Bodies that the contract accepts.
enum Bodies {
    static func task(_ id: String = "TASK_20260226_001") -> String {
        """
        {"task_id": "\(id)", "type": "send_file_after_reply", "customer": {"name": "小明", "id": "customer_123"},
         "trigger": {"type": "customer_reply", "keyword": "好的"},
         "action": {"type": "send_file", "file_url": "https://xxx.com/file.zip", "message": "这是您要的文件"},
         "priority": "normal", "timeout_hours": 24, "created_by": "设计师 lz"}
        """
    }

    static let event = #"{"type": "customer_message", "customer": {"id": "customer_123"}, "text": "好的"}"#
    static let update =
        #"{"task_id": "TASK_1", "time": "2026-02-27 09:00:00", "timeout_hours": 2, "priority": "high", "message": "改"}"#
    static let command = #"{"task_id": "TASK_1", "reason": "客户已退款"}"#

    /// What each path takes, for tests that go through all of them.
    static let requests: [(method: String, target: String, body: String?)] = [
        ("POST", "/api/task/receive", task()),
        ("POST", "/api/task/receive/batch", "[\(task())]"),
        ("POST", "/api/task/cancel", command),
        ("POST", "/api/task/retry", command),
        ("POST", "/api/task/fire", command),
        ("POST", "/api/task/update", update),
        ("GET", "/api/task/status/TASK_1", nil),
        ("GET", "/api/task/list", nil),
        ("GET", "/api/task/stats", nil),
        ("GET", "/api/task/history", nil),
        ("POST", "/api/event", event),
        ("POST", "/api/event/batch", "[\(event)]"),
        ("GET", "/api/callbacks", nil),
        ("POST", "/api/callbacks/replay", #"{"all_dead": true}"#),
        ("GET", "/api/access", nil),
        ("GET", "/metrics", nil),
        ("GET", "/api/health", nil),
        ("GET", "/api/health/live", nil),
    ]
}
