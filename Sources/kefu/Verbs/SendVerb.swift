import ArgumentParser
import Foundation
import Glibc

struct SendVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Issue a task, or an array of tasks, from a file.",
        discussion: """
            The file holds one task as JSON, or an array of up to 1,000. Sending the same task again changes nothing.

            EXAMPLES
              kefu send task.json
              echo '{"task_id": "T1", "type": "hello", "customer": {"id": "c1"},
                     "trigger": {"type": "customer_reply", "keyword": "好的"},
                     "action": {"type": "send_message", "message": "你好"}}' | kefu send -
            """)

    @Argument(help: "A file of JSON, or - for the standard input.", completion: .file()) var file: String
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let body = try read()
        let isBatch = body.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "[")
        try await client.run { api in
            guard isBatch else {
                let answer = try await api.post("/api/task/receive", body: body)
                return try client.show(answer) { Self.text($0) }
            }
            let answer = try await api.post("/api/task/receive/batch", body: body)
            try client.show(answer) { Self.batchText($0) }
            if answer.data["results"].elements.contains(where: { ($0["code"].integer ?? 0) >= 400 }) {
                throw Exit.refused
            }
        }
    }

    private func read() throws -> [UInt8] {
        if file == "-" { return [UInt8](FileHandle.standardInput.readDataToEndOfFile()) }
        guard let bytes = FileManager.default.contents(atPath: file) else {
            throw ValidationError("\(file) cannot be read.")
        }
        return [UInt8](bytes)
    }

    static func text(_ answer: Envelope) -> String {
        let data = answer.data
        let duplicate = data["duplicate"] == .bool(true) ? "  (duplicate, nothing changed)" : ""
        return "\(Table.escaped(data["task_id"].text))  \(data["status"].text)  \(answer.message)\(duplicate)\n"
    }

    static func batchText(_ answer: Envelope) -> String {
        var table = Table("CODE", "TASK", "STATUS", "MESSAGE", "DETAIL")
        for result in answer.data["results"].elements {
            let error = result["error"]
            let field = error["field"].string.map { "\($0): " } ?? ""
            table.add([
                result["code"].text, result["task_id"].text, result["status"].text, result["message"].text,
                field + error["detail"].text,
            ])
        }
        return table.text
    }
}
