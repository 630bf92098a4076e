import Testing

@testable import kefu

struct ConnectorSettingsTests {
    private static let url = "wss://platform.example/ws?token=s3cret"

    private func settings(_ environment: [String: String]) throws -> Settings {
        try Settings(SettingsSource(environment: environment, file: [:]))
    }

    @Test func `everything about the connection is read`() throws {
        let settings = try settings([
            "KEFU_CONNECTOR_URL": Self.url, "KEFU_CONNECTOR_HEADERS": "Authorization: Bearer a:b | X-Shop:7",
            "KEFU_CONNECTOR_HELLO": #"{"a":1}"#, "KEFU_CONNECTOR_PROTOCOL": "kefu.v1",
            "KEFU_CONNECTOR_CA": #filePath, "KEFU_CONNECTOR_LEASE_SECONDS": "2.5",
            "KEFU_CONNECTOR_PING_SECONDS": "0.5", "KEFU_GATEWAY_URL": "connector:",
        ])
        let options = try #require(settings.connector)
        #expect(options.address.host == "platform.example" && options.address.port == 443)
        #expect(options.headers.map(\.name) == ["Authorization", "X-Shop"])
        #expect(options.headers.map(\.value) == ["Bearer a:b", "7"])
        #expect(options.hello == Array(#"{"a":1}"#.utf8))
        #expect(options.subprotocol == "kefu.v1" && options.authorities == #filePath)
        #expect(options.lease == .seconds(2.5) && options.limits.ping == .seconds(0.5))
        #expect(settings.gatewayIsConnector && settings.gatewayURL == nil)
    }

    @Test func `without a URL there is no connection`() throws {
        #expect(try settings(["KEFU_CONNECTOR_HELLO": "x"]).connector == nil)
        #expect(try settings(["KEFU_CONNECTOR_URL": Self.url]).connector?.lease == .seconds(5))
    }

    @Test(arguments: [
        (["KEFU_CONNECTOR_URL": "http://a"], "KEFU_CONNECTOR_URL=http://a: "),
        (["KEFU_CONNECTOR_URL": "ws://u:p@a/?k=v"], "KEFU_CONNECTOR_URL=ws://***@a/?***: "),
        (["KEFU_CONNECTOR_URL": "ws://a", "KEFU_CONNECTOR_HEADERS": "nonsense"], "KEFU_CONNECTOR_HEADERS=***: "),
        (["KEFU_CONNECTOR_URL": "ws://a", "KEFU_CONNECTOR_HEADERS": ":"], "KEFU_CONNECTOR_HEADERS=***: "),
        (["KEFU_CONNECTOR_URL": "ws://a", "KEFU_CONNECTOR_HEADERS": "A: b|::"], "KEFU_CONNECTOR_HEADERS=***: "),
        (["KEFU_CONNECTOR_URL": "ws://a", "KEFU_CONNECTOR_HEADERS": "Host: b"], "KEFU_CONNECTOR_HEADERS=***: "),
        (["KEFU_CONNECTOR_URL": "ws://a", "KEFU_CONNECTOR_HEADERS": "X: 好"], "KEFU_CONNECTOR_HEADERS=***: "),
        (["KEFU_CONNECTOR_PROTOCOL": "a b"], "KEFU_CONNECTOR_PROTOCOL=a b: "),
        (["KEFU_CONNECTOR_LEASE_SECONDS": "0.5"], "KEFU_CONNECTOR_LEASE_SECONDS=0.5: "),
        (["KEFU_CONNECTOR_PING_SECONDS": "0"], "KEFU_CONNECTOR_PING_SECONDS=0: "),
        (["KEFU_CONNECTOR_CA": "/none/such"], "KEFU_CONNECTOR_CA=/none/such: "),
        (["KEFU_GATEWAY_URL": "connector:"], "KEFU_GATEWAY_URL=connector:: needs KEFU_CONNECTOR_URL"),
    ])
    func `what cannot be used is named, and no secret shown`(environment: [String: String], line: String) {
        let error = #expect(throws: SettingError.self) { try settings(environment) }
        #expect(error?.description.hasPrefix(line) == true, "\(String(describing: error))")
    }

    @Test func `the doctor says who holds the connection, and what is wrong with it`() {
        var facts = ConnectorFacts()
        #expect(facts.check("ws://p/").state == .warn)
        facts.owner = "host-1-a"
        facts.leftMs = 4_000
        facts.heldMs = 60_000
        #expect(facts.check("ws://p/").state == .fail)
        facts.connectedMs = 59_000
        #expect(facts.check("ws://p/").state == .warn)
        facts.silentMs = 2_000
        #expect(facts.check("ws://p/").state == .ok)
        #expect(facts.check("ws://p/").detail.contains("host-1-a"))
        facts.leftMs = -5_000
        #expect(facts.check("ws://p/").state == .warn)
    }
}
