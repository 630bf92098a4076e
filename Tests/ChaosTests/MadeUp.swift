/// Histories as they could be, to be spoiled in one place by each test of the checker.
enum MadeUp {
    static let turn = TaskTurn(task: "T1", generation: 1)
    static let callback = #"{"callback_id": "cb_1"}"#

    /// One task that is accepted, fired by its event, sent at the second attempt, and called back.
    static var lived: History {
        var history = History()
        var promise = Promise(id: "T1", customer: "c1", priority: "high")
        promise.triggers = ["e1"]
        history.promises["T1"] = promise
        history.happenings["e1"] = Happening(id: "e1", customer: "c1", mustFire: [turn])
        history.calls = [
            call(.receive, "T1", 1, at: 10, .unknown), call(.receive, "T1", 1, at: 30, .duplicate),
            call(.event, "e1", 0, at: 40, .matched(["T1"], duplicate: false)),
        ]
        history.changes = [
            change("waiting", "accepted", 11), change("waiting", "triggered", 45), change("running", "claimed", 45),
            change("waiting", "retrying", 60), change("waiting", "ready", 110), change("running", "claimed", 111),
            change("completed", "completed", 120),
        ]
        history.sendings = [sending(attempt: 1, at: 50, answer: 503), sending(attempt: 2, at: 115, answer: 200)]
        history.deliveries = [delivery("cb_1", "completed", of: 120)]
        history.records["T1"] = [
            "status": "completed", "customer_id": "c1", "priority": "high", "generation": "1", "attempts": "2",
            "retry_count": "1", "triggered_at": "45", "result": Sending.result(by: "i1", attempt: 2),
        ]
        history.changesMade = history.changes.count
        return history
    }

    /// The same task, cancelled before anything came.
    static var cancelled: History {
        var history = lived
        history.happenings["e1"]?.mustFire = []
        history.calls = [
            call(.receive, "T1", 1, at: 10, .accepted(generation: 1)), call(.cancel, "T1", 1, at: 20, .cancelled),
            call(.event, "e1", 0, at: 40, .matched([], duplicate: false)),
        ]
        history.changes = [change("waiting", "accepted", 11), change("cancelled", "cancelled", 21)]
        history.sendings = []
        history.deliveries = [delivery("cb_1", "cancelled", of: 21)]
        history.records["T1"] = [
            "status": "cancelled", "customer_id": "c1", "priority": "high", "generation": "1",
        ]
        history.changesMade = 2
        return history
    }

    /// `T1` as in ``lived``, but its first instance dies with it, and another takes it over after so many ms.
    static func takenOver(after ms: Int64) -> History {
        var history = lived
        history.changes = [
            change("waiting", "accepted", 11), change("waiting", "triggered", 45), change("running", "claimed", 45),
            change("waiting", "lease_lost", 60 + ms), change("running", "claimed", 60 + ms),
            change("completed", "completed", 61 + ms),
        ]
        history.changesMade = 6
        history.records["T1"]?["retry_count"] = "0"
        history.deliveries = [delivery("cb_1", "completed", of: 61 + ms)]
        history.deaths = [Death(instance: "i2", at: 60, isAlone: true, held: ["T1"])]
        return history
    }

    static func call(
        _ kind: Call.Kind, _ subject: String, _ generation: Int, at: Double, _ outcome: Call.Outcome
    ) -> Call {
        Call(
            kind: kind, subject: subject, generation: generation, instance: "i1", invoked: at, ended: at + 5,
            outcome: outcome)
    }

    static func change(_ status: String, _ cause: String, _ at: Int64, generation: Int = 1, task: String = "T1")
        -> Change
    {
        Change(
            turn: TaskTurn(task: task, generation: generation), status: status, cause: cause, at: at, customer: "c1")
    }

    static func sending(attempt: Int, at: Double, answer: Int) -> Sending {
        Sending(
            turn: turn, attempt: attempt, key: "T1:1", customer: "c1", event: "e1", eventCustomer: "c1", instance: "i1",
            at: at, answer: answer)
    }

    static func delivery(_ id: String, _ status: String, of at: Int64) -> Delivery {
        Delivery(id: id, turn: turn, status: status, of: at, body: callback, at: 130, isAccepted: true)
    }
}
