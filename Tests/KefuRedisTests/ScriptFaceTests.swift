import Foundation
import KefuCore
import Testing

@testable import KefuRedis

// What each method of the store sends, compared with the header of its script. Here every script only tells which
// keys and arguments it was given.

@Suite struct ScriptFaceTests {
    struct Face: Sendable, CustomTestStringConvertible {
        var script: String
        var call: @Sendable (RedisTaskStore) async throws -> Void

        init(_ script: String, _ call: @escaping @Sendable (RedisTaskStore) async throws -> Void) {
            self.script = script
            self.call = call
        }

        var testDescription: String { script }
    }

    private struct Sent: Decodable {
        var keys: [String]
        var arguments: [String]
    }

    private static let telling = ScriptLibrary { code in
        "do return redis.error_reply('SENT ' .. cjson.encode({ keys = KEYS, arguments = ARGV })) end\n" + code
    }

    private static let lease = Lease(taskID: "T1", token: "i1:1")
    private static let callback = ClaimedCallback(
        callback: Callback(
            id: "cb_1", taskID: "T1", status: .failed, atMs: 0, generation: 1, taskAttempts: 1, customerID: "c1"),
        earlierDeliveries: 0, claimedUntilMs: 1)

    static let faces = [
        Face("receive") { _ = try await $0.receive(.example(), capacity: 1) },
        Face("receive") { _ = try await $0.receive(.example("T1", .time(1)), capacity: 1) },
        Face("receive") {
            _ = try await $0.receive(.example("T1", .reply(), or: [.payment().lookingBack(), .time(1)]), capacity: 1)
        },
        Face("match") { _ = try await $0.match(.message(), capacity: 1) },
        Face("match") { _ = try await $0.match(.custom("signed", id: "e1"), capacity: 1) },
        Face("cancel") { _ = try await $0.cancel(taskID: "T1", reason: nil) },
        Face("retry") { _ = try await $0.retry(taskID: "T1") },
        Face("fire") { _ = try await $0.fire(taskID: "T1") },
        Face("update") { _ = try await $0.update(.init(taskID: "T1", timeMs: 1)) },
        Face("update") {
            _ = try await $0.update(.init(taskID: "T1", timeout: .init(ms: 1, hours: "0.1"), message: "改"))
        },
        Face("status") { _ = try await $0.status(taskID: "T1") },
        Face("list") { _ = try await $0.list(ListQuery()) },
        Face("list") { store in
            var query = ListQuery()
            query.taskID = "T1"
            query.type = "greeting"
            query.status = .waiting
            query.customerID = "c1"
            _ = try await store.list(query)
        },
        Face("stats") { _ = try await $0.stats() },
        Face("history") { _ = try await $0.history(.day) },
        Face("callbacks") { _ = try await $0.callbacks(CallbackQuery()) },
        Face("callbacks") { _ = try await $0.callbacks(CallbackQuery(state: .dead)) },
        Face("replay_callbacks") { _ = try await $0.replayCallbacks(.allDead) },
        Face("claim") { _ = try await $0.claim(capacity: 1) },
        Face("renew") { _ = try await $0.renew([lease]) },
        Face("finish") { _ = try await $0.finish(lease, attempt: .completed, capacity: 1, callbackCapacity: 1) },
        Face("finish") { _ = try await $0.finish(lease, attempt: .retry(), capacity: 1, callbackCapacity: 1) },
        Face("finish") { _ = try await $0.finish(lease, attempt: .rejected, capacity: 1, callbackCapacity: 1) },
        Face("release") { _ = try await $0.release([(lease, true)]) },
        Face("sweep") { _ = try await $0.sweep(capacity: 1, callbackCapacity: 1) },
        Face("settle_callback") { _ = try await $0.settleCallback(callback, outcome: .delivered) },
        Face("settle_callback") {
            _ = try await $0.settleCallback(callback, outcome: .failed(error: "x", pause: .seconds(1)))
        },
        Face("settle_callback") { _ = try await $0.settleCallback(callback, outcome: .released) },
        Face("heartbeat") { _ = try await $0.heartbeat(running: 1) },
        Face("heartbeat") { store in
            store.tally.add(.events)
            store.tally.add(.matched)
            _ = try await store.heartbeat(running: 1)
        },
        Face("leave") { _ = try await $0.leave() },
        Face("hold_connector") { store in
            _ = try await store.holdConnector(
                token: 1, length: .seconds(5), connection: ConnectorState(peer: "ws://p/"))
        },
        Face("release_connector") { try await $0.releaseConnector(token: 1) },
        Face("inspect") { _ = try await InspectTests.inspection($0, false).compare(.task, .named("T1", "T2")) },
        Face("inspect") { _ = try await InspectTests.inspection($0, true).compare(.task, .named("T1")) },
        Face("rearm") {
            _ = try await InspectTests.inspection($0, true).rearm("T1", content: "d1", [.reply()])
        },
        Face("recount") { store in
            var inspection = InspectTests.inspection(store, false)
            _ = try await inspection.beginRecount()
        },
        Face("recount") { store in
            var inspection = InspectTests.inspection(store, false)
            var recounting = Recounting()
            try await inspection.recount("1", into: &recounting)
        },
        Face("fence") { store in
            let confirmation = ReplicaConfirmation(replicas: 1, scripts: store.scripts, keys: store.keys)
            _ = try await store.run(try #require(confirmation).fence)
        },
    ]

    @Test func `Every script has a face`() {
        #expect(Set(Self.faces.map(\.script)) == Set(ScriptText.all.map(\.name)))
    }

    @Test(arguments: faces)
    func `A face sends the keys and arguments that the header names`(face: Face) async throws {
        let test = try await TestStore(scripts: Self.telling)
        let sent = try await sent(face, test.store)
        let script = ScriptText(name: face.script)

        let keys = script.list("KEYS")
        let isOptional = face.script == "match" && sent.keys.count == 1
        let keepsNoEvents = face.script == "match"
        #expect(sent.keys.count == (isOptional ? 1 : keys.count))
        for (key, described) in zip(sent.keys, keys) {
            #expect(key.hasPrefix(test.keys.prefix))
            let family = described.name.prefix { $0 != "<" }
            // Lists and pages read one of two or three sets.
            let isOneOfSeveral = ["list", "callbacks"].contains(face.script)
            #expect(isOneOfSeveral || key.dropFirst(test.keys.prefix.count).hasPrefix(family), "\(key)")
        }

        #expect(sent.arguments.first == test.keys.prefix)
        var fixed = script.list("ARGV")
        guard let last = fixed.last, last.repeats else {
            return #expect(sent.arguments.count == fixed.count - (keepsNoEvents ? 1 : 0))
        }
        fixed.removeLast()
        let group = last.name.components(separatedBy: ", ").count
        #expect(sent.arguments.count >= fixed.count)
        #expect((sent.arguments.count - fixed.count).isMultiple(of: group))
    }

    private func sent(_ face: Face, _ store: RedisTaskStore) async throws -> Sent {
        let error = await #expect(throws: StoreError.self) { try await face.call(store) }
        guard case .defect(let text)? = error, let start = text.firstIndex(of: "{"), let end = text.lastIndex(of: "}")
        else {
            throw RESPError("the script did not tell: \(String(describing: error))")
        }
        return try JSONDecoder().decode(Sent.self, from: Data(text[start...end].utf8))
    }
}
