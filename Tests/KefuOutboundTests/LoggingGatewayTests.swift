import KefuCore
import KefuOutbound
import Logging
import Synchronization
import Testing

@Suite struct LoggingGatewayTests {
    @Test func `it prints all that would be sent and accepts it`() async {
        let log = RecordedLog()
        let gateway = LoggingGateway(logger: Logger(label: "test") { _ in log })
        let report = await gateway.send(.sample(generation: 2, attempt: 3))
        #expect(report.answer == .accepted(resultJSON: nil))
        let line = log.lines.withLock { $0 }
        #expect(
            line == [
                "info 动作（未配置网关，仅打印） action=send_file attempt=3 customer_id=cust-1 "
                    + "file_url=https://f.example/a.pdf generation=2 message=您好 task_id=TASK_001 "
                    + #"trigger_event={"at":1772154000123,"type":"customer_message","text":"好的"}"#
            ])
    }

    @Test func `it prints nothing once the lease is lost`() async {
        let log = RecordedLog()
        let gateway = LoggingGateway(logger: Logger(label: "test") { _ in log })
        #expect(await gateway.send(.sample(maySend: { false })).answer == .notSent)
        #expect(log.lines.withLock { $0.isEmpty })
    }
}

/// Keeps each line as its level, message and sorted fields.
private final class RecordedLog: LogHandler {
    let lines = Mutex<[String]>([])

    var logLevel: Logger.Level {
        get { .trace }
        set {}  // Everything is kept.
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}  // The gateway gives its fields with each line.
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}  // As above.
    }

    func log(event: LogEvent) {
        let fields = (event.metadata ?? [:]).map { " \($0.key)=\($0.value)" }.sorted().joined()
        lines.withLock { $0.append("\(event.level) \(event.message)\(fields)") }
    }
}
