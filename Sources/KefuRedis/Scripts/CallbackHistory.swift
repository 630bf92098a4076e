import Crypto
import KefuCore

// What became of a task's callbacks, put together from where the scripts leave it: `delivered` of the record, a short
// entry each because every task has one, and the list `deliveries:<task>` of what failed.

extension TaskRecord {
    /// How many are shown.
    private static let shownDeliveries = 10

    /// - Parameters:
    ///   - fields: of the record's hash.
    ///   - failures: the lines of `deliveries:<id>`.
    mutating func readCallbackAttempts(_ fields: [String: String], failures: [String]) {
        let delivered = (fields["delivered"] ?? "").split(separator: ",").compactMap { entry in
            CallbackAttempt(entry: entry) { sequence in
                Self.callbackID(id, created: fields["created_at"], generation: fields["generation"], sequence)
            }
        }
        let all = failures.compactMap(CallbackAttempt.init(line:)) + delivered
        callbackAttempts = all.sorted { $0.atMs < $1.atMs }.suffix(Self.shownDeliveries)
    }

    /// As `queue_callback` of the prelude names it.
    private static func callbackID(
        _ id: String, created: String?, generation: String?, _ sequence: Substring
    ) -> String {
        let identity = [id, created ?? "", generation ?? "", String(sequence)].joined(separator: "\n")
        let digest = Insecure.SHA1.hash(data: Array(identity.utf8))
        return "cb_" + digest.prefix(16).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}

extension TaskRecord.CallbackAttempt {
    /// `<which callback> <state> <delivery> <ms> <http status> <ms it took>`. Anything else is left out.
    fileprivate init?(entry: Substring, id: (Substring) -> String) {
        let parts = entry.split(separator: " ")
        guard parts.count == 6, let status = TaskStatus(rawValue: String(parts[1])), let attempt = Int(parts[2]),
            let at = Int64(parts[3]), let http = Int(parts[4]), let duration = Int64(parts[5])
        else { return nil }
        self.init(
            callbackID: id(parts[0]), status: status, attempt: attempt, atMs: at, httpStatus: http, error: nil,
            durationMs: duration)
    }

    /// One line of `deliveries:<id>`: an object of our own making. Anything else is left out.
    fileprivate init?(line: String) {
        let parsed = Array(line.utf8).withUnsafeBytes { bytes in
            try? JSONReader.read(bytes) { object in  // A line that is no JSON was not written by a script.
                func number(_ name: StaticString) -> Int64? {
                    object.member(name)?.number.flatMap { Int64(exactly: $0) }
                }
                func text(_ name: StaticString) -> String? { object.member(name)?.string }
                return (
                    text("callback_id"), text("status").flatMap(TaskStatus.init(rawValue:)), number("attempt"),
                    number("at"), number("http_status"), text("error"), number("duration_ms")
                )
            }
        }
        guard case (let id?, let status?, let attempt?, let at?, let http, let error, let duration)? = parsed else {
            return nil
        }
        self.init(
            callbackID: id, status: status, attempt: Int(attempt), atMs: at, httpStatus: http.map { Int($0) },
            error: error ?? "", durationMs: duration ?? 0)
    }
}
