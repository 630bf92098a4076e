import KefuCore
import Synchronization
import Testing

@testable import KefuAdapter

/// A token: fetched once for all, renewed before its end and once after a refusal.
@Suite(.timeLimit(.minutes(3))) struct TokenTests {
    private static let token = #"{"access_token": "tok-1-secret", "expires_in": 7200}"#

    private static func gateway(
        _ transport: ScriptedTransport, example: String = "token", timeout: Duration = .seconds(5)
    ) throws -> AdapterGateway {
        try #require(
            try Given.example(example).gateway(
                url: nil, timeout: timeout, transport: transport, formatTime: Given.time))
    }

    private static func isToken(_ request: PlatformRequest) -> Bool { request.url.hasSuffix("/oauth/token") }

    @Test func `Many attempts at once fetch one token, in a form, with the secrets of the environment`() async throws {
        let transport = ScriptedTransport { request, _ in
            Self.isToken(request) ? .status(200, Self.token) : .status(201, #"{"id": 9}"#)
        }
        let gateway = try Self.gateway(transport)
        let reports = await withTaskGroup(of: GatewayReport.self) { group in
            for _ in 0..<20 { group.addTask { await gateway.send(Given.request(customer: Customer(id: "a/b"))) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(reports.allSatisfy { $0.answer == .accepted(resultJSON: #"{"message_id":9,"result":{"id":9}}"#) })
        let (tokens, actions) = (
            transport.requests.filter(Self.isToken), transport.requests.filter { !Self.isToken($0) }
        )
        #expect(tokens.map(\.text) == ["grant_type=client_credentials&client_id=key-1&client_secret=geheim-geheim"])
        #expect(tokens[0].maySend == nil && tokens[0].signedAs == nil)
        #expect(actions.count == 20)
        #expect(actions.allSatisfy { $0.header("Authorization") == "Bearer tok-1-secret" })
        #expect(actions.allSatisfy { $0.url == "http://platform.test/base/v1/users/a%2Fb/messages" })
    }

    @Test func `A refused token is renewed once, and the action sent once more within the same attempt`() async throws {
        let transport = ScriptedTransport { request, number in
            if Self.isToken(request) { return .status(200, #"{"access_token": "tok-\#(number)"}"#) }
            return request.header("Authorization") == "Bearer tok-1" ? .status(401, "expired") : .status(200, "{}")
        }
        let report = try await Self.gateway(transport).send(Given.request())
        #expect(report.answer == .accepted(resultJSON: #"{"message_id":null,"result":{}}"#))
        #expect(transport.requests.map(Self.isToken) == [true, false, true, false])
        let keys = Set(transport.requests.compactMap { $0.header("Idempotency-Key") })
        #expect(keys == ["T1:2"])
    }

    @Test func `A platform that refuses every token is asked twice, then the attempt has failed for now`() async throws
    {
        let transport = ScriptedTransport { request, _ in
            Self.isToken(request) ? .status(200, Self.token) : .status(401, "no tok-1-secret", retryAfter: .seconds(3))
        }
        let report = try await Self.gateway(transport).send(Given.request())
        #expect(report.answer == .failed(retryAfter: .seconds(3)) && report.httpStatus == 401)
        #expect(report.error == "token refused: platform answered 401: no ***")
        #expect(transport.requests.map(Self.isToken) == [true, false, true, false])
    }

    @Test func `Nothing is sent again when the attempt's time is over`() async throws {
        let transport = ScriptedTransport { request, _ in
            Self.isToken(request) ? .status(200, Self.token) : .status(401)
        }
        let report = try await Self.gateway(transport, timeout: .zero).send(Given.request())
        #expect(report.answer == .failed(retryAfter: nil) && report.httpStatus == 401)
        #expect(transport.requests.map(Self.isToken) == [true, false, true])
    }

    @Test func `Nothing is sent again once the lease has gone`() async throws {
        let held = Mutex(true)
        let transport = ScriptedTransport { request, _ in
            if Self.isToken(request) { return .status(200, Self.token) }
            held.withLock { $0 = false }
            return .status(401)
        }
        let report = try await Self.gateway(transport).send(Given.request { held.withLock { $0 } })
        #expect(report.answer == .notSent)
        #expect(transport.requests.count == 4)
    }

    @Test func `Without a token nothing is sent, the error names no secret, and others do not ask at once again`()
        async throws
    {
        let transport = ScriptedTransport { _, _ in .status(403, "geheim-geheim is wrong") }
        let gateway = try Self.gateway(transport)
        for _ in 0..<3 {
            let report = await gateway.send(Given.request())
            #expect(report.answer == .failed(retryAfter: nil))
            #expect(report.error == "no token: platform answered 403")
        }
        #expect(transport.requests.count == 1)
        let empty = ScriptedTransport { _, _ in .status(200, #"{"access_token": "a b"}"#) }
        let report = try await Self.gateway(empty).send(Given.request())
        #expect(report.error == "no token: platform answered 200 without a token at /access_token")
    }

    @Test func `A token is renewed before its end, and one that cannot be renewed is used to its end`() async throws {
        let file = #"""
            {"out": {"token": {"url": "http://h/oauth/token", "token": "/t", "expires_in": "/e", "renew_before_seconds": 0},
                     "all": {"url": "http://h/", "headers": {"A": "{{token}}"}, "body": {}}}}
            """#
        let adapter = try Given.adapter(file)
        let transport = ScriptedTransport { request, number in
            // The first lasts a second, the others long.
            Self.isToken(request)
                ? .status(200, #"{"t": "tok\#(number)", "e": \#(number == 1 ? "\"1\"" : "7200")}"#) : .status(200)
        }
        let gateway = try #require(
            adapter.gateway(url: nil, timeout: .seconds(5), transport: transport, formatTime: Given.time))
        let start = ContinuousClock.now
        var sent = ""
        while sent.isEmpty || sent == "tok1" {
            _ = await gateway.send(Given.request())
            sent = transport.requests.last?.header("A") ?? ""
        }
        // Whatever the machine did: the first was never used past its second, and there were two fetches.
        #expect(sent.hasPrefix("tok") && sent != "tok1" && ContinuousClock.now - start >= .seconds(1))
        #expect(transport.requests.filter(Self.isToken).count == 2)

        let failing = ScriptedTransport { request, number in
            guard Self.isToken(request) else { return .status(200) }
            return number == 1 ? .status(200, #"{"t": "tok1", "e": 3600}"#) : .status(500)
        }
        // Renewed half of its life before its end at the latest: 1,800 s of 3,600 s.
        let template = try #require(
            try Given.adapter(file.replacing("\"renew_before_seconds\": 0", with: "\"renew_before_seconds\": 86400"))
                .outgoing?.token)
        #expect(
            template.lead == .seconds(86_400)
                && template.read(Array(#"{"t": "x", "e": 10}"#.utf8))?.life == .seconds(10))
        let keeper = TokenKeeper(
            template, environment: try Given.adapter(file).environment, transport: failing, timeout: .seconds(5))
        #expect(await keeper.token() == .success("tok1"))
        #expect(await keeper.token() == .success("tok1"))
        await keeper.drop("another")
        #expect(await keeper.token() == .success("tok1") && failing.requests.count == 1)
        await keeper.drop("tok1")
        #expect(await keeper.token() == .failure(TokenKeeper.Failure(detail: "no token: platform answered 500")))
    }

    @Test func `A WeCom-like token goes into the URL, and codes in a 200 decide`() async throws {
        let transport = ScriptedTransport { request, number in
            if request.url.contains("gettoken") {
                return .status(200, #"{"errcode": 0, "access_token": "t/\#(number)"}"#)
            }
            return switch number {
            case 2: .status(200, #"{"errcode": 42001, "errmsg": "expired"}"#)
            case 4: .status(200, #"{"errcode": 0, "msgid": "MSG", "errmsg": "ok"}"#)
            case 5: .status(200, #"{"errcode": 45009, "errmsg": "busy"}"#)
            default: .status(200, #"{"errcode": 40058, "errmsg": "wrong"}"#)
            }
        }
        let gateway = try Self.gateway(transport, example: "wecom-style")
        let done = await gateway.send(Given.request())
        #expect(done.answer == .accepted(resultJSON: #"{"message_id":"MSG","result":"ok"}"#))
        #expect(
            transport.requests[0].url == "http://wecom.test/cgi-bin/gettoken?corpid=corp%20id&corpsecret=s3cret%26x%3D1"
        )
        #expect(transport.requests[3].url == "http://wecom.test/cgi-bin/kf/send_msg?access_token=t%2F3")
        #expect(await gateway.send(Given.request()).answer == .failed(retryAfter: nil))
        let refused = await gateway.send(Given.request(.sendFile, message: nil, fileURL: "http://f/a"))
        #expect(refused.answer == .rejected && refused.httpStatus == 200)
        #expect(refused.error == #"platform answered 200, /errcode: 40058: {"errcode": 40058, "errmsg": "wrong"}"#)
        #expect(transport.requests.last?.text.contains(#""title":"文件""#) == true)
    }
}
