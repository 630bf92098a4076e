import Foundation
import KefuCore
import Testing

@testable import KefuAdapter

/// Values in bodies, URLs, headers and forms: whatever they hold, what surrounds them stays what the file says.
@Suite struct TemplateTests {
    private static func sent(_ out: String, _ request: ActionRequest) async throws -> PlatformRequest {
        let adapter = try Given.adapter(#"{"env": ["PLATFORM_URL", "PLATFORM_SECRET"], "out": {"all": \#(out)}}"#)
        let transport = ScriptedTransport { _, _ in .status(200) }
        let gateway = try #require(
            adapter.gateway(url: "http://h/", timeout: .seconds(5), transport: transport, formatTime: Given.time))
        _ = await gateway.send(request)
        return try #require(transport.requests.first)
    }

    private static func read(_ request: PlatformRequest) throws -> NSDictionary {
        try #require(try JSONSerialization.jsonObject(with: Data(request.body)) as? NSDictionary)
    }

    @Test(arguments: hostileTexts)
    func `A hostile text arrives unchanged and changes nothing around it`(text: String) async throws {
        let out = #"""
            {"url": "http://h/users/{{customer.name}}/send?m={{action.message}}&k=1",
             "headers": {"X-Text": "a {{action.message}} b", "Authorization": "Bearer {{env.PLATFORM_SECRET}}"},
             "body": {"a": "{{action.message}}", "b": "<{{action.message}}>\n\"{{action.message}}\"", "c": {"$json": "action.message"},
                      "d": "{{#action.message}}[{{action.message}}]{{/action.message}}{{^action.message}}none{{/action.message}}",
                      "e": "{{data.x}}{{data}}", "f": [1.50, "{{task_id}}"]}}
            """#
        let request = Given.request(
            message: text, customer: Customer(id: "c1", name: text), event: Given.event(x: text))
        let sent = try await Self.sent(out, request)
        let body = try Self.read(sent)
        let data = #"{"x":"\#(String(JSONValue.string(text).text.dropFirst().dropLast()))"}"#
        #expect(body["a"] as? String == text && body["c"] as? String == text)
        #expect(body["b"] as? String == "<\(text)>\n\"\(text)\"")
        #expect(body["d"] as? String == "[\(text)]")
        #expect(body["e"] as? String == text + data)
        #expect(body["f"] as? NSArray == [1.5, "T1"] && body.count == 6)
        // Each value is one segment, one parameter, one line.
        let url = try #require(URLComponents(string: sent.url))
        #expect(url.host == "h" && url.percentEncodedPath.split(separator: "/").count == 3 && url.fragment == nil)
        #expect(url.queryItems?.map(\.name) == ["m", "k"])
        #expect(url.queryItems?.first?.value == text)
        for header in sent.headers { #expect(header.value.utf8.allSatisfy { (0x20...0x7E).contains($0) }) }
        #expect(sent.header("Authorization") == "Bearer geheim-geheim" && sent.headers.count == 3)
    }

    @Test(arguments: hostileTexts)
    func `A form has one field for each, whatever stands in it`(text: String) async throws {
        let sent = try await Self.sent(
            #"{"form": {"a b": "{{action.message}}", "n": "{{attempt}}"}}"#, Given.request(message: text))
        let fields = sent.text.split(separator: "&", omittingEmptySubsequences: false)
        #expect(fields.count == 2 && fields[1] == "n=3" && fields[0].hasPrefix("a%20b="))
        #expect(fields[0].dropFirst(6).removingPercentEncoding == text)
        #expect(sent.header("Content-Type") == "application/x-www-form-urlencoded")
    }

    @Test func `A section never lets what a customer sent stand in for what is ours`() async throws {
        let out =
            #"{"body": {"to": "{{#data}}{{customer.id}}/{{task_id}}{{/data}}", "t": "{{#conversation.task_id}}{{task_id}}{{/conversation.task_id}}"}}"#
        let event =
            #"{"at":1,"data":{"customer":{"id":"victim"},"task_id":"T9"},"conversation":{"task_id":{"task_id":"T8"}}}"#
        let body = try Self.read(try await Self.sent(out, Given.request(event: event)))
        #expect(body["to"] as? String == "c1/T1" && body["t"] as? String == "T1")
    }

    @Test func `What is not there is null, an empty text, or left out as the file says`() async throws {
        let out = #"""
            {"headers": {"X-Name": "{{customer.name}}"},
             "body": {"a": {"$json": "customer.name"}, "b": "{{customer.name}}", "c": {"$optional": "{{customer.name}}"},
                      "d": {"$optional": {"$json": "data.x.y"}}, "e": {"$optional": {"$json": "generation"}}, "f": {}, "g": []}}
            """#
        let sent = try await Self.sent(out, Given.request())
        #expect(sent.text == #"{"a":null,"b":"","e":2,"f":{},"g":[]}"#)
        #expect(sent.header("X-Name") == nil)
        let event = #"{"at":1,"type":"customer_message","data":{"x":{"y":false}}}"#
        let other = try await Self.sent(out, Given.request(customer: Customer(id: "c", name: "n"), event: event))
        #expect(other.text == #"{"a":"n","b":"n","c":"n","d":false,"e":2,"f":{},"g":[]}"#)
    }

    @Test func `An address of the environment and a path make one slash, and its host stays`() async throws {
        let request = Given.request(taskID: "../../@evil.test/x")
        let sent = try await Self.sent(#"{"url": "{{env.PLATFORM_URL}}/v1/{{task_id}}?a=b", "body": {}}"#, request)
        #expect(sent.url == "http://platform.test/base/v1/..%2F..%2F%40evil.test%2Fx?a=b")
    }

    @Test func `Time is told in seconds and in milliseconds, as numbers`() async throws {
        let sent = try await Self.sent(
            #"{"body": {"s": {"$json": "now_seconds"}, "ms": {"$json": "now_ms"}, "at": "{{trigger_event.at}}"}}"#,
            Given.request(event: #"{"at":7,"type":"manual"}"#))
        let body = try Self.read(sent)
        let (seconds, ms) = (body["s"] as? Int ?? 0, body["ms"] as? Int ?? 0)
        #expect(seconds > 1_700_000_000 && ms / 1000 - seconds <= 1 && body["at"] as? String == "T7")
    }
}
