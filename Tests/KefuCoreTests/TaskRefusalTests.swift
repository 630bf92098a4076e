import KefuCore
import Testing

/// What each rule of the contract's table of tasks refuses, with the path and what the error says.
@Suite struct TaskRefusalTests {
    @Test(
        "A task that breaks a rule is refused at its path",
        arguments: TaskRefusals.general + TaskRefusals.ids + TaskRefusals.actions)
    func task(_ refusal: Refusal) { expect(refusal) }

    @Test(
        "A trigger that breaks a rule is refused at its path",
        arguments: TaskRefusals.triggers + TaskRefusals.conditions)
    func trigger(_ refusal: Refusal) { expect(refusal) }

    @Test("Several triggers that break a rule are refused at their path", arguments: TaskRefusals.severalTriggers)
    func triggers(_ refusal: Refusal) { expect(refusal, of: .task.with("trigger", nil)) }

    @Test("Without a log of events no trigger may look back")
    func noLog() {
        let reader = RequestReader(timeZone: zone("UTC"), eventLog: .zero)
        let task = ObjectText.task.with("trigger", #"{"type":"customer_reply","lookback_seconds":1}"#)
        let error = reading(task.text.utf8) { (body) throws(InputError) in try reader.task(body) }.error
        #expect(error?.field == "trigger.lookback_seconds")
        #expect(error?.detail == "must be 0, as no events are kept (KEFU_EVENT_LOG_SECONDS)")
    }

    private func expect(_ refusal: Refusal, of task: ObjectText = .task) {
        let error = task.with(refusal.key, refusal.json).readTask().error
        #expect(error?.kind == .validation)
        #expect(error?.field == refusal.field)
        #expect(error?.detail.contains(refusal.detail) == true, "\(error?.detail ?? "accepted")")
    }

    @Test("A task must be an object", arguments: ["[]", "\"x\"", "7", "null", "true"])
    func notAnObject(_ json: String) {
        let error = reading(json.utf8) { (body) throws(InputError) in try requests.task(body) }.error
        #expect(error == InputError(.validation, detail: "must be an object"))
    }
}
