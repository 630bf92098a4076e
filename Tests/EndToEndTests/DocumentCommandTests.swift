import TestSupport
import Testing

/// The old document's command lines, run by a real shell with a real curl.
@Suite(.timeLimit(.minutes(2)))
struct DocumentCommandTests {
    @Test func `the document's command lines work word for word`() async throws {
        try await Site.run([:]) { site, kefu in
            let run = { (command: String) async throws -> String in
                let line = command.replacing("localhost:5678", with: "localhost:\(kefu.port)")
                let outcome = try await Child.run("/bin/sh", ["-c", line])
                #expect(outcome.status == 0, "\(outcome.complaints)")
                return outcome.output
            }
            #expect(
                try await run(Document.receiveCommand)
                    == #"{"code":200,"message":"任务接收成功","data":{"task_id":"TASK_20260226_001","status":"pending"}}"#)
            let status = try await run(Document.statusCommand).replacing(Self.time, with: "TIME")
            #expect(status == Self.status)
            #expect(
                try await run(Document.cancelCommand)
                    == #"{"code":200,"message":"任务已取消","data":{"task_id":"TASK_20260226_001","status":"cancelled"}}"#)
            let stats = try JSON(try await run(Document.statsCommand))
            #expect(stats["code"] == 200)
            #expect(
                stats["data"]["by_status"] == [
                    "pending": 0, "waiting": 0, "running": 0, "completed": 0, "failed": 0, "cancelled": 1,
                ])
            let told = try await site.receiver.requests(atLeast: 1)[0].json
            #expect(told["status"] == "cancelled" && told["error"] == "客户已退款")
            #expect(try await kefu.status("TASK_20260226_001")["cancel_reason"] == "客户已退款")
        }
    }

    private static var time: Regex<Substring> { /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00/ }

    private static let status =
        #"{"code":200,"message":"查询成功","data":{"task_id":"TASK_20260226_001","type":"send_file_after_reply","#
        + #""customer_name":"小明","customer_id":"customer_123","trigger_type":"customer_reply","#
        + #""trigger_keyword":"好的","trigger_keywords":null,"action_type":"send_message","action_file_url":null,"#
        + #""action_message":"这是您要的文件","priority":"normal","timeout_hours":24,"status":"waiting","#
        + #""retry_count":0,"max_retry":3,"created_at":"TIME","created_by":"设计师 lz","triggered_at":null,"#
        + #""completed_at":null,"error_message":null,"result":null,"action_url":null,"trigger_match":null,"#
        + #""trigger_exclude":null,"trigger_where":null,"trigger_time":null,"trigger_event_name":null,"#
        + #""trigger_lookback_seconds":null,"triggers":null,"#
        + #""generation":1,"attempts":0,"deadline_at":"TIME","updated_at":null,"next_attempt_at":null,"#
        + #""trigger_event":null,"error_code":null,"cancel_requested":false,"cancel_reason":null,"#
        + #""traceparent":null,"failed_attempts":[],"callback_attempts":[],"#
        + #""timeline":[{"status":"waiting","at":"TIME"}]}}"#
}
