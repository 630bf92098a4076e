import ArgumentParser
import Foundation
import KefuOutbound
import Testing

@testable import kefu

struct VerbTests {
    private func envelope(_ status: Int, _ json: String) throws -> Envelope {
        Envelope(
            httpStatus: status, body: Array(json.utf8),
            root: try JSONDecoder().decode(JSONNode.self, from: Data(json.utf8)))
    }

    @Test(arguments: [(200, nil), (400, 1), (401, 1), (404, 1), (409, 1), (429, 1), (500, 2), (503, 2), (302, 2)])
    func `each answer has its exit code`(status: Int, code: Int32?) throws {
        let answer = try envelope(status, #"{"code": \#(status), "message": "m", "data": null}"#)
        #expect(answer.exit?.rawValue == code)
    }

    @Test func `a complaint says which field is to blame`() throws {
        let answer = try envelope(
            400,
            #"{"code":400,"message":"参数错误","data":null,"error":{"type":"validation","field":"task_id","detail":"missing"}}"#
        )
        #expect(answer.complaint == "400 参数错误 (task_id: missing)")
    }

    @Test func `an unreachable server ends with 2`() async throws {
        let transport = try CurlTransport()
        defer { transport.shutdown() }
        // Port 1 of the own machine: nobody listens there.
        let api = APIClient(base: "http://127.0.0.1:1/", token: nil, transport: transport)
        let error = await #expect(throws: Unreachable.self) { try await api.get("/api/health") }
        #expect(error?.description.contains("127.0.0.1:1") == true)
        #expect(Exit.unavailable.rawValue == 2)
        #expect(Exit.configuration.rawValue == 78)
    }

    @Test func `ids go into paths percent-encoded`() {
        #expect(APIClient.percentEncoded("a/b?c d:中~-._") == "a%2Fb%3Fc%20d%3A%E4%B8%AD~-._")
        #expect(APIClient.percentEncoded("\t") == "%09")
    }

    @Test func `an event's body holds what was given, its type inferred`() throws {
        let message = try EventVerb.parse(["--customer", "c1", "--text", "好\"的", "--event-id", "e"])
        #expect(
            String(decoding: message.body, as: UTF8.self)
                == #"{"type":"customer_message","customer":{"id":"c1"},"text":"好\"的","event_id":"e"}"#)
        let custom = try EventVerb.parse(["--customer", "c1", "--event", "done", "--data", #"{"a": 1}"#])
        #expect(
            String(decoding: custom.body, as: UTF8.self)
                == #"{"type":"custom_event","customer":{"id":"c1"},"event":"done","data":{"a": 1}}"#)
        let payment = try EventVerb.parse(["--customer", "c1", "--type", "customer_payment"])
        #expect(String(decoding: payment.body, as: UTF8.self) == #"{"type":"customer_payment","customer":{"id":"c1"}}"#)
    }

    @Test(arguments: [
        ["send"], ["event", "--customer", "c"], ["event", "--text", "x"], ["status"], ["nonsense"],
        ["callbacks", "replay"], ["callbacks", "replay", "x", "--all-dead"], ["list", "--limit", "many"],
    ])
    func `wrong usage ends with 64`(arguments: [String]) throws {
        let error = #expect(throws: (any Error).self) { try Kefu.parseAsRoot(arguments) }
        #expect(error.map { Kefu.exitCode(for: $0).rawValue } == 64)
    }

    @Test func `callbacks are listed when no other verb is named`() throws {
        #expect(try Kefu.parseAsRoot(["callbacks", "--state", "dead"]) is ListCallbacks)
    }

    @Test func `every verb shows examples in its help`() {
        for verb in Kefu.configuration.subcommands {
            for leaf in verb.configuration.subcommands.isEmpty ? [verb] : verb.configuration.subcommands {
                #expect(leaf.configuration.discussion.contains("EXAMPLES\n  kefu "), "\(leaf)")
            }
        }
    }

    @Test func `a task is shown field by field, then its timeline and failures`() throws {
        let answer = try envelope(
            200,
            #"""
            {"code": 200, "message": "ok", "data": {"task_id": "T1", "zz_new": 7, "status": "failed", "result": null,
             "customer_name": "张三", "timeline": [{"status": "waiting", "at": "t0"}],
             "failed_attempts": [{"attempt": 1, "at": "t1", "http_status": 503, "error": "down", "duration_ms": 12}]}}
            """#)
        #expect(
            TaskText.everything(answer.data) == """
                task_id        T1
                status         failed
                customer_name  张三
                zz_new         7

                STATUS   AT
                waiting  t0

                FAILED  AT  HTTP  MS  ERROR
                1       t1  503   12  down

                """)
    }
}
