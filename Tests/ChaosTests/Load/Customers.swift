import Foundation
import TestSupport

/// What virtual customers and their systems do, one story after the other, until the chapter is over.
struct Customers: Sendable {
    let sender: Sender

    /// A task with its names and its trigger: what a story begins with.
    struct Case {
        var id: String
        var customer: String
        var event: String
        var priority: String
    }

    func run(while goesOn: @Sendable () -> Bool) async throws {
        let stories: [@Sendable (Customers) async throws -> Void] = [
            { try await $0.answers() }, { try await $0.answers() }, { try await $0.answers() }, { try await $0.pays() },
            { try await $0.orders() }, { try await $0.time() }, { try await $0.time() }, { try await $0.deadline() },
            { try await $0.cancelRace() }, { try await $0.cancelRace() }, { try await $0.cancelRace() },
            { try await $0.cancelRace() }, { try await $0.reissue() },
            { try await $0.batch() }, { try await $0.neighbours() }, { try await $0.refusal() },
            { try await $0.twins() },
            { try await $0.manual() },
        ]
        while goesOn() {
            try await sender.pick(of: stories)(self)
            try await lasting(.milliseconds(sender.pick(0...200)))
        }
    }

    func newCase() -> Case {
        let number = sender.next()
        let priority = sender.pick(of: ["urgent", "high", "normal", "normal"])
        return Case(
            id: "T" + Names.id(sender.number, number), customer: Names.id(sender.number, number),
            event: "e\(sender.number)-\(number)", priority: priority)
    }

    func promise(_ one: Case, triggers: Set<String>? = nil, _ change: (inout Promise) -> Void = { _ in }) {
        var promise = Promise(id: one.id, customer: one.customer, priority: one.priority)
        promise.triggers = triggers ?? [one.event]
        change(&promise)
        sender.recorder.promise(promise)
    }

    func happening(_ event: String, by customer: String, fires turns: [TaskTurn] = []) {
        sender.recorder.happening(Happening(id: event, customer: customer, mustFire: turns))
    }

    func task(_ one: Case, _ trigger: JSON = Body.keyword, _ more: [String: JSON] = [:]) -> JSON {
        Body.task(one.id, of: one.customer, trigger, priority: one.priority, more)
    }
}

// MARK: - What runs straight

extension Customers {
    /// She says the word; one in twenty never does.
    func answers() async throws {
        let one = newCase()
        promise(one)
        try await sender.receive(task(one))
        guard sender.pick(1...20) > 1 else { return }
        happening(one.event, by: one.customer, fires: [TaskTurn(task: one.id, generation: 1)])
        // What contains what is excluded is no answer.
        let other = one.event + "-no"
        happening(other, by: one.customer)
        try await sender.report(Body.said("这样不好的", by: one.customer, event: other))
        let carriesID = sender.pick(1...4) > 1
        try await sender.report(Body.said("好的，谢谢", by: one.customer, event: one.event, carriesID: carriesID))
    }

    /// She pays too little, then enough.
    func pays() async throws {
        let one = newCase()
        promise(one)
        let trigger: JSON = ["type": "customer_payment", "where": ["order_id": "A1", "amount": ["gte": 100]]]
        try await sender.receive(task(one, trigger))
        let little = one.event + "-little"
        happening(little, by: one.customer)
        happening(one.event, by: one.customer, fires: [TaskTurn(task: one.id, generation: 1)])
        for (event, amount) in [(little, 99), (one.event, 100)] {
            let data: JSON = ["order_id": "A1", "amount": .number(Double(amount))]
            try await sender.report(Body.event("customer_payment", by: one.customer, event, ["data": data]))
        }
    }

    func orders() async throws {
        let one = newCase()
        promise(one)
        let name = sender.pick(of: ["signed", "payment", "message", "a:b%25", "*"])
        let isOrder = sender.pick(0...1) == 0
        let trigger: JSON =
            isOrder ? ["type": "customer_order"] : ["type": "custom_event", "event": .string(name)]
        try await sender.receive(task(one, trigger))
        happening(one.event, by: one.customer, fires: [TaskTurn(task: one.id, generation: 1)])
        let type = isOrder ? "customer_order" : "custom_event"
        try await sender.report(
            Body.event(type, by: one.customer, one.event, isOrder ? [:] : ["event": .string(name)]))
    }

    /// Five tasks in one request, five events in another, repeated until each was answered with 200.
    func batch() async throws {
        let cases = (0..<5).map { _ in newCase() }
        for one in cases {
            promise(one)
            happening(one.event, by: one.customer, fires: [TaskTurn(task: one.id, generation: 1)])
        }
        try await sender.batch(.receive, "/api/task/receive/batch", cases.map { ($0.id, task($0)) }) { entry in
            entry["duplicate"] == true ? .duplicate : .accepted(generation: 1)
        }
        let events = cases.map { ($0.event, Body.said("好的", by: $0.customer, event: $0.event)) }
        try await sender.batch(.event, "/api/event/batch", events) { Sender.matched($0) }
    }

    /// Two customers whose names, with what they wait for, could be taken for each other.
    func neighbours() async throws {
        let (number, sender) = (self.sender.next(), self.sender)
        let plain = Case(
            id: "N\(sender.number)-\(number)", customer: "n\(sender.number)-\(number)",
            event: "n\(sender.number)-\(number)-a", priority: "high")
        var other = plain
        other.id += ":custom"
        other.customer += ":custom"
        other.event += "b"
        promise(plain)
        promise(other)
        try await sender.receive(task(plain, ["type": "custom_event", "event": "payment"]))
        try await sender.receive(task(other, ["type": "customer_payment"]))
        happening(other.event, by: other.customer, fires: [TaskTurn(task: other.id, generation: 1)])
        happening(plain.event, by: plain.customer, fires: [TaskTurn(task: plain.id, generation: 1)])
        try await sender.report(Body.event("customer_payment", by: other.customer, other.event))
        try await sender.report(
            Body.event("custom_event", by: plain.customer, plain.event, ["event": "payment"]))
    }

    /// The gateway wants none of it. Half of the senders then put it aside.
    func refusal() async throws {
        let one = newCase()
        promise(one) { $0.isRefused = true }
        let action: JSON = ["type": "send_message", "message": "拒绝"]
        try await sender.receive(task(one, Body.keyword, ["action": action]))
        happening(one.event, by: one.customer, fires: [TaskTurn(task: one.id, generation: 1)])
        try await sender.report(Body.said("好的", by: one.customer, event: one.event))
        if sender.pick(0...1) == 0 { try await sender.cancel(one.id) }
    }
}

// MARK: - Races

extension Customers {
    /// The same task and the same event, or two events, at several instances at once.
    func twins() async throws {
        let one = newCase()
        let second = sender.pick(0...1) == 0 ? one.event : one.event + "-2"
        promise(one, triggers: [one.event, second]) { $0.isSentTwiceAtOnce = true }
        let body = task(one)
        async let first = sender.receive(body)
        async let again = sender.receive(body)
        async let third = sender.receive(body)
        _ = try await (first, again, third)
        happening(one.event, by: one.customer)
        happening(second, by: one.customer)
        async let event = sender.report(Body.said("好的", by: one.customer, event: one.event))
        async let other = sender.report(Body.said("好的", by: one.customer, event: second))
        _ = try await (event, other)
    }

    /// Its time comes; in some cases a cancel comes at about the same moment.
    func time() async throws {
        let one = newCase()
        let due = Int64(Date().timeIntervalSince1970 * 1000) + Int64(sender.pick(-200...1500))
        promise(one, triggers: ["time"]) { $0.due = due }
        // To the millisecond: what the formatter makes of a fraction may be one less.
        let second = Date(timeIntervalSince1970: Double(due / 1000)).formatted(.iso8601).dropLast()
        let time = "\(second).\(String(due % 1000 + 1000).dropFirst())Z"
        try await sender.receive(task(one, ["type": "time_reach", "time": .string(time)]))
        guard sender.pick(0...2) == 0 else { return }
        try await wait(until: due)
        try await sender.cancel(one.id)
    }

    /// She answers at about the moment at which it is too late.
    func deadline() async throws {
        let one = newCase()
        let timeout = sender.pick(50...1200)
        promise(one) { $0.isPatient = false }
        let start = Int64(Date().timeIntervalSince1970 * 1000)
        try await sender.receive(task(one, Body.keyword, ["timeout_hours": .number(Double(timeout) / 3_600_000)]))
        happening(one.event, by: one.customer)
        try await wait(until: start + Int64(timeout))
        try await sender.report(Body.said("好的", by: one.customer, event: one.event))
    }

    func cancelRace() async throws {
        let one = newCase()
        promise(one)
        try await sender.receive(task(one))
        happening(one.event, by: one.customer)
        async let event = sender.report(Body.said("好的", by: one.customer, event: one.event))
        // From at once to after the gateway's answer.
        try await lasting(.milliseconds(sender.pick(0...12)))
        async let cancel: Void = cancel(one.id, insisting: sender.pick(0...3) > 0)
        _ = try await (event, cancel)
    }

    /// - Parameter insisting: asks until it is cancelled or done.
    private func cancel(_ id: String, insisting: Bool) async throws {
        while true {
            let reply = try await sender.cancel(id)
            guard insisting, case .conflict(let status, _) = reply.outcome, status != "completed" else { return }
            try await lasting(.milliseconds(sender.pick(10...60)))
        }
    }

    /// Cancelled and issued anew: the second generation is fired.
    func reissue() async throws {
        let one = newCase()
        promise(one)
        try await sender.receive(task(one))
        let cancel = try await sender.cancel(one.id)
        let generation = try await sender.receive(task(one), generation: 2)
        // A cancel that nobody heard of may still be on its way, and would end the second generation.
        let turn = TaskTurn(task: one.id, generation: generation)
        happening(one.event, by: one.customer, fires: cancel.isCertain ? [turn] : [])
        try await sender.report(Body.said("好的", by: one.customer, event: one.event))
    }

    /// Its sender fires it, and the event comes too.
    func manual() async throws {
        let one = newCase()
        promise(one, triggers: [one.event, "manual"])
        try await sender.receive(task(one))
        happening(one.event, by: one.customer)
        async let event = sender.report(Body.said("好的", by: one.customer, event: one.event))
        async let fire = sender.fire(one.id)
        _ = try await (event, fire)
    }

    private func wait(until ms: Int64) async throws {
        let left = ms - Int64(Date().timeIntervalSince1970 * 1000) + Int64(sender.pick(-8...8))
        if left > 0 { try await lasting(.milliseconds(left)) }
    }
}
